package blob

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var errBroken = errors.New("broken disk")

// brokenFile is a file that fails at one of its operations.
type brokenFile struct {
	output
	write, sync, close error
	short              bool
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if f.write != nil || f.short {
		n, err := f.output.Write(p[:len(p)/2])
		return n, errors.Join(err, f.write)
	}
	return f.output.Write(p)
}

func (f *brokenFile) Sync() error { return errors.Join(f.output.Sync(), f.sync) }

func (f *brokenFile) Close() error { return errors.Join(f.output.Close(), f.close) }

func TestDiskFileReportsErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		file brokenFile
		want error
	}{
		{"Write", brokenFile{write: errBroken}, errBroken},
		{"ShortWrite", brokenFile{short: true}, io.ErrShortWrite},
		{"Sync", brokenFile{sync: errBroken}, errBroken},
		{"Close", brokenFile{close: errBroken}, errBroken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d, err := NewDisk(dir)
			require.NoError(t, err)
			defer func() { require.NoError(t, d.Close()) }()
			created, err := d.Create(t.Context(), "export")
			require.NoError(t, err)
			f, ok := created.(*diskFile)
			require.True(t, ok)
			tc.file.output = f.out
			f.out = &tc.file

			_, err = f.Write([]byte("content"))
			if tc.file.write != nil || tc.file.short {
				require.ErrorIs(t, err, tc.want)
			}
			_, err = f.Commit()
			require.ErrorIs(t, err, tc.want)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left, "neither the file nor its temporary one")
			require.NoError(t, f.Abort())
		})
	}
}
