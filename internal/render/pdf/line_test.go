package pdf

import (
	"bytes"
	picturelib "image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-text/typesetting/font"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/fontrepository"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/stretchr/testify/require"
)

// shelf is a source of fonts from a list.
type shelf []*font.Font

func (s shelf) Font(text []rune, _ bool) *font.Font {
	for _, f := range s {
		if Covers(f, text) {
			return f
		}
	}
	return nil
}

// lineConfig is a configuration with one font, so that another program can draw the same
// text.
func lineConfig(t *testing.T, path string) *entity.Config {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err, "these tests need fonts-dejavu-core; make test installs it")
	fonts, err := fontrepository.New().AddUTF8FontFromBytes("test", fontstyle.Normal, data).Load()
	require.NoError(t, err)
	return config.NewBuilder().WithCustomFonts(fonts).WithDefaultFont(&props.Font{Family: "test", Style: fontstyle.Normal, Size: 24}).Build()
}

// Each text looks as Pango draws it with the same fonts: letters joined, marks on their
// letters, words in order. The Latin words have no kerning pairs, because the fonts of the
// configuration are set without kerning. With two words exchanged the images must differ,
// which shows that the comparison works.
func TestLinesLookAsPangoDrawsThem(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]string{
		"Arabic":           "شبكة الشمال",
		"ArabicMarks":      "سجّل الدخولَ لآن",
		"ArabicWithLatin":  "امسح الرمز في Network (24/7)!",
		"ArabicWithAmount": "بطاقة شحن 10,000.50 USD",
		"LatinWithArabic":  "Northwind شبكة 12 GB الشمال, 34",
		"ArabicDigits":     "صفحة ٢٤ من ١٠٠",
		"Persian":          "می\u200cخواهم کارت شارژ",
		"Hebrew":           "רשת הצפון (2000), כרטיס טעינה",
		"HebrewPoints":     "שָׁלוֹם עוֹלָם",
		"Vietnamese":       "Mạng Việt Nam e\u0323\u0302",
		"Chinese":          "北风网络（Northwind）充值卡 100 元。",
		"Thai":             "เครือข่ายเหนือ เติมเงิน",
		"ThaiMarks":        "ปู่ป้าฟ้าน้ำฝั่งฟ้ำ ญูฐูผู้ที่นี่ปิ๊กี้ป์",
		"Mixed":            "充值卡 شبكة Net רשת 7",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := drawn(t, words)
			require.Greater(t, likeness(ours, pango(t, words)), 0.98)
			fields := strings.Fields(words)
			fields[0], fields[len(fields)-1] = fields[len(fields)-1], fields[0]
			require.Less(t, likeness(ours, pango(t, strings.Join(fields, " "))), 0.9)
		})
	}
}

// drawn returns a line of text drawn by this package and rendered by poppler.
func drawn(t *testing.T, words string) picturelib.Image {
	t.Helper()
	var buf bytes.Buffer
	d, err := New(&buf, lineConfig(t, dejavu))
	require.NoError(t, err)
	d.SetFonts(shelf{readFont(t, dejavu), readFont(t, droid), readFont(t, loma)})
	require.NoError(t, d.Page(one(text.New(words))))
	require.NoError(t, d.Close())
	require.Contains(t, call(t, buf.Bytes(), "qpdf", "--check", "FILE"), "No syntax or stream encoding errors")
	stem := filepath.Join(t.TempDir(), "line")
	call(t, buf.Bytes(), "pdftoppm", "-r", "144", "-singlefile", "-gray", "-png", "FILE", stem)
	return readPicture(t, stem+".png")
}

// A preview looks like the file for every sequence of sizes and fonts.
func TestPreviewLooksAsTheFile(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	d, err := New(&buf, testConfig(t))
	require.NoError(t, err)
	d.SetFonts(shelf{readFont(t, dejavu), readFont(t, droid), readFont(t, loma)})
	sheet := one(
		text.New("Net 7", props.Text{Size: 30}), text.New("شبكة Net سجّل", props.Text{Size: 9, Top: 10}), text.New("Net ปู่ น้ำ", props.Text{Size: 9, Top: 14}),
		text.New("充值卡 שָׁלוֹם", props.Text{Size: 16, Top: 3, Left: 60}), text.New("Valid till", props.Text{Size: 20, Top: 12, Left: 60}),
	)
	svg, err := d.SVG(sheet)
	require.NoError(t, err)
	require.NoError(t, d.Page(sheet))
	require.NoError(t, d.Close())
	stem := filepath.Join(t.TempDir(), "sheet")
	call(t, buf.Bytes(), "pdftoppm", "-r", "144", "-singlefile", "-gray", "-png", "FILE", stem)
	file := readPicture(t, stem+".png")
	call(t, svg, "rsvg-convert", "--background-color", "white", "--width", strconv.Itoa(file.Bounds().Dx()), "--output", stem+"-svg.png", "FILE")
	require.Greater(t, likeness(file, readPicture(t, stem+"-svg.png")), 0.98)
}

// pango returns the line drawn by Pango.
func pango(t *testing.T, words string) picturelib.Image {
	t.Helper()
	program, err := exec.LookPath("pango-view")
	require.NoError(t, err, "these tests need pango1.0-tools; make test installs it")
	path := filepath.Join(t.TempDir(), "pango.png")
	out, err := exec.CommandContext(t.Context(), program, "--no-display", "--pixels", "--hinting=none", "--font=DejaVu Sans, Droid Sans Fallback, Loma 48", "--text", words, "--output", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return readPicture(t, path)
}

func readPicture(t *testing.T, path string) picturelib.Image {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return img
}

// likeness returns the share of the dark points of two images that have a dark point of the
// other image nearby, when their dark areas are aligned.
func likeness(a, b picturelib.Image) float64 {
	first, second := inked(a), inked(b)
	near, all := 0, 0
	for _, pair := range [][2]map[picturelib.Point]bool{{first, second}, {second, first}} {
		for p := range pair[0] {
			all++
			for _, step := range []picturelib.Point{{}, {X: 1}, {X: -1}, {Y: 1}, {Y: -1}, {X: 1, Y: 1}, {X: -1, Y: -1}, {X: 1, Y: -1}, {X: -1, Y: 1}, {X: 2}, {X: -2}} {
				if pair[1][p.Add(step)] {
					near++
					break
				}
			}
		}
	}
	return float64(near) / float64(all)
}

// inked returns the dark points, relative to the corner of their bounding box.
func inked(img picturelib.Image) map[picturelib.Point]bool {
	var points []picturelib.Point
	corner := img.Bounds().Max
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
				points = append(points, picturelib.Pt(x, y))
				corner = picturelib.Pt(min(corner.X, x), min(corner.Y, y))
			}
		}
	}
	all := make(map[picturelib.Point]bool, len(points))
	for _, p := range points {
		all[p.Sub(corner)] = true
	}
	return all
}

// Text whose visual order differs from its reading order is extracted in reading order.
func TestLinesAreFoundAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"شبكة", "سجّل", "والأمان", "رَمْز", "الله", "רשת הצפון", "שָׁלוֹם", "北风网络，充值卡。", "Mạng Việt Nam", "fi ffl", "می\u200cخواهم", "เครือข่ายเหนือ ปู่ น้ำ ที่นี่",
	} {
		var buf bytes.Buffer
		d, err := New(&buf, testConfig(t))
		require.NoError(t, err)
		d.SetFonts(shelf{readFont(t, dejavu), readFont(t, droid), readFont(t, loma)})
		require.NoError(t, d.Page(one(text.New(words, props.Text{Size: 20}))))
		require.NoError(t, d.Close())
		found := call(t, buf.Bytes(), "pdftotext", "FILE", "-")
		plain := strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "", "\u200c", "") // direction marks that pdftotext adds
		require.Equal(t, plain.Replace(words), strings.TrimSpace(plain.Replace(found)))
	}
}

func TestLinesRefuse(t *testing.T) {
	t.Parallel()
	for words, missing := range map[string]rune{
		"شبكة 🚀": '🚀', "شبكة\x00": 0, "شبكة\xff": '\uFFFD', "中文": '中', "x\uE000": '\uE000', "Net ☎️ 𓀀": '𓀀', "Net 🀄": '🀄',
	} {
		d, err := New(&bytes.Buffer{}, testConfig(t))
		require.NoError(t, err)
		d.SetFonts(shelf{readFont(t, dejavu)})
		err = d.Page(one(text.New(words)))
		var glyph *GlyphError
		require.ErrorAs(t, err, &glyph, words)
		require.Equal(t, string(missing), string(glyph.Rune), words)
	}
}

// A word uses one font, even where the font of the configuration has most of its letters.
// Digits and other words use the font of the configuration.
func TestWordsAreOfOneFont(t *testing.T) {
	t.Parallel()
	d, err := New(&bytes.Buffer{}, testConfig(t))
	require.NoError(t, err)
	d.SetFonts(shelf{readFont(t, dejavu), readFont(t, droid)})
	for words, want := range map[string][]bool{ // whether the font is that of the configuration, by glyph
		"Việt 7": {false, false, false, false, false, true}, "Net 7": {true, true, true, true, true}, "北 Net": {false, false, true, true, true}, "e\u0323": {false},
	} {
		l, err := d.typeset(d.faces[0], words)
		require.NoError(t, err)
		var own []bool
		for _, g := range l.glyphs {
			own = append(own, g.font == 0)
		}
		require.Equal(t, want, own, words)
	}
}

// The cache of lines is bounded, however many different lines there are.
func TestLinesDoNotGather(t *testing.T) {
	t.Parallel()
	d, err := New(&bytes.Buffer{}, testConfig(t))
	require.NoError(t, err)
	d.SetFonts(shelf{readFont(t, dejavu)})
	for range 3 * maxCachedLines {
		_, err := d.faces[0].Width("الرقم " + strings.Repeat("1", len(d.lines)%100) + strings.Repeat("2", len(d.lines)/100))
		require.NoError(t, err)
		require.LessOrEqual(t, len(d.lines), maxCachedLines)
	}
}

// Every text is either drawn or refused: no panic, no glyph for missing characters, and
// every visible character can be extracted.
func FuzzLine(f *testing.F) {
	for _, text := range []string{"Net 7", "شبكة (Net) 24/7, سجّل", "רשת 10.50 USD", "充值卡 葛\U000E0100", "\u200f\u2067a\u2069", "e\u0323\u0302", "می\u200cخواهم", "\u0301", "🚀\uFE0F", "٣ abc ٣", "น้ำ ปู่ ๑๒ ญู", "\u0E48\u0E33"} {
		f.Add(text)
	}
	fonts := shelf{readFont(f, dejavu), readFont(f, droid), readFont(f, loma)}
	f.Fuzz(func(t *testing.T, words string) {
		d, err := New(&bytes.Buffer{}, testConfig(t))
		require.NoError(t, err)
		d.SetFonts(fonts)
		l, err := d.typeset(d.faces[0], words)
		var missing *GlyphError
		if err != nil {
			require.ErrorAs(t, err, &missing)
			require.Contains(t, words+"\uFFFD", string(missing.Rune))
			return
		}
		shown := 0
		for _, g := range l.glyphs {
			require.NotZero(t, g.id)
			if g.font >= len(d.faces) {
				shown += len([]rune(d.installed[g.font-len(d.faces)].shown[g.id].text))
			} else {
				shown++
			}
		}
		typed := 0
		for _, r := range words {
			if !ignorable(r) {
				typed++
			}
		}
		require.LessOrEqual(t, shown, typed)
	})
}

// A font may be invalid only in its shaping tables.
func TestBrokenFontIsAnError(t *testing.T) {
	t.Parallel()
	d, err := New(io.Discard, lineConfig(t, dejavu))
	require.NoError(t, err)
	d.SetFonts(broken{})
	_, err = d.faces[0].Width("北")
	require.ErrorContains(t, err, "a font that was found is broken")
}

type broken struct{}

func (broken) Font([]rune, bool) *font.Font { return new(font.Font) }
