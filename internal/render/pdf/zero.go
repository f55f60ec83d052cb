package pdf

import (
	"encoding/binary"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// plainZeroName is the name of the glyph of the Go fonts for a zero without a slash. No
// character maps to this glyph.
const plainZeroName = "zero.empty"

// PlainZero returns a copy of a Go font whose zero has no slash, for prices and dates, in
// which a zero can't be confused with a letter. It replaces only the outline, so that every
// reader of the font shows it. It returns the font unchanged where the font has no plain
// zero, or where its outline is longer.
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
	if err != nil || len(tables) != 3 || len(tables[1].data) < 54 { // sorted by name
		return nil, errFont
	}
	glyf, head, loca := tables[0].data, tables[1].data, tables[2].data
	offsets, err := readLoca(loca, font.NumGlyphs(), len(glyf), binary.BigEndian.Uint16(head[50:]) != 0)
	if err != nil {
		return nil, err
	}
	from, to := glyf[offsets[plain]:offsets[plain+1]], glyf[offsets[slashed]:offsets[slashed+1]]
	if len(from) <= len(to) {
		copy(to, from) // the tables are slices of the copy
	}
	return ttf, nil
}
