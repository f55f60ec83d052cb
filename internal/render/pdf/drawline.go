package pdf

import "strconv"

// showLine draws a shaped line with its baseline beginning at x, y. Numbers between the
// strings of a TJ array move glyphs that are not at the pen's position (ISO 32000-1,
// section 9.4.3).
func (d *Document) showLine(l *textLine, size, x, y float64) {
	if len(l.glyphs) == 0 {
		return
	}
	d.page = append(d.page, "BT "...)
	d.setFont(l.glyphs[0].font, size)
	d.point(x, y)
	d.page = append(d.page, "Td "...)
	pen := 0
	for i := 0; i < len(l.glyphs); {
		font, first := l.glyphs[i].font, i
		d.setFont(font, size)
		d.page = append(d.page, '[')
		for ; i < len(l.glyphs) && l.glyphs[i].font == font; i++ {
			pen = d.showGlyph(&l.glyphs[i], pen, i == first)
		}
		d.page = append(d.page, ")]TJ "...)
	}
	d.page = append(d.page, "ET\n"...)
}

// showGlyph appends one glyph to a TJ array, and returns the new position of the pen. The
// first glyph opens a string; the caller closes the last one.
func (d *Document) showGlyph(g *placedGlyph, pen int, first bool) int {
	move := pen - g.x // positive values move left
	if move*move <= 1 {
		move = 0 // a rounding error
	}
	switch {
	case move != 0 && first:
		d.page = append(strconv.AppendInt(d.page, int64(move), 10), '(')
	case move != 0:
		d.page = append(strconv.AppendInt(append(d.page, ')'), int64(move), 10), '(')
	case first:
		d.page = append(d.page, '(')
	}
	d.page = appendEscaped(appendEscaped(d.page, byte(g.id>>8)), byte(g.id)) //nolint:gosec // the low byte
	return pen - move + g.width
}
