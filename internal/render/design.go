package render

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/accent"
	"refill/internal/render/pdf"
	"refill/internal/render/qr"
)

// design holds what all cards of a file share. Elements that are the same on each card are
// measured and made into components once. A component has no state, so many columns can
// contain the same one.
type design struct {
	meta   Meta // cleaned, with defaults
	layout Layout
	doc    *pdf.Document
	hosts  []string // the portal's address without its scheme, as it is printed; the first that fits
	codes  qr.Encoder

	mirrored bool // the card runs right to left

	ink, quiet, accent, tint *props.Color
	brandInk                 *props.Color // the accent, darkened to a readable text colour

	qrSide float64 // of the QR code, in millimetres; 0: the layout has no room for one

	art   artwork // draws the side with the code
	front artwork // draws the front of a card whose code is on the back; nil: none

	noteType             typeface
	printNote            core.Component
	panelStyle, barStyle *props.Cell
	markFirst, markLast  *props.Cell
	levelMarks           map[border.Type]*props.Cell
}

// newDesign measures and makes the parts that all cards share.
func newDesign(meta Meta, layout Layout, doc *pdf.Document) (*design, error) {
	meta.Labels = meta.Labels.withDefaults()
	d := &design{
		meta: meta, layout: layout, doc: doc,
		hosts:    hostsOf(meta),
		mirrored: meta.rightToLeft(),
		ink:      &props.Color{Red: 23, Green: 28, Blue: 36},
		quiet:    &props.Color{Red: 94, Green: 104, Blue: 118},
		accent:   &props.Color{Red: 20, Green: 68, Blue: 122},
	}
	if meta.Accent != "" {
		color, err := accent.Parse(meta.Accent)
		if err != nil {
			return nil, errColor.Because(errors.Join(ErrMeta, err))
		}
		d.accent = propColor(color)
	}
	d.brandInk = darkenForText(d.accent)
	if len(meta.Instructions) > 2 || len(meta.Unscanned) > 2 {
		return nil, errLines.Because(ErrMeta)
	}
	if meta.BothSides && !layout.BothSides {
		return nil, ErrSides
	}
	d.setStyles()
	if !meta.QR.Valid() {
		return nil, ErrQR
	}
	if err := d.prepareArt(); err != nil {
		return nil, err
	}
	if err := d.makeNote(); err != nil {
		return nil, err
	}
	if meta.BothSides {
		d.front = newFrontFace(d)
		return d, d.front.prepare()
	}
	return d, nil
}

// prepareArt makes the side with the code. Where the QR code has no room with the partner's
// name in it, the QR code leads to the portal's address without the name.
func (d *design) prepareArt() error {
	_, err := d.codes.Size(d.link(longestCode))
	d.qrSide = 0
	if err == nil {
		d.art = d.layout.art(d)
		if err = d.art.prepare(); err != nil {
			return err
		}
	} else {
		err = ErrAddress.Because(err)
	}
	if d.meta.Partner != "" && d.meta.QR != QRNone && (err != nil || d.qrSide == 0) {
		d.meta.Partner = ""
		return d.prepareArt()
	}
	return err
}

// face returns a typeface with its preferred size and its minimum, both in points. The
// minimums are the smallest sizes that a laser printer prints legibly.
func (d *design) face(family string, style fontstyle.Type, size, floor float64) typeface {
	return typeface{face: d.doc.Face(family, style), family: family, style: style, size: size, floor: floor, mirrored: d.mirrored}
}

// lineEndOffset returns the distance from the left edge of a place to an element at the end
// of the line: at the right edge, or at the left edge of a mirrored card.
func (d *design) lineEndOffset(width, side float64) float64 {
	if d.mirrored {
		return 0
	}
	return width - side
}

// inOrder returns columns in the reading direction of the card: reversed for a mirrored
// card.
func (d *design) inOrder(cols ...core.Col) []core.Col {
	if d.mirrored {
		slices.Reverse(cols)
	}
	return cols
}

// setStyles makes the backgrounds and borders of columns.
func (d *design) setStyles() {
	lighten := func(c int) int { return 255 - (255-c)*7/100 } // 7 % ink on white
	d.tint = &props.Color{Red: lighten(d.accent.Red), Green: lighten(d.accent.Green), Blue: lighten(d.accent.Blue)}
	d.panelStyle = &props.Cell{BackgroundColor: d.tint}
	d.barStyle = &props.Cell{BackgroundColor: d.accent}
	mark := func(sides border.Type) *props.Cell {
		return &props.Cell{BorderType: sides, BorderThickness: markWidth, BorderColor: d.ink}
	}
	d.markFirst, d.markLast = mark(border.Left), mark(border.Left|border.Right)
	d.levelMarks = map[border.Type]*props.Cell{}
	for _, sides := range []border.Type{border.Top, border.Bottom, border.Top | border.Bottom} {
		d.levelMarks[sides] = mark(sides)
	}
	d.noteType = d.face(sans, fontstyle.Normal, 6.5, 4)
	d.noteType.mirrored = false // notes are for the printer's operator and are not mirrored
}

// darkenForText darkens a colour until text in it has enough contrast on paper.
func darkenForText(c *props.Color) *props.Color {
	return propColor(accent.Color{R: uint8(c.Red), G: uint8(c.Green), B: uint8(c.Blue)}.On(accent.White, accent.TextContrast)) //nolint:gosec // from eight bits each
}

func propColor(c accent.Color) *props.Color {
	return &props.Color{Red: int(c.R), Green: int(c.G), Blue: int(c.B)}
}

// makeNote makes the printing instructions in the margin of a sheet.
func (d *design) makeNote() error {
	if !d.layout.Marks {
		return nil
	}
	words := d.meta.Labels.Print
	if d.meta.BothSides {
		words = d.meta.Labels.PrintBoth
	}
	s, err := d.noteType.fitOrCut("title", d.meta.title()+"  ·  "+words, d.layout.CardWidth-2*noteInset)
	if err != nil {
		return err
	}
	d.printNote = d.noteType.line(s, noteLine, noteProps(align.Left, d.quiet))
	return nil
}

// Fragment returns a code as the fragment of a URL, after “#”. Codes of this program need
// no escaping; codes of other systems may contain any character.
func Fragment(code string) string { return strings.ReplaceAll(url.QueryEscape(code), "+", "%20") }

// Link returns the address that opens the portal with a code filled in. A partner's name in
// addresses gives the portal the partner's look before the customer has signed in.
func Link(portal, partner, code string) string {
	if partner != "" {
		partner = "/" + partner
	}
	return portal + "/r" + partner + "#" + Fragment(code)
}

// Address returns the address of the portal as a card names it.
func (m *Meta) Address() string {
	if m.Partner == "" {
		return m.PortalURL
	}
	return m.PortalURL + "/r/" + m.Partner
}

// hostsOf returns the portal's address as people type it, without scheme and final slash:
// with the partner's name, and without it for a place where that is too long.
func hostsOf(meta Meta) []string {
	host := meta.PortalURL
	if _, bare, found := strings.Cut(host, "://"); found {
		host = bare
	}
	host = strings.TrimSuffix(host, "/")
	if meta.Partner == "" {
		return []string{host}
	}
	return []string{host + "/r/" + meta.Partner, host}
}

// host returns the first form of the portal's address that fits, and reports whether one does.
func (d *design) host(t *typeface, width float64) (s fittedText, fits bool, err error) {
	for _, host := range d.hosts {
		if s, fits, err = t.try("portal’s address", host, width); fits || err != nil {
			break
		}
	}
	return s, fits, err
}

// link returns the content of the QR code of a card. It is empty where the card has no QR
// code.
func (d *design) link(code string) string {
	switch d.meta.QR {
	case QRAddress:
		return d.meta.Address()
	case QRNone:
		return ""
	case QRCode:
	}
	return Link(d.meta.PortalURL, d.meta.Partner, code)
}

// modules returns the number of modules of a QR code as wide as those of the file. It
// returns 0 where the cards have no QR code.
func (d *design) modules() (int, error) {
	link := d.link(d.meta.sampleCode())
	if link == "" {
		return 0, nil
	}
	modules, err := d.codes.Size(link)
	if err != nil {
		return 0, ErrAddress.Because(err)
	}
	return modules, nil
}

// instructions returns the lines for the customer, on a card with or without a QR code.
func (d *design) instructions(scanned bool) []string {
	if scanned || d.meta.Unscanned == nil {
		return d.meta.Instructions
	}
	return d.meta.Unscanned
}

// setLink places the QR code of a card, as large as its place and the largest module size
// allow; at returns its position for a size. Where its modules would be too small for cheap
// phones, it omits the QR code.
func (d *design) setLink(f *cardSlots, code string, side, module float64, at func(side float64) props.Rect) error {
	f.link = linkSlot{link: d.link(code)}
	if f.link.link == "" {
		return nil
	}
	modules, err := d.codes.Size(f.link.link)
	side = min(side, module*float64(modules))
	if err != nil || side/float64(modules) < qrLeast { // the address alone fits: see newDesign
		f.link = linkSlot{}
		return nil //nolint:nilerr // the card has the code in letters only
	}
	f.link.prop = at(side)
	return nil
}
