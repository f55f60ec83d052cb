package render

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"golang.org/x/text/unicode/norm"

	"refill/internal/fault"
	"refill/internal/render/pdf"
)

// Names of the font families.
const (
	sans = "go"
	mono = "gomono"
)

// pointsPerMM converts font sizes to millimetres.
const pointsPerMM = 72 / 25.4

// typeface is a font with its preferred size and the smallest legible size, in points.
type typeface struct {
	face        *pdf.Face
	family      string
	style       fontstyle.Type
	size, floor float64
	mirrored    bool // for cards that run right to left: left and right are exchanged
}

// fittedText is a text at a size that fits its place.
type fittedText struct {
	words string
	size  float64 // points
	mm    float64 // width
}

// place returns s as a slot, with its baseline the given distance below the top of its row.
func (t *typeface) place(s fittedText, baseline float64, p props.Text) textSlot {
	p.Family, p.Style, p.Size = t.family, t.style, s.size
	p.Top = baseline - s.size/pointsPerMM
	if t.mirrored {
		p.Left, p.Right = p.Right, p.Left
		if p.Align == align.Right {
			p.Align = align.Left
		} else if p.Align != align.Center {
			p.Align = align.Right
		}
	}
	return textSlot{words: s.words, prop: p}
}

// line returns the component of a fixed text.
func (t *typeface) line(s fittedText, baseline float64, p props.Text) core.Component {
	slot := t.place(s, baseline, p)
	return &slot
}

// fit returns the text at the largest size that fits width (in millimetres), between the
// preferred size and the floor. It returns ErrTooWide where the text does not fit at the
// floor. what names the text in errors.
func (t *typeface) fit(what, words string, width float64) (fittedText, error) {
	s, ok, err := t.try(what, words, width)
	if err == nil && !ok {
		cause := fmt.Errorf("%w: %s: %.1f mm at %.1f pt, room for %.1f mm", ErrTooWide, what, s.mm, s.size, width)
		if what == codeText {
			return s, errCodeWide.Because(cause)
		}
		return s, errTextWide.With("text", quoted(words)).Because(cause)
	}
	return s, err
}

// fitOrCut is fit, but truncates a text that is too wide at the floor.
func (t *typeface) fitOrCut(what, words string, width float64) (fittedText, error) {
	s, ok, err := t.try(what, words, width)
	runes := []rune(s.words)
	for !ok && err == nil && len(runes) > 1 {
		runes = runes[:len(runes)-1]
		s, ok, err = t.try(what, strings.TrimRightFunc(string(runes), unicode.IsSpace)+"…", width)
	}
	return s, err
}

// fitLabelled is fit for a label and its value. It truncates the label while both are too
// wide together, and drops it where only the value has space. The label stays truncated for
// the following cards, so that all look alike and it is measured once.
func (t *typeface) fitLabelled(what string, label *string, value string, width float64) (fittedText, error) {
	for *label != "" {
		s, ok, err := t.try(what, labelled(*label, value), width)
		if ok || err != nil {
			return s, err
		}
		letters := []rune(strings.TrimSuffix(*label, "…")) // a label of which only the ellipsis is left is dropped
		*label = strings.TrimRightFunc(string(letters[:max(len(letters)-1, 0)]), unicode.IsSpace)
		if *label != "" {
			*label += "…"
		}
	}
	return t.fit(what, value, width)
}

// try returns the text at the largest size that fits, or at the floor, and reports whether
// it fits.
func (t *typeface) try(what, words string, width float64) (fittedText, bool, error) {
	words = clean(words)
	thousandths, err := t.face.Width(words)
	if err != nil {
		return fittedText{}, false, glyphFault(what, words, err)
	}
	mmPerPoint := float64(thousandths) / 1000 / pointsPerMM
	size := t.size
	if mmPerPoint*size > width {
		// Rounded down to twentieths of a point, so that rounding never makes the text too
		// wide.
		size = max(math.Floor(width/mmPerPoint*20)/20, t.floor)
	}
	return fittedText{words: words, size: size, mm: mmPerPoint * size}, mmPerPoint*size <= width, nil
}

// codeText names the code of a card in errors. Errors never quote the code, because it is
// money.
const codeText = "code"

// Errors of texts that can't be printed. Each matches ErrTooWide or ErrGlyph with
// errors.Is.
var (
	errTextWide  = fault.New(fault.Invalid, "export_text_wide", "“{text}” is too long for the card: make it shorter.")
	errCodeWide  = fault.New(fault.Invalid, "export_code_wide", "The code is too long for the card. Choose another layout.")
	errNoRoom    = fault.New(fault.Invalid, "export_value_tall", "This layout has no room for the value of a card. Choose another one.")
	errCodeGlyph = fault.New(fault.Invalid, "export_code_glyph", "The code of a card has the character “{character}” ({point}), which can’t be printed. Choose a format without a design, such as CSV.")
	errEmoji     = fault.New(fault.Invalid, "export_glyph_emoji", "“{text}” has the character “{character}” ({point}), which can’t be printed. Emoji are never printed: take it out.")
	errNoLetter  = fault.New(fault.Invalid, "export_glyph_control", "“{text}” has the character “{character}” ({point}), which can’t be printed. It is no letter: type the text anew.")
	errNoFont    = fault.New(fault.Invalid, "export_glyph_font", "“{text}” has the character “{character}” ({point}), which can’t be printed. No font on this server has it. Install one where Refill runs (packages of Debian that have it: {packages}), or write it otherwise.")
)

// glyphFault returns the fault for a character that can't be printed, with advice. The
// packages are Debian packages with a font for the character; see docs/printing.md.
func glyphFault(what, words string, err error) error {
	var missing *pdf.GlyphError
	if !errors.As(err, &missing) {
		return fmt.Errorf("export: measure %s: %w", what, err)
	}
	r := missing.Rune
	character, point := fault.Text(r), fault.Name(fmt.Sprintf("%U", r))
	cause := fmt.Errorf("%w: %s: %w", ErrGlyph, what, err)
	packages := fault.Name("fonts-noto-core")
	switch {
	case what == codeText:
		return errCodeGlyph.With("character", character).With("point", point).Because(cause)
	case pdf.IsEmoji(r):
		return errEmoji.With("text", quoted(words)).With("character", character).With("point", point).Because(cause)
	case !unicode.IsGraphic(r) || r == unicode.ReplacementChar:
		return errNoLetter.With("text", quoted(words)).With("character", character).With("point", point).Because(cause)
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF:
		packages = "fonts-noto-cjk, fonts-droid-fallback"
	case unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian):
		packages = "fonts-dejavu-core, fonts-noto-core"
	case unicode.Is(unicode.Thai, r):
		packages = "fonts-noto-core, fonts-tlwg-loma-otf"
	}
	return errNoFont.With("text", quoted(words)).With("character", character).With("point", point).With("packages", packages).Because(cause)
}

// quoted returns a text as errors quote it.
func quoted(words string) fault.Text {
	if runes := []rune(words); len(runes) > 60 {
		words = string(runes[:60]) + "…"
	}
	return fault.Text(strings.ToValidUTF8(words, "\uFFFD"))
}

// labelled writes a value after its label. After a right-to-left label, a direction mark
// keeps a date or a number in one piece; otherwise "31" would join the label, and "Dec
// 2027" would be on the other side.
func labelled(label, value string) string {
	if pdf.RightToLeft(label) {
		return label + " \u200e" + value
	}
	return label + " " + value
}

// clean prepares a text for setting: letters are composed with their accents, and the
// special spaces of formatted amounts (CLDR uses U+202F and U+00A0) become plain ones.
// Invisible joiners and direction marks are kept in scripts that use them. Emoji variation
// selectors and direction embeddings are removed, because an embedding could reverse a
// text.
func clean(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] >= ' ' && s[i] < 0x7F
	}
	if ascii {
		return s
	}
	plain := !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	})
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !plain && (r == '\u200C' || r == '\u200D' || r == '\u200E' || r == '\u200F' || r == '\u061C'):
			return r
		case unicode.Is(unicode.Cf, r), r == '\uFE0E', r == '\uFE0F':
			return -1
		}
		return r
	}, norm.NFC.String(s))
}
