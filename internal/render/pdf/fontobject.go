package pdf

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"unicode/utf16"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// writeFace writes the objects of a font: the Type0 font that pages name, its CIDFont, its
// descriptor, the embedded subset, and the map from glyphs to characters for copying and
// searching (ISO 32000-1, sections 9.7 and 9.10). It is called at the end of the file, when
// the used glyphs are known.
func (d *Document) writeFace(f *Face) error {
	f.shown[0] = 0 // .notdef is always embedded and never text
	wanted := make([]bool, len(f.shown))
	for id, r := range f.shown {
		wanted[id] = r != 0
	}
	ttf, err := subset(f.raw, wanted)
	if err != nil {
		return fmt.Errorf("pdf: subset %s: %w", f.family, err)
	}
	m, err := f.font.Metrics(&f.buf, fixed.I(1000), font.HintingNone)
	if err != nil {
		return fmt.Errorf("pdf: metrics of %s: %w", f.family, err)
	}
	box, err := f.font.Bounds(&f.buf, fixed.I(1000), font.HintingNone)
	if err != nil {
		return fmt.Errorf("pdf: bounds of %s: %w", f.family, err)
	}

	name := subsetTag(wanted) + "+" + f.name
	cid, descriptor, program, unicode := d.file.reserve(), d.file.reserve(), d.file.reserve(), d.file.reserve()
	d.file.object(f.id, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		name, cid, unicode)
	d.file.object(cid, "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry%s/Ordering%s/Supplement 0>>"+
		"/FontDescriptor %d 0 R/CIDToGIDMap/Identity/DW 0/W[%s]>>", name, d.file.text("Adobe"), d.file.text("Identity"), descriptor, f.appendWidths(nil))
	d.file.object(descriptor, "<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%d %d %d %d]/ItalicAngle 0"+
		"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>", name, f.flags(),
		box.Min.X.Round(), -box.Max.Y.Round(), box.Max.X.Round(), -box.Min.Y.Round(),
		m.Ascent.Round(), -m.Descent.Round(), m.CapHeight.Round(), program)
	d.file.stream(program, fmt.Sprintf("/Length1 %d", len(ttf)), d.deflate(ttf))
	d.file.stream(unicode, "", d.deflate(toUnicode(len(f.shown), func(id int) string {
		if f.shown[id] == 0 {
			return ""
		}
		return string(f.shown[id])
	})))
	return nil
}

// writeInstalled writes the objects of an installed font.
func (d *Document) writeInstalled(in *installed) {
	name := tagOf(cff(in.name, in.shown)) + "+" + in.name
	program := cff(name, in.shown)
	box, widths := in.bounds(), []byte{}
	for i := range in.shown[1:] {
		widths = fmt.Appendf(widths, "%d ", in.shown[i+1].width)
	}
	ascent, descent := box[3], box[1]
	if m, ok := in.face.FontHExtents(); ok {
		ascent, descent = in.thousandths(m.Ascender), in.thousandths(m.Descender)
	}
	cid, descriptor, file, unicode := d.file.reserve(), d.file.reserve(), d.file.reserve(), d.file.reserve()
	d.file.object(in.id, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		name, cid, unicode)
	d.file.object(cid, "<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/CIDSystemInfo<</Registry%s/Ordering%s/Supplement 0>>"+
		"/FontDescriptor %d 0 R/DW 0/W[1[%s]]>>", name, d.file.text("Adobe"), d.file.text("Identity"), descriptor, widths)
	d.file.object(descriptor, "<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%d %d %d %d]/ItalicAngle 0"+
		"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile3 %d 0 R>>", name, flagSymbolic, box[0], box[1], box[2], box[3],
		ascent, descent, ascent, file)
	d.file.stream(file, "/Subtype/CIDFontType0C", d.deflate(program))
	d.file.stream(unicode, "", d.deflate(toUnicode(len(in.shown), func(id int) string { return in.shown[id].text })))
}

// bounds returns the bounding box of all used outlines.
func (in *installed) bounds() (box [4]int) {
	for i := range in.shown {
		for j := range in.shown[i].outline {
			for _, p := range in.shown[i].outline[j].points() {
				box = [4]int{min(box[0], p.x), min(box[1], p.y), max(box[2], p.x), max(box[3], p.y)}
			}
		}
	}
	return box
}

// Flags of a font descriptor (ISO 32000-1, table 123).
const (
	flagFixedPitch = 1 << 0
	flagSymbolic   = 1 << 2
)

// flags returns the flags of a font: its glyphs are selected by number (symbolic), and
// whether all used glyphs have the same width.
func (f *Face) flags() int {
	width := 0
	for id, r := range f.shown {
		if r == 0 {
			continue
		}
		if width != 0 && f.widths[id] != width {
			return flagSymbolic
		}
		width = f.widths[id]
	}
	return flagSymbolic | flagFixedPitch
}

// appendWidths appends the W array: number and width of each used glyph.
func (f *Face) appendWidths(b []byte) []byte {
	for id, r := range f.shown {
		if r != 0 {
			b = fmt.Appendf(b, "%d[%d]", id, f.widths[id])
		}
	}
	return b
}

// toUnicode returns the CMap from glyphs to characters, with at most a hundred entries a
// section (Adobe Technical Note 5411).
func toUnicode(glyphs int, text func(id int) string) []byte {
	b := []byte("/CIDInit/ProcSet findresource begin 12 dict begin begincmap" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	var lines [][]byte
	for id := range glyphs {
		shows := text(id)
		if shows == "" {
			continue
		}
		line := appendUTF16(fmt.Appendf(nil, "<%04X><", id), shows)
		lines = append(lines, append(line, ">\n"...))
	}
	for part := range slices.Chunk(lines, 100) {
		b = append(strconv.AppendInt(b, int64(len(part)), 10), " beginbfchar\n"...)
		for _, line := range part {
			b = append(b, line...)
		}
		b = append(b, "endbfchar\n"...)
	}
	b = append(b, "endcmap CMapName currentdict/CMap defineresource pop end\n"...)
	return append(b, "end"...) // ends the dictionary of the first line
}

// subsetTag returns the six letters that distinguish subsets of the same font.
func subsetTag(wanted []bool) string {
	bits := make([]byte, len(wanted))
	for i, w := range wanted {
		if w {
			bits[i] = 1
		}
	}
	return tagOf(bits)
}

func tagOf(data []byte) string {
	n, tag := crc32.ChecksumIEEE(data), [6]byte{}
	for i := range tag {
		tag[i] = byte('A' + n%26)
		n /= 26
	}
	return string(tag[:])
}

// appendUTF16 appends a text as hexadecimal UTF-16.
func appendUTF16(b []byte, text string) []byte {
	for _, unit := range utf16.Encode([]rune(text)) {
		b = fmt.Appendf(b, "%04X", unit)
	}
	return b
}
