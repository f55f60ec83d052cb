package pdf

import (
	"bytes"
	"os"
	"testing"
	"unicode"

	"github.com/go-text/typesetting/font"
	cfflib "github.com/go-text/typesetting/font/cff"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/stretchr/testify/require"
)

// readFont reads an installed font.
func readFont(tb testing.TB, path string) *font.Font {
	tb.Helper()
	data, err := os.ReadFile(path)
	require.NoError(tb, err, "these tests need fonts-dejavu-core, fonts-droid-fallback and fonts-tlwg-loma-otf; make test installs them")
	face, err := font.ParseTTF(bytes.NewReader(data))
	require.NoError(tb, err)
	return face.Font
}

const (
	dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
	droid  = "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
	loma   = "/usr/share/fonts/opentype/tlwg/Loma.otf" // Thai, with outlines in CFF
)

// Another reader finds in the font program the outlines that were written.
func TestCFFIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for path, script := range map[string]*unicode.RangeTable{dejavu: unicode.Arabic, loma: unicode.Thai} {
		in := &installed{face: font.NewFace(readFont(t, path)), shown: make([]cid, 1), cids: map[string]uint16{}}
		for r := range rune(0x1000) {
			if id, ok := in.face.NominalGlyph(r); ok && unicode.Is(script, r) {
				_, err := in.number([]clusterGlyph{{id, 0, 0}, {id, -1500, 2000}}, 600, string(r))
				require.NoError(t, err)
			}
		}
		require.Greater(t, len(in.shown), 80)
		requireReadAsWritten(t, in)
	}
}

func requireReadAsWritten(t *testing.T, in *installed) {
	t.Helper()
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

// requireOutline ignores the lines that close contours, which a reader may add.
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

// Curves of a CFF font are the same after writing, also between their end points. An image
// would hardly show a difference.
func TestCurvesOfACFFFontStay(t *testing.T) {
	t.Parallel()
	in := &installed{face: font.NewFace(readFont(t, loma)), shown: make([]cid, 1), cids: map[string]uint16{}}
	curves := func(segments []opentype.Segment, unit func(float32) int) (all [][6]int) {
		for _, s := range segments {
			if s.Op == opentype.SegmentOpCubeTo {
				a, b, c := s.Args[0], s.Args[1], s.Args[2]
				all = append(all, [6]int{unit(a.X), unit(a.Y), unit(b.X), unit(b.Y), unit(c.X), unit(c.Y)})
			}
		}
		return all
	}
	for r := rune(0xE00); r < 0xE80; r++ {
		id, ok := in.face.NominalGlyph(r)
		if !ok {
			continue
		}
		n, err := in.number([]clusterGlyph{{id, 0, 0}}, 600, string(r))
		require.NoError(t, err)
		outline, ok := in.face.GlyphDataOutline(id)
		require.True(t, ok)
		parsed, err := cfflib.Parse(cff("Test", in.shown))
		require.NoError(t, err)
		segments, _, err := parsed.LoadGlyph(n)
		require.NoError(t, err)
		require.Equal(t, curves(outline.Segments, in.thousandths), curves(segments, func(v float32) int { return int(v) }), string(r))
	}
	require.Greater(t, len(in.shown), 80)
}

// A font of any format and size adds only its used glyphs to a file.
func TestFontsAreEmbeddedAsSubsets(t *testing.T) {
	t.Parallel()
	size := func(words string) int {
		var buf bytes.Buffer
		d, err := New(&buf, testConfig(t))
		require.NoError(t, err)
		d.SetFonts(shelf{readFont(t, dejavu), readFont(t, droid), readFont(t, loma)})
		require.NoError(t, d.Page(one(text.New(words, props.Text{Size: 20}))))
		require.NoError(t, d.Close())
		return buf.Len()
	}
	bare := size("Net")
	for _, words := range []string{"شبكة الشمال", "北风网络充值卡", "เครือข่ายเหนือ"} {
		require.Less(t, size("Net "+words)-bare, 4<<10, words)
	}
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
