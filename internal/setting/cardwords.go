package setting

import (
	"slices"
	"time"

	"refill/internal/fault"
)

// CardWords are the texts on printed cards, for installations in another language than
// English. An empty text is printed in English.
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

// validate refuses texts that are too long for a card. Package render checks that their
// characters can be printed.
func (w CardWords) validate() (list fault.List) {
	for _, text := range []struct {
		value string
		most  int
		long  *fault.Error
	}{
		{w.Kind, 40, fault.Field("card_kind", "setting_card_kind", "The word for the card can be {most} characters long.")},
		{w.Serial, 20, fault.Field("card_serial", "setting_card_serial", "The word for the serial can be {most} characters long.")},
		{w.Series, 20, fault.Field("card_series", "setting_card_series", "The word for the series can be {most} characters long.")},
		{w.ValidTill, 30, fault.Field("card_valid_till", "setting_card_valid_till", "The word for the last day can be {most} characters long.")},
		{w.Line1, 48, fault.Field("card_line1", "setting_card_line", "A line on cards can be {most} characters long.")},
		{w.Line2, 48, fault.Field("card_line2", "setting_card_line", "A line on cards can be {most} characters long.")},
	} {
		if len([]rune(text.value)) > text.most {
			list = append(list, text.long.With("most", fault.Number(text.most)))
		}
	}
	if !slices.Contains(Dates(), w.Date) {
		list = append(list, fault.Field("card_date", "setting_card_date", "Choose how the last day is written."))
	}
	return list
}
