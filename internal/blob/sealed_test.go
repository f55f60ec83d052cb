package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"refill/internal/blob"
	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
)

// sealedDisk is a sealed store and the folder beneath it.
func sealedDisk(tb testing.TB, keys blob.Keys) (*blob.Sealed, string) {
	tb.Helper()
	dir := tb.TempDir()
	disk, err := blob.NewDisk(dir)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, disk.Close()) })
	return blob.NewSealed(disk, keys), dir
}

func TestSealedDisk(t *testing.T) {
	t.Parallel()
	testStore(t, func(t *testing.T) blob.Store {
		t.Helper()
		s, _ := sealedDisk(t, codetest.Keys(t, 1))
		return s
	})
}

func TestSealedS3(t *testing.T) {
	t.Parallel()
	cfg := startS3(t)
	testStore(t, func(t *testing.T) blob.Store {
		t.Helper()
		own := cfg
		own.Prefix = strings.ToLower(rand.Text()) + "/"
		return blob.NewSealed(newS3(t, own), codetest.Keys(t, 1))
	})
}

// long is a text of n bytes in which every place tells where it is.
func long(n int) string {
	var text strings.Builder
	for i := 0; text.Len() < n; i++ {
		text.WriteString("QuickAccess-")
		text.WriteString(strings.Repeat(string(rune('A'+i%26)), 1+i%7))
	}
	return text.String()[:n]
}

const chunk = 64 << 10

func TestSealedTellsOfTheClearFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 100, chunk - 1, chunk, chunk + 1, 4*chunk - 1, 4 * chunk, 4*chunk + 1, 10*chunk + 17} {
		keys := codetest.Keys(t, 1, 2)
		s, dir := sealedDisk(t, keys)
		text := long(size)
		info := put(t, s, "export.csv", text)
		require.Equal(t, int64(size), info.Size)
		require.Equal(t, sha256.Sum256([]byte(text)), info.SHA256)
		require.Equal(t, int16(2), info.KeyID, "the newest")
		require.Equal(t, text, get(t, s, "export.csv"))
		beneath, err := os.ReadFile(filepath.Join(dir, "export.csv"))
		require.NoError(t, err)
		require.NotContains(t, string(beneath), "QuickAccess")

		r, _, err := s.Open(t.Context(), "export.csv")
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(r, []byte(text)), "%d bytes, in any order", size)
		require.NoError(t, r.Close())
	}
}

func TestSealedRoomLeavesSpaceForSeals(t *testing.T) {
	t.Parallel()
	keys := codetest.Keys(t, 1)
	s, dir := sealedDisk(t, keys)
	put(t, s, "export", long(20*chunk))
	stat, err := os.Stat(filepath.Join(dir, "export"))
	require.NoError(t, err)
	for room, want := range map[int64]bool{stat.Size(): false, stat.Size() + 2048: true, 5: false} {
		left, known := blob.NewSealed(roomy{s.Store, room}, keys).Room()
		require.True(t, known)
		require.GreaterOrEqual(t, left, int64(0))
		if want {
			require.GreaterOrEqual(t, left, int64(20*chunk))
		} else {
			require.LessOrEqual(t, left, int64(20*chunk), "what is left fits with its seal")
		}
	}
}

// roomy says how much room there is.
type roomy struct {
	blob.Store
	bytes int64
}

func (r roomy) Room() (int64, bool) { return r.bytes, true }

// readPrefix reads a file to its end or until it is refused.
func readPrefix(t *testing.T, s blob.Store, name string) (string, error) {
	t.Helper()
	r, _, err := s.Open(t.Context(), name)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	require.NoError(t, r.Close())
	return string(text), err
}

// A changed file either does not open or ends before the changed chunk: a reader never
// gets a byte that was not written, nor an end that is not the file's.
func TestSealedFileThatWasTamperedWith(t *testing.T) {
	t.Parallel()
	const enc = chunk + 16
	text := long(9*chunk + 1000)
	keys := codetest.Keys(t, 1)
	s, dir := sealedDisk(t, keys)
	put(t, s, "a", text)
	put(t, s, "b", strings.ToLower(text))
	put(t, s, "even", long(2*chunk)) // ends with a whole chunk
	whole := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return content
	}
	a, b := whole("a"), whole("b")
	header := len(a) - (9*enc + 1000 + 16)
	again, _ := sealedDisk(t, keys)
	put(t, again, "a", text)
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	at := func(n int) int { return header + n*enc }
	flip := func(n int) []byte {
		c := bytes.Clone(a)
		c[n] ^= 1
		return c
	}
	for name, content := range map[string][]byte{
		"Header":           flip(header - 20),
		"FirstChunk":       flip(at(0)),
		"MiddleChunk":      flip(at(6) + 77),
		"LastChunk":        flip(len(a) - 1),
		"CutInAChunk":      a[:at(5)+99],
		"CutAtAChunk":      a[:at(5)],
		"CutToTheHeader":   a[:header],
		"CutInTheHeader":   a[:10],
		"Empty":            {},
		"Longer":           cat(a, a[at(3):at(4)]),
		"OneByteMore":      cat(a, []byte{0}),
		"Reordered":        cat(a[:at(5)], a[at(6):at(7)], a[at(5):at(6)], a[at(7):]),
		"Repeated":         cat(a[:at(6)], a[at(5):at(6)], a[at(6):]),
		"OneChunkLess":     cat(a[:at(5)], a[at(6):]),
		"ChunkOfAnother":   cat(a[:at(6)], b[at(6):at(7)], a[at(7):]),
		"HeaderOfAnother":  cat(b[:header], a[header:]),
		"AnotherFile":      b,
		"Clear":            []byte(text),
		"EndOfWholeChunks": whole("even")[:len(whole("even"))-enc],
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), content, 0o600))
		got, err := readPrefix(t, s, "a")
		require.ErrorIs(t, err, blob.ErrDamaged, name)
		require.True(t, strings.HasPrefix(text, got), name)
		require.NotContains(t, err.Error(), "QuickAccess", name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), bytes.Replace(a, []byte("refill-file 1"), []byte("refill-file 2"), 1), 0o600))
	_, err := readPrefix(t, s, "a")
	require.ErrorIs(t, err, cardcode.ErrSecretKey, "a key that isn't there may still come")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), a, 0o600))
	require.Equal(t, text, get(t, s, "a"), "unharmed it opens")

	// The parts before and after the damage can be read.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), flip(at(6)+77), 0o600))
	r, _, err := s.Open(t.Context(), "a")
	require.NoError(t, err)
	part := make([]byte, 500)
	_, err = r.ReadAt(part, chunk+5)
	require.NoError(t, err)
	require.Equal(t, text[chunk+5:chunk+505], string(part))
	require.NoError(t, r.Close())
	got, err := readPrefix(t, s, "a")
	require.ErrorIs(t, err, blob.ErrDamaged)
	require.LessOrEqual(t, len(got), 6*chunk)
}

// A file opens under the key that it was sealed under while the keys rotate; without
// that key it is not damaged but has to wait.
func TestSealedUnderAnOlderKey(t *testing.T) {
	t.Parallel()
	one := codetest.Keys(t, 1)
	s, _ := sealedDisk(t, one)
	put(t, s, "old", "QuickAccess")
	both := codetest.Keys(t, 2)
	_, err := readPrefix(t, blob.NewSealed(s.Store, both), "old")
	require.ErrorIs(t, err, cardcode.ErrSecretKey)
	require.NotErrorIs(t, err, blob.ErrDamaged)
	_, err = readPrefix(t, blob.NewSealed(s.Store, codetest.Keys(t, 1)), "old")
	require.ErrorIs(t, err, blob.ErrDamaged, "another key of the same id")
}

var errWire = errors.New("the wire is cut")

// cut is a store whose files can't be read past a place.
type cut struct {
	*blob.Disk
	after int64
}

type cutReader struct {
	blob.Reader
	store *cut
}

func (c *cut) Open(ctx context.Context, name string) (blob.Reader, blob.Info, error) {
	r, info, err := c.Disk.Open(ctx, name)
	return &cutReader{r, c}, info, err
}

func (r *cutReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.store.after -= int64(n); r.store.after < 0 {
		return 0, errWire
	}
	return n, err
}

// A store that can't be reached is not a damaged file.
func TestSealedStoreThatFails(t *testing.T) {
	t.Parallel()
	s, _ := sealedDisk(t, codetest.Keys(t, 1))
	put(t, s, "a", long(5*chunk))
	disk, ok := s.Store.(*blob.Disk)
	require.True(t, ok)
	for _, after := range []int64{0, 100, 2 * chunk, 4 * chunk} {
		failing := *s
		failing.Store = &cut{Disk: disk, after: after}
		_, err := readPrefix(t, &failing, "a")
		require.ErrorIs(t, err, errWire, after)
		require.NotErrorIs(t, err, blob.ErrDamaged, after)
	}
}

// Any file content is either refused or decrypts to what was sealed.
func FuzzSealedOpen(f *testing.F) {
	keys := codetest.Keys(f, 1)
	s, dir := sealedDisk(f, keys)
	w, err := s.Create(f.Context(), "a")
	require.NoError(f, err)
	text := long(2*chunk + 100)
	_, err = io.WriteString(w, text)
	require.NoError(f, err)
	_, err = w.Commit()
	require.NoError(f, err)
	whole, err := os.ReadFile(filepath.Join(dir, "a"))
	require.NoError(f, err)
	header := bytes.Index(whole, []byte("\n--- ")) + 60
	f.Add(whole[:header], uint32(100), uint32(0))
	f.Add([]byte("age-encryption.org/v1\n-> refill-file 1\n"), uint32(3), uint32(0))
	f.Add([]byte("-> refill-file -1 x\n\n---"), uint32(22), uint32(5))
	f.Add([]byte{1}, uint32(100_000), uint32(0))
	f.Fuzz(func(t *testing.T, junk []byte, at, less uint32) {
		content := bytes.Clone(whole[:len(whole)-int(less)%len(whole)])
		copy(content[int(at)%len(content):], junk)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "fuzz"), content, 0o600)) //nolint:gosec // of the test's own folder
		require.NoError(t, os.Rename(filepath.Join(dir, "fuzz"), filepath.Join(dir, "a")))
		got, err := readPrefix(t, s, "a")
		if err == nil {
			require.Equal(t, whole, content)
			require.Equal(t, text, got)
		} else {
			require.True(t, errors.Is(err, blob.ErrDamaged) || errors.Is(err, cardcode.ErrSecretKey), err)
			require.True(t, strings.HasPrefix(text, got))
		}
	})
}

// BenchmarkSealed measures sealing, beside the disk alone for comparison.
func BenchmarkSealed(b *testing.B) {
	s, _ := sealedDisk(b, codetest.Keys(b, 1))
	block := bytes.Repeat([]byte("202601-AAAA-BBBB-CCCC-DDDD,10.00,USD\n"), 1000)
	for name, store := range map[string]blob.Store{"Disk": s.Store, "Sealed": s} {
		b.Run(name, func(b *testing.B) {
			f, err := store.Create(b.Context(), name)
			require.NoError(b, err)
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				_, err := f.Write(block)
				require.NoError(b, err)
			}
			require.NoError(b, f.Abort())
		})
	}
}
