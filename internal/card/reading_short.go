package card

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// A short code does not follow from the full one, so it is sealed beside its reading: only
// then can it be indexed under another key. It goes with the code of its card, by a trigger.

const shortUse = "short code seal"

func shortPurpose(seriesID int64, serial int32) string {
	return fmt.Sprintf("short code of card %d of series %d", serial, seriesID)
}

func (k *Keyring) sealShort(keyID int16, seriesID int64, serial int32, short Code) ([]byte, error) {
	return k.sealUnder(keyID, shortUse, shortPurpose(seriesID, serial), []byte(short.symbols))
}

func (k *Keyring) openShort(keyID int16, seriesID int64, serial int32, sealed []byte) (Code, error) {
	symbols, err := k.open(keyID, shortUse, shortPurpose(seriesID, serial), sealed)
	return Code{string(symbols)}, err
}

// shorts reads the short codes of a page of cards, as they are kept.
func (s *Service) shorts(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (map[Ref]db.ReadingListShortRow, error) {
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

// shortOf returns the short code of a card. One from before short codes were sealed is
// looked for within the full code; it is not ok where it is none of its parts.
func (s *Service) shortOf(code Code, row db.ReadingListShortRow) (short Code, ok bool, err error) {
	if row.Sealed != nil {
		short, err = s.keys.openShort(*row.SealKeyID, row.SeriesID, row.Serial, row.Sealed)
		return short, err == nil, err
	}
	x, err := s.keys.indexer(row.KeyID)
	if err != nil {
		return Code{}, false, err
	}
	symbols := []rune(code.symbols[len(importedMark):])
	for first := range symbols {
		for last := first + minImported; last <= len(symbols); last++ {
			part, is := parseImported(string(symbols[first:last]))
			if is && bytes.Equal(x.append(nil, part), row.CodeIndex) {
				return part, true, nil
			}
		}
	}
	return Code{}, false, nil
}

// reindexReadings writes the readings of opened cards anew under an index key and deletes
// those under others. A short code that is not known any more keeps its readings.
func (s *Service) reindexReadings(ctx context.Context, tx pgx.Tx, keyID int16, opened []openedCard, page []db.KeyRotationPageRow) error {
	shorts, err := s.shorts(ctx, tx, page)
	if err != nil {
		return err
	}
	formats, _, err := s.formats(ctx, false)
	if err != nil {
		return err
	}
	old := db.ReadingDeleteOldParams{KeyID: keyID}
	bySeries := map[int64][]readCard{}
	for _, o := range opened {
		if !o.code.isImported() {
			continue
		}
		one, keep := readCard{serial: o.serial, code: o.code}, false
		if row, has := shorts[o.Ref()]; has {
			short, ok, err := s.shortOf(o.code, row)
			if err != nil {
				return err
			}
			one.short, keep = short, !ok
		}
		bySeries[o.seriesID] = append(bySeries[o.seriesID], one)
		old.SeriesIds, old.Serials, old.KeepShorts = append(old.SeriesIds, o.seriesID), append(old.Serials, o.serial), append(old.KeepShorts, keep)
	}
	for seriesID, cards := range bySeries {
		if err := s.writeReadingsUnder(ctx, tx, keyID, seriesID, cards, identityFormats(formats)); err != nil {
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

// openedCard is a card whose code was opened.
type openedCard struct {
	seriesID int64
	serial   int32
	code     Code
}

// Ref names the card.
func (o openedCard) Ref() Ref { return Ref{o.seriesID, o.serial} }

// resealShorts seals the short codes of a page of cards under a new sealing key.
func (s *Service) resealShorts(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) error {
	shorts, err := s.shorts(ctx, tx, page)
	if err != nil {
		return err
	}
	p := db.ReadingSealParams{SealKeyID: keyID}
	for _, row := range shorts {
		if row.Sealed == nil || *row.SealKeyID == keyID {
			continue
		}
		short, err := s.keys.openShort(*row.SealKeyID, row.SeriesID, row.Serial, row.Sealed)
		if err != nil {
			return err
		}
		sealed, err := s.keys.sealShort(keyID, row.SeriesID, row.Serial, short)
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
