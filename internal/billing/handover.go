package billing

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// LateAfter is how long another system has to acknowledge a redemption before staff are told.
const LateAfter = 10 * time.Minute

// MaxAckReference is the maximum length of the reference of an acknowledgement, in characters.
const MaxAckReference = 120

// Errors of an acknowledgement.
var (
	ErrAckReference = fault.Field("reference", "ack_reference", "Name the entry in the other system, in 1 to {most} characters.")
	ErrNotOutside   = fault.New(fault.Conflict, "redemption_not_outside", "The value of this redemption was not handed over: it is in the customer’s balance here.")
	ErrAckReversed  = fault.New(fault.Conflict, "ack_reversed", "This redemption was reversed. If its value was credited, take the credit back.")
	ErrAckOther     = fault.New(fault.Conflict, "ack_other", "This redemption was acknowledged with another reference. If its value was credited twice, take one credit back.")
	ErrAckUnsettled = fault.New(fault.Unsettled, "ack_unsettled", "The connection broke before the outcome was known. The same acknowledgement again tells it.")
)

// Acknowledgement says that another system has credited the value of a redemption.
type Acknowledgement struct {
	PaymentID int64  // of the redemption
	Reference string // what the other system calls its entry
}

// AckedAt is the answer to an acknowledgement.
type AckedAt struct {
	At       time.Time
	Replayed bool // it was acknowledged before, with the same reference
}

// Acknowledge notes that another system has credited the value of a redemption. Repeating it
// with the same reference returns the first answer. The errors are those above. A
// redemption that the actor does not see is ErrNotOutside too. The value itself was handed over by the
// redemption; nothing moves.
func Acknowledge(ctx context.Context, beginner db.Beginner, actor audit.Actor, a Acknowledgement) (AckedAt, error) {
	a.Reference = strings.TrimSpace(a.Reference)
	if n := utf8.RuneCountInString(a.Reference); n < 1 || n > MaxAckReference {
		return AckedAt{}, ErrAckReference.With("most", fault.Number(MaxAckReference))
	}
	if _, err := actor.Member(); err != nil {
		return AckedAt{}, err
	}
	var acked AckedAt
	err := Settle(ctx, beginner, ErrAckUnsettled, func(tx pgx.Tx) error {
		row, err := a.find(ctx, tx, actor)
		if err != nil {
			return err
		}
		closed, err := db.New().HandoverClose(ctx, tx, row.TxID)
		if err != nil {
			return fmt.Errorf("close a handover: %w", err)
		}
		if closed == 0 {
			acked, err = a.replay(ctx, tx, actor)
			return err
		}
		acked.Replayed = false
		acked.At, err = db.New().HandoverAckAdd(ctx, tx, db.HandoverAckAddParams{
			TxID: row.TxID, ClientID: actor.Client(), StaffID: actor.Staff(), Reference: a.Reference,
		})
		if err != nil {
			return fmt.Errorf("acknowledge a redemption: %w", err)
		}
		subject := act.Subject{CustomerID: row.CustomerID}
		if row.SeriesID != nil && row.Serial != nil {
			subject.SeriesID, subject.Serial = *row.SeriesID, *row.Serial
		}
		return act.Record(ctx, tx, actor, Acknowledged{Subject: subject, Payment: a.PaymentID, Reference: a.Reference})
	})
	return acked, err
}

// find reads the handover of the redemption. A payment that was not handed over is
// ErrNotOutside.
func (a Acknowledgement) find(ctx context.Context, tx pgx.Tx, actor audit.Actor) (db.HandoverGetRow, error) {
	scope := actor.Scope
	return db.Need(db.New().HandoverGet(ctx, tx, db.HandoverGetParams{ID: a.PaymentID, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).
		Or(ErrNotOutside, "read a handover")
}

// replay answers an acknowledgement of a handover that is closed already. It reads anew,
// because another request may have closed it meanwhile.
func (a Acknowledgement) replay(ctx context.Context, tx pgx.Tx, actor audit.Actor) (AckedAt, error) {
	row, err := a.find(ctx, tx, actor)
	switch {
	case err != nil:
		return AckedAt{}, err
	case row.AcknowledgedAt == nil:
		return AckedAt{}, ErrAckReversed
	case row.Reference != a.Reference:
		return AckedAt{}, ErrAckOther
	}
	return AckedAt{At: *row.AcknowledgedAt, Replayed: true}, nil
}
