package card

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// Shape is what imported codes of one length look like, as they can be typed: in any
// case. It tells how hard one is to guess.
type Shape struct {
	Kind    db.ReadingKind `json:"kind"` // folded, or short_folded for short codes
	Length  int            `json:"length"`
	Classes uint8          `json:"classes"`
	Cards   int32          `json:"cards"`
	Bits    float64        `json:"bits"`
}

// Classes of symbols, since a code is found in any case.
const (
	classDigit = 1 << iota
	classLetter
	classOther
)

// classSizes is how many symbols the classes have: digits, letters of one case, and
// the rest of ASCII.
var classSizes = [...]int{10, 26, 33} //nolint:gochecknoglobals // a constant, were arrays allowed to be

func classOf(r rune) uint8 {
	switch {
	case r >= '0' && r <= '9':
		return classDigit
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return classLetter
	}
	return classOther
}

// classesOf returns the classes of all symbols of an imported code, its signs left out.
func classesOf(code Code) (classes uint8) {
	for _, r := range code.bare().indexed()[len(importedMark):] {
		classes |= classOf(r)
	}
	return classes
}

// codeShapes gathers what the codes of a file look like, by kind and length.
type codeShapes map[shapeKey]*codeShape

type shapeKey struct {
	kind   db.ReadingKind
	length int
}

// add counts a card. Its code is one that another system made; short is the zero
// Code where the card has none.
func (s codeShapes) add(code, short Code, void bool) {
	s.addKind(db.ReadingKindFolded, code, void)
	if short.symbols != "" {
		s.addKind(db.ReadingKindShortFolded, short, void)
	}
}

func (s codeShapes) addKind(kind db.ReadingKind, code Code, void bool) {
	if !code.isImported() {
		return // of our own format: no shorter than those are
	}
	key := shapeKey{kind, code.length()}
	if s[key] == nil {
		s[key] = &codeShape{}
	}
	s[key].add(code)
	if !void {
		s[key].cards++
	}
}

// list returns the shapes, shortest codes first.
func (s codeShapes) list() []Shape {
	var all []Shape
	for key, shape := range s {
		all = append(all, Shape{key.kind, key.length, shape.all(), shape.cards, shape.bits()})
	}
	slices.SortFunc(all, func(a, b Shape) int {
		if a.Length != b.Length {
			return a.Length - b.Length
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	return all
}

// codeShape gathers what foreign codes look like, to estimate how hard one is to
// guess. What all begin with is no secret, and nor is the case of a letter: codes
// are found in any.
type codeShape struct {
	n                 int
	cards             int32 // that may hold value
	shortest, longest int
	common            string
	classes           [maxImported]uint8 // by place from the end
}

func (s *codeShape) add(code Code) {
	symbols := []rune(folded(code.bare().indexed()[len(importedMark):]))
	n := len(symbols)
	if s.n == 0 {
		s.shortest, s.common = n, string(symbols)
		if dash := strings.LastIndexByte(code.symbols, '-'); dash > 0 { // of one card alone, what stands before the last dash
			s.common = folded(Code{code.symbols[:dash]}.bare().indexed()[len(importedMark):])
		}
	}
	s.n++
	s.shortest, s.longest = min(s.shortest, n), max(s.longest, n)
	text := string(symbols)
	for !strings.HasPrefix(text, s.common) {
		runes := []rune(s.common)
		s.common = string(runes[:len(runes)-1])
	}
	for i, r := range symbols {
		s.classes[n-1-i] |= classOf(r)
	}
}

// all are the classes of any symbol.
func (s *codeShape) all() (classes uint8) {
	for _, c := range s.classes {
		classes |= c
	}
	return classes
}

// bits is the logarithm of how many codes there could be.
func (s *codeShape) bits() float64 {
	if s.n == 0 {
		return 0
	}
	common := len([]rune(s.common))
	if common >= s.shortest {
		common = 0
	}
	free := s.shortest - common
	var classes uint8
	for i := range free {
		classes |= s.classes[i]
	}
	size := 0
	for i, n := range classSizes {
		if classes&(1<<i) != 0 {
			size += n
		}
	}
	return float64(free) * math.Log2(float64(size))
}

// writeShapes enters the shapes of a series' codes, in the caller's transaction.
func (s *Service) writeShapes(ctx context.Context, tx pgx.Tx, seriesID int64, shapes []Shape) error {
	for _, shape := range shapes {
		err := s.q.ShapeCreate(ctx, tx, db.ShapeCreateParams{
			SeriesID: seriesID, Kind: shape.Kind, Length: int16(shape.Length), Classes: int16(shape.Classes), Cards: shape.Cards, Bits: float32(shape.Bits), //nolint:gosec // at most maxImported
		})
		if err != nil {
			return fmt.Errorf("enter the shape of codes: %w", err)
		}
	}
	return nil
}

// importedShapes returns what imported codes look like, and whether they were asked
// for just now. Like formats they are kept for a moment, so that a redemption asks
// for none.
func (s *Service) importedShapes(ctx context.Context, anew bool) ([]db.ShapeListRow, bool, error) {
	s.known.Lock()
	defer s.known.Unlock()
	if !anew && s.known.shapes != nil && s.settings.Now().Sub(s.known.shapesAsked) < formatsFor {
		return s.known.shapes, false, nil
	}
	shapes, err := s.q.ShapeList(ctx, s.db)
	if err != nil {
		return nil, false, fmt.Errorf("ask for the shapes of imported codes: %w", err)
	}
	s.known.shapes, s.known.shapesAsked = shapes, s.settings.Now()
	return shapes, true, nil
}

// TakesImported reports whether somebody may hold a card with a code of another
// system: then case and dashes of what is typed may mean something.
func (s *Service) TakesImported(ctx context.Context) (bool, error) {
	shapes, _, err := s.importedShapes(ctx, false)
	return slices.ContainsFunc(shapes, func(shape db.ShapeListRow) bool { return shape.Known }), err
}

// fits reports whether a text has the length and the symbols of imported codes that
// somebody may hold; of all that were ever imported, where dead ones count. It may have
// them with its signs: as codes do whose readings are still to be written.
func fits(shapes []db.ShapeListRow, code Code, dead bool) bool {
	classes := classesOf(code)
	return fitsAt(shapes, code.length(), classes, dead) || code.written() != code.length() && fitsAt(shapes, code.written(), classes|classOther, dead)
}

func fitsAt(shapes []db.ShapeListRow, length int, classes uint8, dead bool) bool {
	n := int32(length) //nolint:gosec // at most maxImported
	return slices.ContainsFunc(shapes, func(shape db.ShapeListRow) bool {
		return (dead || shape.Known) && shape.Shortest <= n && n <= shape.Longest && bits.OnesCount8(classes&^uint8(shape.Classes)) == 0 //nolint:gosec // three bits
	})
}

// chanceAt is the chance that one attempt of a length hits a card.
func chanceAt(shapes []db.ShapeListRow, length int) float64 {
	chance := 0.0
	for _, shape := range shapes {
		if n := int32(length); shape.Shortest <= n && n <= shape.Longest { //nolint:gosec // at most maxImported
			chance += shape.Chance
		}
	}
	return min(chance, 1)
}

// ImportedOdds is what imported codes mean for guessers, under the limits that hold.
type ImportedOdds struct {
	Chance  float64     // that one attempt hits a card, at the length where it is likeliest
	Person  float64     // that one person who tries for a year does, all lengths together
	Address float64     // that one address does, with any number of people behind it
	Limits  GuessLimits // at the likeliest length
}

// ImportOdds says what importing means for guessers: with the cards of the report
// beside those that are here.
func (s *Service) ImportOdds(ctx context.Context, r ImportReport) (ImportedOdds, error) {
	var odds ImportedOdds
	limits, err := s.limits(ctx)
	if err != nil {
		return odds, err
	}
	shapes, _, err := s.importedShapes(ctx, true)
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
	for length := minImported; length <= maxImported; length++ {
		chance := chanceAt(shapes, length)
		tight := limits.Tightened(chance)
		odds.Person += tight.Yearly(chance)
		odds.Address = max(odds.Address, tight.yearlyAt(chance))
		if chance > odds.Chance {
			odds.Chance, odds.Limits = chance, tight
		}
	}
	odds.Person = min(odds.Person, 1)
	return odds, nil
}
