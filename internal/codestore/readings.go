package codestore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// ReadCard is a card whose further readings are written. Short is the zero Code if the card has
// no short code.
type ReadCard struct {
	Serial      int32
	Code, Short cardcode.Code
}

// WriteReadings writes the further readings of cards of a series under the newest index key,
// in the caller's transaction. Existing readings stay.
func (s *Store) WriteReadings(ctx context.Context, tx pgx.Tx, seriesID int64, cards []ReadCard, formats []cardcode.Format) error {
	return s.writeReadingsUnder(ctx, tx, s.keys.CurrentIndex(), seriesID, cards, formats)
}

func (s *Store) writeReadingsUnder(ctx context.Context, tx pgx.Tx, keyID int16, seriesID int64, cards []ReadCard, formats []cardcode.Format) error {
	x, err := s.keys.Indexer(keyID)
	if err != nil {
		return err
	}
	type row struct {
		index, proof, sealed []byte
		serial               int32
		kind                 cardcode.ReadingKind
	}
	sealKey := s.keys.Current()
	var rows []row
	for _, card := range cards {
		for _, r := range cardcode.FurtherReadings(card.Code, card.Short, formats) {
			index := x.Append(nil, r.Code)
			one := row{index, x.Proof(seriesID, card.Serial, r.Kind, index), nil, card.Serial, r.Kind}
			if r.Kind == cardcode.ReadingKindShort {
				if one.sealed, err = s.keys.SealShort(sealKey, seriesID, card.Serial, r.Code); err != nil {
					return err
				}
			}
			rows = append(rows, one)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.index, b.index) }) // the index fills in order
	p := db.ReadingCreateParams{SeriesID: seriesID, KeyID: keyID, SealKeyID: sealKey}
	for _, r := range rows {
		p.CodeIndexes, p.Proofs, p.Sealeds = append(p.CodeIndexes, r.index), append(p.Proofs, r.proof), append(p.Sealeds, r.sealed)
		p.Serials, p.Kinds = append(p.Serials, r.serial), append(p.Kinds, string(r.kind))
	}
	if err := s.q.ReadingCreate(ctx, tx, p); err != nil {
		return fmt.Errorf("write the readings of codes: %w", err)
	}
	return nil
}

// Lookup holds the blind indexes of a typed text as an imported code, under every index key.
type Lookup struct {
	Exact    [][]byte // of the text as it was typed
	Near     [][]byte // of the text without punctuation, and with look-alike letters as Latin letters
	Readings [][]byte // of further readings of both
}

// Empty reports whether the text can be no imported code.
func (l Lookup) Empty() bool { return len(l.Exact) == 0 && len(l.Near) == 0 }

// Lookup computes the blind indexes of the readings exact and near of a typed text (Typed).
func (s *Store) Lookup(exact, near []cardcode.Code) (l Lookup, err error) {
	var readings []cardcode.Code
	for _, code := range slices.Concat(exact, near) {
		readings = append(readings, code, code.Folded())
	}
	if l.Exact, err = s.keys.Indexes(exact); err != nil {
		return l, err
	}
	if l.Near, err = s.keys.Indexes(near); err != nil {
		return l, err
	}
	l.Readings, err = s.keys.Indexes(readings)
	return l, err
}

// Fit selects the card that a typed text means from the rows of CardFit. It returns the zero
// Ref if there is no card, if the text is ambiguous, or if the proof of a reading is invalid,
// which it logs.
func (s *Store) Fit(ctx context.Context, rows []db.CardFitRow) Ref {
	if len(rows) == 0 || (rows[0].Level > 0 && len(rows) > 1) {
		return Ref{}
	}
	row := rows[0]
	if row.Kind != nil && !s.proofValid(row) {
		s.log.ErrorContext(ctx, "a reading of a code was changed in the database; it finds nothing", slog.Int64("series", row.SeriesID), slog.Int("serial", int(row.Serial)))
		return Ref{}
	}
	return Ref{row.SeriesID, row.Serial}
}

// proofValid reports whether the program wrote a reading for its card.
func (s *Store) proofValid(row db.CardFitRow) bool {
	x, err := s.keys.Indexer(row.KeyID)
	return err == nil && hmac.Equal(x.Proof(row.SeriesID, row.Serial, cardcode.ReadingKind(*row.Kind), row.CodeIndex), row.Proof)
}
