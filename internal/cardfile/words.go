package cardfile

import (
	"io"
	"strings"

	"refill/internal/fault"
	"refill/internal/render"
	"refill/internal/setting"
)

// DefaultLines returns the instructions on cards where neither the partner nor the settings
// have their own. What they quote is an entry of the portal's menu; a test of package web
// compares both.
func DefaultLines(qr render.QR) []string {
	const last = "open “Refill card” in the menu."
	switch qr {
	case render.QRAddress:
		return []string{"Scan to open the portal, sign in and", last}
	case render.QRNone:
		return []string{"Sign in to the portal and", last}
	case render.QRCode:
	}
	return []string{"Scan the code, or sign in to the portal and", last}
}

// look returns what all cards of an issuer share: brand, colour, logo and texts. What the
// partner lacks is taken from the settings. Every picture and every printed card of this
// package gets its look here.
func (s *Service) look(v setting.Settings, b brand, qr render.QR) render.Meta {
	words := v.CardWords
	meta := render.Meta{
		Brand: b.name, Accent: b.accent, Logo: b.logo, Instructions: b.lines, PortalURL: s.publicURL, Partner: b.slug, QR: qr, Fonts: s.fonts,
		Labels: render.Labels{Kind: words.Kind, Serial: words.Serial, Series: words.Series, ValidTill: words.ValidTill},
	}
	if meta.Brand == "" {
		meta.Brand = v.Brand
	}
	if meta.Instructions == nil && words.Line1+words.Line2 != "" {
		meta.Instructions = []string{words.Line1, words.Line2}
	}
	if meta.Instructions == nil {
		meta.Instructions, meta.Unscanned = DefaultLines(qr), DefaultLines(render.QRNone)
	}
	return meta
}

// specimen returns the design of a card without series and partner.
func (s *Service) specimen(v setting.Settings) render.Meta {
	meta := s.look(v, brand{}, render.QRCode)
	meta.Series, meta.Layout, meta.SampleCode = "202601", "id-1", "XXX-XXXX-XXXX-XXXX-XXXX"
	return meta
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
