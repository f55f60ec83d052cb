package pdf

import (
	"bytes"
	"errors"
	picturelib "image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/johnfercher/maroto/v2/pkg/components/checkbox"
	"github.com/johnfercher/maroto/v2/pkg/components/code"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/image"
	"github.com/johnfercher/maroto/v2/pkg/components/line"
	"github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/linestyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/fontrepository"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"refill/internal/render/qr"
)

func testConfig(t *testing.T) *entity.Config {
	t.Helper()
	fonts, err := fontrepository.New().
		AddUTF8FontFromBytes("go", fontstyle.Normal, goregular.TTF).
		AddUTF8FontFromBytes("mono", fontstyle.Normal, gomono.TTF).Load()
	require.NoError(t, err)
	return config.NewBuilder().WithCustomFonts(fonts).WithTitle("Τίτλος", true).
		WithDefaultFont(&props.Font{Family: "go", Style: fontstyle.Normal, Size: 8}).Build()
}

func one(components ...core.Component) core.Page {
	return page.New().Add(row.New(20).Add(col.New(12).Add(components...)))
}

// call runs a program that checks the file.
func call(t *testing.T, file []byte, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	require.NoError(t, err, "these tests need qpdf, poppler-utils and librsvg2-bin; make test installs them")
	path := filepath.Join(t.TempDir(), "test.pdf")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	for i, arg := range args {
		if arg == "FILE" {
			args[i] = path
		}
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// Strings contain glyph numbers as bytes. Bytes that look like a parenthesis, a backslash
// or a line end must be read as the same glyph.
func TestEveryCharacterOfAFontSurvives(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	d, err := New(&buf, testConfig(t))
	require.NoError(t, err)
	var want strings.Builder
	for _, face := range d.faces {
		line, height := strings.Builder{}, 0.0
		var lines []core.Component
		for r := rune('!'); r < 0x3000; r++ {
			if ignorable(r) || unicode.IsSpace(r) {
				continue // a reader may omit these
			}
			if _, err := face.Width(string(r)); err != nil {
				continue
			}
			line.WriteRune(r)
			want.WriteRune(r)
			if r%32 == 31 {
				lines = append(lines, text.New(line.String(), props.Text{Family: face.family, Style: face.style, Top: height}))
				line.Reset()
				height += 5
			}
		}
		lines = append(lines, text.New(line.String(), props.Text{Family: face.family, Style: face.style, Top: height}))
		require.NoError(t, d.Page(page.New().Add(row.New(270).Add(col.New(12).Add(lines...)))))
	}
	require.NoError(t, d.Close())
	call(t, buf.Bytes(), "qpdf", "--check", "FILE")
	require.Contains(t, call(t, buf.Bytes(), "pdfinfo", "FILE"), "Τίτλος")

	got := call(t, buf.Bytes(), "pdftotext", "-raw", "-enc", "UTF-8", "FILE", "-")
	require.Greater(t, want.Len(), 1000)
	for _, r := range want.String() {
		require.Contains(t, got, string(r))
	}
}

// 64 × 64 pages fill two levels of the tree; one more needs a third.
func TestPageTreeOfThreeLevels(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	d, err := New(&buf, testConfig(t))
	require.NoError(t, err)
	const pages = fanOut*fanOut + 1
	label := text.New("page")
	for range pages {
		require.NoError(t, d.Page(one(label)))
	}
	require.NoError(t, d.Close())
	require.Equal(t, strconv.Itoa(pages), strings.TrimSpace(call(t, buf.Bytes(), "qpdf", "--show-npages", "FILE")))
	call(t, buf.Bytes(), "qpdf", "--check", "FILE")
	require.Contains(t, call(t, buf.Bytes(), "pdftotext", "-f", strconv.Itoa(pages), "FILE", "-"), "page")
}

func TestWhatIsNotDrawnIsRefused(t *testing.T) {
	t.Parallel()
	link := "https://example.net"
	for name, p := range map[string]core.Page{
		"Line":       one(line.New()),
		"Checkbox":   one(checkbox.New("yes")),
		"MatrixCode": one(code.NewMatrix("x")),
		"BarCode":    one(code.NewBar("x")),
		"Image":      one(image.NewFromBytes([]byte("x"), extension.Png)),
		"ImageFile":  one(image.NewFromFile("x.png")),
		"Link":       one(text.New("x", props.Text{Hyperlink: &link})),
		"Justified":  one(text.New("x", props.Text{Align: align.Justify})),
		"AutoText":   page.New().Add(text.NewAutoRow("x")),
		"AutoQR":     page.New().Add(code.NewAutoQrRow("x")),
		"AutoMatrix": page.New().Add(code.NewAutoMatrixRow("x")),
		"AutoImage":  page.New().Add(image.NewAutoFromBytesRow([]byte("x"), extension.Png)),
		"AutoFile":   page.New().Add(image.NewAutoFromFileRow("x.png")),
		"Dashes": page.New().Add(row.New(5).Add(col.New(12).
			WithStyle(&props.Cell{BorderType: border.Full, LineStyle: linestyle.Dashed}))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := New(io.Discard, testConfig(t))
			require.NoError(t, err)
			err = d.Page(p)
			require.ErrorIs(t, err, ErrNotDrawn)
			require.Equal(t, err, d.Page(one()), "the error stays")
			require.Equal(t, err, d.Close())
		})
	}
}

func TestTextThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]core.Component{
		"TooWide": text.New(strings.Repeat("wide ", 100)),
		"TooLow":  text.New("low", props.Text{Top: 21}),
		"NoFont":  text.New("font", props.Text{Family: "other"}),
		"NoGlyph": text.New("漢"),
		"LongQR":  code.NewQr(strings.Repeat("x", 300)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			d, err := New(&buf, testConfig(t))
			require.NoError(t, err)
			require.Error(t, d.Page(one(c)))
			require.Error(t, d.Close())
			require.Empty(t, buf.Bytes())
		})
	}
}

func TestErrorsSayWhatAndNotTheText(t *testing.T) {
	t.Parallel()
	d, err := New(io.Discard, testConfig(t))
	require.NoError(t, err)
	var missing *GlyphError
	require.ErrorAs(t, d.Page(one(text.New("SECRET漢"))), &missing)
	require.Equal(t, '漢', missing.Rune)
	require.NotContains(t, missing.Error(), "SECRET")

	d, err = New(io.Discard, testConfig(t))
	require.NoError(t, err)
	err = d.Page(one(code.NewQr(strings.Repeat("SECRETs", 50))))
	require.ErrorIs(t, err, qr.ErrTooLong)
	require.NotContains(t, err.Error(), "SECRET")
}

func TestAClosedDocumentTakesNoMore(t *testing.T) {
	t.Parallel()
	d, err := New(io.Discard, testConfig(t))
	require.NoError(t, err)
	require.NoError(t, d.Page(one()))
	require.NoError(t, d.Close())
	require.Error(t, d.Page(one()))
}

func TestBrokenFontsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := New(io.Discard, &entity.Config{CustomFonts: []entity.CustomFont{brokenFont{}}})
	require.Error(t, err)
	for cut := range 64 {
		n := len(goregular.TTF) * cut / 64
		_, err := subset(goregular.TTF[:n], make([]bool, 712))
		require.ErrorIs(t, err, errFont, "%d bytes", n)
	}
}

type brokenFont struct{}

func (brokenFont) GetFamily() string        { return "broken" }
func (brokenFont) GetStyle() fontstyle.Type { return fontstyle.Normal }
func (brokenFont) GetFile() string          { return "" }
func (brokenFont) GetBytes() []byte         { return []byte("no font") }

func TestAppendPoints(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 1: "1", -1: "-1", 0.5: "0.5", 12.34: "12.34", 12.30: "12.3", 0.05: "0.05", -0.25: "-0.25",
		595.2756: "595.28", 0.004: "0", -0.004: "0", 99.999: "100",
	} {
		require.Equal(t, want, string(appendPoints(nil, v)))
	}
}

func TestAppendColor(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		got, err := strconv.ParseFloat(strings.Fields(string(appendColor(nil, c, 0, 255)))[0], 64)
		require.NoError(t, err)
		require.Less(t, math.Abs(got-float64(c)/255), 0.0006)
	}
	require.Equal(t, "0 0 1 ", string(appendColor(nil, 0, 0, 255)))
}

// A short write without an error would leave a gap. io.Writer forbids it, but a faulty
// writer must not cost a series.
func TestShortWriteIsAnError(t *testing.T) {
	t.Parallel()
	d, err := New(shortWriter{}, testConfig(t))
	require.NoError(t, err)
	require.NoError(t, d.Page(one()))
	require.ErrorIs(t, d.Close(), io.ErrShortWrite)
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, errors.New("empty write")
	}
	return len(p) - 1, nil
}

// A document has one image, drawn any number of times. Its colours and transparency stay
// unchanged.
func TestPicture(t *testing.T) {
	t.Parallel()
	drawn := func(c color.NRGBA) []byte {
		m := picturelib.NewNRGBA(picturelib.Rect(0, 0, 20, 10))
		for i := range 200 {
			m.SetNRGBA(i%20, i/20, c)
		}
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, m))
		return b.Bytes()
	}
	for name, c := range map[string]color.NRGBA{"opaque": {200, 30, 10, 255}, "half": {200, 30, 10, 128}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logo := drawn(c)
			var buf bytes.Buffer
			d, err := New(&buf, testConfig(t))
			require.NoError(t, err)
			for range 3 {
				require.NoError(t, d.Page(one(image.NewFromBytes(logo, extension.Png), image.NewFromBytes(logo, extension.Png, props.Rect{Center: true, Percent: 50}))))
			}
			require.NoError(t, d.Close())
			call(t, buf.Bytes(), "qpdf", "--check", "FILE")
			require.Equal(t, 1, bytes.Count(buf.Bytes(), []byte("/ColorSpace/DeviceRGB")))
			require.Equal(t, name == "half", bytes.Contains(buf.Bytes(), []byte("/SMask")))
		})
	}
	d, err := New(io.Discard, testConfig(t))
	require.NoError(t, err)
	first, second := drawn(color.NRGBA{A: 255}), drawn(color.NRGBA{A: 255})
	require.NoError(t, d.Page(one(image.NewFromBytes(first, extension.Png))))
	require.ErrorIs(t, d.Page(one(image.NewFromBytes(second, extension.Png))), ErrNotDrawn)
}
