package pdf

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
)

// item is a part of a line with one font, script and direction.
type item struct {
	from, to int
	script   language.Script
	whole    bool       // its font has all of the text that is alike
	own      *Face      // the configuration's font, or else
	found    *installed // one that was found
}

func (it *item) chosen() bool { return it.own != nil || it.found != nil }

// empty reports whether a glyph shows nothing.
func (it *item) empty(id font.GID) bool {
	var face *font.Face
	if it.own != nil {
		face = it.own.shaper
	} else {
		face = it.found.face
	}
	extents, ok := face.GlyphExtents(id)
	return !ok || extents.Width == 0 && extents.Height == 0
}

func (it *item) family() string {
	if it.own != nil {
		return it.own.family
	}
	return it.found.name
}

// itemize parts a stretch by font and script. Letters and digits are in the
// configuration's font where it has all those of their script. Spaces and signs
// take the font of what stands beside them, so that words of one script stay
// together and brackets fit their text.
func (d *Document) itemize(f *Face, text []rune, s stretch) ([]item, error) {
	var items []item
	for from := s.from; from < s.to; {
		to := clusterEnd(text, from, s.to)
		items = append(items, item{from: from, to: to, script: language.LookupScript(text[from])})
		from = to
	}
	for i := range items {
		if it := &items[i]; !neutral(text[it.from]) && !it.likeOneOf(items[:i]) {
			if err := d.choose(f, text, it); err != nil {
				return nil, err
			}
		}
	}
	for i := range items {
		it := &items[i]
		if it.chosen() {
			continue
		}
		beside := i - 1
		if i == 0 {
			beside = slices.IndexFunc(items, func(it item) bool { return it.chosen() })
		}
		if beside >= 0 && items[beside].found != nil && Covers(items[beside].found.face.Font, text[it.from:it.to]) {
			it.found = items[beside].found
		} else if err := d.choose(f, text, it); err != nil {
			return nil, err
		}
	}
	return joined(items), nil
}

// joined puts neighbours together that have one font and script. What has no
// script of its own has that of what stands before it, else of what follows.
func joined(items []item) (all []item) {
	own := func(it item) bool {
		return it.script != language.Common && it.script != language.Inherited && it.script != language.Unknown
	}
	for i := range items {
		switch {
		case own(items[i]):
		case i > 0:
			items[i].script = items[i-1].script
		default:
			if n := slices.IndexFunc(items, own); n > 0 {
				items[0].script = items[n].script
			}
		}
	}
	for _, it := range items {
		if n := len(all); n > 0 && all[n-1].own == it.own && all[n-1].found == it.found && all[n-1].script == it.script {
			all[n-1].to = it.to
			continue
		}
		all = append(all, it)
	}
	return all
}

// likeOneOf takes the font of an item of the same script whose font has all letters
// of it, and reports whether there is one.
func (it *item) likeOneOf(before []item) bool {
	for i := len(before) - 1; i >= 0; i-- {
		if b := &before[i]; b.whole && b.script == it.script && alike(b.script, it.script) {
			it.own, it.found, it.whole = b.own, b.found, true
			return true
		}
	}
	return false
}

// choose finds the font of a cluster.
func (d *Document) choose(f *Face, text []rune, it *item) error {
	cluster := text[it.from:it.to]
	for _, r := range cluster {
		if refused(r) {
			return &GlyphError{Rune: r, Family: f.family}
		}
	}
	tries := [][]rune{cluster}
	if alike(it.script, it.script) {
		tries = [][]rune{likeOf(text, it), cluster}
	}
	for i, runes := range tries {
		it.whole = i == 0
		if f.has(runes) {
			it.own = f
			return nil
		}
		if found := d.find(runes, f); found != nil {
			it.found = d.installedOf(found)
			return nil
		}
	}
	for _, r := range cluster { // name the one that is missing
		if !f.has([]rune{r}) && d.find([]rune{r}, f) == nil {
			return &GlyphError{Rune: r, Family: f.family}
		}
	}
	return &GlyphError{Rune: cluster[0], Family: f.family}
}

type findKey struct {
	text string
	bold bool
}

// likeOf returns the characters of a text, with their marks, that want one font with
// an item: its own, and those of the scripts that it is written with.
func likeOf(text []rune, it *item) (like []rune) {
	for from := 0; from < len(text); {
		to := clusterEnd(text, from, len(text))
		if from == it.from || !neutral(text[from]) && !refused(text[from]) && alike(language.LookupScript(text[from]), it.script) {
			like = append(like, text[from:to]...)
		}
		from = to
	}
	return like
}

// find asks for an installed font, once for the same characters.
func (d *Document) find(text []rune, f *Face) *font.Font {
	if d.fonts == nil {
		return nil
	}
	key := findKey{string(text), f.bold()}
	if found, ok := d.finds[key]; ok {
		return found
	}
	found := d.fonts.Font(slices.DeleteFunc(slices.Clone(text), ignorable), key.bold)
	if d.finds == nil || len(d.finds) >= linesKept {
		d.finds = map[findKey]*font.Font{}
	}
	d.finds[key] = found
	return found
}

// alike reports whether two scripts are written together and so want one font.
func alike(a, b language.Script) bool {
	eastern := []language.Script{language.Han, language.Hiragana, language.Katakana, language.Hangul, language.Bopomofo}
	return a == b && a != language.Common || slices.Contains(eastern, a) && slices.Contains(eastern, b)
}

// clusterEnd returns where a character ends with the marks that stand on it.
func clusterEnd(text []rune, from, to int) int {
	end := from + 1
	for end < to && (unicode.Is(unicode.M, text[end]) || ignorable(text[end])) {
		end++
	}
	return end
}

// neutral reports whether a character takes the font of its neighbours.
func neutral(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !refused(r)
}

// ignorable reports whether a character shows nothing by itself: joiners, marks of
// direction, and selectors of a variant, which a font may have or not.
func ignorable(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Variation_Selector) }

// refused reports whether a character never prints as what was meant: controls,
// what is left of broken UTF-8, what each font has a meaning of its own for, and
// emoji, which are pictures in colour.
func refused(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Co, r) || IsEmoji(r)
}

// IsEmoji reports whether a character is one of the pictures in colour.
func IsEmoji(r rune) bool { return r >= 0x1F000 && r <= 0x1FAFF }
