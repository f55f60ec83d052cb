package cardimport

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
)

// identity is the set of codes by which two cards count as the same printed code. Strong
// are the code with its signs, the code without them, and its readings as a code of this
// program. Weak is the short code.
type identity struct{ strong, weak []cardcode.Code }

func (c importedCard) identity(formats []cardcode.Format) identity {
	id := identity{strong: append([]cardcode.Code{c.code}, c.code.OwnReadings(formats)...)}
	if bare := c.code.Bare(); bare.Indexed() != c.code.Indexed() {
		id.strong = append(id.strong, bare)
	}
	if !c.short.IsZero() {
		id.weak = []cardcode.Code{c.short}
	}
	return id
}

// codeSet holds the codes of a file in 16 bytes each, with what their first row says. It
// finds codes that repeat in any spelling. It is not safe for concurrent use.
type codeSet struct {
	index        *cardcode.Indexer
	formats      []cardcode.Format
	strong, weak map[[cardcode.IndexLength]byte]claim
}

// claim is what a row says about its code. The lowest bit tells whether the row makes a
// card; the other bits are the claimHash.
type claim uint32

func (s claim) makes() bool { return s&1 == 1 }

func (s *Service) newCodeSet(ours []cardcode.Format) (*codeSet, error) {
	index, err := s.keys.Indexer(s.keys.CurrentIndex())
	return &codeSet{index, cardcode.IdentityFormats(ours), map[[cardcode.IndexLength]byte]claim{}, map[[cardcode.IndexLength]byte]claim{}}, err
}

// add adds a card, and reports whether an earlier card has the same code.
func (s *codeSet) add(card importedCard) bool {
	twice, _ := s.addClaim(card, true)
	return twice
}

// addClaim adds a row, which makes a card or says that its card has no value. It reports
// whether an earlier row makes a card of the same code, and whether an earlier row says
// something else about the code.
func (s *codeSet) addClaim(card importedCard, makes bool) (twice, differs bool) {
	says := claim(0)
	if makes {
		says = claim(card.claimHash()<<1 | 1)
	}
	meets := func(in map[[cardcode.IndexLength]byte]claim, index [cardcode.IndexLength]byte) {
		before, has := in[index]
		twice = twice || has && before.makes()
		differs = differs || has && before>>1 != says>>1
	}
	id := card.identity(s.formats)
	for n, code := range slices.Concat(id.strong, id.weak) {
		var index [cardcode.IndexLength]byte
		s.index.Append(index[:0], code)
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

// knownCodes returns the cards that have the codes of some rows in any spelling and under
// any key, by the index of the row. It compares readings as sets: see package cardcode.
func (s *Service) knownCodes(ctx context.Context, dbtx db.DBTX, p *probes, ours []cardcode.Format, cards []importedCard) (map[int][]db.CardListKnownRow, error) {
	if err := s.cards.Codes.KeysBehind(ctx); err != nil { // another process may have added a key that this keyring lacks
		return nil, err
	}
	formats := cardcode.IdentityFormats(ours)
	known := map[int][]db.CardListKnownRow{}
	for _, keyID := range s.keys.IndexIDs() {
		x, err := s.keys.Indexer(keyID)
		if err != nil {
			return nil, err
		}
		var asked db.ReadingFindTakenParams
		at := make(map[[cardcode.IndexLength]byte][]int, len(cards))
		for row, card := range cards {
			id := card.identity(formats)
			for n, code := range slices.Concat(id.strong, id.weak) {
				index := x.Append(nil, code)
				at[[cardcode.IndexLength]byte(index)] = append(at[[cardcode.IndexLength]byte(index)], row)
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
			for _, row := range at[[cardcode.IndexLength]byte(found.CodeIndex)] {
				known[row] = append(known[row], found)
			}
		}
	}
	return known, nil
}

// writeReadings stores the further readings of cards that were just copied into a series.
// It includes void cards: whether a code exists, and whether a typed code matches exactly
// one card, does not depend on the value of a card.
func (s *Service) writeReadings(ctx context.Context, tx pgx.Tx, series db.Series, cards []importedCard, ours []cardcode.Format) error {
	read := make([]codestore.ReadCard, len(cards))
	for i, one := range cards {
		read[i] = codestore.ReadCard{Serial: series.Made + 1 + int32(i), Code: one.code, Short: one.short}
	}
	return s.cards.Codes.WriteReadings(ctx, tx, series.ID, read, cardcode.IdentityFormats(ours))
}
