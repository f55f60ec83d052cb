package codestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
)

// Pages show the last symbols of a code, and customers read them out on the phone. A short
// keyed hash of the last four symbols is stored with each card, under a key of its own, so
// that a card can be found by them. Without the key a copy of the database tells nothing about
// these symbols; with the key it tells no more than pages show.

// ErrLastFour says that a text does not have the form of the last four symbols of a code.
var ErrLastFour = fault.Field("find", "last_four", "The end of a code has four letters and digits.")

// maxFound is the maximum number of cards that a search returns.
const maxFound = 20

// FindLastFour returns at most 20 cards, within the actor's partners, whose codes end in the
// four symbols of end. more says that there are further cards. Another text is ErrLastFour.
func (s *Store) FindLastFour(ctx context.Context, actor audit.Actor, end string) (rows []db.FindLastFourRow, more bool, err error) {
	end, ok := cardcode.ParseLastFour(end)
	if !ok {
		return nil, false, ErrLastFour
	}
	var hashes []int32
	for _, id := range s.keys.IndexIDs() {
		e, err := s.keys.Ender(id)
		if err != nil {
			return nil, false, err
		}
		hashes = append(hashes, e.Hash(end))
	}
	found, err := s.q.FindLastFour(ctx, s.db, db.FindLastFourParams{
		Hashes: hashes, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, Size: 2 * maxFound,
	})
	if err != nil {
		return nil, false, fmt.Errorf("look for the end of a code: %w", err)
	}
	for _, row := range found {
		if len(row.CodeSealed) > 0 { // a shredded code has only the hash
			code, err := s.Open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
			if err != nil {
				return nil, false, err
			}
			if code.LastFour() != end {
				continue // other symbols with the same hash
			}
		}
		if len(rows) == maxFound {
			return rows, true, nil
		}
		rows = append(rows, row)
	}
	return rows, false, nil
}

// Open opens the sealed code of a card.
func (s *Store) Open(seriesID int64, keyID int16, serial int32, sealed []byte) (cardcode.Code, error) {
	seal, err := s.keys.Sealer(keyID, seriesID)
	if err != nil {
		return cardcode.Code{}, err
	}
	return seal.Open(sealed, serial)
}

// hashBatch is about the number of codes that one run of HashLastFour hashes.
const hashBatch = 200_000

// HashLastFour hashes the last four symbols of codes that have no such hash yet, because an
// earlier version made them. Periodic. If there are none it costs one read of an empty index.
func (s *Store) HashLastFour(ctx context.Context) error {
	for done := 0; done < hashBatch; {
		id, err := s.q.SeriesWithoutLastFour(ctx, s.db)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for codes to hash: %w", err)
		}
		n, err := s.hashPage(ctx, id)
		if err != nil {
			return err
		}
		done += n
	}
	return nil
}

// hashPage hashes the next page of codes of a series and returns their number, at least 1.
func (s *Store) hashPage(ctx context.Context, seriesID int64) (int, error) {
	const size = 10_000
	rows, err := s.q.CardListWithoutLastFour(ctx, s.db, db.CardListWithoutLastFourParams{SeriesID: seriesID, Size: size})
	if err != nil {
		return 0, fmt.Errorf("list codes to hash: %w", err)
	}
	p := db.CardSetLastFourParams{SeriesID: seriesID}
	enders := map[int16]*cardcode.Ender{}
	for _, row := range rows {
		if enders[row.IndexKeyID] == nil {
			if enders[row.IndexKeyID], err = s.keys.Ender(row.IndexKeyID); err != nil {
				return 0, err
			}
		}
		code, err := s.Open(seriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		p.Serials, p.IndexKeyIds = append(p.Serials, row.Serial), append(p.IndexKeyIds, row.IndexKeyID)
		p.Hashes = append(p.Hashes, enders[row.IndexKeyID].Hash(code.LastFour()))
	}
	if err := s.q.CardSetLastFour(ctx, s.db, p); err != nil {
		return 0, fmt.Errorf("keep the hashes of codes: %w", err)
	}
	return max(len(rows), 1), nil
}
