package cardfile

import (
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/render"
)

// estimate returns the approximate size of a file in bytes.
func estimate(format db.ExportFormat, o Options, cards int64) int64 {
	each := int64(70 + 20*len(o.Columns))
	switch format {
	case db.ExportFormatPdf:
		name := o.Layout
		if name == "" {
			name = render.Layouts()[0].Name
		}
		layout, _ := render.LayoutByName(name)
		if o.Parts {
			return layout.Bytes(cards, o.BothSides) + cards/render.PartCards*24_000
		}
		return layout.Bytes(cards, o.BothSides)
	case db.ExportFormatJsonl:
		each += 70
	case db.ExportFormatCsv:
		if o.Encoding == string(render.UTF16LE) {
			each *= 2
		}
	case db.ExportFormatXlsx:
		each = each * 4 / 5
	case db.ExportFormatPrinter:
	}
	return 2000 + cards*each
}

// ErrRoom says that the disk has no room for a file.
var ErrRoom = fault.Field("format", "export_room", "This file needs about {needed}, and the disk for exported files has {left} left. Make room or have old files removed, then export again.")

// room refuses a file of about so many bytes where it does not fit. It leaves a tenth of
// the estimate in reserve, because the estimate may be that far off.
func (s *Service) room(bytes int64) error {
	room, known := s.files.Room()
	if !known || room >= bytes+bytes/10 {
		return nil
	}
	return ErrRoom.With("needed", fault.Size(bytes)).With("left", fault.Size(room))
}
