package pdf

import "strconv"

// showLine writes a shaped line with its baseline beginning at x, y. Glyphs that
// don't stand where the pen is are moved there by numbers between them (ISO
// 32000-1, section 9.4.3).
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

// showGlyph writes one glyph into an array of strings and moves, and returns where
// the pen is then. The first one opens a string; whoever writes the last closes it.
func (d *Document) showGlyph(g *placed, pen int, first bool) int {
	move := pen - g.x // positive ones go left
	if move*move <= 1 {
		move = 0 // of rounding
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
