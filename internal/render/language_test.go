package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/fontdir"
	"refill/internal/render"
)

// Folders of the Debian packages of fonts that the tests need.
const (
	dejavuDir = "/usr/share/fonts/truetype/dejavu"
	droidDir  = "/usr/share/fonts/truetype/droid"
	thaiDir   = "/usr/share/fonts/opentype/tlwg"
)

// testFonts returns the fonts of these packages. A missing font fails the test.
func testFonts(tb testing.TB) *fontdir.Folder {
	tb.Helper()
	for _, file := range []string{dejavuDir + "/DejaVuSans.ttf", droidDir + "/DroidSansFallbackFull.ttf", thaiDir + "/Loma.otf"} {
		_, err := os.Stat(file)
		require.NoError(tb, err, "these tests need fonts-dejavu-core, fonts-droid-fallback and fonts-tlwg-loma-otf; make test installs them")
	}
	return fontdir.New(dejavuDir, droidDir, thaiDir)
}

// languages are designs in languages other than English.
func languages(tb testing.TB) map[string]render.Meta {
	tb.Helper()
	all := map[string]render.Meta{
		"arabic": {
			Brand: "شبكة الشمال (Northwind)", Instructions: []string{"امسح الرمز أو سجّل الدخول إلى refill.example.net", "وأدخله تحت المالية، بطاقة الشحن."},
			Labels: render.Labels{Kind: "بطاقة شحن", Serial: "الرقم", Series: "السلسلة", ValidTill: "صالحة حتى"},
		},
		"hebrew": {
			Brand: "רשת הצפון 2000", Instructions: []string{"סרקו את הקוד, או היכנסו לאתר refill.example.net"},
			Labels: render.Labels{Kind: "כרטיס טעינה", Serial: "מספר", Series: "סדרה", ValidTill: "בתוקף עד"},
		},
		"chinese": {
			Brand: "北风网络 Northwind", Instructions: []string{"扫描二维码，或登录 refill.example.net", "在“财务 → 充值卡”中输入卡号。"},
			Labels: render.Labels{Kind: "充值卡", Serial: "序列号", Series: "批次", ValidTill: "有效期至"},
		},
		"vietnamese": {
			Brand: "Mạng Việt Nam", Instructions: []string{"Quét mã hoặc đăng nhập vào refill.example.net"},
			Labels: render.Labels{Kind: "Thẻ nạp", Serial: "Số", Series: "Lô", ValidTill: "Hạn dùng"},
		},
		// This font has CFF outlines, the others have TrueType outlines.
		"thai": {
			Brand: "เครือข่ายเหนือ (Northwind)", Instructions: []string{"สแกนรหัส หรือเข้าสู่ระบบที่ refill.example.net", "แล้วใส่รหัสใต้ การเงิน, บัตรเติมเงิน"},
			Labels: render.Labels{Kind: "บัตรเติมเงิน", Serial: "หมายเลข", Series: "ชุด", ValidTill: "ใช้ได้ถึง"},
		},
		// No single font of these has both Arabic and Chinese.
		"both": {Brand: "شبكة 北风 Net", Instructions: []string{"扫描 or امسح"}},
	}
	fonts := testFonts(tb)
	for name, m := range all {
		m.Series, m.PortalURL, m.Count, m.Fonts = "202611", "https://refill.example.net", 24, fonts
		all[name] = m
	}
	return all
}

// Each design is correct in each layout: the file is well-formed, its text can be extracted
// in reading order, its fonts are embedded as small subsets, and nothing lies outside its
// card or over its QR code.
func TestLanguagesInEachLayout(t *testing.T) {
	t.Parallel()
	for name, design := range languages(t) {
		for _, l := range render.Layouts() {
			t.Run(name+"/"+l.Name, func(t *testing.T) {
				t.Parallel()
				meta := design
				meta.Layout, meta.BothSides = l.Name, false
				cards := sampleCards(2)
				data := printed(t, meta, cards...)
				require.Less(t, len(data), 64<<10, "subsets, not fonts")
				path := save(t, data)
				keep(t, path, l.Name+"-"+name)
				require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
				for _, f := range strings.Split(strings.TrimSpace(run(t, "pdffonts", path)), "\n")[2:] {
					require.Regexp(t, `^[A-Z]{6}\+.* Identity-H +(yes ){3}`, f)
				}
				text := plainText(t, path)
				for _, word := range strings.FieldsFunc(meta.Brand+" "+meta.Labels.ValidTill, func(r rune) bool { return strings.ContainsRune(" ()", r) }) {
					require.Contains(t, text, word)
				}
				for _, c := range cards {
					require.Contains(t, text, c.Code)
				}
				requireEachScans(t, l, path, cards)
				requireWithin(t, l, pages(t, path), cards)
			})
		}
	}
}

// plainText returns the text that a reader extracts, without the direction marks that
// pdftotext adds around right-to-left text.
func plainText(t *testing.T, path string) string {
	t.Helper()
	return strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "").Replace(run(t, "pdftotext", path, "-"))
}

// A card in a right-to-left script is the mirror image of one in English: the brand begins
// at the right, the value is at the left.
func TestMirroredCard(t *testing.T) {
	t.Parallel()
	designs := languages(t)
	for _, l := range render.Layouts() {
		if l.BothSides {
			for name, left := range map[string]bool{"arabic": true, "hebrew": true, "chinese": false} {
				meta := designs[name]
				meta.Layout = l.Name
				middle := l.Left + l.CardWidth/2
				for _, w := range words(t, save(t, printed(t, meta, sampleCards(1)...))) {
					if w.Text == "10.00" {
						require.Equal(t, left, (w.XMin+w.XMax)/2/pointsPerMM < middle, "%s in %s", name, l.Name)
					}
				}
				meta.BothSides = true
				path := save(t, printed(t, meta, sampleCards(1)...))
				keep(t, path, l.Name+"-"+name+"-both")
				require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
			}
		}
	}
	meta := sampleMeta()
	meta.Fonts, meta.Brand = testFonts(t), "شبكة"
	require.Less(t, position(t, meta, "شبكة"), position(t, meta, "10.00"), "instructions in English: a card in English")
	meta.Instructions = []string{"امسح الرمز"}
	require.Greater(t, position(t, meta, "شبكة"), position(t, meta, "10.00"))
	require.Greater(t, position(t, meta, "Serial"), position(t, meta, "Series"))
}

// position returns where a word of the first card begins. With positions, pdftotext lists
// letters from left to right, whatever their direction.
func position(t *testing.T, meta render.Meta, text string) float64 {
	t.Helper()
	turned := []rune(text)
	slices.Reverse(turned)
	for _, w := range words(t, save(t, printed(t, meta, sampleCards(1)...))) {
		if w.Text == text || w.Text == string(turned) {
			return w.XMin
		}
	}
	require.Fail(t, "no such word", text)
	return 0
}

// A preview draws exactly the glyphs of the file, as outlines.
func TestPreviewInOtherLanguages(t *testing.T) {
	t.Parallel()
	for name, meta := range languages(t) {
		meta.Layout = "id-1"
		sides, err := render.Preview(meta, sampleCards(1))
		require.NoError(t, err)
		require.NoError(t, xml.Unmarshal(sides[0], new(struct{ XMLName xml.Name })))
		picture := string(sides[0])
		glyphs := regexp.MustCompile(`<path id="(f[3-9]g\d+)" d="M`).FindAllStringSubmatch(picture, -1)
		require.Greater(t, len(glyphs), 10, name)
		for _, g := range glyphs {
			require.Contains(t, picture, `<use href="#`+g[1]+`"`)
		}
	}
}

// A date after an Arabic label stays in one piece.
func TestDateAfterALabelThatRunsRightToLeft(t *testing.T) {
	t.Parallel()
	meta := languages(t)["arabic"]
	meta.Layout = "avery-l7160"
	require.Less(t, position(t, meta, "31"), position(t, meta, "Dec"))
	require.Less(t, position(t, meta, "Dec"), position(t, meta, "2027"))
	require.Less(t, position(t, meta, "2027"), position(t, meta, "صالحة"))
}

// A long brand shrinks and is then truncated, in both directions of text.
func TestLongBrandInOtherLanguages(t *testing.T) {
	t.Parallel()
	for _, brand := range []string{"شبكة الشمال للاتصالات والإنترنت والخدمات الرقمية الحديثة", "北风网络通信与互联网数字服务有限责任公司华北分公司", "เครือข่ายที่น้ำปู่ฟ้าใช้สื่อสารกับอินเทอร์เน็ตและบริการดิจิทัลที่ทันสมัย"} {
		for _, l := range render.Layouts() {
			meta := sampleMeta()
			meta.Fonts, meta.Brand, meta.Layout = testFonts(t), brand, l.Name
			path := save(t, printed(t, meta, sampleCards(1)...))
			keep(t, path, l.Name+"-long-"+string([]rune(brand)[:2]))
			require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
			requireWithin(t, l, pages(t, path), sampleCards(1))
		}
	}
}

// A character that no font has is refused with advice, in every text. Emoji are always
// refused.
func TestRefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for brand, c := range map[string]struct{ code, point, packages string }{
		"شبكة 🚀":    {"export_glyph_emoji", "U+1F680", ""},
		"北风":        {"export_glyph_font", "U+5317", "fonts-noto-cjk, fonts-droid-fallback"},
		"شبكة":      {"export_glyph_font", "U+0634", "fonts-dejavu-core, fonts-noto-core"},
		"𓀀":         {"export_glyph_font", "U+13000", "fonts-noto-core"},
		"ไทย":       {"export_glyph_font", "U+0E44", "fonts-noto-core, fonts-tlwg-loma-otf"},
		"Net\uE000": {"export_glyph_control", "U+E000", ""},
	} {
		meta := sampleMeta()
		meta.Brand, meta.Fonts = brand, fontdir.New(dejavuDir)
		if brand == "شبكة" {
			meta.Fonts = nil
		}
		var buf bytes.Buffer
		_, err := render.NewPDF(&buf, meta)
		require.ErrorIs(t, err, render.ErrGlyph, brand)
		f := fault.All(err)[0]
		require.Equal(t, c.code, f.Code, brand)
		require.Equal(t, fault.Arg{Name: "text", Value: fault.Text(brand)}, f.Args[0])
		require.Equal(t, fault.Arg{Name: "point", Value: fault.Name(c.point)}, f.Args[2])
		if c.packages != "" {
			require.Equal(t, fault.Arg{Name: "packages", Value: fault.Name(c.packages)}, f.Args[3])
		}
		require.Empty(t, buf.Bytes())
	}
}

// A file with a password contains the same words.
func TestOtherLanguagesUnderAPassword(t *testing.T) {
	t.Parallel()
	meta := languages(t)["arabic"]
	meta.Password = "correct horse"
	path := save(t, printed(t, meta, sampleCards(1)...))
	require.Contains(t, run(t, "qpdf", "--password=correct horse", "--check", path), "No syntax or stream encoding errors")
	require.Contains(t, run(t, "pdftotext", "-upw", "correct horse", path, "-"), "صالحة حتى")
}

// A label that is only an ellipsis has no letter to truncate, so it is dropped. The value
// alone is still too wide here.
func TestShortestWords(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{"avery-5160", "roll-58"} {
		meta := sampleMeta()
		meta.Layout, meta.Labels = layout, render.Labels{Kind: "…", Serial: "…", Series: "…", ValidTill: "…"}
		w, err := render.NewPDF(io.Discard, meta)
		require.NoError(t, err, layout)
		card := sampleCard(1)
		card.ValidTillText = strings.Repeat("30. September 2027 ", 20)
		require.ErrorIs(t, errors.Join(w.Write(card), w.Close()), render.ErrTooWide, layout)
	}
}
