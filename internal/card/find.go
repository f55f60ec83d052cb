package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

// FindByCode returns the card of a code that staff typed into a search box, if
// it lies within their partners. It counts as an attempt like any other: a
// search must not be a cheaper way to guess. Like a look it costs no card, so one that
// finds takes back only its own charge.
func (s *Service) FindByCode(ctx context.Context, actor audit.Actor, text string) (db.CardFindRow, error) {
	read, err := s.readTyped(ctx, text)
	if err != nil {
		return db.CardFindRow{}, err
	}
	indexes, err := s.keys.indexes(read.codes)
	if err != nil {
		return db.CardFindRow{}, err
	}
	bars, err := s.chargeIn(ctx, actor, 0, time.UTC, read.limits)
	if err != nil {
		return db.CardFindRow{}, err
	}
	row, err := s.findWithin(ctx, actor, indexes)
	switch {
	case err == nil:
		s.takeBack(ctx, actor, 0, bars)
	case errors.Is(err, ErrUnknown):
		if behind := s.keysBehind(ctx); behind != nil {
			err = behind
		}
	}
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, actor, t)
	}
	return row, err
}

// findWithin looks for a card by its index. One of other partners answers like one
// that is not there.
func (s *Service) findWithin(ctx context.Context, actor audit.Actor, indexes [][]byte) (db.CardFindRow, error) {
	row, err := s.q.CardFind(ctx, s.db, db.CardFindParams{CodeIndexes: indexes})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("look up a card: %w", err)
	}
	if _, err = s.Series(ctx, actor, row.SeriesID); errors.Is(err, ErrNoSeries) {
		return db.CardFindRow{}, ErrUnknown
	}
	if err == nil {
		err = s.checkFound(row)
	}
	return row, err
}

// Erased stands in the place of a code that is gone for good, since its series
// was deleted.
const Erased = "erased"

// Masked opens a code and returns it with all but its last group hidden: all
// that a screen ever shows without a reason. A code that was erased is "erased".
func (s *Service) Masked(seriesID int64, keyID int16, serial int32, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return Erased, nil
	}
	seal, err := s.keys.sealer(keyID, seriesID)
	if err != nil {
		return "", err
	}
	code, err := seal.open(sealed, serial)
	if err != nil {
		return "", err
	}
	return code.Masked(), nil
}
