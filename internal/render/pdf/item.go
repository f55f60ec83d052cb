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
	whole    bool       // its font has the whole text in the same scripts
	own      *Face      // font of the configuration, or nil
	found    *installed // installed font, where own is nil
}

func (it *item) chosen() bool { return it.own != nil || it.found != nil }

// empty reports whether a glyph is invisible.
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

// itemize splits a run by font and script. Letters and digits use the font of the
// configuration where it has all characters of their script. Spaces and signs use the font
// of the neighbouring item, so that words of one script stay together and brackets match
// their text.
func (d *Document) itemize(f *Face, text []rune, s bidiRun) ([]item, error) {
	var items []item
	for from := s.from; from < s.to; {
		to := clusterEnd(text, from, s.to)
		items = append(items, item{from: from, to: to, script: language.LookupScript(text[from])})
		from = to
	}
	for i := range items {
		if it := &items[i]; !neutral(text[it.from]) && !it.takeFontFrom(items[:i]) {
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
	return mergeItems(items), nil
}

// mergeItems merges adjacent items with the same font and script. An item without a script
// of its own takes the script of the item before it, or of the item after it.
func mergeItems(items []item) (all []item) {
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

// takeFontFrom takes the font of an earlier item of the same script whose font has all
// letters of the script, and reports whether there is one.
func (it *item) takeFontFrom(before []item) bool {
	for i := len(before) - 1; i >= 0; i-- {
		if b := &before[i]; b.whole && b.script == it.script && sameFontScripts(b.script, it.script) {
			it.own, it.found, it.whole = b.own, b.found, true
			return true
		}
	}
	return false
}

// choose selects the font of an item.
func (d *Document) choose(f *Face, text []rune, it *item) error {
	cluster := text[it.from:it.to]
	for _, r := range cluster {
		if unprintable(r) {
			return &GlyphError{Rune: r, Family: f.family}
		}
	}
	tries := [][]rune{cluster}
	if sameFontScripts(it.script, it.script) {
		tries = [][]rune{sameFontText(text, it), cluster}
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
	for _, r := range cluster { // find the missing character
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

// sameFontText returns the characters of a text, with their marks, that should have the
// same font as an item: its own, and those of scripts that are written together with its
// script.
func sameFontText(text []rune, it *item) (like []rune) {
	for from := 0; from < len(text); {
		to := clusterEnd(text, from, len(text))
		if from == it.from || !neutral(text[from]) && !unprintable(text[from]) && sameFontScripts(language.LookupScript(text[from]), it.script) {
			like = append(like, text[from:to]...)
		}
		from = to
	}
	return like
}

// find returns an installed font for characters, and caches the result.
func (d *Document) find(text []rune, f *Face) *font.Font {
	if d.fonts == nil {
		return nil
	}
	key := findKey{string(text), f.bold()}
	if found, ok := d.finds[key]; ok {
		return found
	}
	found := d.fonts.Font(slices.DeleteFunc(slices.Clone(text), ignorable), key.bold)
	if d.finds == nil || len(d.finds) >= maxCachedLines {
		d.finds = map[findKey]*font.Font{}
	}
	d.finds[key] = found
	return found
}

// sameFontScripts reports whether two scripts are written together and need the same font.
func sameFontScripts(a, b language.Script) bool {
	eastern := []language.Script{language.Han, language.Hiragana, language.Katakana, language.Hangul, language.Bopomofo}
	return a == b && a != language.Common || slices.Contains(eastern, a) && slices.Contains(eastern, b)
}

// clusterEnd returns the end of a character with its combining marks.
func clusterEnd(text []rune, from, to int) int {
	end := from + 1
	for end < to && (unicode.Is(unicode.M, text[end]) || ignorable(text[end])) {
		end++
	}
	return end
}

// neutral reports whether a character uses the font of its neighbours.
func neutral(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unprintable(r)
}

// ignorable reports whether a character is invisible by itself: joiners, direction marks
// and variation selectors. A font need not have it.
func ignorable(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Variation_Selector) }

// unprintable reports whether a character can't be printed correctly: control characters,
// invalid UTF-8, private-use characters, whose meaning depends on the font, and emoji,
// which are colour images.
func unprintable(r rune) bool {
	return r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Co, r) || IsEmoji(r)
}

// IsEmoji reports whether a character is an emoji, which is a colour image.
func IsEmoji(r rune) bool { return r >= 0x1F000 && r <= 0x1FAFF }
