// Package fontdir finds fonts in folders of this machine, for characters that the fonts
// shipped with Refill lack. It decides which font is used for which characters. The
// folders are read at the first character that needs them, and again for a character that
// was not found, so that a font can be installed while Refill runs. For an unused font it
// keeps only the set of its characters.
package fontdir

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"weak"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/fontscan"
)

// Folder finds fonts. It may be used by several goroutines; so may a nil one, which
// finds nothing.
type Folder struct {
	paths []string

	mu    sync.Mutex
	files map[string]file
	fonts []*entry // in order of preference among equals: by folder, then by path
}

// file is a font file as it was when it was read.
type file struct {
	modified time.Time
	size     int64
	fonts    []*entry
}

// entry is a font of a file.
type entry struct {
	path   string
	index  int // in a collection
	folder int // the first one is preferred
	about  font.Description
	has    fontscan.RuneSet

	parsed weak.Pointer[font.Font] // shared by the documents that use it, gone with the last
}

// New names the folders to look in, those of preference first. A folder that does
// not exist is one without fonts.
func New(paths ...string) *Folder { return &Folder{paths: paths, files: map[string]file{}} }

// Font returns the font for some characters: of those that have all of them, the
// one that fits best beside a plain sans-serif. It returns nil if there is none.
func (f *Folder) Font(text []rune, bold bool) *font.Font {
	if f == nil || len(text) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, read := range []bool{false, true} {
		if read && !f.read() {
			break // nothing new
		}
		var able []*entry
		for _, e := range f.fonts {
			if !slices.ContainsFunc(text, func(r rune) bool { return !e.has.Contains(r) }) {
				able = append(able, e)
			}
		}
		slices.SortStableFunc(able, func(a, b *entry) int {
			return cmp.Or(a.folder-b.folder, a.rank(text, bold)-b.rank(text, bold))
		})
		for _, e := range able {
			if parsed := e.font(); parsed != nil {
				return parsed
			}
		}
	}
	return nil
}

// font parses the font; nil if that can't be done any more.
func (e *entry) font() (parsed *font.Font) {
	if parsed := e.parsed.Value(); parsed != nil {
		return parsed
	}
	defer func() {
		if recover() != nil { // it is broken: the next one is taken
			parsed = nil
		}
	}()
	in, loaders := load(e.path)
	if loaders == nil {
		return nil
	}
	defer in.Close() //nolint:errcheck // only read
	if e.index >= len(loaders) {
		return nil
	}
	parsed, err := font.NewFont(loaders[e.index])
	if err != nil {
		return nil
	}
	e.parsed = weak.Make(parsed)
	return parsed
}

// rank is how far a font is from what is wanted; the least is taken.
func (e *entry) rank(text []rune, bold bool) int {
	want := font.WeightNormal
	if bold {
		want = font.WeightBold
	}
	rank := int(max(e.about.Aspect.Weight-want, want-e.about.Aspect.Weight)) / 50
	family := strings.ToLower(e.about.Family)
	for _, trait := range []struct {
		word string
		cost int
	}{
		{"mono", 40},
		{"math", 40},
		{"symbol", 40},
		{"unifont", 80},
		{"serif", 10},
		{"naskh", 10},
		{"condensed", 20},
		{"quran", 40},
		{"nastaliq", 40},
		{"sans", -4},
		{"noto", -1},
	} {
		if strings.Contains(family, trait.word) {
			rank += trait.cost
		}
	}
	if e.about.Aspect.Style == font.StyleItalic {
		rank += 40
	}
	if e.about.Aspect.Stretch != 0 && e.about.Aspect.Stretch != font.StretchNormal {
		rank += 20
	}
	// Fonts for Chinese, Japanese and Korean come in variants: each draws the same
	// characters as its readers know them.
	for _, variant := range []string{"jp", "kr", "sc", "tc", "hk"} {
		if strings.HasSuffix(family, " "+variant) && variant != variantOf(text) {
			rank += 5
		}
	}
	return rank
}

// variantOf tells by its characters in which of these languages a text is; Chinese
// characters alone are taken for simplified ones.
func variantOf(text []rune) string {
	variant := ""
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return "jp"
		case unicode.Is(unicode.Hangul, r):
			return "kr"
		case unicode.Is(unicode.Bopomofo, r):
			return "tc"
		case unicode.Is(unicode.Han, r):
			variant = "sc"
		}
	}
	return variant
}

// read looks for fonts in the folders and reports whether anything is not as it
// was. Files that are as they were aren't opened.
func (f *Folder) read() bool {
	found, changed := map[string]file{}, false
	var fonts []*entry
	for folder, root := range f.paths {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isFont(path) {
				return nil //nolint:nilerr // what can't be read has no fonts
			}
			if _, twice := found[path]; twice {
				return nil
			}
			info, err := os.Stat(path) // of what a link leads to
			if err != nil || !info.Mode().IsRegular() {
				return nil //nolint:nilerr // the same
			}
			now, known := f.files[path]
			if !known || !now.modified.Equal(info.ModTime()) || now.size != info.Size() {
				now, changed = file{info.ModTime(), info.Size(), scan(path, folder)}, true
			}
			found[path] = now
			fonts = append(fonts, now.fonts...)
			return nil
		})
	}
	changed = changed || len(found) != len(f.files)
	f.files, f.fonts = found, fonts
	return changed
}

func isFont(path string) bool {
	return slices.Contains([]string{".ttf", ".otf", ".ttc", ".otc"}, strings.ToLower(filepath.Ext(path)))
}
