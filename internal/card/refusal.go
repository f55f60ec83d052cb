package card

import (
	"context"
	"errors"
	"log/slog"

	"refill/internal/act"
	"refill/internal/db"
	"refill/internal/fault"
)

// refusedError is a refusal with the data that was read in the same round trip, so that they
// are not read again. Only the reason or the answer leaves the package.
type refusedError struct {
	error // the true reason, for the audit trail

	answer error                 // returned to the actor instead of the reason; nil: refuse decides
	card   db.CardFindRow        // the refused card; the zero row: none was found
	newest *db.KeyNewestRow      // nil: not read
	done   *db.LedgerGetByKeyRow // ledger transaction of another request with the same key; nil: none
}

// Unwrap returns the true reason.
func (r refusedError) Unwrap() error { return r.error }

// concurrentResult returns the ledger transaction of another request with the idempotency key
// of a refused redemption. asked is false if the refusal did not look it up.
func concurrentResult(err error) (done *db.LedgerGetByKeyRow, asked bool) {
	refused, ok := errors.AsType[refusedError](err)
	return refused.done, ok
}

// keyReusedError returns the refusal of a request whose key a concurrent request has used for
// another card. Its code was looked up, so its reason is recorded. Otherwise many requests
// with one key could try codes without a row in the audit trail.
func keyReusedError(reason, answer error) error {
	refused, ok := errors.AsType[refusedError](reason)
	if !ok {
		refused.error = reason
	}
	if fault.IsInternal(reason) { // the unique index on the key refused the request
		refused.error = answer
	}
	refused.answer = answer
	return refused
}

// checkKeysOfRefusal returns codestore.ErrKeysBehind if this process lacks a newer key. It uses
// the newest keys that the refusal has read, if any.
func (s *Service) checkKeysOfRefusal(ctx context.Context, r refusedError) error {
	if r.newest == nil {
		return s.Codes.KeysBehind(ctx)
	}
	return s.Codes.CheckNewest(*r.newest)
}

// recordRefusal writes a refusal to the audit trail: the true reason, and a keyed hash of the
// typed code, by which the same wrong code is recognised. A refusal of an existing card names
// the card, so that attempts at the cards of an inactive series raise an alarm. The actor
// never sees that row.
func (s *Service) recordRefusal(ctx context.Context, a *attempt, reason string, r refusedError) error {
	if s.Meter != nil {
		s.Meter.Refused(reason)
	}
	refused := Refused{Subject: act.OfCustomer(a.customerID), Reason: reason}
	if a.typed {
		trace, err := s.keys.Trace(a.code)
		if err != nil {
			return err
		}
		refused.Trace = trace
	}
	if r.card.SeriesID != 0 {
		refused.SeriesID, refused.Serial, refused.SeriesState = r.card.SeriesID, r.card.Serial, r.card.SeriesState
	}
	if err := act.Record(ctx, s.db, a.actor, refused); err != nil {
		s.log.ErrorContext(ctx, "a refusal is missing from the audit trail", slog.Any("error", err))
	}
	return nil
}
