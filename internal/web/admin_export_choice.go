package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/export/pdf"
	"refill/internal/fault"
	"refill/internal/staff"
)

// cardChoices are which cards a file may hold, by name.
var cardChoices = []struct { //nolint:gochecknoglobals // a table that nobody changes
	name, text string
	states     []db.CardState
}{
	{"unused", "Unused cards", []db.CardState{db.CardStateActive}},
	{"disabled", "Disabled cards", []db.CardState{db.CardStateDisabled}},
	{"left", "Unused and disabled cards", []db.CardState{db.CardStateActive, db.CardStateDisabled}},
	{"used", "Used cards", []db.CardState{db.CardStateUsed}},
	{"all", "All but void cards", []db.CardState{db.CardStateActive, db.CardStateDisabled, db.CardStateUsed}},
}

// exportChoice is a form of the page, read.
type exportChoice struct {
	format  string
	options card.ExportOptions
}

// readExportChoice reads what was chosen; what can't be read is a fault at its
// field.
func readExportChoice(form url.Values) (exportChoice, error) {
	choice := exportChoice{format: form.Get("format")}
	o := &choice.options
	var faults fault.List
	note := func(err error) {
		if err != nil {
			faults = append(faults, fault.All(err)...)
		}
	}
	o.Layout, o.BothSides = form.Get("layout"), form.Get("sides") == "both"
	if _, known := export.LayoutByName(o.Layout); !known {
		note(export.ErrLayout)
	}
	var err error
	o.Reason = form.Get("reason")
	o.OffsetX, err = readOffset(form, "offset_x")
	note(err)
	o.OffsetY, err = readOffset(form, "offset_y")
	note(err)
	o.First, err = readSerialBound(form, "first")
	note(err)
	o.Last, err = readSerialBound(form, "last")
	note(err)
	o.Parts = form.Get("parts") != ""
	o.Columns, o.Encoding, o.ShopID = form["columns"], form.Get("encoding"), form.Get("shop")
	// A password that was typed is meant, whether or not the box before it is ticked.
	o.Password = card.NewPassword(form.Get("password"))
	o.Locked = form.Get("locked") != "" || form.Get("password") != ""
	switch delimiter := form.Get("delimiter"); delimiter {
	case "", "comma":
	case "semicolon":
		o.Delimiter = ";"
	case "tab":
		o.Delimiter = "\t"
	default:
		note(export.ErrDelimiter)
	}
	for _, one := range cardChoices {
		if one.name == form.Get("cards") {
			o.States = one.states
		}
	}
	if o.States == nil && form.Get("cards") != "" {
		note(card.ErrCardStates)
	}
	if len(faults) > 0 {
		return choice, faults
	}
	return choice, nil
}

// readOffset reads millimetres, with a point or a comma.
func readOffset(form url.Values, name string) (float64, error) {
	text := strings.ReplaceAll(strings.TrimSpace(form.Get(name)), ",", ".")
	if text == "" {
		return 0, nil
	}
	mm, err := strconv.ParseFloat(text, 64)
	if err != nil || !(mm >= -export.MaxOffset && mm <= export.MaxOffset) {
		return 0, fault.Field(name, export.ErrOffset.Code, "Type millimetres from −10 to 10, such as 1.5 or −0.8.")
	}
	return mm, nil
}

// readSerialBound reads a serial as a bound of a range; empty is none.
func readSerialBound(form url.Values, name string) (int32, error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || n > card.MaxQuantity {
		return 0, fault.Field(name, "export_serial", "Type a serial from 1 to 1,000,000, or leave it empty.")
	}
	return int32(n), nil
}

// formOf is a choice as the form has it.
func formOf(format string, o card.ExportOptions) url.Values {
	v := url.Values{"format": {format}, "layout": {o.Layout}, "sides": {"one"}, "cards": {"unused"}}
	if o.BothSides {
		v.Set("sides", "both")
	}
	for name, mm := range map[string]float64{"offset_x": o.OffsetX, "offset_y": o.OffsetY} {
		if mm != 0 {
			v.Set(name, strconv.FormatFloat(mm, 'f', -1, 64))
		}
	}
	for _, one := range cardChoices {
		if slices.Equal(one.states, o.States) {
			v.Set("cards", one.name)
		}
	}
	if o.Parts {
		v.Set("parts", "on")
	}
	if o.Locked {
		v.Set("locked", "on") // the password itself never stands in an address
	}
	v["columns"] = o.Columns
	v.Set("encoding", o.Encoding)
	v.Set("shop", o.ShopID)
	v.Set("delimiter", map[string]string{"": "comma", ";": "semicolon", "\t": "tab"}[o.Delimiter])
	return v
}

// checkExport refuses what no file can be made of, and a password that would be tried
// among the first.
func (s *Server) checkExport(c *gin.Context, row db.SeriesShowRow, choice exportChoice) error {
	o := choice.options
	if o.Locked && choice.format != string(db.ExportFormatPdf) && db.ExportFormat(choice.format).Valid() {
		return card.ErrPasswordFormat
	}
	if err := s.maker(c).Check(c.Request.Context(), choice.format, row.Series, o); err != nil || !o.Locked {
		return err
	}
	if refused := staff.ValidPassword(o.Password.Reveal(), pdf.MinPassword, nil); refused != nil {
		return refused
	}
	return nil
}

// chosenShop notes whom a file is encrypted for, as it is called now.
func (s *Server) chosenShop(c *gin.Context, o *card.ExportOptions) error {
	if o.ShopID == "" {
		return nil
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	shop, known := settings.PrintShop(o.ShopID)
	if !known {
		return cardfile.ErrShop
	}
	o.Shop, o.SealedAs = shop.Name, shop.Kind
	return nil
}
