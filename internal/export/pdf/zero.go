package pdf

import (
	"encoding/binary"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// plainZeroName is the glyph of the Go fonts for a zero without a slash. No
// character leads to it.
const plainZeroName = "zero.empty"

// PlainZero returns a copy of a Go font in which the zero has no slash: right for
// prices and dates, where nobody takes it for a letter. Only the outline is
// exchanged, so that every reader of the font sees it. A font without a plain
// zero, or where it is wider, comes back as it is.
func PlainZero(ttf []byte) ([]byte, error) {
	font, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, err
	}
	var buf sfnt.Buffer
	slashed, err := font.GlyphIndex(&buf, '0')
	if err != nil {
		return nil, err
	}
	plain := -1
	for id := range font.NumGlyphs() {
		if name, err := font.GlyphName(&buf, sfnt.GlyphIndex(id)); err == nil && name == plainZeroName {
			plain = id
		}
	}
	if plain < 0 {
		return ttf, nil
	}
	ttf = slices.Clone(ttf)
	tables, err := readTables(ttf, "glyf", "head", "loca")
	if err != nil || len(tables) != 3 || len(tables[1].data) < 54 { // in order of their names
		return nil, errFont
	}
	glyf, head, loca := tables[0].data, tables[1].data, tables[2].data
	offsets, err := readLoca(loca, font.NumGlyphs(), len(glyf), binary.BigEndian.Uint16(head[50:]) != 0)
	if err != nil {
		return nil, err
	}
	from, to := glyf[offsets[plain]:offsets[plain+1]], glyf[offsets[slashed]:offsets[slashed+1]]
	if len(from) <= len(to) {
		copy(to, from) // the tables are windows into the copy
	}
	return ttf, nil
}
