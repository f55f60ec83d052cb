package admin

import (
	"context"
	"net/url"
	"slices"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// offeredPartners returns the partners that a form offers to a person: the enabled ones
// and, marked as disabled, those of present. present are the partners chosen so far, which
// can thus stay chosen.
func (s *Server) offeredPartners(ctx context.Context, scope audit.Scope, present ...int64) ([]kit.Option, error) {
	partners, err := db.New().PartnerList(ctx, s.Pool, db.PartnerListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	options := make([]kit.Option, 0, len(partners))
	for _, one := range partners {
		if one.Test {
			one.Name += lang.M(" (test)")
		}
		switch {
		case one.DisabledAt == nil:
			options = append(options, kit.Option{Value: idText(one.ID), Text: one.Name})
		case slices.Contains(present, one.ID):
			options = append(options, kit.Option{Value: idText(one.ID), Text: one.Name + " (disabled)"})
		}
	}
	return options, err
}

// offerSeriesPartners adds the options for the partners of a series to f: any, one, or
// several. It returns the check boxes for several. form has the submitted choice; without
// one, the first option stays selected.
func (s *Server) offerSeriesPartners(ctx context.Context, scope audit.Scope, f *kit.Field, form url.Values, present ...int64) ([]partnerChoice, error) {
	partners, err := s.offeredPartners(ctx, scope, present...)
	if err != nil {
		return nil, err
	}
	if scope.AllPartners {
		f.Options = append(f.Options, kit.Option{Value: card.AnyPartner, Text: lang.M("Any")})
	}
	f.Options = append(f.Options, partners...)
	if len(partners) > 1 {
		f.Options = append(f.Options, kit.Option{Value: SeveralPartners, Text: lang.M("Several…")})
	}
	choices := make([]partnerChoice, 0, len(partners))
	for _, one := range partners {
		choices = append(choices, partnerChoice{NumberOf(one.Value), one.Text, slices.Contains(form["partners"], one.Value)})
	}
	f.Choose(form.Get("partner"))
	return choices, nil
}

// testPartnerChoice returns the check box that makes a new partner a test partner.
func testPartnerChoice(checked bool) *kit.Choice {
	return &kit.Choice{
		Name: "test", Label: lang.M("Test partner"), Checked: checked,
		Hint: lang.M("For trying out programs: its customers and series are in XTS, money that is worth nothing and that no report counts. It can’t be changed later."),
	}
}
