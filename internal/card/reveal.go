package card

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// ErrRevealWaits says that a code was not shown: it was asked for.
var ErrRevealWaits = fault.New(fault.Conflict, "reveal_waits", "With the codes that you have exported or been shown in the past 24 hours, this card is more than one person may know. It waits until another person approves it; then you can reveal it here once, within a day.")

// RevealFacts are what a request to reveal a code says.
type RevealFacts struct {
	Reason string `json:"reason"` // in the words of the person who asks
}

// Reveal returns the code of a card as it is printed. Who asked and why is in the audit
// trail, committed, before the code leaves here. A code that is revealed counts as an
// export of the card's face value, each card once a day: forty of them are as an export
// of forty. Above the limit it waits for a second person (ErrRevealWaits); what was
// approved can be revealed once, within a day, by the person who asked.
func (s *Service) Reveal(ctx context.Context, actor audit.Actor, ref Ref, reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n < 3 || n > 200 {
		return "", ErrReason
	}
	shown, err := s.Series(ctx, actor, ref.SeriesID)
	if err != nil {
		return "", err
	}
	var code Code
	waits := false
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.q.SeriesShare(ctx, tx, int32(ref.SeriesID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
			return fmt.Errorf("share the lock of a series: %w", err)
		}
		series, err := s.q.SeriesGet(ctx, tx, ref.SeriesID)
		if err != nil {
			return fmt.Errorf("read a series: %w", err)
		}
		approved, err := s.q.ApprovalTakeReveal(ctx, tx, db.ApprovalTakeRevealParams{SeriesID: series.ID, Serial: ref.Serial, StaffID: actor.StaffID, Value: series.Price})
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
		if code, err = s.open(ref.SeriesID, row.KeyID, ref.Serial, row.CodeSealed); err != nil {
			return err
		}
		if err := s.q.CardReveal(ctx, tx, db.CardRevealParams(ref)); err != nil {
			return fmt.Errorf("note a reveal: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{
			Action: "card.revealed", SeriesID: ref.SeriesID, Serial: ref.Serial, Detail: map[string]any{"reason": reason},
		})
	})
	switch {
	case err != nil:
		return "", err
	case waits:
		return "", ErrRevealWaits
	}
	return code.Reveal(shown.Series.Prefix), nil
}

// holdReveal asks for a second person where one more code is too much, and says whether
// it did; else the code counts for the person. A used or void card is worth nothing.
func (s *Service) holdReveal(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, serial int32, state db.CardState, reason string) (bool, error) {
	if state != db.CardStateActive && state != db.CardStateDisabled || series.State == db.SeriesStateVoid {
		return false, nil
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.StaffID, SeriesID: series.ID, Serial: serial, Value: series.Price})
	if err != nil || !o.Over() {
		return false, err
	}
	if actor.StaffID == 0 {
		return false, ErrApprovalNeeded // the program itself can ask no one
	}
	return true, s.ask(ctx, tx, actor, series, approval.Request{
		Kind: db.ApprovalKindReveal, By: actor.StaffID, Serial: serial, Value: series.Price, Cards: 1, Before: o.Others, Facts: RevealFacts{Reason: reason},
	})
}

// RevealUntil is until when a person may see the code of a card because that was
// approved; the zero time where nothing was.
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

// revealKind is what approving a reveal does: nothing at once. The person who asked
// reveals the code.
func (s *Service) revealKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindReveal, Cards: true, Needs: needs(staff.CardsReveal), Hold: s.holdAsked,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			series, err := s.q.SeriesGet(ctx, tx, deref(a.SeriesID))
			if err != nil {
				return false, fmt.Errorf("read a series: %w", err)
			}
			row, err := s.lockCard(ctx, tx, Ref{SeriesID: series.ID, Serial: deref(a.Serial)})
			unused := row.State == db.CardStateActive || row.State == db.CardStateDisabled
			return unused && len(row.CodeSealed) > 0 && series.EditedVersion <= a.Version && series.Price == a.Price, err
		},
		Approve: func(context.Context, pgx.Tx, audit.Actor, db.Approval) error { return nil },
	}
}
