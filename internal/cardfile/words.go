package cardfile

import (
	"io"
	"strings"
	"time"

	"refill/internal/export"
	"refill/internal/fault"
	"refill/internal/setting"
)

// labels are the words of a card as the settings have them.
func labels(w setting.CardWords) export.Labels {
	return export.Labels{Kind: w.Kind, Serial: w.Serial, Series: w.Series, ValidTill: w.ValidTill}
}

// lines say what to do with a card whose partner says nothing of its own.
func lines(w setting.CardWords) []string {
	if w.Line1+w.Line2 == "" {
		return []string{"Scan the code or sign in to the portal and", "open Finance → Payments → Refill card."}
	}
	return []string{w.Line1, w.Line2}
}

// specimen is the design of a card that is of no series and no partner.
func (m Maker) specimen(v setting.Settings) export.Meta {
	return export.Meta{
		Brand: v.Brand, Series: "202601", PortalURL: m.PublicURL, Instructions: lines(v.CardWords), Labels: labels(v.CardWords),
		Fonts: m.Fonts, Layout: "id-1", SampleCode: "XXX-XXXX-XXXX-XXXX-XXXX",
	}
}

// Specimen draws a card with the words of some settings.
func (m Maker) Specimen(v setting.Settings) ([]byte, error) {
	day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	sides, err := export.Preview(m.specimen(v), []export.Card{{
		Serial: 42, Code: "XXX-XXXX-XXXX-XXXX-XXXX", PriceText: v.Currency + " 10.00", Series: "202601", ValidTillText: v.CardWords.DateText(day),
	}})
	if err != nil {
		return nil, err
	}
	return sides[0], nil
}

// CheckWords refuses, each at its field, what of the brand and the words of some
// settings can't be printed.
func (m Maker) CheckWords(v setting.Settings) error {
	var list fault.List
	for field, only := range map[string]setting.CardWords{
		"card_kind": {Kind: v.CardWords.Kind}, "card_serial": {Serial: v.CardWords.Serial}, "card_series": {Series: v.CardWords.Series},
		"card_valid_till": {ValidTill: v.CardWords.ValidTill}, "card_line1": {Line1: v.CardWords.Line1}, "card_line2": {Line2: v.CardWords.Line2},
	} {
		one := setting.Default()
		one.CardWords = only
		if err := m.printable(field, one, &list); err != nil {
			return err
		}
	}
	return list.Err()
}

// CheckBrand refuses, at a field, a brand that can't be printed.
func (m Maker) CheckBrand(field, brand string) error {
	if strings.TrimSpace(brand) == "" {
		return nil
	}
	var list fault.List
	v := setting.Default()
	v.Brand = brand
	if err := m.printable(field, v, &list); err != nil {
		return err
	}
	return list.Err()
}

// printable adds to a list why a card can't be printed, at the field that is to
// blame.
func (m Maker) printable(field string, v setting.Settings, list *fault.List) error {
	meta := m.specimen(v)
	meta.PortalURL = "https://example.net" // what is wrong with the real one isn't wrong here
	_, err := export.NewPDF(io.Discard, meta)
	if err == nil || fault.IsInternal(err) {
		return err
	}
	refused := fault.All(err)[0]
	*list = append(*list, fault.Field(field, refused.Code, refused.Message))
	return nil
}
