package render_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs a program that checks PDF files. A missing program fails the test: a file that
// no program has checked is not known to be valid.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "these tests need qpdf, poppler-utils and zbar-tools; make test installs them")
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s%s", name, out, &stderr)
	return string(out)
}

// save writes a file to a folder where programs can read it.
func save(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cards.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// word is a word that a reader extracts, with its place in points from the top left corner
// of the page.
type word struct {
	XMin float64 `xml:"xMin,attr"`
	YMin float64 `xml:"yMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

// words returns the words of the first page.
func words(t *testing.T, path string) []word {
	t.Helper()
	var doc struct {
		Words []word `xml:"body>doc>page>word"`
	}
	require.NoError(t, xml.Unmarshal([]byte(run(t, "pdftotext", "-bbox", "-l", "1", path, "-")), &doc))
	require.NotEmpty(t, doc.Words)
	return doc.Words
}
