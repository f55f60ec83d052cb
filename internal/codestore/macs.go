package codestore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
)

const (
	fillPage  = 5000 // cards a transaction
	fillPages = 40   // transactions a run
)

// FillMACs writes the MAC of the index of cards that an earlier version shredded without one.
// Their codes are gone, so the present index is trusted. When FillMACs has finished, every
// shredded card without a MAC is refused with ErrTampered. Periodic. After that a run costs
// one query.
func (s *Store) FillMACs(ctx context.Context) error {
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

// fillPage writes the MACs of one page and reports whether no page is left.
func (s *Store) fillPage(ctx context.Context) (done bool, err error) {
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
			return act.Record(ctx, tx, audit.System(), MacsKept{})
		}
		var p db.CodeMacSetParams
		for _, row := range page {
			mac, err := s.keys.IndexMAC(row.IndexKeyID, row.SeriesID, row.Serial, row.CodeIndex)
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

// ShredCodes erases the sealed codes of the cards of a series with serials above after and up
// to to, and stores the MAC of the index of each, in the caller's transaction. It returns
// ErrTampered for a card whose code does not match its index: the MAC would bind the card to a
// wrong index permanently.
func (s *Store) ShredCodes(ctx context.Context, tx pgx.Tx, seriesID int64, after, to int32) error {
	page, err := s.q.CardShredPage(ctx, tx, db.CardShredPageParams{SeriesID: seriesID, AfterSerial: after, ToSerial: to})
	if err != nil {
		return fmt.Errorf("read codes to shred: %w", err)
	}
	p := db.CardShredSeriesParams{SeriesID: seriesID}
	for _, row := range page {
		kept := storedCode{Ref: Ref{seriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID, index: row.CodeIndex, sealed: row.CodeSealed}
		if err := kept.check(s.keys); err != nil {
			return err
		}
		mac, err := kept.indexMAC(s.keys)
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
