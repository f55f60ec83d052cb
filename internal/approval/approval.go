// Package approval owns four-eyes approval. A request asks a second person to approve an
// act; the package says how it is asked for, who sees it, who may decide it and when it
// expires. It also measures what one person does without approval within a day. What
// happens at approval is registered by the package that owns the subject. This package
// knows no card and no customer.
package approval

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mailqueue"
	"refill/internal/money"
)

// Errors of requests and their decisions.
var (
	ErrUnknown     = fault.New(fault.NotFound, "approval_unknown", "There is no such request.")
	ErrDone        = fault.New(fault.Conflict, "approval_done", "This request was decided meanwhile.")
	ErrExpired     = fault.New(fault.Conflict, "approval_expired", "This request has expired. The person who needs it has to ask again.")
	ErrOwn         = fault.New(fault.Conflict, "approval_own", "You asked for this yourself: another person has to decide.")
	ErrShared      = fault.New(fault.Conflict, "approval_shared", "You and the person who asked may be one person: within the last 30 days one of you, or the same third person, set the sign-in, password or second factor of the other. The one whose sign-in was set can set up a second factor on the page of their account; after that this can be decided. After a reset of the second factor, the host has to say that they are two people: refill staff vouch.")
	ErrGone        = fault.New(fault.Conflict, "approval_gone", "The person who asked for this is disabled. Refuse it.")
	ErrAskerMayNot = fault.New(fault.Conflict, "approval_asker_may_not", "The person who asked for this may no longer do it: their role or their partners have changed. Refuse it.")
	ErrOutdated    = fault.New(fault.Conflict, "approval_outdated", "This is no longer what was asked for, so nothing was done. The person who needs it has to ask again.")
	ErrKeyMaker    = fault.New(fault.Conflict, "approval_key_maker", "You made the key with which this was asked for: another person has to decide.")
	ErrMakerShared = fault.New(fault.Conflict, "approval_key_maker_shared", "You and the person who made the key with which this was asked for may be one person: within the last 30 days one of you, or the same third person, set the sign-in, password or second factor of the other. The one whose sign-in was set can set up a second factor on the page of their account; after that this can be decided. After a reset of the second factor, the host has to say that they are two people: refill staff vouch.")
	ErrParty       = fault.New(fault.Conflict, "approval_party", "You own the API client that this is about, or made a key of it: another person has to decide.")
	ErrPartyShared = fault.New(fault.Conflict, "approval_party_shared", "You and a person who owns the API client that this is about, or made a key of it, may be one person: within the last 30 days one of you, or the same third person, set the sign-in, password or second factor of the other. The one whose sign-in was set can set up a second factor on the page of their account; after that this can be decided. After a reset of the second factor, the host has to say that they are two people: refill staff vouch.")
	ErrNoPerson    = fault.New(fault.Forbidden, "approval_no_person", "Requests are decided by members of staff, in person.")
	ErrNotOwn      = fault.New(fault.Conflict, "approval_not_own", "Only the person who asked can withdraw a request.")
)

// Request asks another member of staff for approval. Its subject is a series, a card of
// it, a customer or an import. Staff of all partners see a request without a subject.
type Request struct {
	Kind       db.ApprovalKind
	By         audit.Accountable // the member of staff who asks, in person or by an API client
	SeriesID   int64             // 0: not about a series
	Serial     int32             // 0: not about one card
	CustomerID int64             // 0: not about one customer
	ImportID   int64             // 0: not about an import of cards
	ExportID   int64             // 0: not about a file
	// PartnerIDs are the partners that a request concerns beside those of its series and
	// customer. None, without series and customer: all partners.
	PartnerIDs []int64
	Version    int32  // of the series, where there is one
	Value      int64  // minor units of Currency
	Currency   string // ISO 4217; empty where it is about no money
	Price      int64  // of one card, in minor units
	Cards      int64
	Before     int64     // the person's acts without approval within the day, in minor units
	Key        uuid.UUID // drawn when the form was shown; the same key asks once. Zero: none
	Facts      any       // the details of the request, kept as JSON. Never a code, key or password
}

// Ask enters a request in the transaction that turned out to need approval, and returns
// its id; 0 where the same request is open already.
func Ask(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Request) (int64, error) {
	if r.By.Staff() == 0 {
		return 0, audit.ErrNeedsStaff
	}
	facts := []byte("{}")
	if r.Facts != nil {
		var err error
		if facts, err = json.Marshal(r.Facts); err != nil {
			return 0, fmt.Errorf("keep what is asked for: %w", err)
		}
	}
	p := db.ApprovalCreateParams{
		Kind: r.Kind, SeriesID: optional(r.SeriesID), Serial: optional(r.Serial), CustomerID: optional(r.CustomerID), ImportID: optional(r.ImportID),
		ExportID: optional(r.ExportID), PartnerIds: append([]int64{}, r.PartnerIDs...), Version: r.Version,
		Value: r.Value, Currency: r.Currency, Price: r.Price, Cards: r.Cards, Before: r.Before, Facts: facts, RequestedBy: r.By.Staff(),
	}
	p.ClientID, p.KeyMaker = r.By.Client()
	if r.Key != uuid.Nil {
		p.RequestKey = &r.Key
	}
	id, entered, err := db.Found(db.New().ApprovalCreate(ctx, tx, p))
	if err != nil {
		return 0, fmt.Errorf("ask for an approval: %w", err)
	}
	if !entered {
		return 0, nil
	}
	asked := Asked{
		Subject:  act.Subject{SeriesID: r.SeriesID, Serial: r.Serial, CustomerID: r.CustomerID},
		Approval: id, Kind: r.Kind, Cards: max(r.Cards, 0),
	}
	if r.Currency != "" {
		asked.Value = money.Amount{Minor: r.Value, Currency: r.Currency}.Decimal()
		if r.Before > 0 {
			asked.Before = money.Amount{Minor: r.Before, Currency: r.Currency}.Decimal()
		}
	}
	if err := mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.Approval, ID: id, But: []int64{r.By.Staff(), deref(p.KeyMaker)}}); err != nil {
		return 0, err
	}
	return id, act.Record(ctx, tx, actor, asked)
}

// Asker returns the actor that an approved request is carried out for: the member of staff
// who made it, or the API client that did.
func Asker(a db.Approval) audit.Actor {
	return audit.ForMaker(&a.RequestedBy, a.ClientID, a.KeyMaker).Actor()
}

// Facts decodes the details of a request.
func Facts[T any](a db.Approval) (T, error) {
	var facts T
	if err := json.Unmarshal(a.Facts, &facts); err != nil {
		return facts, fmt.Errorf("read request %d: %w", a.ID, err)
	}
	return facts, nil
}

func optional[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}

func deref[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
