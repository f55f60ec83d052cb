package blob_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"refill/internal/blob"
	"refill/internal/fault"
)

func TestMain(m *testing.M) {
	// A server that closed a connection waits half a second for the other side to
	// read to the end, also when it is shut down (net/http, closeWriteAndWait).
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// put commits a file.
func put(t *testing.T, s blob.Store, name, content string) blob.Info {
	t.Helper()
	f, err := s.Create(t.Context(), name)
	require.NoError(t, err)
	_, err = io.WriteString(f, content)
	require.NoError(t, err)
	info, err := f.Commit()
	require.NoError(t, err)
	return info
}

// get reads a file.
func get(t *testing.T, s blob.Store, name string) string {
	t.Helper()
	r, info, err := s.Open(t.Context(), name)
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, int64(len(content)), info.Size)
	require.Equal(t, name, info.Name)
	require.False(t, info.Temporary)
	return string(content)
}

func requireMissing(t *testing.T, s blob.Store, name string) {
	t.Helper()
	_, _, err := s.Open(t.Context(), name)
	require.ErrorIs(t, err, blob.ErrNotFound)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

// testStore is what every Store must do; setup returns an empty one.
func testStore(t *testing.T, setup func(t *testing.T) blob.Store) {
	t.Helper()
	t.Run("CommitMakesAFileVisible", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		f, err := s.Create(t.Context(), "export-1.csv")
		require.NoError(t, err)
		for _, part := range []string{"serial,", "code\n"} {
			n, err := io.WriteString(f, part)
			require.NoError(t, err)
			require.Equal(t, len(part), n)
			requireMissing(t, s, "export-1.csv")
		}
		info, err := f.Commit()
		require.NoError(t, err)
		require.Equal(t, "export-1.csv", info.Name)
		require.Equal(t, int64(12), info.Size)
		require.False(t, info.Modified.IsZero())
		require.Equal(t, "serial,code\n", get(t, s, "export-1.csv"))

		_, err = f.Commit()
		require.Error(t, err, "twice")
		_, err = f.Write([]byte("more"))
		require.Error(t, err, "after the end")
		require.NoError(t, f.Abort(), "deferred")
		require.Equal(t, "serial,code\n", get(t, s, "export-1.csv"))
	})
	t.Run("EmptyFile", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		require.Zero(t, put(t, s, "empty", "").Size)
		require.Empty(t, get(t, s, "empty"))
	})
	t.Run("AbortLeavesNothing", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		f, err := s.Create(t.Context(), "export.pdf")
		require.NoError(t, err)
		_, err = f.Write(make([]byte, 100_000))
		require.NoError(t, err)
		require.NoError(t, f.Abort())
		require.NoError(t, f.Abort(), "twice")
		requireMissing(t, s, "export.pdf")
		infos, err := s.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, infos)
		_, err = f.Commit()
		require.Error(t, err)
	})
	t.Run("LastCommitWins", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		a, err := s.Create(t.Context(), "same")
		require.NoError(t, err)
		b, err := s.Create(t.Context(), "same")
		require.NoError(t, err)
		_, err = io.WriteString(a, "first run")
		require.NoError(t, err)
		_, err = io.WriteString(b, "second run")
		require.NoError(t, err)
		_, err = b.Commit()
		require.NoError(t, err)
		require.Equal(t, "second run", get(t, s, "same"))
		_, err = a.Commit()
		require.NoError(t, err)
		require.Equal(t, "first run", get(t, s, "same"))
	})
	t.Run("Seek", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		put(t, s, "long", strings.Repeat("0123456789", 10_000))
		r, _, err := s.Open(t.Context(), "long")
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		end, err := r.Seek(0, io.SeekEnd) // as http.ServeContent asks for the size
		require.NoError(t, err)
		require.Equal(t, int64(100_000), end)
		_, err = r.Seek(99_995, io.SeekStart)
		require.NoError(t, err)
		tail, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "56789", string(tail))
		_, err = r.Seek(3, io.SeekStart)
		require.NoError(t, err)
		var two [2]byte
		_, err = io.ReadFull(r, two[:])
		require.NoError(t, err)
		require.Equal(t, "34", string(two[:]))
	})
	t.Run("Remove", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		put(t, s, "gone", "x")
		require.NoError(t, s.Remove(t.Context(), "gone"))
		requireMissing(t, s, "gone")
		require.NoError(t, s.Remove(t.Context(), "gone"), "a missing one is no error")
		require.NoError(t, s.Remove(t.Context(), "never-there"))
	})
	t.Run("List", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		put(t, s, "a.csv", "12345")
		put(t, s, "b.pdf", "1")
		infos, err := s.List(t.Context())
		require.NoError(t, err)
		sizes := map[string]int64{}
		for _, info := range infos {
			require.False(t, info.Temporary)
			require.False(t, info.Modified.IsZero())
			sizes[info.Name] = info.Size
		}
		require.Len(t, sizes, 2)
		require.GreaterOrEqual(t, sizes["a.csv"], int64(5))
		require.GreaterOrEqual(t, sizes["b.pdf"], int64(1))
	})
	t.Run("NamesCannotEscape", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		for _, name := range []string{
			"", ".", "..", "../x", "/etc/passwd", "a/b", `a\b`, ".hidden", ".part.x/../../y", "-rf", "a b", "a\x00b", "ä",
			strings.Repeat("x", 129), "a\n",
		} {
			_, err := s.Create(t.Context(), name)
			require.ErrorIs(t, err, blob.ErrName, "%q", name)
			_, _, err = s.Open(t.Context(), name)
			require.ErrorIs(t, err, blob.ErrName, "%q", name)
			require.ErrorIs(t, s.Remove(t.Context(), name), blob.ErrName, "%q", name)
		}
		_, err := s.Create(t.Context(), ".part.x")
		require.ErrorIs(t, err, blob.ErrName, "temporary names are the store's own")
		_, _, err = s.Open(t.Context(), ".part.x")
		require.ErrorIs(t, err, blob.ErrName, "what isn't committed can't be read")
		put(t, s, strings.Repeat("x", 128), "the longest name")
	})
	t.Run("CancelledContext", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		ctx, cancel := context.WithCancel(t.Context())
		f, err := s.Create(ctx, "late")
		require.NoError(t, err)
		dropped, err := s.Create(ctx, "dropped")
		require.NoError(t, err)
		_, err = f.Write(bytes.Repeat([]byte("x"), 1000))
		require.NoError(t, err)
		cancel()
		_, err = f.Commit()
		require.Error(t, err)
		require.NoError(t, f.Abort())
		requireMissing(t, s, "late")
		require.NoError(t, dropped.Abort(), "an upload that has ended by itself")
		_, err = s.Create(ctx, "later")
		require.ErrorIs(t, err, context.Canceled)
	})
}
