package card

import (
	"cmp"
	"context"
	"errors"
	"log/slog"

	"refill/internal/audit"
	"refill/internal/fault"
)

// recordRefusal writes a refusal to the audit trail: the true reason, and a keyed trace
// of what was typed, by which the same wrong code is recognised. customerID 0: none. A cause that names a card
// is explained with it.
func (s *Service) recordRefusal(ctx context.Context, actor audit.Actor, customerID int64, at whereabouts, reason string, cause error) error {
	detail := map[string]any{"reason": reason}
	if at.typed {
		trace, err := s.keys.trace(at.code)
		if err != nil {
			return err
		}
		detail["trace"] = trace
	}
	entry := audit.Entry{Action: "card.refused", CustomerID: customerID, Detail: detail}
	if of, ok := errors.AsType[refusedCardError](cause); ok {
		of.explain(&entry)
	}
	if err := audit.Record(ctx, s.db, actor, entry); err != nil {
		s.log.ErrorContext(ctx, "a refusal is missing from the audit trail", slog.Any("error", err))
	}
	return nil
}

// refuseReused answers a form whose key another form has used at the same moment. Its
// code was looked up: the reason is recorded, or a key shared by many forms would
// try codes without a trace.
func (s *Service) refuseReused(ctx context.Context, actor audit.Actor, r Redemption, at whereabouts, err, reused error) error {
	reason := ErrKeyReused.Code
	if why := (*fault.Error)(nil); errors.As(err, &why) {
		reason = why.Code
	}
	return cmp.Or(s.recordRefusal(ctx, actor, r.CustomerID, at, reason, err), reused)
}
