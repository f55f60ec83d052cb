package pdf

import (
	"bytes"
	"os"
	"testing"

	"github.com/go-text/typesetting/font"
	cfflib "github.com/go-text/typesetting/font/cff"
	"github.com/go-text/typesetting/font/opentype/tables"
	"github.com/stretchr/testify/require"
)

// readFont reads a font of the machine's.
func readFont(tb testing.TB, path string) *font.Font {
	tb.Helper()
	data, err := os.ReadFile(path)
	require.NoError(tb, err, "these tests need fonts-dejavu-core and fonts-droid-fallback; make test installs them")
	face, err := font.ParseTTF(bytes.NewReader(data))
	require.NoError(tb, err)
	return face.Font
}

const (
	dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
	droid  = "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
)

// What another reader finds in the font program is what was drawn.
func TestCFFIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	in := &installed{face: font.NewFace(readFont(t, dejavu)), shown: make([]cid, 1), cids: map[string]uint16{}}
	for r := rune(0x600); r < 0x700; r++ {
		if id, ok := in.face.NominalGlyph(r); ok {
			_, err := in.number([]drawing{{id, 0, 0}, {id, -1500, 2000}}, 600, string(r))
			require.NoError(t, err)
		}
	}
	require.Greater(t, len(in.shown), 100)
	parsed, err := cfflib.Parse(cff("Test", in.shown))
	require.NoError(t, err)
	require.Len(t, parsed.Charstrings, len(in.shown))
	for i := range in.shown {
		segments, _, err := parsed.LoadGlyph(tables.GlyphID(i))
		require.NoError(t, err)
		var want [][2]float32 // the end of each segment
		for j := range in.shown[i].outline {
			points := in.shown[i].outline[j].points()
			end := points[len(points)-1]
			want = append(want, [2]float32{float32(end.x), float32(end.y)})
		}
		var got [][2]float32
		for _, s := range segments {
			args := s.ArgsSlice()
			got = append(got, [2]float32{args[len(args)-1].X, args[len(args)-1].Y})
		}
		requireOutline(t, want, got)
	}
}

// requireOutline leaves aside the lines that close contours, which a reader may add.
func requireOutline(t *testing.T, want, got [][2]float32) {
	t.Helper()
	at := 0
	for _, p := range got {
		if at < len(want) && want[at] == p {
			at++
		}
	}
	require.Equal(t, len(want), at, "all points are there, in order")
}

func TestNumbersOfAnOutline(t *testing.T) {
	t.Parallel()
	for v, want := range map[int][]byte{
		0: {139}, 107: {246}, -107: {32}, 108: {247, 0}, 1131: {250, 255}, -108: {251, 0}, -1131: {254, 255},
		1132: {28, 4, 108}, -1132: {28, 251, 148}, 40000: {28, 127, 255},
	} {
		require.Equal(t, want, drawInt(nil, v), v)
	}
}
