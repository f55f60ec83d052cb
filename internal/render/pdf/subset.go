package pdf

import (
	"encoding/binary"
	"errors"
	"slices"
)

// errFont reports a font file that is not a valid TrueType file.
var errFont = errors.New("pdf: broken TrueType file")

// table is one table of a TrueType file.
type table struct {
	tag  string
	data []byte
}

// subset returns a TrueType file with the outlines of only the wanted glyphs. Glyphs keep
// their numbers, because pages are written before all used glyphs are known; the other
// glyphs become empty. It omits tables that a PDF viewer doesn't need, such as names and
// the character map (ISO 32000-1, section 9.9, table 126).
func subset(ttf []byte, wanted []bool) ([]byte, error) {
	tables, err := readTables(ttf, "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")
	if err != nil {
		return nil, err
	}
	get := func(tag string) []byte {
		i := slices.IndexFunc(tables, func(t table) bool { return t.tag == tag })
		if i < 0 {
			return nil
		}
		return tables[i].data
	}
	head, glyf, loca := slices.Clone(get("head")), get("glyf"), get("loca")
	if len(head) < 54 || glyf == nil {
		return nil, errFont
	}
	offsets, err := readLoca(loca, len(wanted), len(glyf), binary.BigEndian.Uint16(head[50:]) != 0)
	if err != nil {
		return nil, err
	}
	newGlyf, newLoca := copyGlyphs(glyf, offsets, withParts(glyf, offsets, wanted))
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	binary.BigEndian.PutUint32(head[8:], 0)  // checksum adjustment, set by writeTables
	for i := range tables {
		switch tables[i].tag {
		case "head":
			tables[i].data = head
		case "glyf":
			tables[i].data = newGlyf
		case "loca":
			tables[i].data = newLoca
		}
	}
	return writeTables(tables), nil
}

// readTables returns the named tables in the order of their names. Missing tables are
// omitted.
func readTables(ttf []byte, tags ...string) ([]table, error) {
	if len(ttf) < 12 {
		return nil, errFont
	}
	var tables []table
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		at := 12 + i*16
		if at+16 > len(ttf) {
			return nil, errFont
		}
		entry := ttf[at : at+16]
		from := uint64(binary.BigEndian.Uint32(entry[8:]))
		to := from + uint64(binary.BigEndian.Uint32(entry[12:]))
		if to > uint64(len(ttf)) {
			return nil, errFont
		}
		if tag := string(entry[:4]); slices.Contains(tags, tag) {
			tables = append(tables, table{tag, ttf[from:to]})
		}
	}
	return tables, nil
}

// readLoca returns the offset of each outline, and the end of the last.
func readLoca(loca []byte, glyphs, size int, long bool) ([]int, error) {
	width := 2
	if long {
		width = 4
	}
	if len(loca) < (glyphs+1)*width {
		return nil, errFont
	}
	offsets := make([]int, glyphs+1)
	for i := range offsets {
		if long {
			offsets[i] = int(binary.BigEndian.Uint32(loca[i*4:]))
		} else {
			offsets[i] = int(binary.BigEndian.Uint16(loca[i*2:])) * 2
		}
		if offsets[i] > size || i > 0 && offsets[i] < offsets[i-1] {
			return nil, errFont
		}
	}
	return offsets, nil
}

// withParts adds to the wanted glyphs the parts of composite glyphs (é = e + ´), and glyph
// 0, which every font must have.
func withParts(glyf []byte, offsets []int, wanted []bool) []bool {
	all := make([]bool, len(wanted))
	var add func(id int)
	add = func(id int) {
		if id >= len(all) || all[id] {
			return
		}
		all[id] = true
		for _, part := range parts(glyf[offsets[id]:offsets[id+1]]) {
			add(part)
		}
	}
	add(0)
	for id, want := range wanted {
		if want {
			add(id)
		}
	}
	return all
}

// Flags of a part in a composite glyph (OpenType, table glyf).
const (
	partWords    = 0x0001
	partScale    = 0x0008
	partMore     = 0x0020
	partScaleXY  = 0x0040
	partTwoByTwo = 0x0080
)

// parts returns the glyphs of a composite outline.
func parts(outline []byte) (ids []int) {
	if len(outline) < 10 || outline[0]&0x80 == 0 { // a negative number of contours
		return nil
	}
	for at := 10; at+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[at:])
		ids = append(ids, int(binary.BigEndian.Uint16(outline[at+2:])))
		at += 6
		if flags&partWords != 0 {
			at += 2
		}
		switch {
		case flags&partScale != 0:
			at += 2
		case flags&partScaleXY != 0:
			at += 4
		case flags&partTwoByTwo != 0:
			at += 8
		}
		if flags&partMore == 0 {
			break
		}
	}
	return ids
}

// copyGlyphs copies the wanted outlines, each aligned to four bytes.
func copyGlyphs(glyf []byte, offsets []int, wanted []bool) (newGlyf, newLoca []byte) {
	for id, want := range wanted {
		newLoca = binary.BigEndian.AppendUint32(newLoca, uint32(len(newGlyf))) //nolint:gosec // smaller than the font
		if want {
			newGlyf = pad(append(newGlyf, glyf[offsets[id]:offsets[id+1]]...))
		}
	}
	return newGlyf, binary.BigEndian.AppendUint32(newLoca, uint32(len(newGlyf))) //nolint:gosec // smaller than the font
}

// writeTables returns the file of the tables: the directory, the tables, and in head the
// adjustment that makes the checksum of the file 0xB1B0AFBA.
func writeTables(tables []table) []byte {
	n := len(tables)
	selector := 0
	for 2<<selector <= n {
		selector++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << selector, selector, n*16 - 16<<selector} {
		out = binary.BigEndian.AppendUint16(out, uint16(v)) //nolint:gosec // nine tables
	}
	at, headAt := 12+16*n, 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		out = append(out, t.tag...)
		for _, v := range []uint32{sum(t.data), uint32(at), uint32(len(t.data))} { //nolint:gosec // smaller than the font
			out = binary.BigEndian.AppendUint32(out, v)
		}
		at += len(pad(slices.Clone(t.data)))
	}
	for _, t := range tables {
		out = pad(append(out, t.data...))
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-sum(out))
	return out
}

// sum returns the checksum of a table: the sum of its big-endian words.
func sum(data []byte) (total uint32) {
	for len(data) >= 4 {
		total += binary.BigEndian.Uint32(data)
		data = data[4:]
	}
	var last [4]byte
	copy(last[:], data)
	return total + binary.BigEndian.Uint32(last[:])
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
