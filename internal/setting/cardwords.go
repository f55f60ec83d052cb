package setting

import (
	"slices"
	"time"

	"refill/internal/fault"
)

// CardWords are the words of printed cards, for installations in another language.
// An empty one is said in English.
type CardWords struct {
	Kind      string `json:"kind"`       // what it is: "Refill card"
	Serial    string `json:"serial"`     // before or above the serial
	Series    string `json:"series"`     // … the series
	ValidTill string `json:"valid_till"` // … the last day
	Line1     string `json:"line1"`      // what to do, where the partner says nothing of its own
	Line2     string `json:"line2"`
	Date      string `json:"date"` // how a day is written: one of Dates
}

// How a day may be written on cards. The months of DateLong are English.
const (
	DateLong  = "long"  // 31 December 2027
	DateISO   = "iso"   // 2027-12-31
	DateDots  = "dots"  // 31.12.2027
	DateSlash = "slash" // 31/12/2027
)

// Dates lists the ways to write a day, the usual one first.
func Dates() []string { return []string{DateLong, DateISO, DateDots, DateSlash} }

// DateText writes a day as cards have it.
func (w CardWords) DateText(day time.Time) string {
	layout := map[string]string{DateISO: time.DateOnly, DateDots: "02.01.2006", DateSlash: "02/01/2006"}[w.Date]
	if layout == "" {
		layout = "2 January 2006"
	}
	return day.Format(layout)
}

// validate refuses what no card has room for. Whether it can be printed is asked by
// whoever prints.
func (w CardWords) validate() (list fault.List) {
	for _, text := range []struct {
		field, value string
		most         int
		message      string
	}{
		{"card_kind", w.Kind, 40, "The word for the card can be 40 characters long."},
		{"card_serial", w.Serial, 20, "The word for the serial can be 20 characters long."},
		{"card_series", w.Series, 20, "The word for the series can be 20 characters long."},
		{"card_valid_till", w.ValidTill, 30, "The word for the last day can be 30 characters long."},
		{"card_line1", w.Line1, 48, "A line on cards can be 48 characters long."},
		{"card_line2", w.Line2, 48, "A line on cards can be 48 characters long."},
	} {
		if len([]rune(text.value)) > text.most {
			list = append(list, fault.Field(text.field, "setting_card_words", text.message))
		}
	}
	if !slices.Contains(Dates(), w.Date) {
		list = append(list, fault.Field("card_date", "setting_card_date", "Choose how the last day is written."))
	}
	return list
}
