package card

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// AnyPartner is the text of the choice of any partner.
const AnyPartner = "any"

// Partners is a choice of the partners whose customers may redeem cards: any partner, or the
// given ones. The zero value chooses none and is refused.
type Partners struct {
	Any bool
	IDs []int64 // not needed with Any
}

// Errors of a choice of partners.
var (
	ErrPartnersMixed = fault.Field("partner", "order_partner_test", "A series is either for test partners only or for none. Choose partners of one kind.")
	ErrPartnersKept  = fault.Field("partner", "series_partner_test", "A test series stays with test partners, and any other series without them.")
)

var errNoPartner = fault.Field("partner", "order_partner", "Choose one or more partners from the list.")

// ParsePartners parses a choice of partners from text, as forms send it and plans of imports
// store it: ids, or AnyPartner. Other text becomes 0, which is the id of no partner, so that
// CheckPartners refuses it.
func ParsePartners(texts []string) Partners {
	var p Partners
	for _, text := range texts {
		if text == AnyPartner {
			p.Any = true
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			id = 0
		}
		p.IDs = append(p.IDs, id)
	}
	return p
}

// CheckPartners checks a choice of partners and sets the partners and the time zone of an
// order. A partner that the actor does not see, or that is disabled, is refused like an
// unknown one. Test partners together with others are ErrPartnersMixed. present are the partners that the series has already, which may be disabled. A
// series of exactly one partner gets the time zone of that partner. Only staff of all partners
// may choose any partner.
func (s *Service) CheckPartners(ctx context.Context, actor audit.Actor, chosen Partners, o *Order, present ...int64) error {
	partners, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{
		AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs,
	})
	if err != nil {
		return fmt.Errorf("list partners: %w", err)
	}
	zones, test := map[int64]string{}, map[int64]bool{}
	for _, p := range partners {
		if (p.DisabledAt == nil || slices.Contains(present, p.ID)) && actor.Scope.Holds(p.ID) {
			zones[p.ID], test[p.ID] = p.TimeZone, p.Test
		}
	}
	wanted := map[int64]bool{}
	for _, id := range chosen.IDs {
		if _, known := zones[id]; !known {
			return errNoPartner
		}
		if !wanted[id] {
			wanted[id] = true
			o.PartnerIDs = append(o.PartnerIDs, id)
		}
	}
	if chosen.Any {
		o.PartnerIDs = nil
		if !actor.Scope.AllPartners {
			return fault.Field("partner", "order_partner_any", "Choose one or more of your partners; cards for any partner are ordered by staff of all partners.")
		}
		return nil
	}
	if len(o.PartnerIDs) == 0 {
		return errNoPartner
	}
	o.Test = test[o.PartnerIDs[0]]
	if slices.ContainsFunc(o.PartnerIDs, func(id int64) bool { return test[id] != o.Test }) {
		return ErrPartnersMixed
	}
	if len(o.PartnerIDs) == 1 {
		o.TimeZone = zones[o.PartnerIDs[0]]
	}
	return nil
}
