package card

import (
	"errors"

	"refill/internal/fault"
	"refill/internal/guess"
)

// Meter counts what becomes of redemptions. Its methods are called concurrently.
type Meter interface {
	// Redeemed counts a redemption that moved money. An answer to a repeated request is none.
	Redeemed()
	// Refused counts a refusal. reason is the code of the fault that is the true reason, which
	// a customer may not see; "barred" where the person or the address must wait, and
	// "failed" where the program or the database failed.
	Refused(reason string)
}

// Reasons of Meter.Refused that are no code of a fault.
const (
	refusedBarred = "barred"
	refusedFailed = "failed"
)

// meter counts the result of Redeem. Refusals of codes are counted where they are recorded,
// because the error does not tell the reason.
func (s *Service) meter(receipt Receipt, err error) {
	switch {
	case s.Meter == nil:
	case err == nil && !receipt.Replayed:
		s.Meter.Redeemed()
	case errors.Is(err, guess.ErrBarred):
		s.Meter.Refused(refusedBarred)
	case err != nil && (fault.IsInternal(err) || fault.KindOf(err) == fault.Unsettled):
		s.Meter.Refused(refusedFailed)
	}
}
