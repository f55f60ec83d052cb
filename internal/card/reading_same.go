package card

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// identity is what tells whether two cards have the same printed code: strong are
// the code, with its signs and without, and its readings as a code of ours, weak its
// short code.
type identity struct{ strong, weak []Code }

func (c importedCard) identity(formats []Format) identity {
	id := identity{strong: append([]Code{c.code}, c.code.ownReadings(formats)...)}
	if bare := c.code.bare(); bare.indexed() != c.code.indexed() {
		id.strong = append(id.strong, bare)
	}
	if c.short.symbols != "" {
		id.weak = []Code{c.short}
	}
	return id
}

// codeSet holds the codes of a file, 16 bytes each, to find those that repeat in
// whatever spelling, with what their first row said. Not for concurrent use.
type codeSet struct {
	index        *indexer
	formats      []Format
	strong, weak map[[indexLength]byte]said
}

// said is what a row says of its code: whether it makes a card is the lowest bit, above it
// is what the card is worth.
type said uint32

func (s said) makes() bool { return s&1 == 1 }

func (s *Service) newCodeSet(ours []Format) (*codeSet, error) {
	index, err := s.keys.indexer(s.keys.CurrentIndex())
	return &codeSet{index, identityFormats(ours), map[[indexLength]byte]said{}, map[[indexLength]byte]said{}}, err
}

// twice adds a card, and reports whether one with the same code was added before.
func (s *codeSet) twice(card importedCard) bool {
	twice, _ := s.take(card, true)
	return twice
}

// take adds a row, which makes a card or says of one that it is worth nothing. It reports
// whether a row before makes a card of the same code, and whether a row before says
// something else of the code.
func (s *codeSet) take(card importedCard, makes bool) (twice, differs bool) {
	says := said(0)
	if makes {
		says = said(card.says()<<1 | 1)
	}
	meets := func(in map[[indexLength]byte]said, index [indexLength]byte) {
		before, has := in[index]
		twice = twice || has && before.makes()
		differs = differs || has && before>>1 != says>>1
	}
	id := card.identity(s.formats)
	for n, code := range slices.Concat(id.strong, id.weak) {
		var index [indexLength]byte
		s.index.append(index[:0], code)
		of := s.strong
		if n >= len(id.strong) { // two cards may share a short code
			of = s.weak
		} else {
			meets(s.weak, index)
		}
		meets(s.strong, index)
		if before, has := of[index]; !has || !before.makes() && makes {
			of[index] = says
		}
	}
	return twice && makes, differs
}

// knownCodes tells which cards have the codes of some rows already, in any spelling and
// under any key, by the place of the row. Readings are compared as sets: see reading.
func (s *Service) knownCodes(ctx context.Context, dbtx db.DBTX, p *probes, ours []Format, cards []importedCard) (map[int][]db.CardListKnownRow, error) {
	if err := s.keysBehind(ctx); err != nil { // a code may be known under a key that is not here yet
		return nil, err
	}
	formats := identityFormats(ours)
	known := map[int][]db.CardListKnownRow{}
	for _, keyID := range slices.Sorted(maps.Keys(s.keys.keys.Load().indexes)) {
		x, err := s.keys.indexer(keyID)
		if err != nil {
			return nil, err
		}
		var asked db.ReadingFindTakenParams
		at := make(map[[indexLength]byte][]int, len(cards))
		for row, card := range cards {
			id := card.identity(formats)
			for n, code := range slices.Concat(id.strong, id.weak) {
				index := x.append(nil, code)
				at[[indexLength]byte(index)] = append(at[[indexLength]byte(index)], row)
				if n < len(id.strong) {
					asked.Strong = append(asked.Strong, index)
				} else {
					asked.Weak = append(asked.Weak, index)
				}
			}
		}
		taken, err := s.q.ReadingFindTaken(ctx, dbtx, asked)
		if err != nil {
			return nil, fmt.Errorf("look for known codes: %w", err)
		}
		if len(taken) == 0 {
			continue
		}
		rows, err := s.q.CardListKnown(ctx, dbtx, db.CardListKnownParams{
			AllPartners: p.scope.AllPartners, PartnerIds: p.scope.PartnerIDs, SHA256: p.imp.SHA256, CodeIndexes: taken,
		})
		if err != nil {
			return nil, fmt.Errorf("look at known cards: %w", err)
		}
		for _, found := range rows {
			for _, row := range at[[indexLength]byte(found.CodeIndex)] {
				known[row] = append(known[row], found)
			}
		}
	}
	return known, nil
}

// readImported writes the further readings of cards that were just copied into a
// series, of void ones too: whether a code is known, and whether one card alone fits
// what is typed, does not depend on what a card is worth.
func (s *Service) readImported(ctx context.Context, tx pgx.Tx, series db.Series, cards []importedCard, ours []Format) error {
	read := make([]readCard, len(cards))
	for i, card := range cards {
		read[i] = readCard{series.Made + 1 + int32(i), card.code, card.short}
	}
	return s.writeReadings(ctx, tx, series.ID, read, identityFormats(ours))
}
