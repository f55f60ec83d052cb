//go:build linux || darwin || freebsd

package devdb

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindBinaries(t *testing.T) {
	t.Parallel()
	dir, err := FindBinaries(t.Context(), "")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "initdb"))

	again, err := FindBinaries(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, dir, again)
}

// TestTryRejects plants programs that exist but cannot serve.
func TestTryRejects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ initdb, postgres, want string }{
		"a wrapper that fails":   {"echo no >&2; exit 3", "exit 0", "initdb does not run"},
		"something else":         {"echo hello", "echo hello", "no version of Postgres"},
		"too old":                {"echo 'initdb (PostgreSQL) 13.9'", "echo 'postgres (PostgreSQL) 13.9'", "is Postgres 13"},
		"of different versions":  {"echo 'initdb (PostgreSQL) 15.1'", "echo 'postgres (PostgreSQL) 17.2'", "initdb is of version 15"},
		"a client only, no file": {"echo 'initdb (PostgreSQL) 15.1'", "", "postgres does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			require.NoError(t, os.Mkdir(dir, 0o755))
			for name, script := range map[string]string{"initdb": test.initdb, "postgres": test.postgres} {
				if script != "" {
					require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
				}
			}
			_, err := FindBinaries(t.Context(), dir)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "PG_BIN", "it says what to do")
		})
	}
}

func TestMajorOf(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]int{
		"postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)": 15,
		"postgres (PostgreSQL) 18beta1":                        18,
		"initdb (PostgreSQL) 9.6.24":                           9,
	} {
		got, err := majorOf(out)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestLink follows the list that the npm packages of Postgres carry.
func TestLink(t *testing.T) {
	t.Parallel()
	native := filepath.Join(t.TempDir(), "native")
	require.NoError(t, os.MkdirAll(filepath.Join(native, "lib"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(native, "lib", "libx.so.6.2"), []byte("code"), 0o600))
	list := `[{"source":"native/lib/libx.so.6.2","target":"native/lib/libx.so.6"},{"source":"native/lib/libx.so.6.2","target":"native/lib/libx.so"}]`
	require.NoError(t, os.WriteFile(filepath.Join(native, "pg-symlinks.json"), []byte(list), 0o600))
	for range 2 { // the second time they are there
		require.NoError(t, link(native))
	}
	b, err := os.ReadFile(filepath.Join(native, "lib", "libx.so"))
	require.NoError(t, err)
	require.Equal(t, "code", string(b))

	bad := `[{"source":"native/lib/libx.so.6.2","target":"../outside"}]`
	require.NoError(t, os.WriteFile(filepath.Join(native, "pg-symlinks.json"), []byte(bad), 0o600))
	require.Error(t, link(native), "a list from outside does not lead outside")
}
