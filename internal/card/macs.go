package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

const (
	fillPage  = 5000 // cards a transaction
	fillPages = 40   // transactions a run
)

// FillMACs gives the cards that were shredded before MACs of their index were kept
// theirs. There is no code to hold the index against any more, so it is taken as it is.
// After the last one a shredded card without a MAC is refused, for ever. Periodic; once
// finished it costs one look.
func (s *Service) FillMACs(ctx context.Context) error {
	for range fillPages {
		done, err := s.q.CodeMacFillDone(ctx, s.db)
		if err == nil && !done {
			done, err = s.fillPage(ctx)
		}
		if err != nil {
			return fmt.Errorf("keep MACs of shredded cards: %w", err)
		}
		if done {
			return nil
		}
	}
	return nil
}

// fillPage fills in one page and reports whether none is left.
func (s *Service) fillPage(ctx context.Context) (done bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		at, err := s.q.CodeMacFillLock(ctx, tx)
		if err != nil {
			return err
		}
		if done = at.FinishedAt != nil; done {
			return nil
		}
		page, err := s.q.CodeMacFillPage(ctx, tx, db.CodeMacFillPageParams{AfterSeries: at.AfterSeries, AfterSerial: at.AfterSerial, Size: fillPage})
		if err != nil {
			return err
		}
		if done = len(page) == 0; done {
			if err := s.q.CodeMacFillFinish(ctx, tx); err != nil {
				return err
			}
			return audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "keys.macs_kept"})
		}
		var p db.CodeMacSetParams
		for _, row := range page {
			mac, err := s.keys.indexMAC(keptCode{Ref: Ref{row.SeriesID, row.Serial}, indexKeyID: row.IndexKeyID, index: row.CodeIndex})
			if err != nil {
				return err
			}
			p.SeriesIds, p.Serials, p.Macs = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial), append(p.Macs, mac)
		}
		if err := s.q.CodeMacSet(ctx, tx, p); err != nil {
			return err
		}
		last := page[len(page)-1]
		return s.q.CodeMacFillAdvance(ctx, tx, db.CodeMacFillAdvanceParams{AfterSeries: last.SeriesID, AfterSerial: last.Serial})
	})
	return done && err == nil, err
}

// shredCards erases the sealed codes of cards of a series, after a serial and up to
// another, and keeps the MAC of the index of each. A card whose code is not that of its
// index is not shredded: it would be bound to a wrong index for ever.
func (s *Service) shredCards(ctx context.Context, tx pgx.Tx, seriesID int64, after, to int32) error {
	page, err := s.q.CardShredPage(ctx, tx, db.CardShredPageParams{SeriesID: seriesID, AfterSerial: after, ToSerial: to})
	if err != nil {
		return fmt.Errorf("read codes to shred: %w", err)
	}
	p := db.CardShredSeriesParams{SeriesID: seriesID}
	for _, row := range page {
		kept := keptCode{Ref: Ref{seriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID, index: row.CodeIndex, sealed: row.CodeSealed}
		if err := s.keys.checkCode(kept); err != nil {
			return err
		}
		mac, err := s.keys.indexMAC(kept)
		if err != nil {
			return err
		}
		p.Serials, p.Macs = append(p.Serials, row.Serial), append(p.Macs, mac)
	}
	if _, err := s.q.CardShredSeries(ctx, tx, p); err != nil {
		return fmt.Errorf("shred codes: %w", err)
	}
	return nil
}
