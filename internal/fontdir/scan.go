package fontdir

import (
	"encoding/binary"
	"os"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// scan lists the fonts of a file that cards can be printed with. What isn't laid
// out as a font says is none.
func scan(path string, folder int) (all []*entry) {
	in, err := os.Open(path) //nolint:gosec // the folder is the operator's
	if err != nil {
		return nil
	}
	defer in.Close() //nolint:errcheck // only read
	loaders, err := opentype.NewLoaders(in)
	if err != nil {
		return nil
	}
	for i, loader := range loaders {
		e := &entry{path: path, index: i, folder: folder}
		e.about, _ = font.Describe(loader, nil)
		if usable(loader, e.about.Family) && e.read(loader) {
			all = append(all, e)
		}
	}
	return all
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
	for all := characters.Iter(); all.Next(); {
		if r, glyph := all.Char(); glyph != 0 {
			e.has.Add(r)
		}
	}
	return true
}
