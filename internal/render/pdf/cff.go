package pdf

import "encoding/binary"

// This file writes font programs in Adobe's Compact Font Format, CID-keyed (Adobe Technical
// Notes 5176 and 5177). They have no hints, which printing at hundreds of dots per inch
// does not need, and no subroutines. The outlines of any font can be written this way.

// Operators of dictionaries and outlines.
const (
	cffCharset     = 15
	cffCharStrings = 17
	cffPrivate     = 18

	cffDefaultWidth = 20 // of its private dictionary
	cffNominalWidth = 21

	cffEscape   = 12
	cffROS      = 30
	cffCIDCount = 34
	cffFDArray  = 36
	cffFDSelect = 37

	drawLine  = 5
	drawCurve = 8
	drawEnd   = 14
	drawMove  = 21
)

// cff returns the font program of some glyphs. The first glyph is the one for missing
// characters.
func cff(name string, glyphs []cid) []byte {
	strings := make([][]byte, len(glyphs))
	for i := range glyphs {
		strings[i] = charString(&glyphs[i])
	}
	count := len(glyphs)
	start := []byte{1, 0, 4, 4}
	start = append(start, index([]byte(name))...)
	after := append(index([]byte("Adobe"), []byte("Identity")), index()...) // strings 391 and 392; no global subroutines
	charset := []byte{0}
	if count > 1 {
		charset = binary.BigEndian.AppendUint16([]byte{2, 0, 1}, uint16(count-2)) //nolint:gosec // at most 65,535 glyphs
	}
	selects := binary.BigEndian.AppendUint16([]byte{3, 0, 1, 0, 0, 0}, uint16(count)) //nolint:gosec // at most 65,536; no known font has that many
	outlines := index(strings...)
	private := dictNumber(dictNumber(nil, 0, cffDefaultWidth), 0, cffNominalWidth)

	top := func(charsetAt, selectAt, outlinesAt, arrayAt int) []byte {
		b := append(append(append(dictInt(nil, 391), dictInt(nil, 392)...), dictInt(nil, 0)...), cffEscape, cffROS)
		b = append(append(b, dictInt(nil, count)...), cffEscape, cffCIDCount)
		b = dictNumber(b, charsetAt, cffCharset)
		b = dictNumber(b, outlinesAt, cffCharStrings)
		b = append(append(b, dictInt(nil, arrayAt)...), cffEscape, cffFDArray)
		return append(append(b, dictInt(nil, selectAt)...), cffEscape, cffFDSelect)
	}
	// Offsets are written with a fixed length, so that they can be computed first.
	charsetAt := len(start) + len(index(top(0, 0, 0, 0))) + len(after)
	selectAt := charsetAt + len(charset)
	outlinesAt := selectAt + len(selects)
	privateAt := outlinesAt + len(outlines)
	arrayAt := privateAt + len(private)

	b := append(start, index(top(charsetAt, selectAt, outlinesAt, arrayAt))...)
	b = append(b, after...)
	b = append(b, charset...)
	b = append(b, selects...)
	b = append(b, outlines...)
	b = append(b, private...)
	return append(b, index(append(append(dictInt(nil, len(private)), dictInt(nil, privateAt)...), cffPrivate))...)
}

// index returns an INDEX structure: a count, the offset of each part, and the parts.
func index(parts ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(parts))) //nolint:gosec // at most 65,535 glyphs
	if len(parts) == 0 {
		return b
	}
	b = append(b, 4)
	at := uint32(1)
	b = binary.BigEndian.AppendUint32(b, at)
	for _, p := range parts {
		at += uint32(len(p)) //nolint:gosec // outlines of a font
		b = binary.BigEndian.AppendUint32(b, at)
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// dictInt appends an integer of a dictionary in its longest encoding.
func dictInt(b []byte, v int) []byte {
	return binary.BigEndian.AppendUint32(append(b, 29), uint32(v)) //nolint:gosec // an offset or a count
}

// dictNumber appends an integer and its operator.
func dictNumber(b []byte, v int, operator byte) []byte { return append(dictInt(b, v), operator) }

// charString returns the charstring of a glyph, which begins with its width.
func charString(g *cid) []byte {
	b := drawInt(nil, g.width)
	var at point
	for i := range g.outline {
		s := &g.outline[i]
		for _, p := range s.points() {
			b = drawInt(drawInt(b, p.x-at.x), p.y-at.y)
			at = p
		}
		switch s.op {
		case 'M':
			b = append(b, drawMove)
		case 'L':
			b = append(b, drawLine)
		default:
			b = append(b, drawCurve)
		}
	}
	return append(b, drawEnd)
}

// drawInt appends an integer of a charstring.
func drawInt(b []byte, v int) []byte {
	switch {
	case v >= -107 && v <= 107:
		return append(b, byte(v+139))
	case v >= 108 && v <= 1131:
		v -= 108
		return append(b, byte(v>>8)+247, byte(v)) //nolint:gosec // two bytes of it
	case v >= -1131 && v <= -108:
		v = -v - 108
		return append(b, byte(v>>8)+251, byte(v)) //nolint:gosec // two bytes of it
	}
	return binary.BigEndian.AppendUint16(append(b, 28), uint16(int16(max(min(v, 32767), -32768)))) //nolint:gosec // bounded
}
