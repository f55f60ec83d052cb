package export

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

	"refill/internal/export/pdf"
)

// Families of the configuration's fonts.
const (
	sans = "go"
	mono = "gomono"
)

// pointsPerMM turns font sizes into heights.
const pointsPerMM = 72 / 25.4

// typeface is a way to set text: a font, the size it should have and the size
// below which it can't be read, in points.
type typeface struct {
	face        *pdf.Face
	family      string
	style       fontstyle.Type
	size, floor float64
	mirrored    bool // left and right are exchanged
}

// setting is a text made to fit its place.
type setting struct {
	words string
	size  float64 // points
	mm    float64 // width
}

// place sets s in this typeface, with its baseline the given distance
// below its row's top.
func (t *typeface) place(s setting, baseline float64, p props.Text) textSlot {
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

// line makes the component of a text that doesn't change.
func (t *typeface) line(s setting, baseline float64, p props.Text) core.Component {
	slot := t.place(s, baseline, p)
	return &slot
}

// fit makes text fit width (in millimetres) by shrinking it, as far as the
// typeface's floor. what names the text in errors.
func (t *typeface) fit(what, words string, width float64) (setting, error) {
	s, ok, err := t.try(what, words, width)
	if err == nil && !ok {
		err = ErrTooWide.Saying(fmt.Sprintf("The %s is too long for the card: make it shorter.", what)).
			With(fmt.Errorf("%s: %.1f mm at %.1f pt, room for %.1f mm", what, s.mm, s.size, width)) //nolint:err113 // for the log
	}
	return s, err
}

// fitOrCut does the same, and shortens what is still too wide.
func (t *typeface) fitOrCut(what, words string, width float64) (setting, error) {
	s, ok, err := t.try(what, words, width)
	runes := []rune(s.words)
	for !ok && err == nil && len(runes) > 1 {
		runes = runes[:len(runes)-1]
		s, ok, err = t.try(what, strings.TrimRightFunc(string(runes), unicode.IsSpace)+"…", width)
	}
	return s, err
}

// fitLabelled does it for a value after its label, which is shortened while both
// are too wide, and goes where the value has no room beside it. It stays as short
// for the cards that follow: they look alike, and one is measured once.
func (t *typeface) fitLabelled(what string, label *string, value string, width float64) (setting, error) {
	for *label != "" {
		s, ok, err := t.try(what, labelled(*label, value), width)
		if ok || err != nil {
			return s, err
		}
		letters := []rune(strings.TrimSuffix(*label, "…")) // none, where the word is but three points
		*label = strings.TrimRightFunc(string(letters[:max(len(letters)-1, 0)]), unicode.IsSpace)
		if *label != "" {
			*label += "…"
		}
	}
	return t.fit(what, value, width)
}

// try sets text at the largest size that fits, and reports whether one did.
func (t *typeface) try(what, words string, width float64) (setting, bool, error) {
	words = clean(words)
	thousandths, err := t.face.Width(words)
	if err != nil {
		return setting{}, false, glyphFault(what, err)
	}
	mmPerPoint := float64(thousandths) / 1000 / pointsPerMM
	size := t.size
	if mmPerPoint*size > width {
		// Down to twentieths of a point, so that rounding never leads over the edge.
		size = max(math.Floor(width/mmPerPoint*20)/20, t.floor)
	}
	return setting{words: words, size: size, mm: mmPerPoint * size}, mmPerPoint*size <= width, nil
}

// glyphFault says which character of which text can't be printed.
func glyphFault(what string, err error) error {
	var missing *pdf.GlyphError
	if !errors.As(err, &missing) {
		return fmt.Errorf("export: measure %s: %w", what, err)
	}
	return ErrGlyph.Saying(fmt.Sprintf("The %s has the character “%c” (%U), which can’t be printed. %s", what, missing.Rune, missing.Rune, remedy(missing.Rune))).With(err)
}

// remedy says what to do about a character that no font has. The packages are
// Debian's; docs/printing.md says more.
func remedy(r rune) string {
	packages := "fonts-noto-core"
	switch {
	case pdf.IsEmoji(r):
		return "Emoji are never printed: take it out."
	case !unicode.IsGraphic(r) || r == unicode.ReplacementChar:
		return "Type the text anew: this is no letter."
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF:
		packages = "fonts-noto-cjk or, smaller, fonts-droid-fallback"
	case unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian):
		packages = "fonts-dejavu-core or fonts-noto-core"
	case unicode.Is(unicode.Thai, r):
		packages = "fonts-noto-core or, smaller, fonts-tlwg-loma-otf"
	}
	return "No font on this server has it. Install one where Refill runs (on Debian, the package " + packages + "), or write it otherwise."
}

// labelled writes a value after its label. After one that runs right to left, a mark
// of direction keeps a date or a number in one piece: "31" would go with the words
// before it, and "Dec 2027" stand on the other side.
func labelled(label, value string) string {
	if pdf.RightToLeft(label) {
		return label + " \u200e" + value
	}
	return label + " " + value
}

// clean makes text ready to be set: letters composed with their accents, and the
// many spaces of formatted amounts (CLDR uses U+202F and U+00A0) as plain ones. Of
// what shows nothing it leaves joiners and marks of direction where there is text
// that they mean something to; selectors of emoji styles and embeddings go, which
// could turn a text round.
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
