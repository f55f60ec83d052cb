package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/render"
)

// cardChoices are the selections of cards for a file, by name.
var cardChoices = []struct { //nolint:gochecknoglobals // a table
	name, text string
	states     []db.CardState
}{
	{"unused", lang.M("Unused cards"), []db.CardState{db.CardStateActive}},
	{"disabled", lang.M("Disabled cards"), []db.CardState{db.CardStateDisabled}},
	{"left", lang.M("Unused and disabled cards"), []db.CardState{db.CardStateActive, db.CardStateDisabled}},
	{"used", lang.M("Used cards"), []db.CardState{db.CardStateUsed}},
	{"all", lang.M("All but void cards"), []db.CardState{db.CardStateActive, db.CardStateDisabled, db.CardStateUsed}},
}

// qrWithCode is the value of the form for a QR code with the address and the code.
const qrWithCode = "code"

// exportChoice is the parsed export form.
type exportChoice struct {
	format  string
	Options cardfile.Options
}

// ReadExportChoice parses the export form. It returns faults for the fields that cannot be
// read.
func ReadExportChoice(form url.Values) (exportChoice, error) {
	choice := exportChoice{format: form.Get("format")}
	o := &choice.Options
	var faults fault.List
	note := func(err error) {
		if err != nil {
			faults = append(faults, fault.All(err)...)
		}
	}
	o.Layout, o.BothSides = form.Get("layout"), form.Get("sides") == "both"
	if _, known := render.LayoutByName(o.Layout); !known {
		note(render.ErrLayout)
	}
	if qr := form.Get("qr"); qr != qrWithCode {
		o.QR = render.QR(qr) // package cardfile refuses an unknown one
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
	// A typed password counts, whether or not its check box is ticked.
	o.Password = cardfile.NewPassword(form.Get("password"))
	o.Locked = form.Get("locked") != "" || form.Get("password") != ""
	switch delimiter := form.Get("delimiter"); delimiter {
	case "", "comma":
	case "semicolon":
		o.Delimiter = ";"
	case "tab":
		o.Delimiter = "\t"
	default:
		note(render.ErrDelimiter)
	}
	for _, one := range cardChoices {
		if one.name == form.Get("cards") {
			o.States = one.states
		}
	}
	if o.States == nil && form.Get("cards") != "" {
		note(cardfile.ErrCardStates)
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
	if err != nil || !(mm >= -render.MaxOffset && mm <= render.MaxOffset) {
		return 0, render.ErrOffset.At(name)
	}
	return mm, nil
}

// readSerialBound reads a serial as the bound of a range. It returns 0 for an empty field.
func readSerialBound(form url.Values, name string) (int32, error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return 0, nil
	}
	n := wholeNumber(text)
	if n < 1 || n > card.MaxQuantity {
		return 0, fault.Field(name, "export_serial", "Type a serial from 1 to {most}, or leave it empty.").With("most", fault.Number(card.MaxQuantity))
	}
	return int32(n), nil
}

// formOf returns a choice as form values.
func formOf(format string, o cardfile.Options) url.Values {
	v := url.Values{"format": {format}, "layout": {o.Layout}, "sides": {"one"}, "cards": {"unused"}}
	if o.BothSides {
		v.Set("sides", "both")
	}
	v.Set("qr", qrWithCode)
	if o.QR != render.QRCode {
		v.Set("qr", string(o.QR))
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
		v.Set("locked", "on") // the password itself is never part of an address
	}
	v["columns"] = o.Columns
	v.Set("encoding", o.Encoding)
	v.Set("shop", o.ShopID)
	v.Set("delimiter", map[string]string{"": "comma", ";": "semicolon", "\t": "tab"}[o.Delimiter])
	return v
}
