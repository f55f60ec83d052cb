package openapi

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// The document is valid OpenAPI 3.1, and each example fits its schema.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	d, err := Load()
	require.NoError(t, err)
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(d.JSON)
	require.NoError(t, err)
	require.True(t, document.IsOpenAPI31OrLater())
	require.NoError(t, document.Validate(loader.Context, openapi3.EnableExamplesValidation()))
}

// Redocly's linter finds nothing in the document.
func TestDocumentPassesTheLinter(t *testing.T) {
	t.Parallel()
	linter, err := filepath.Abs(filepath.Join("lint", "node_modules", "@redocly", "cli", "bin", "cli.js"))
	require.NoError(t, err)
	if _, err := os.Stat(linter); err != nil {
		t.Skip("The checker of OpenAPI is not on this machine: .ci/setup test fetches it.")
	}
	d, err := Load()
	require.NoError(t, err)
	var lines bytes.Buffer
	require.NoError(t, json.Indent(&lines, d.JSON, "", "  "))
	file := filepath.Join(t.TempDir(), "v1.json")
	require.NoError(t, os.WriteFile(file, lines.Bytes(), 0o600))
	config, err := filepath.Abs(filepath.Join("lint", "redocly.yaml"))
	require.NoError(t, err)
	check := exec.CommandContext(t.Context(), "node", linter, "lint", "--config", config, "--format", "stylish", file)
	check.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	said, err := check.CombinedOutput()
	require.NoError(t, err, string(said))
}

// Every operation says what it does, every body and every first answer has an example, and
// every field says what it is.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	d, err := Load()
	require.NoError(t, err)
	for _, o := range d.Operations() {
		name := o.Method + " " + o.Path
		require.NotEmpty(t, o.Summary, name)
		first := false
		for _, r := range o.Responses {
			require.NotEmpty(t, r.Value.Description, name)
			first = first || r.Value.Media().Pretty() != ""
		}
		require.True(t, first || !o.answersJSON(), "%s has an answer with an example", name)
		if o.Body != nil {
			require.NotEmpty(t, o.Body.Media().Pretty(), "%s has a body with an example", name)
			requireDescribed(t, name, d.Fields(o.Body.Media().Schema, none))
		}
		for _, p := range o.Parameters {
			require.NotEmpty(t, p.Description, "%s: %s", name, p.Name)
			require.NotEmpty(t, p.Sample(), "%s: %s has an example", name, p.Name)
			require.NotEmpty(t, d.Kind(p), "%s: %s", name, p.Name)
		}
		for _, r := range o.Responses {
			if media := r.Value.Media(); media.Schema != nil {
				requireDescribed(t, name, d.Fields(media.Schema, none))
			}
		}
	}
}

// none leaves no schema out.
func none(string) bool { return false }

// answersJSON reports whether an answer of the operation has a body in JSON.
func (o *Operation) answersJSON() bool {
	for _, r := range o.Responses {
		if r.Value.Media().Schema != nil {
			return true
		}
	}
	return false
}

func requireDescribed(t *testing.T, operation string, fields []Field) {
	t.Helper()
	require.NotEmpty(t, fields, operation)
	for _, f := range fields {
		require.NotEmpty(t, f.Kind, "%s: %s", operation, f.Name)
		require.NotEmpty(t, f.Description, "%s: %s", operation, f.Name)
	}
}

// Every problem is one that an operation answers, or one of addresses without an operation.
func TestProblemsAreUsed(t *testing.T) {
	t.Parallel()
	d, err := Load()
	require.NoError(t, err)
	used := map[string]bool{"not_found": true, "method_not_allowed": true, "if_match_missing": true, "if_match_stale": true}
	for _, o := range d.Operations() {
		for _, code := range o.Problems {
			used[code] = true
		}
	}
	for _, p := range d.Problems {
		require.True(t, used[p.Code], "no operation answers %s", p.Code)
	}
}
