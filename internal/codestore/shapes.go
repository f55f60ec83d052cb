package codestore

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// WriteShapes writes the shapes of the codes of a series, in the caller's transaction.
func (s *Store) WriteShapes(ctx context.Context, tx pgx.Tx, seriesID int64, shapes []cardcode.Shape) error {
	for _, shape := range shapes {
		err := s.q.ShapeCreate(ctx, tx, db.ShapeCreateParams{
			SeriesID: seriesID, Kind: db.ReadingKind(shape.Kind), Length: int16(shape.Length), Classes: int16(shape.Classes), Cards: shape.Cards, Bits: float32(shape.Bits), //nolint:gosec // at most maxImported
		})
		if err != nil {
			return fmt.Errorf("enter the shape of codes: %w", err)
		}
	}
	return nil
}

// ImportedShapes returns the shapes of imported codes: their lengths and classes of symbols.
// fresh is true if they were read from the database by this call. anew skips the cache, which
// saves a redemption the query.
func (s *Store) ImportedShapes(ctx context.Context, anew bool) (_ []db.ShapeListRow, fresh bool, _ error) {
	s.known.Lock()
	defer s.known.Unlock()
	if !anew && s.known.shapes != nil && s.settings.Now().Sub(s.known.shapesAsked) < formatsTTL {
		return s.known.shapes, false, nil
	}
	shapes, err := s.q.ShapeList(ctx, s.db)
	if err != nil {
		return nil, false, fmt.Errorf("ask for the shapes of imported codes: %w", err)
	}
	s.known.shapes, s.known.shapesAsked = shapes, s.settings.Now()
	return shapes, true, nil
}

// TakesImported reports whether there may be redeemable cards with imported codes. In such
// codes case and dashes may matter, so a typed text must not be changed.
func (s *Store) TakesImported(ctx context.Context) (bool, error) {
	shapes, _, err := s.ImportedShapes(ctx, false)
	return slices.ContainsFunc(shapes, func(shape db.ShapeListRow) bool { return shape.Known }), err
}

// matchesShapes reports whether a text has the length and the classes of symbols of redeemable
// imported codes, or, with dead, of any imported codes. The text may also match with its
// punctuation, like codes whose further readings are not written yet.
func matchesShapes(shapes []db.ShapeListRow, code cardcode.Code, dead bool) bool {
	classes := cardcode.ClassesOf(code)
	return matchesShapesAt(shapes, code.Length(), classes, dead) || code.Written() != code.Length() && matchesShapesAt(shapes, code.Written(), classes|cardcode.ClassOther, dead)
}

func matchesShapesAt(shapes []db.ShapeListRow, length int, classes uint8, dead bool) bool {
	n := int32(length) //nolint:gosec // at most maxImported
	return slices.ContainsFunc(shapes, func(shape db.ShapeListRow) bool {
		return (dead || shape.Known) && shape.Shortest <= n && n <= shape.Longest && bits.OnesCount8(classes&^uint8(shape.Classes)) == 0 //nolint:gosec // three bits
	})
}

// ChanceAt returns the chance, 0 to 1, that one attempt of a length in symbols hits a card. It
// is the sum over the shapes of that length.
func ChanceAt(shapes []db.ShapeListRow, length int) float64 {
	chance := 0.0
	for _, shape := range shapes {
		if n := int32(length); shape.Shortest <= n && n <= shape.Longest { //nolint:gosec // at most maxImported
			chance += shape.Chance
		}
	}
	return min(chance, 1)
}
