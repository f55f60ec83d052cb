package export

import (
	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// A sheet's tree of pages, rows and columns is made once and drawn for every ten
// cards: making it anew for each was a fifth of the time and nearly all the
// garbage. Slots are its leaves. They do what maroto's text and QR components do,
// but what they show can change from sheet to sheet.

// textSlot is a text of a sheet.
type textSlot struct {
	words string
	prop  props.Text
}

// linkSlot is a QR code of a sheet.
type linkSlot struct {
	link string
	prop props.Rect
}

var _, _ core.Component = (*textSlot)(nil), (*linkSlot)(nil)

// Render draws the text.
func (s *textSlot) Render(p core.Provider, cell *entity.Cell) { p.AddText(s.words, cell, &s.prop) }

// SetConfig gives the text the configuration's defaults.
func (s *textSlot) SetConfig(c *entity.Config) { s.prop.MakeValid(c.DefaultFont) }

// GetHeight returns the height of the text's line; rows of a sheet don't ask.
func (s *textSlot) GetHeight(p core.Provider, _ *entity.Cell) float64 {
	return s.prop.Top + p.GetFontHeight(&props.Font{Family: s.prop.Family, Style: s.prop.Style, Size: s.prop.Size})
}

// GetStructure describes the slot without its text, which may be a code.
func (s *textSlot) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "text", Details: s.prop.ToMap()})
}

// Render draws the QR code; a slot without a link stays blank.
func (s *linkSlot) Render(p core.Provider, cell *entity.Cell) {
	if s.link != "" {
		p.AddQrCode(s.link, cell, &s.prop)
	}
}

// SetConfig does nothing: a QR code takes nothing from the configuration.
func (s *linkSlot) SetConfig(*entity.Config) {}

// GetHeight returns the height of the column: a QR code is placed in it freely.
func (s *linkSlot) GetHeight(_ core.Provider, cell *entity.Cell) float64 { return cell.Height }

// GetStructure describes the slot without its link, which holds a code.
func (s *linkSlot) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "qrcode", Details: s.prop.ToMap()})
}
