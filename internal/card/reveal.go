package card

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// ErrRevealWaits says that revealing a code waits for a second person.
var ErrRevealWaits = fault.New(fault.Conflict, "reveal_waits", "With the codes that you have exported or been shown in the past 24 hours, this card is more than one person may know. It waits until another person approves it; then you can reveal it here once, within a day.")

// RevealFacts holds the details of a request to reveal a code.
type RevealFacts struct {
	Reason string `json:"reason"` // typed by the requester
}

// Reveal returns the code of a card as it is printed. The actor and the reason, of 3 to 200
// characters, are committed to the audit trail before Reveal returns.
//
// A revealed code counts within the limit of one person as an export of the card's face value,
// once a day for each card. So revealing forty cards counts like exporting forty cards. Above
// the limit Reveal inserts a request for a second person and returns ErrRevealWaits. After
// approval the requester can reveal the code once, within a day. An erased code is ErrErased,
// and an invalid reason is ErrReason.
func (s *Service) Reveal(ctx context.Context, actor audit.Actor, ref Ref, reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n < 3 || n > 200 {
		return "", ErrReason
	}
	if err := CheckModule(ctx, s.db, actor); err != nil {
		return "", err
	}
	shown, err := s.Series(ctx, actor, ref.SeriesID)
	if err != nil {
		return "", err
	}
	var code cardcode.Code
	waits := false
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.q.SeriesShare(ctx, tx, int32(ref.SeriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
			return fmt.Errorf("share the lock of a series: %w", err)
		}
		series, err := s.q.SeriesGet(ctx, tx, ref.SeriesID)
		if err != nil {
			return fmt.Errorf("read a series: %w", err)
		}
		approved, err := s.q.ApprovalTakeReveal(ctx, tx, db.ApprovalTakeRevealParams{SeriesID: series.ID, Serial: ref.Serial, StaffID: actor.Responsible(), Value: series.Price})
		if err != nil {
			return fmt.Errorf("look for an approved request: %w", err)
		}
		row, err := s.lockCard(ctx, tx, ref)
		if err != nil {
			return err
		}
		if len(row.CodeSealed) == 0 {
			return ErrErased
		}
		if approved == 0 {
			if waits, err = s.holdReveal(ctx, tx, actor, series, ref.Serial, row.State, reason); err != nil || waits {
				return err
			}
		}
		if code, err = s.Codes.Open(ref.SeriesID, row.KeyID, ref.Serial, row.CodeSealed); err != nil {
			return err
		}
		if err := s.q.CardReveal(ctx, tx, db.CardRevealParams(ref)); err != nil {
			return fmt.Errorf("note a reveal: %w", err)
		}
		return act.Record(ctx, tx, actor, Revealed{act.OfCard(ref.SeriesID, ref.Serial), reason})
	})
	switch {
	case err != nil:
		return "", err
	case waits:
		return "", ErrRevealWaits
	}
	return code.Reveal(shown.Series.Prefix), nil
}

// holdReveal counts a revealed code within the limit of the actor. Above the limit it inserts
// a request for a second person and returns true. The code of a used or void card has no value
// and counts nothing.
func (s *Service) holdReveal(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, serial int32, state db.CardState, reason string) (bool, error) {
	if state != db.CardStateActive && state != db.CardStateDisabled || series.State == db.SeriesStateVoid {
		return false, nil
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.Accountable(), SeriesID: series.ID, Serial: serial, Value: series.Price, Currency: series.Currency})
	if err != nil || !o.Over() {
		return false, err
	}
	if actor.IsSystem() {
		return false, ErrApprovalNeeded // a request needs an accountable person
	}
	return true, s.requestApproval(ctx, tx, actor, series, approval.Request{
		Kind: db.ApprovalKindReveal, By: actor.Accountable(), Serial: serial, Value: series.Price, Cards: 1, Before: o.Others, Facts: RevealFacts{Reason: reason},
	})
}

// RevealUntil returns the time until which a member of staff may reveal the code of a card by
// an approved request. It is the zero time if there is none.
func (s *Service) RevealUntil(ctx context.Context, staffID int64, ref Ref) (time.Time, error) {
	until, err := s.q.ApprovalOpenReveal(ctx, s.db, db.ApprovalOpenRevealParams{SeriesID: ref.SeriesID, Serial: ref.Serial, StaffID: staffID})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return until, fmt.Errorf("look for an approved request: %w", err)
	}
	return until, nil
}

// revealKind is the kind of requests to reveal a code. Approval itself changes nothing. The
// requester then calls Reveal.
func (s *Service) revealKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindReveal, Cards: true, Needs: Needs(staff.CardsReveal), Hold: s.holdSubject,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			series, err := s.q.SeriesGet(ctx, tx, db.Deref(a.SeriesID))
			if err != nil {
				return false, fmt.Errorf("read a series: %w", err)
			}
			row, err := s.lockCard(ctx, tx, Ref{SeriesID: series.ID, Serial: db.Deref(a.Serial)})
			unused := row.State == db.CardStateActive || row.State == db.CardStateDisabled
			return unused && len(row.CodeSealed) > 0 && series.EditedVersion <= a.Version && series.Price == a.Price, err
		},
		Approve: func(context.Context, pgx.Tx, audit.Actor, db.Approval) error { return nil },
	}
}
