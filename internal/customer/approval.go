package customer

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// Every manual credit counts against the limit on one person's acts: a payment, a
// correction, the reversal of a negative correction. A credit above the limit waits for a
// second person. Approval posts exactly what was requested, under the idempotency key of
// the form, in the name of the person who requested it.

// Errors of payments that wait for a second person.
var (
	ErrPaymentWaits = fault.New(fault.Conflict, "payment_waits", "This is more than one person may credit by hand within 24 hours. Nothing is posted yet: it waits until another person approves it.")
	ErrPaymentOver  = fault.New(fault.Conflict, "payment_request_over", "This was asked for, and the request was refused, withdrawn, or has expired. Nothing was posted. Open the form again to ask anew.")
)

// PaymentFacts describe a payment, or the reversal of one, that waits for approval.
type PaymentFacts struct {
	Type     db.PaymentType `json:"type"`
	Amount   int64          `json:"amount"` // minor units, as it will be credited
	Currency string         `json:"currency"`
	Comment  string         `json:"comment"`            // of a reversal: the reason
	Reverses int64          `json:"reverses,omitempty"` // the payment that is reversed; 0: none
}

// twoError rolls back a transaction whose credit turned out to need approval.
type twoError struct{ before int64 }

func (twoError) Error() string { return "this takes a second person" }

// checkCredit counts a manual credit towards the limit of the responsible person. It
// returns a twoError if the credit needs approval. It runs before the account is locked.
func checkCredit(ctx context.Context, tx pgx.Tx, actor audit.Actor, credit money.Amount) error {
	if credit.Minor <= 0 {
		return nil
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindPayment, By: actor.Accountable(), Value: credit.Minor, Currency: credit.Currency})
	if err == nil && o.Over() {
		return twoError{o.Others}
	}
	return err
}

// askCredit requests approval for a credit.
func askCredit(ctx context.Context, beginner db.Beginner, actor audit.Actor, customerID int64, key uuid.UUID, facts PaymentFacts, before int64) error {
	if actor.IsSystem() {
		return fmt.Errorf("credit %d by hand: the program itself can ask no second person", customerID)
	}
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		// An erasure withdraws open requests. The customer's row is locked here, so that
		// no request is made for a customer who was erased meanwhile.
		erased, err := db.New().CustomerShare(ctx, tx, customerID)
		if err != nil {
			return fmt.Errorf("hold a customer: %w", err)
		}
		if erased != nil && facts.Reverses == 0 && facts.Type != db.PaymentTypeCorrection {
			return ErrErasedPay
		}
		_, err = approval.Ask(ctx, tx, actor, approval.Request{
			Kind: db.ApprovalKindPayment, By: actor.Accountable(), CustomerID: customerID, Value: facts.Amount, Currency: facts.Currency,
			Before: before, Key: key, Facts: facts,
		})
		return err
	})
	if err != nil {
		return err
	}
	return asked(ctx, beginner, customerID, key, facts)
}

// asked looks for an earlier request with the same idempotency key. It returns nil if there
// is none or if it was approved, ErrPaymentWaits if it still waits, and ErrPaymentOver if
// it ended otherwise. If the request is for something else, it returns ErrKeyReused.
func asked(ctx context.Context, dbtx db.DBTX, customerID int64, key uuid.UUID, facts PaymentFacts) error {
	a, found, err := db.Found(db.New().ApprovalGetByKey(ctx, dbtx, &key))
	if err != nil {
		return fmt.Errorf("look for an earlier request: %w", err)
	}
	if !found {
		return nil
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
		return nil // it is posted; the ledger gives the answer
	}
	return ErrPaymentOver
}

// facts returns the details of the payment that a request for approval stores.
func (p Payment) facts() PaymentFacts {
	return PaymentFacts{Type: p.Type, Amount: p.Amount.Minor, Currency: p.Amount.Currency, Comment: p.Comment}
}

// ApprovalKinds are the kinds of requests about customers.
func ApprovalKinds() []approval.Kind {
	return []approval.Kind{
		{Name: db.ApprovalKindPayment, Needs: paymentNeeds, Same: paymentSame, Approve: approvePayment},
	}
}

// paymentNeeds returns the permissions that the requester must hold for the credit to be
// posted.
func paymentNeeds(a db.Approval) ([]string, error) {
	facts, err := approval.Facts[PaymentFacts](a)
	if facts.Reverses != 0 {
		return staff.Stored(staff.PaymentsReverse), err
	}
	return staff.Stored(staff.PaymentsEnter), err
}

// paymentSame reports whether the credit can still be posted as requested: nothing has
// been posted under its key, and the payment that it reverses is not reversed yet.
func paymentSame(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
	facts, err := approval.Facts[PaymentFacts](a)
	if err != nil || a.RequestKey == nil {
		return false, err
	}
	_, posted, err := db.Found(db.New().LedgerGetByKey(ctx, tx, a.RequestKey))
	if err != nil || posted {
		return false, err
	}
	if facts.Reverses == 0 {
		return true, nil
	}
	original, err := billing.Reversible(ctx, tx, *a.CustomerID, facts.Reverses)
	if fault.KindOf(err) == fault.Conflict {
		return false, nil
	}
	return -original.Amount == facts.Amount, err
}

// approvePayment posts the credit in the name of the person who requested it. The audit
// row of the decision names the person who approved it, and the reason.
func approvePayment(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
	facts, err := approval.Facts[PaymentFacts](a)
	if err != nil {
		return err
	}
	asker := approval.Asker(a)
	if facts.Reverses == 0 {
		p := Payment{
			CustomerID: *a.CustomerID, Type: facts.Type, Amount: money.Amount{Minor: facts.Amount, Currency: facts.Currency},
			Comment: facts.Comment, Key: *a.RequestKey, approved: a.ID,
		}
		_, err := p.enter(ctx, tx, asker)
		return err
	}
	original, err := billing.Reversible(ctx, tx, *a.CustomerID, facts.Reverses)
	if err != nil {
		return err
	}
	undone, err := undo(ctx, tx, original)
	if err != nil {
		return err
	}
	undone.Approval = a.ID
	r := billing.Reversal{CustomerID: *a.CustomerID, PaymentID: facts.Reverses, Reason: facts.Comment, Key: *a.RequestKey}
	_, err = billing.PostReversal(ctx, tx, asker, r, original, undone)
	return err
}
