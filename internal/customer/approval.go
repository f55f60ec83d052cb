package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
)

// Money that is credited by hand counts against the limit of one person, whatever it is
// called: a payment, a correction, the reversal of a correction downwards. What is above
// it waits for a second person, and approving it posts exactly what was asked for, under
// the key of the form, in the name of the person who asked.

// Errors of payments that wait for a second person.
var (
	ErrPaymentWaits = fault.New(fault.Conflict, "payment_waits", "This is more than one person may credit by hand within 24 hours. Nothing is posted yet: it waits until another person approves it.")
	ErrPaymentOver  = fault.New(fault.Conflict, "payment_request_over", "This was asked for, and the request was refused, withdrawn, or has expired. Nothing was posted. Open the form again to ask anew.")
)

// PaymentFacts are a payment, or the reversal of one, that waits for a second person.
type PaymentFacts struct {
	Type     db.PaymentType `json:"type"`
	Amount   int64          `json:"amount"` // minor units, as it will be credited
	Currency string         `json:"currency"`
	Comment  string         `json:"comment"`            // of a reversal: the reason
	Reverses int64          `json:"reverses,omitempty"` // the payment that is taken back; 0: none
}

// twoError ends a transaction in which it turned out that a credit takes a second person.
type twoError struct{ before int64 }

func (twoError) Error() string { return "this takes a second person" }

// mayCredit counts a credit by hand for its person, with the account's lock held; an
// twoError says that it takes a second one.
func mayCredit(ctx context.Context, tx pgx.Tx, actor audit.Actor, minor int64) error {
	if minor <= 0 {
		return nil
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindPayment, By: actor.StaffID, Value: minor})
	if err == nil && o.Over() {
		return twoError{o.Others}
	}
	return err
}

// askCredit asks for a credit that turned out to take a second person.
func askCredit(ctx context.Context, beginner db.Beginner, actor audit.Actor, customerID int64, key uuid.UUID, facts PaymentFacts, before int64) error {
	if actor.StaffID == 0 {
		return fmt.Errorf("credit %d by hand: the program itself can ask no second person", customerID)
	}
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		// An erasure withdraws what waits: of a customer who was erased since, only what may be
		// posted is asked for.
		erased, err := db.New().CustomerShare(ctx, tx, customerID)
		if err != nil {
			return fmt.Errorf("hold a customer: %w", err)
		}
		if erased != nil && facts.Reverses == 0 && facts.Type != db.PaymentTypeCorrection {
			return ErrErasedPay
		}
		_, err = approval.Ask(ctx, tx, actor, approval.Request{
			Kind: db.ApprovalKindPayment, By: actor.StaffID, CustomerID: customerID, Value: facts.Amount, Currency: facts.Currency,
			Before: before, Key: key, Facts: facts,
		})
		return err
	})
	if err != nil {
		return err
	}
	return asked(ctx, beginner, customerID, key, facts)
}

// asked answers a key that has asked for a credit; nil where it has not. A key that
// asked for another one is refused.
func asked(ctx context.Context, dbtx db.DBTX, customerID int64, key uuid.UUID, facts PaymentFacts) error {
	a, err := db.New().ApprovalGetByKey(ctx, dbtx, &key)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an earlier request: %w", err)
	}
	was, err := approval.Facts[PaymentFacts](a)
	switch {
	case err != nil:
		return err
	case a.Kind != db.ApprovalKindPayment || a.CustomerID == nil || *a.CustomerID != customerID || was != facts:
		return ErrKeyReused
	case a.State == db.ApprovalStateWaiting:
		return ErrPaymentWaits
	case a.State == db.ApprovalStateApproved:
		return nil // it is posted: the ledger answers
	}
	return ErrPaymentOver
}

// facts are what a payment is when it is asked for.
func (p Payment) facts() PaymentFacts {
	return PaymentFacts{Type: p.Type, Amount: p.Amount.Minor, Currency: p.Amount.Currency, Comment: p.Comment}
}

// askPartner asks for a partner to be enabled.
func askPartner(ctx context.Context, tx pgx.Tx, actor audit.Actor, partner db.Partner, value, before int64) error {
	settings, err := setting.Read(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := db.New().ApprovalListOfPartner(ctx, tx, partner.ID)
	if err != nil {
		return fmt.Errorf("look for an earlier request: %w", err)
	}
	if len(rows) > 0 {
		return nil // it is asked for already
	}
	_, err = approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindReopening, By: actor.StaffID, PartnerIDs: []int64{partner.ID}, Value: value, Currency: settings.Currency, Before: before,
		Facts: approval.ReopeningFacts{Partner: partner.ID, Name: partner.Name},
	})
	return err
}

// ApprovalKinds are the kinds of requests about customers and partners.
func ApprovalKinds(store *setting.Store) []approval.Kind {
	return []approval.Kind{
		{Name: db.ApprovalKindPayment, Needs: paymentNeeds, Same: paymentSame, Approve: approvePayment},
		{Name: db.ApprovalKindReopening, Needs: reopeningNeeds, Hold: holdReopening, Same: reopeningSame, Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := approval.Facts[approval.ReopeningFacts](a)
			if err != nil {
				return err
			}
			if facts.Module {
				return approval.OpenModule(ctx, tx, store, actor)
			}
			partner, err := lockPartner(ctx, tx, actor, facts.Partner)
			if err != nil {
				return err
			}
			return switchPartner(ctx, tx, actor, partner, false)
		}},
	}
}

// paymentNeeds returns what a person must be allowed for whom a credit is posted.
func paymentNeeds(a db.Approval) ([]string, error) {
	facts, err := approval.Facts[PaymentFacts](a)
	if facts.Reverses != 0 {
		return staff.Stored(staff.PaymentsReverse), err
	}
	return staff.Stored(staff.PaymentsEnter), err
}

// reopeningNeeds returns what a person must be allowed for whom a partner, or the module,
// is switched on.
func reopeningNeeds(a db.Approval) ([]string, error) {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if facts.Module {
		return staff.Stored(staff.ConfigManage), err
	}
	return staff.Stored(staff.PartnersManage), err
}

// holdReopening locks what is to be switched on: a partner, or the settings.
func holdReopening(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if err != nil {
		return err
	}
	if facts.Module {
		return db.New().SettingLock(ctx, tx)
	}
	_, err = lockPartner(ctx, tx, actor, facts.Partner)
	return err
}

// reopeningSame reports whether what is to be switched on is still off, and brings no
// more into use than was asked for.
func reopeningSame(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
	facts, err := approval.Facts[approval.ReopeningFacts](a)
	if err != nil {
		return false, err
	}
	q := db.New()
	if facts.Module {
		settings, err := setting.Read(ctx, tx)
		if err != nil {
			return false, err
		}
		value, err := q.SeriesInUse(ctx, tx)
		return !settings.RefillCards && value <= a.Value, err
	}
	disabled, err := q.PartnerDisabled(ctx, tx, facts.Partner)
	if err != nil {
		return false, fmt.Errorf("read a partner: %w", err)
	}
	value, err := q.PartnerInUse(ctx, tx, facts.Partner)
	return disabled && value <= a.Value, err
}

// paymentSame reports whether a credit can still be posted as it was asked for: nothing
// was posted under its key, and what it takes back is not taken back already.
func paymentSame(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
	facts, err := approval.Facts[PaymentFacts](a)
	if err != nil || a.RequestKey == nil {
		return false, err
	}
	_, err = db.New().LedgerGetByKey(ctx, tx, a.RequestKey)
	if !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if facts.Reverses == 0 {
		return true, nil
	}
	original, err := Reversible(ctx, tx, *a.CustomerID, facts.Reverses)
	if fault.KindOf(err) == fault.Conflict {
		return false, nil
	}
	return -original.Amount == facts.Amount, err
}

// approvePayment posts what was asked for in the name of the person who asked; that
// another approved it, and why, is in the audit row of the decision.
func approvePayment(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
	facts, err := approval.Facts[PaymentFacts](a)
	if err != nil {
		return err
	}
	asker := audit.Actor{StaffID: a.RequestedBy, Scope: audit.Everything()}
	if facts.Reverses == 0 {
		p := Payment{
			CustomerID: *a.CustomerID, Type: facts.Type, Amount: money.Amount{Minor: facts.Amount, Currency: facts.Currency},
			Comment: facts.Comment, Key: *a.RequestKey, approved: a.ID,
		}
		_, err := p.enter(ctx, tx, asker)
		return err
	}
	original, err := Reversible(ctx, tx, *a.CustomerID, facts.Reverses)
	if err != nil {
		return err
	}
	r := Reversal{CustomerID: *a.CustomerID, PaymentID: facts.Reverses, Reason: facts.Comment, Key: *a.RequestKey, approved: a.ID}
	_, err = r.post(ctx, tx, asker, original)
	return err
}

// post takes back a payment that was made by hand.
func (r Reversal) post(ctx context.Context, tx pgx.Tx, actor audit.Actor, original db.PaymentGetRow) (Paid, error) {
	others, err := db.New().LedgerOther(ctx, tx, original.TxID)
	if err != nil {
		return Paid{}, fmt.Errorf("read a movement: %w", err)
	}
	var back []ledger.Entry
	for _, e := range others {
		back = append(back, ledger.Entry{AccountID: e.AccountID, Amount: -e.Amount})
	}
	return PostReversal(ctx, tx, actor, r, original, back)
}
