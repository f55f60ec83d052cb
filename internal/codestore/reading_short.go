package codestore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// A short code can't be derived from the full code, so it is sealed in its reading. Otherwise
// it could not be indexed under a new key. A trigger erases it together with the code of its
// card.

// shortCodes reads the stored short codes of a page of cards.
func (s *Store) shortCodes(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (map[Ref]db.ReadingListShortRow, error) {
	var p db.ReadingListShortParams
	for _, row := range page {
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
	}
	rows, err := s.q.ReadingListShort(ctx, tx, p)
	if err != nil {
		return nil, fmt.Errorf("read the short codes of cards: %w", err)
	}
	all := make(map[Ref]db.ReadingListShortRow, len(rows))
	for _, row := range rows {
		ref := Ref{row.SeriesID, row.Serial}
		if had, twice := all[ref]; !twice || had.Sealed == nil {
			all[ref] = row
		}
	}
	return all, nil
}

// shortOf returns the short code of a card. A reading of an earlier version has no sealed short
// code; then every part of the full code is compared with its index. ok is false if no part
// matches.
func (s *Store) shortOf(code cardcode.Code, row db.ReadingListShortRow) (short cardcode.Code, ok bool, err error) {
	if row.Sealed != nil {
		short, err = s.keys.OpenShort(*row.SealKeyID, row.SeriesID, row.Serial, row.Sealed)
		return short, err == nil, err
	}
	x, err := s.keys.Indexer(row.KeyID)
	if err != nil {
		return cardcode.Code{}, false, err
	}
	symbols := []rune(code.Foreign())
	for first := range symbols {
		for last := first + cardcode.MinImported; last <= len(symbols); last++ {
			part, is := cardcode.ParseImported(string(symbols[first:last]))
			if is && bytes.Equal(x.Append(nil, part), row.CodeIndex) {
				return part, true, nil
			}
		}
	}
	return cardcode.Code{}, false, nil
}

// reindexReadings writes the readings of opened cards under an index key and deletes their
// readings under other keys. An unknown short code keeps its readings under the older key.
func (s *Store) reindexReadings(ctx context.Context, tx pgx.Tx, keyID int16, opened []openedCard, page []db.KeyRotationPageRow) error {
	shorts, err := s.shortCodes(ctx, tx, page)
	if err != nil {
		return err
	}
	formats, _, err := s.Formats(ctx, false)
	if err != nil {
		return err
	}
	old := db.ReadingDeleteOldParams{KeyID: keyID}
	bySeries := map[int64][]ReadCard{}
	for _, o := range opened {
		if !o.code.IsImported() {
			continue
		}
		one, keep := ReadCard{Serial: o.serial, Code: o.code}, false
		if row, has := shorts[o.Ref()]; has {
			short, ok, err := s.shortOf(o.code, row)
			if err != nil {
				return err
			}
			one.Short, keep = short, !ok
		}
		bySeries[o.seriesID] = append(bySeries[o.seriesID], one)
		old.SeriesIds, old.Serials, old.KeepShorts = append(old.SeriesIds, o.seriesID), append(old.Serials, o.serial), append(old.KeepShorts, keep)
	}
	for seriesID, cards := range bySeries {
		if err := s.writeReadingsUnder(ctx, tx, keyID, seriesID, cards, cardcode.IdentityFormats(formats)); err != nil {
			return err
		}
	}
	if len(old.Serials) == 0 {
		return nil
	}
	if err := s.q.ReadingDeleteOld(ctx, tx, old); err != nil {
		return fmt.Errorf("delete readings under older keys: %w", err)
	}
	return nil
}

// openedCard is a card with its opened code.
type openedCard struct {
	seriesID int64
	serial   int32
	code     cardcode.Code
}

// Ref identifies the card.
func (o openedCard) Ref() Ref { return Ref{o.seriesID, o.serial} }

// resealShorts seals the short codes of a page of cards under a new sealing key.
func (s *Store) resealShorts(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) error {
	shorts, err := s.shortCodes(ctx, tx, page)
	if err != nil {
		return err
	}
	p := db.ReadingSealParams{SealKeyID: keyID}
	for _, row := range shorts {
		if row.Sealed == nil || *row.SealKeyID == keyID {
			continue
		}
		short, err := s.keys.OpenShort(*row.SealKeyID, row.SeriesID, row.Serial, row.Sealed)
		if err != nil {
			return err
		}
		sealed, err := s.keys.SealShort(keyID, row.SeriesID, row.Serial, short)
		if err != nil {
			return err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodeIndexes, p.Sealeds = append(p.CodeIndexes, row.CodeIndex), append(p.Sealeds, sealed)
	}
	if len(p.Serials) == 0 {
		return nil
	}
	if err := s.q.ReadingSeal(ctx, tx, p); err != nil {
		return fmt.Errorf("seal short codes again: %w", err)
	}
	return nil
}
