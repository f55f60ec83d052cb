package cardimport

import (
	"context"
	"math"
	"slices"

	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/guess"
)

// Odds estimates the risk that guessing finds an imported code, under the limits in force.
type Odds struct {
	Chance  float64      // probability that one attempt finds a card, at the code length where it is highest
	Person  float64      // probability that one person finds a card within a year, over all code lengths
	Address float64      // probability that one address finds a card within a year, with any number of people behind it
	Limits  guess.Limits // the limits at the code length where Chance is highest
}

// Odds returns the risk of guessing after an import with this report, together with the
// imported cards in the database. An empty report gives the present risk.
func (s *Service) Odds(ctx context.Context, r Report) (Odds, error) {
	var odds Odds
	limits, err := s.cards.Guesses.Limits(ctx)
	if err != nil {
		return odds, err
	}
	shapes, _, err := s.cards.Codes.ImportedShapes(ctx, true)
	if err != nil {
		return odds, err
	}
	for _, g := range r.Groups {
		for _, shape := range g.Shapes {
			n := int32(shape.Length) //nolint:gosec // at most maxImported
			shapes = append(slices.Clone(shapes), db.ShapeListRow{Shortest: n, Longest: n, Known: true, Chance: float64(shape.Cards) / math.Exp2(shape.Bits)})
		}
	}
	odds.Limits = limits.Tightened(0)
	for length := cardcode.MinImported; length <= cardcode.MaxImported; length++ {
		chance := codestore.ChanceAt(shapes, length)
		tight := limits.Tightened(chance)
		odds.Person += tight.Yearly(chance)
		odds.Address = max(odds.Address, tight.YearlyAt(chance))
		if chance > odds.Chance {
			odds.Chance, odds.Limits = chance, tight
		}
	}
	odds.Person = min(odds.Person, 1)
	return odds, nil
}
