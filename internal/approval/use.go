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

// Two conditions of the guard are not weighed. A customer who is enabled, or moves to
// another partner, brings no card into use: whoever has a code redeems it for any other
// customer just as well, and entering one takes no second person. And the setting that
// locks cards to partners holds for series ordered from then on: it changes no card that
// exists.

// IntoUse weighs a change that brings cards into use. Every such change passes here,
// whatever it is called: together they are what one person brings into use within a day.
func IntoUse(ctx context.Context, weigh Scale, _ Use, a Act) (Solo, error) {
	a.Kind = db.ApprovalKindActivate
	return weigh(ctx, a)
}
