package codestore

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
)

// Typed holds the readings of a typed text: every code that it may be.
type Typed struct {
	Ours   []cardcode.Code // as a generated code
	Exact  []cardcode.Code // as an imported code, as it was typed
	Near   []cardcode.Code // as an imported code without punctuation, and with look-alike letters as Latin letters
	Length int             // of the imported code in symbols, without punctuation
	Chance float64         // that an attempt of this length hits an imported card, 0 to 1
}

// First returns the likeliest reading.
func (t Typed) First() cardcode.Code {
	for _, codes := range [][]cardcode.Code{t.Ours, t.Exact, t.Near} {
		if len(codes) > 0 {
			return codes[0]
		}
	}
	return cardcode.Code{}
}

// isEmpty reports whether the text can be no code.
func (t Typed) isEmpty() bool { return len(t.Ours)+len(t.Exact)+len(t.Near) == 0 }

// Read returns the readings of a typed text. If the text can be no code, the error is a fault
// of package cardcode, such as ErrCodeTyping. It looks up no card and charges nothing. A text
// with the length and the classes of symbols of redeemable imported codes has a reading as
// such a code, so it shows no typing error. For staff, imported codes that can't be redeemed
// any more count too.
func (s *Store) Read(ctx context.Context, actor audit.Actor, text string) (Typed, error) {
	ours, err := s.candidates(ctx, text)
	if fault.IsInternal(err) {
		return Typed{}, err
	}
	t := Typed{Ours: ours}
	shapes, fresh, shapeErr := s.ImportedShapes(ctx, false)
	if shapeErr != nil {
		return t, shapeErr
	}
	t.readImported(text, shapes, actor.Person() != 0)
	if t.isEmpty() && !fresh { // an import may have ended since the shapes were cached
		if shapes, _, shapeErr = s.ImportedShapes(ctx, true); shapeErr != nil {
			return t, shapeErr
		}
		t.readImported(text, shapes, actor.Person() != 0)
	}
	if t.isEmpty() {
		return t, err
	}
	return t, nil
}

// ReadSearch is Read for the text of a search box, which may be a name or an address. A text
// of words has no reading as an imported code, and needs a digit to be read as a generated
// code. Otherwise the error is cardcode.ErrCodeSymbol.
func (s *Store) ReadSearch(ctx context.Context, actor audit.Actor, text string) (Typed, error) {
	t, err := s.Read(ctx, actor, text)
	if err != nil || !isWords(text) {
		return t, err
	}
	t.Exact, t.Near = nil, nil
	if t.isEmpty() || !strings.ContainsAny(text, cardcode.DigitSymbols) {
		return t, cardcode.ErrCodeSymbol
	}
	return t, nil
}

// MayBeCode reports whether a search for a text would charge an attempt and look up a card.
// It depends on the form of the text alone: it looks up no card and charges nothing.
func (s *Store) MayBeCode(ctx context.Context, actor audit.Actor, text string) (bool, error) {
	_, err := s.ReadSearch(ctx, actor, text)
	if fault.IsInternal(err) {
		return false, err
	}
	return err == nil, nil
}

// MayHoldCode reports whether a text may be a code, or a code with a typing error. Such a text
// must not appear in an address. It looks up no card and charges nothing.
func (s *Store) MayHoldCode(ctx context.Context, actor audit.Actor, text string) (bool, error) {
	t, err := s.Read(ctx, actor, text)
	if errors.Is(err, cardcode.ErrCodeTyping) || err == nil && len(t.Ours) > 0 { // one code in a hundred has no digit and looks like words
		return true, nil
	}
	return s.MayBeCode(ctx, actor, text)
}

// isWords reports whether a text has a space somewhere between two letters, like names and
// addresses, and is not in the groups of a code. A generated code in other groups is
// recognised by its digits and its check symbol.
func isWords(text string) bool { return wordGap.MatchString(text) && !isGrouped(text) }

// isGrouped reports whether a text consists of groups of equal length with at least one digit.
// The last group may be shorter; each group has at least three symbols.
func isGrouped(text string) bool {
	groups := strings.FieldsFunc(text, cardcode.Separates)
	for i, group := range groups {
		last := i == len(groups)-1
		if len(group) < 3 || len(group) > len(groups[0]) || !last && len(group) != len(groups[0]) || strings.Trim(group, codeSymbols) != "" {
			return false
		}
	}
	return len(groups) > 0 && strings.ContainsAny(text, cardcode.DigitSymbols)
}

// codeSymbols are the symbols of groups.
const codeSymbols = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

var wordGap = regexp.MustCompile(`(?s)\p{L}.*\s.*\p{L}`)

// readImported adds the readings as an imported code.
func (t *Typed) readImported(text string, shapes []db.ShapeListRow, dead bool) {
	if len(shapes) == 0 {
		return
	}
	code, ok := cardcode.ParseImported(cardcode.Scanned(text))
	if !ok {
		return
	}
	// The attempt is charged by the length without punctuation. Otherwise each additional sign
	// would charge another count.
	t.Length = code.Length()
	t.Chance = ChanceAt(shapes, t.Length)
	if written := code.Written(); written != t.Length && matchesShapesAt(shapes, written, cardcode.ClassOther, dead) { // codes whose readings are not written yet
		t.Chance = max(t.Chance, ChanceAt(shapes, written))
	}
	if matchesShapes(shapes, code, dead) {
		t.Exact = []cardcode.Code{code}
	}
	near := []cardcode.Code{code.Bare()}
	if like, ok := cardcode.ParseImported(cardcode.Latin(cardcode.Scanned(text))); ok {
		near = append(near, like, like.Bare())
	}
	t.Near = nil
	for _, one := range near {
		same := func(other cardcode.Code) bool { return other.Indexed() == one.Indexed() }
		if !same(code) && !slices.ContainsFunc(t.Near, same) && matchesShapes(shapes, one, dead) {
			t.Near = append(t.Near, one)
		}
	}
}
