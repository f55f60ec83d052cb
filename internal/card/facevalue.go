package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// maxTotalFaceValue is the maximum face value of all series together, in minor units. It is
// less than half of the largest int64, so sums over all series never overflow.
const maxTotalFaceValue = 4_000_000_000_000_000_000

var (
	// ErrFaceValue says that the face value of a series is above MaxFaceValue.
	ErrFaceValue = fault.New(fault.Invalid, "series_face_value", "These cards would be worth more together than one series may be.")
	// ErrHouseFull says that the face value of all series would be above its maximum.
	ErrHouseFull = fault.New(fault.Conflict, "series_house_full", "All series together would be worth more than can be counted. Choose a lower price, or fewer cards.")
)

// checkFaceValue checks the face value of a new series against the maxima of one series
// (ErrFaceValue) and of all series (ErrHouseFull). Orders and imports call it.
func (s *Service) checkFaceValue(ctx context.Context, tx pgx.Tx, o Order) error {
	if o.Quantity < 1 || o.Quantity > MaxQuantity || o.Price.Minor < 1 || o.Price.Minor > MaxPrice {
		return errors.New("card: a series of impossible size or price")
	}
	value := o.FaceValue().Minor
	if value > MaxFaceValue {
		return ErrFaceValue
	}
	return s.checkTotalFaceValue(ctx, tx, o.Price.Currency, value)
}

// checkTotalFaceValue returns ErrHouseFull if the face value of all series, more minor units
// added in a currency, is above maxTotalFaceValue. Series for tests are left out.
func (s *Service) checkTotalFaceValue(ctx context.Context, tx pgx.Tx, currency string, more int64) error {
	if more <= 0 || currency == money.Test {
		return nil
	}
	fits, err := s.q.SeriesWorthFits(ctx, tx, db.SeriesWorthFitsParams{Value: more, Most: maxTotalFaceValue})
	if err != nil {
		return fmt.Errorf("add up what all series are worth: %w", err)
	}
	if !fits {
		return ErrHouseFull
	}
	return nil
}
