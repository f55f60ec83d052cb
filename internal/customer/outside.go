package customer

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/partner"
)

// Errors about balances that are kept in another system.
var (
	ErrNamePartner = fault.Field("customer", "customer_name_partner", "There is no customer with this external id. Some of your partners keep balances outside: to make a customer there at first use, name the partner too, as partner_id.")
	ErrMoveBalance = fault.Field("partner", "customer_move_balance", "The two partners keep balances in different places, so that only a customer without a balance can change between them. Settle the balance first.")
	ErrMoveHeld    = fault.Field("partner", "customer_move_held", "The two partners keep balances in different places, and an API client holds a card for this customer. That ends within 30 minutes; try again after that.")
	ErrOpening     = fault.New(fault.Conflict, "opening_outside", "An opening balance can’t be entered for a customer whose balance is kept outside.")
)

// FirstUse returns the customer with an external id at a partner that keeps balances outside,
// and makes the customer where there is none: without a password, so without a sign-in in the
// portal. partnerID 0 stands for the one partner that the actor sees. Where the partner keeps
// balances here the error is ErrUnknown, so that a typing error makes no customer. Concurrent
// first uses make one customer.
func FirstUse(ctx context.Context, beginner db.Beginner, actor audit.Actor, partnerID int64, externalID, currency string) (int64, error) {
	externalID = strings.TrimSpace(externalID)
	if externalID == "" {
		return 0, ErrUnknown
	}
	partnerID, err := outsidePartner(ctx, beginner, actor, partnerID)
	if err != nil {
		return 0, err
	}
	created, err := Create(ctx, beginner, actor, New{
		PartnerID: partnerID, Username: firstUsername(partnerID, externalID), Name: externalID, ExternalID: externalID, Currency: currency, outside: true,
	})
	if err == nil || fault.IsInternal(err) {
		return created.ID, err
	}
	// Another request may have been first.
	there, found, findErr := db.Found(ByName(ctx, beginner, actor.Scope, Named{ExternalID: externalID, PartnerID: partnerID}))
	switch {
	case findErr != nil:
		return 0, fmt.Errorf("find a customer: %w", findErr)
	case !found:
		return 0, err
	}
	return there.ID, nil
}

// outsidePartner returns the partner of a first use.
func outsidePartner(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (int64, error) {
	q, scope := db.New(), actor.Scope
	if id != 0 {
		if !scope.Holds(id) {
			return 0, ErrUnknown
		}
		kept, err := db.Need(q.PartnerKeeping(ctx, dbtx, id)).Or(ErrUnknown, "read where a partner keeps balances")
		if err == nil && kept != db.BalancesKeptOutside {
			err = ErrUnknown
		}
		return id, err
	}
	outside, err := q.PartnersOutside(ctx, dbtx, db.PartnersOutsideParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})
	if err != nil {
		return 0, fmt.Errorf("list partners that keep balances outside: %w", err)
	}
	if len(outside) == 0 {
		return 0, ErrUnknown
	}
	seen, err := q.PartnersSeen(ctx, dbtx, db.PartnersSeenParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})
	if err != nil {
		return 0, fmt.Errorf("count partners: %w", err)
	}
	if seen > 1 {
		return 0, ErrNamePartner
	}
	return outside[0], nil
}

// firstUsername makes a username of a partner and an external id. It is the same at every try
// and says nothing about the customer, because usernames are unique over all partners.
func firstUsername(partnerID int64, externalID string) string {
	sum := sha256.Sum256([]byte(externalID))
	return fmt.Sprintf("outside.%d.%s", partnerID, strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:8])))
}

// openAccount opens the account of a new customer, whose partner's choice is held.
func openAccount(ctx context.Context, tx pgx.Tx, id int64, currency string) (outside bool, err error) {
	account, err := db.New().AccountCreateCustomer(ctx, tx, db.AccountCreateCustomerParams{Currency: currency, CustomerID: id})
	if err != nil {
		return false, fmt.Errorf("open a customer's account: %w", err)
	}
	if !account.Outside {
		return false, nil
	}
	_, err = ledger.System(ctx, tx, db.AccountKindOutside, currency)
	return true, err
}

// moveBalance follows a customer whose row is locked to another partner. Where the partners
// keep balances in different places, only a balance of zero follows.
func moveBalance(ctx context.Context, tx pgx.Tx, id, from, to int64) error {
	kept := map[int64]db.BalancesKept{}
	for _, partnerID := range []int64{min(from, to), max(from, to)} {
		var err error
		if kept[partnerID], err = partner.Keeping(ctx, tx, partnerID); err != nil {
			return err
		}
	}
	if kept[from] == kept[to] {
		return nil
	}
	held, err := db.New().ReservationCountCustomer(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("count the reservations of a customer: %w", err)
	}
	if held > 0 {
		return ErrMoveHeld
	}
	account, err := db.New().CustomerBalance(ctx, tx, &id)
	if err != nil {
		return fmt.Errorf("read a balance: %w", err)
	}
	if account.Balance != 0 {
		return ErrMoveBalance
	}
	outside := kept[to] == db.BalancesKeptOutside
	if outside {
		if _, err := ledger.System(ctx, tx, db.AccountKindOutside, account.Currency); err != nil {
			return err
		}
	}
	err = db.New().AccountKeep(ctx, tx, db.AccountKeepParams{CustomerID: &id, Outside: outside})
	if db.Constraint(err) == "account_outside_zero" { // the balance has moved since it was read
		return ErrMoveBalance.Because(err)
	}
	if err != nil {
		return fmt.Errorf("note where a balance is kept: %w", err)
	}
	return nil
}

// checkHere refuses to move by hand a balance that is kept outside, before anything is asked of
// a second person. The account refuses it once more.
func checkHere(row db.CustomerGetRow) error {
	if row.Outside {
		return billing.ErrOutside
	}
	return nil
}
