package codestore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
)

const (
	// walkRound is the maximum duration of a pass over all cards. walkPause is the minimum
	// time from the start of one pass to the start of the next.
	walkRound = 7 * 24 * time.Hour
	walkPause = 24 * time.Hour
	// walkEvery is the interval of the calls of WalkCodes.
	walkEvery = time.Minute
	// minSlice is the minimum number of cards that a run checks, which takes about 10 ms.
	minSlice = 1000
	// maxFaults is the maximum number of reported cards that a run checks again.
	maxFaults = 1000
)

// storedOf returns the stored code of a card.
func storedOf(row db.CodeWalkPageRow) storedCode {
	return storedCode{
		Ref: Ref{row.SeriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID,
		index: row.CodeIndex, sealed: row.CodeSealed, mac: row.CodeMac,
		mayLackMAC: mayLackMAC(row.State, row.Shredded, row.MacsKept),
	}
}

// CheckFound returns ErrTampered if a card was found by an index that is not the blind index
// of its code, and ErrKeysBehind if this process lacks a key of the card. It runs no query.
func (s *Store) CheckFound(row db.CardFindRow) error {
	return storedCode{
		Ref: Ref{row.SeriesID, row.Serial}, keyID: row.KeyID, indexKeyID: row.IndexKeyID,
		index: row.CodeIndex, sealed: row.CodeSealed, mac: row.CodeMac,
		mayLackMAC: mayLackMAC(row.State, row.Shredded, row.MacsKept),
	}.check(s.keys)
}

// ReportTampered raises the alarm about the card of an error, if err is an ErrTampered of this
// package: in the table that dashboard, checks and metrics read, in the audit trail, and in
// the log. A card that was reported before is only logged.
func (s *Store) ReportTampered(ctx context.Context, actor audit.Actor, err error) {
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, actor, t)
	}
}

func (s *Store) reportTampered(ctx context.Context, actor audit.Actor, t *tampered) {
	ctx = context.WithoutCancel(ctx)
	s.log.ErrorContext(ctx, "the row of a card was changed by something other than the program",
		slog.Int64("series", t.ref.SeriesID), slog.Int("serial", int(t.ref.Serial)), slog.String("what", t.what))
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.CodeFaultAdd(ctx, tx, db.CodeFaultAddParams{SeriesID: t.ref.SeriesID, Serial: t.ref.Serial, What: t.what})
		if err != nil || n == 0 {
			return err
		}
		return act.Record(ctx, tx, actor, Tampered{act.OfCard(t.ref.SeriesID, t.ref.Serial), t.what})
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a changed card is missing from the checks", slog.Any("error", err))
	}
}

// WalkCodes opens the codes of the next slice of cards and compares each with the index of its
// card. The slice is so large that a pass over all cards takes at most walkRound. Reported
// cards that match again are no longer reported. Periodic. It may run at any time and in many
// processes.
func (s *Store) WalkCodes(ctx context.Context) error {
	if err := s.KeysBehind(ctx); err != nil {
		return nil //nolint:nilerr // a later run or another worker has the keys
	}
	if err := s.recheckFaults(ctx); err != nil {
		return err
	}
	at, err := s.q.CodeWalkDue(ctx, s.db, walkPause)
	if err != nil {
		return fmt.Errorf("ask how far the codes are walked through: %w", err)
	}
	if !at.Due {
		return nil
	}
	size := max(minSlice, at.Cards/int64(walkRound/walkEvery)+1)
	page, err := s.q.CodeWalkPage(ctx, s.db, db.CodeWalkPageParams{AfterSeries: at.AfterSeries, AfterSerial: at.AfterSerial, Size: int32(size)}) //nolint:gosec // cards of a week
	if err != nil {
		return fmt.Errorf("read codes to look at: %w", err)
	}
	for _, row := range page {
		if err := s.checkRow(ctx, row); err != nil {
			return err
		}
	}
	if len(page) > 0 {
		last := page[len(page)-1]
		_, err = s.q.CodeWalkAdvance(ctx, s.db, db.CodeWalkAdvanceParams{
			AfterSeries: last.SeriesID, AfterSerial: last.Serial, Seen: int64(len(page)), WasSeries: at.AfterSeries, WasSerial: at.AfterSerial,
		})
	}
	if err == nil && int64(len(page)) < size {
		end := db.CodeWalkEndParams{WasSeries: at.AfterSeries, WasSerial: at.AfterSerial}
		if len(page) > 0 {
			end = db.CodeWalkEndParams{WasSeries: page[len(page)-1].SeriesID, WasSerial: page[len(page)-1].Serial}
		}
		_, err = s.q.CodeWalkEnd(ctx, s.db, end)
	}
	if err != nil {
		return fmt.Errorf("note how far the codes are walked through: %w", err)
	}
	return nil
}

// checkRow reports a card whose code does not match its index.
func (s *Store) checkRow(ctx context.Context, row db.CodeWalkPageRow) error {
	err := storedOf(row).check(s.keys)
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, audit.System(), t)
		return nil
	}
	if errors.Is(err, ErrKeysBehind) { // all announced keys are known, so this key is retired or unknown
		s.reportTampered(ctx, audit.System(), &tampered{Ref{row.SeriesID, row.Serial}, "the key file lacks its key"})
		return nil
	}
	return err
}

// recheckFaults checks the reported cards again and no longer reports those that match.
func (s *Store) recheckFaults(ctx context.Context) error {
	rows, err := s.q.CodeFaultList(ctx, s.db, maxFaults)
	if err != nil {
		return fmt.Errorf("list the changed cards: %w", err)
	}
	for _, row := range rows {
		if err := storedOfFault(row).check(s.keys); err != nil {
			continue
		}
		if _, err := s.q.CodeFaultRemove(ctx, s.db, db.CodeFaultRemoveParams{SeriesID: row.SeriesID, Serial: row.Serial}); err != nil {
			return fmt.Errorf("forget a changed card: %w", err)
		}
	}
	return nil
}

func storedOfFault(row db.CodeFaultListRow) storedCode {
	return storedOf(db.CodeWalkPageRow{
		SeriesID: row.SeriesID, Serial: row.Serial, State: row.State, KeyID: row.KeyID, IndexKeyID: row.IndexKeyID,
		CodeIndex: row.CodeIndex, CodeSealed: row.CodeSealed, CodeMac: row.CodeMac, Shredded: row.Shredded, MacsKept: row.MacsKept,
	})
}

// CheckCodes opens the codes of sample cards of each series, different ones at each call, and
// of the reported cards. It returns a line for each card whose code does not open or does not
// match its index.
func CheckCodes(ctx context.Context, dbtx db.DBTX, keys *cardcode.Keyring, sample int32) ([]string, error) {
	q := db.New()
	now, err := q.DatabaseNow(ctx, dbtx)
	if err != nil {
		return nil, fmt.Errorf("ask for the time: %w", err)
	}
	rows, err := q.CardSample(ctx, dbtx, db.CardSampleParams{Size: sample, Turn: now.UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("sample the sealed codes: %w", err)
	}
	found, err := q.CodeFaultList(ctx, dbtx, maxFaults)
	if err != nil {
		return nil, fmt.Errorf("list the changed cards: %w", err)
	}
	var cards []storedCode
	for _, row := range rows {
		cards = append(cards, storedOf(db.CodeWalkPageRow(row)))
	}
	for _, row := range found {
		cards = append(cards, storedOfFault(row))
	}
	var culprits []string
	named := map[Ref]bool{}
	for _, c := range cards {
		err := c.check(keys)
		if err == nil || named[c.Ref] {
			continue
		}
		named[c.Ref] = true
		name := fmt.Sprintf("card %d/%d: the key file lacks its key", c.SeriesID, c.Serial)
		if t, changed := tamperedCard(err); changed {
			name = t.Error()
		} else if !errors.Is(err, ErrKeysBehind) {
			return nil, err
		}
		culprits = append(culprits, name)
	}
	return culprits, nil
}
