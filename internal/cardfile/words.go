package cardfile

import (
	"io"
	"strings"
	"time"

	"refill/internal/fault"
	"refill/internal/render"
	"refill/internal/setting"
)

// labels returns the texts of a card from the settings.
func labels(w setting.CardWords) render.Labels {
	return render.Labels{Kind: w.Kind, Serial: w.Serial, Series: w.Series, ValidTill: w.ValidTill}
}

// lines returns the instructions on a card whose partner has none of its own.
func lines(w setting.CardWords) []string {
	if w.Line1+w.Line2 == "" {
		return []string{"Scan the code or sign in to the portal and", "open Finance → Payments → Refill card."}
	}
	return []string{w.Line1, w.Line2}
}

// specimen returns the design of a card without series and partner.
func (s *Service) specimen(v setting.Settings) render.Meta {
	return render.Meta{
		Brand: v.Brand, Series: "202601", PortalURL: s.publicURL, Instructions: lines(v.CardWords), Labels: labels(v.CardWords),
		Fonts: s.fonts, Layout: "id-1", SampleCode: "XXX-XXXX-XXXX-XXXX-XXXX",
	}
}

// Specimen draws a card with the texts of the given settings, as SVG.
func (s *Service) Specimen(v setting.Settings) ([]byte, error) {
	day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	sides, err := render.Preview(s.specimen(v), []render.Card{{
		Serial: 42, Code: "XXX-XXXX-XXXX-XXXX-XXXX", PriceText: v.Currency + " 10.00", Series: "202601", ValidTillText: v.CardWords.DateText(day),
	}})
	if err != nil {
		return nil, err
	}
	return sides[0], nil
}

// CheckWords refuses, each at its field, brand and texts of the given settings that can't
// be printed.
func (s *Service) CheckWords(v setting.Settings) error {
	var list fault.List
	for field, only := range map[string]setting.CardWords{
		"card_kind": {Kind: v.CardWords.Kind}, "card_serial": {Serial: v.CardWords.Serial}, "card_series": {Series: v.CardWords.Series},
		"card_valid_till": {ValidTill: v.CardWords.ValidTill}, "card_line1": {Line1: v.CardWords.Line1}, "card_line2": {Line2: v.CardWords.Line2},
	} {
		one := setting.Default()
		one.CardWords = only
		if err := s.printable(field, one, &list); err != nil {
			return err
		}
	}
	return list.Err()
}

// CheckBrand refuses, at a field, a brand that can't be printed.
func (s *Service) CheckBrand(field, brand string) error {
	if strings.TrimSpace(brand) == "" {
		return nil
	}
	var list fault.List
	v := setting.Default()
	v.Brand = brand
	if err := s.printable(field, v, &list); err != nil {
		return err
	}
	return list.Err()
}

// printable adds to a list, at the given field, the reason why a card can't be printed.
func (s *Service) printable(field string, v setting.Settings, list *fault.List) error {
	meta := s.specimen(v)
	meta.PortalURL = "https://example.net" // a problem with the real address is not the fault of these fields
	_, err := render.NewPDF(io.Discard, meta)
	if err == nil || fault.IsInternal(err) {
		return err
	}
	refused := fault.All(err)[0]
	*list = append(*list, refused.At(field))
	return nil
}
