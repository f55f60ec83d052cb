package approval

import (
	"context"

	"refill/internal/db"
)

// Use is a change after which cards can be redeemed that could not be before. The list
// follows the conditions of the guarded update of a redemption (CardUse): each condition
// that staff can make true has its change, and a test holds the two together.
type Use string

// The changes that bring cards into use.
const (
	UseSeriesActive  Use = "series_active"  // a series is activated, or a locked one again
	UseCardEnabled   Use = "card_enabled"   // a disabled card is enabled
	UseDate          Use = "date"           // an expired series or card gets a later date
	UsePartners      Use = "partners"       // a series or card is given to more partners
	UsePartnerOpened Use = "partner_opened" // a disabled partner is enabled
	UseModule        Use = "module"         // the module of refill cards is switched on
)

// Two changes that let a card be redeemed are deliberately not weighed. Enabling a
// customer, or moving one to another partner, brings no card into use: the holder of a
// code can redeem it for any other customer, and creating a customer takes no second
// person. The setting that locks cards to partners applies to series that are ordered
// later, so it changes no existing card.

// IntoUse weighs a change that brings cards into use. Every such change calls it, so that
// all of them count toward one total per person and day.
func IntoUse(ctx context.Context, weigh Scale, _ Use, a Act) (Solo, error) {
	a.Kind = db.ApprovalKindActivate
	return weigh(ctx, a)
}
