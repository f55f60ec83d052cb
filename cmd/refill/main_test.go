package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHelpNamesEveryVariable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"help", "config"}, &out))
	reference, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	require.NoError(t, err)
	for field := range reflect.TypeFor[config]().Fields() {
		name := field.Tag.Get("env")
		require.NotEmpty(t, name, field.Name)
		require.NotEmpty(t, field.Tag.Get("desc"), field.Name)
		require.Contains(t, out.String(), name)
		require.Contains(t, string(reference), "`"+name+"` | "+code(field.Tag.Get("envDefault"))+" | "+field.Tag.Get("desc"), "docs/config.md is out of date")
	}
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"sreve"}, &out), `no command "sreve"`)
	require.Contains(t, out.String(), "serve")
	require.Error(t, run(t.Context(), nil, &out))
}

func TestKeyFileIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, initKeys(path))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	stat, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), stat.Mode().Perm())
	require.ErrorContains(t, initKeys(path), "is there already")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)

	_, err = readKeys(path)
	require.NoError(t, err)
	_, err = readKeys(path + ".gone")
	require.ErrorContains(t, err, "refill keys init")
	_, err = readKeys("")
	require.ErrorContains(t, err, "REFILL_KEY_FILE")
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := config{DatabaseURL: "hidden", MetricsToken: "hidden", S3SecretKey: "hidden"}
	var printed strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&printed, format, c)
	}
	require.NotContains(t, printed.String(), "hidden")
}
