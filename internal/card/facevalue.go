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

// maxHouse is what all series together may be worth, in minor units: every sum over them
// fits an int64, twice over.
const maxHouse = 4_000_000_000_000_000_000

var (
	// ErrFaceValue refuses a series whose cards are worth more together than one may be.
	ErrFaceValue = fault.New(fault.Invalid, "series_face_value", "These cards would be worth more together than one series may be.")
	// ErrHouseFull refuses a series past what all may be worth together.
	ErrHouseFull = fault.New(fault.Conflict, "series_house_full", "All series together would be worth more than can be counted. Choose a lower price, or fewer cards.")
)

// checkFaceValue holds a series to be against the maximum face value, of one and of all.
// Whatever makes a series asks here: an order, an import.
func (s *Service) checkFaceValue(ctx context.Context, tx pgx.Tx, o Order) error {
	if o.Quantity < 1 || o.Quantity > MaxQuantity || o.Price.Minor < 1 || o.Price.Minor > maxPrice {
		return errors.New("card: a series of impossible size or price")
	}
	value := o.FaceValue().Minor
	if value > maxFaceValue {
		return ErrFaceValue
	}
	return s.checkHouse(ctx, tx, value)
}

// checkHouse holds what is added to the face value of all series against its maximum.
func (s *Service) checkHouse(ctx context.Context, tx pgx.Tx, more int64) error {
	if more <= 0 {
		return nil
	}
	fits, err := s.q.SeriesWorthFits(ctx, tx, db.SeriesWorthFitsParams{Value: more, Most: maxHouse})
	if err != nil {
		return fmt.Errorf("add up what all series are worth: %w", err)
	}
	if !fits {
		return ErrHouseFull
	}
	return nil
}

// errFaceValue says which cards of a file are worth too much together.
func errFaceValue(g *ImportGroup, currency string) error {
	return fault.New(fault.Invalid, "import_face_value", fmt.Sprintf(
		"The cards of %s each are worth more together than one series may be, which is %s. Check the column of the price and the decimal sign, or split the file.",
		money.Amount{Minor: g.Price, Currency: currency}, money.Amount{Minor: maxFaceValue, Currency: currency}))
}
