package render

import (
	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// The tree of pages, rows and columns is made once and drawn again for every sheet, because
// making it takes a fifth of the time and causes nearly all allocations. Slots are the
// leaves of the tree. They work like the text and QR components of maroto, but their
// content can change from sheet to sheet.

// textSlot is a text that can change.
type textSlot struct {
	words string
	prop  props.Text
}

// linkSlot is a QR code that can change.
type linkSlot struct {
	link string
	prop props.Rect
}

var _, _ core.Component = (*textSlot)(nil), (*linkSlot)(nil)

// Render draws the text.
func (s *textSlot) Render(p core.Provider, cell *entity.Cell) { p.AddText(s.words, cell, &s.prop) }

// SetConfig sets the defaults of the configuration.
func (s *textSlot) SetConfig(c *entity.Config) { s.prop.MakeValid(c.DefaultFont) }

// GetHeight returns the height of the line. Sheets have rows of fixed height and don't call
// it.
func (s *textSlot) GetHeight(p core.Provider, _ *entity.Cell) float64 {
	return s.prop.Top + p.GetFontHeight(&props.Font{Family: s.prop.Family, Style: s.prop.Style, Size: s.prop.Size})
}

// GetStructure describes the slot. It omits the text, which may be a code.
func (s *textSlot) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "text", Details: s.prop.ToMap()})
}

// Render draws the QR code, or nothing for a slot without a link.
func (s *linkSlot) Render(p core.Provider, cell *entity.Cell) {
	if s.link != "" {
		p.AddQrCode(s.link, cell, &s.prop)
	}
}

// SetConfig does nothing: a QR code does not depend on the configuration.
func (s *linkSlot) SetConfig(*entity.Config) {}

// GetHeight returns the height of the column, in which the QR code has an absolute
// position.
func (s *linkSlot) GetHeight(_ core.Provider, cell *entity.Cell) float64 { return cell.Height }

// GetStructure describes the slot. It omits the link, which contains a code.
func (s *linkSlot) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "qrcode", Details: s.prop.ToMap()})
}
