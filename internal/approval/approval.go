// Package approval owns requests for a second person: how they are asked for, who sees
// them, who may decide them, when they expire, and what one person did without one
// within a day. What a kind of request does when it is approved is registered by the
// package that owns its subject. This package knows no card and no customer.
package approval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
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
	ErrNotOwn      = fault.New(fault.Conflict, "approval_not_own", "Only the person who asked can withdraw a request.")
)

// Request is what one member of staff asks another to approve. Its subject is a series,
// a card of it, a customer or an import; a request without one is seen by staff of all
// partners.
type Request struct {
	Kind       db.ApprovalKind
	By         int64 // the member of staff who asks
	SeriesID   int64 // 0: not about a series
	Serial     int32 // 0: not about one card
	CustomerID int64 // 0: not about one customer
	ImportID   int64 // 0: not about an import of cards
	ExportID   int64 // 0: not about a file
	// PartnerIDs are the partners that a request concerns beside those of its series and
	// customer. None, without series and customer: all partners.
	PartnerIDs []int64
	Version    int32  // of the series, where there is one
	Value      int64  // minor units of Currency
	Currency   string // ISO 4217; empty where it is about no money
	Price      int64  // of one card, in minor units
	Cards      int64
	Before     int64     // what the person who asks did by themselves within the day, in minor units
	Key        uuid.UUID // drawn when the form was shown; the same key asks once. Zero: none
	Facts      any       // what exactly is asked for, kept as JSON. Never a code, key or password
}

// Ask enters a request, in the transaction in which it turned out to be needed, and
// returns its id; 0 where the same is asked for already.
func Ask(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Request) (int64, error) {
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
		Value: r.Value, Currency: r.Currency, Price: r.Price, Cards: r.Cards, Before: r.Before, Facts: facts, RequestedBy: r.By,
	}
	if r.Key != uuid.Nil {
		p.RequestKey = &r.Key
	}
	id, err := db.New().ApprovalCreate(ctx, tx, p)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ask for an approval: %w", err)
	}
	detail := map[string]any{"approval": id, "kind": r.Kind}
	if r.Currency != "" {
		detail["value"] = money.Amount{Minor: r.Value, Currency: r.Currency}.Decimal()
		if r.Before > 0 {
			detail["before"] = money.Amount{Minor: r.Before, Currency: r.Currency}.Decimal()
		}
	}
	if r.Cards > 0 {
		detail["cards"] = r.Cards
	}
	err = audit.Record(ctx, tx, actor, audit.Entry{Action: "approval.asked", SeriesID: r.SeriesID, Serial: r.Serial, CustomerID: r.CustomerID, Detail: detail})
	if err != nil {
		return 0, err
	}
	return id, announce(ctx, tx, id, p.SeriesID)
}

// announce tells every web process that a request has changed, and so its series.
func announce(ctx context.Context, tx pgx.Tx, id int64, seriesID *int64) error {
	q := db.New()
	if err := q.ApprovalNotify(ctx, tx, id); err != nil {
		return fmt.Errorf("announce an approval: %w", err)
	}
	if seriesID == nil {
		return nil
	}
	if err := q.SeriesNotify(ctx, tx, *seriesID); err != nil {
		return fmt.Errorf("announce a change of series: %w", err)
	}
	return nil
}

// Facts reads what a request keeps of what exactly was asked for.
func Facts[T any](a db.Approval) (T, error) {
	var facts T
	if err := json.Unmarshal(a.Facts, &facts); err != nil {
		return facts, fmt.Errorf("read request %d: %w", a.ID, err)
	}
	return facts, nil
}

// CheckReason refuses the reason of a decision that is shorter than 3 or longer than
// 300 characters.
func CheckReason(reason string) error {
	if n := utf8.RuneCountInString(reason); n < 3 || n > 300 {
		return fault.Field("reason", "reason", "Give a reason of 3 to 300 characters; it is kept for good.")
	}
	return nil
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
