package fontdir

import (
	"encoding/binary"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// scan lists the fonts of a file that cards can be printed with. What isn't laid
// out as a font says is none.
func scan(path string, folder int) (all []*entry) {
	// One broken font must not keep the others from being found.
	defer func() {
		if recover() != nil {
			all = nil
		}
	}()
	in, loaders := load(path)
	if loaders == nil {
		return nil
	}
	defer in.Close() //nolint:errcheck // only read
	for i, loader := range loaders {
		e := &entry{path: path, index: i, folder: folder}
		e.about, _ = font.Describe(loader, nil)
		if usable(loader, e.about.Family) && e.read(loader) {
			all = append(all, e)
		}
	}
	return all
}

// Bounds of a font file. The largest collections of Chinese, Japanese and Korean
// fonts have 150 MB and some seventy fonts.
const (
	maxFile  = 256 << 20
	maxFonts = 128
)

// load opens the fonts of a file, which stays open for them; nil where there are none.
func load(path string) (*os.File, []*opentype.Loader) {
	in, err := os.Open(path) //nolint:gosec // the folder is the operator's
	if err != nil {
		return nil, nil
	}
	if info, err := in.Stat(); err == nil && info.Size() <= maxFile && withinFile(in, info.Size()) {
		if loaders, err := opentype.NewLoaders(in); err == nil {
			return in, loaders
		}
	}
	_ = in.Close()
	return nil, nil
}

// withinFile reports whether all tables of a font, or of the fonts of a collection, are
// within the file. Readers allocate as much memory as a table's length says.
func withinFile(in io.ReaderAt, size int64) bool {
	number := func(at int64, bytes int) (n int64, ok bool) {
		b := make([]byte, 8)
		_, err := in.ReadAt(b[8-bytes:], at)
		return int64(binary.BigEndian.Uint64(b)), err == nil //nolint:gosec // four bytes of it at most
	}
	starts := []int64{0}
	if kind, ok := number(0, 4); ok && opentype.Tag(kind) == opentype.MustNewTag("ttcf") { //nolint:gosec // four bytes
		count, ok := number(8, 4)
		if !ok || count > maxFonts {
			return false
		}
		starts = starts[:0]
		for i := range count {
			start, ok := number(12+4*i, 4)
			if !ok {
				return false
			}
			starts = append(starts, start)
		}
	}
	for _, start := range starts {
		kind, ok := number(start, 4)
		if !ok || opentype.Tag(kind) != opentype.TrueType && opentype.Tag(kind) != opentype.OpenType && opentype.Tag(kind) != opentype.AppleTrueType { //nolint:gosec // four bytes
			return false // compressed ones, for web pages, have no place in a folder
		}
		tables, ok := number(start+4, 2)
		for i := range tables {
			at, ok1 := number(start+12+16*i+8, 4)
			length, ok2 := number(start+12+16*i+12, 4)
			ok = ok && ok1 && ok2 && at+length <= size
		}
		if !ok {
			return false
		}
	}
	return true
}

// usable leaves out fonts without outlines (bitmaps, pictures in colour), those
// whose makers forbid embedding, and those that draw a box for every character.
func usable(loader *opentype.Loader, family string) bool {
	outlines := loader.HasTable(opentype.MustNewTag("glyf")) || loader.HasTable(opentype.MustNewTag("CFF "))
	if !outlines {
		return false
	}
	for _, color := range []string{"CBDT", "sbix", "SVG ", "COLR"} {
		if loader.HasTable(opentype.MustNewTag(color)) {
			return false
		}
	}
	family = strings.ToLower(family)
	for _, boxes := range []string{"lastresort", "last resort", "fallback sil", "adobe blank"} {
		if strings.Contains(family, boxes) {
			return false
		}
	}
	return embeddable(loader)
}

// Bits of fsType in the table OS/2: embedding only by licence, not as a subset, or
// only of bitmaps.
const (
	embedRestricted = 0x0002
	embedWhole      = 0x0100
	embedBitmap     = 0x0200
)

func embeddable(loader *opentype.Loader) bool {
	const at = 8
	os2, err := loader.RawTable(opentype.MustNewTag("OS/2"))
	if err != nil || len(os2) < at+2 {
		return true // an old font that says nothing
	}
	bits := binary.BigEndian.Uint16(os2[at:])
	return bits&0xF != embedRestricted && bits&(embedWhole|embedBitmap) == 0
}

// read notes which characters the font has.
func (e *entry) read(loader *opentype.Loader) bool {
	raw, err := loader.RawTable(opentype.MustNewTag("cmap"))
	if err != nil {
		return false
	}
	table, _, err := tables.ParseCmap(raw)
	if err != nil {
		return false
	}
	characters, _, err := font.ProcessCmap(table, tables.FPNone)
	if err != nil {
		return false
	}
	all := characters.Iter()
	for range unicode.MaxRune + 1 { // a broken table names any number of them
		if !all.Next() {
			return true
		}
		if r, glyph := all.Char(); glyph != 0 && r >= 0 && r <= unicode.MaxRune {
			e.has.Add(r)
		}
	}
	return false
}
