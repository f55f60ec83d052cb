package codestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/jobqueue"
)

// IndexReadingsArgs are the arguments of the job that writes the further readings of imported
// cards of earlier versions.
type IndexReadingsArgs struct{}

// Kind names the job.
func (IndexReadingsArgs) Kind() string { return "index_readings" }

// InsertOpts puts the job in the maintenance queue, at most one at a time.
func (IndexReadingsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: jobqueue.MaxAttempts, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// AskReadings queues the job IndexReadings if a series has readings to write. Periodic.
func (s *Store) AskReadings(ctx context.Context) error {
	_, err := s.q.ReadingNextSeries(ctx, s.db)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for readings to be written: %w", err)
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := s.jobs.InsertTx(ctx, tx, IndexReadingsArgs{}, nil); err != nil {
			return fmt.Errorf("queue the writing of readings: %w", err)
		}
		return nil
	})
}

// readingPage is the number of cards that one transaction processes.
const readingPage = 5000

// IndexReadings writes the further readings of imported cards, series by series. It returns
// jobqueue.ErrYield after jobqueue.RunFor if cards are left. It may be killed at any point;
// the next run continues after the last committed page. Cards with an erased code get no
// readings.
func (s *Store) IndexReadings(ctx context.Context, now func() time.Time, complete jobqueue.Completer) error {
	for start := now(); ; {
		series, err := s.q.ReadingNextSeries(ctx, s.db)
		if errors.Is(err, pgx.ErrNoRows) {
			return s.inTx(ctx, func(tx pgx.Tx) error { return complete(ctx, tx) })
		}
		if err != nil {
			return fmt.Errorf("look for readings to be written: %w", err)
		}
		if err := s.indexPage(ctx, series); err != nil {
			return err
		}
		if now().Sub(start) >= jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// indexPage writes the readings of the next page of cards of a series. After the last page it
// writes the shapes of the codes of the series.
func (s *Store) indexPage(ctx context.Context, series db.ReadingNextSeriesRow) error {
	formats, _, err := s.Formats(ctx, true)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		at, err := s.q.ReadingStart(ctx, tx, series.ID)
		if err != nil {
			return fmt.Errorf("lock the readings of a series: %w", err)
		}
		if at.FinishedAt != nil { // another worker was first
			return nil
		}
		cards, overhashed, last, err := s.readPage(ctx, tx, series.ID, at.AfterSerial)
		if err != nil {
			return err
		}
		if len(cards) == 0 {
			return s.finishReadings(ctx, tx, series)
		}
		if err := s.HoldKey(ctx, tx, s.keys.Current()); err != nil {
			return err
		}
		if err := s.CheckIndexKey(ctx, tx, s.keys.CurrentIndex()); err != nil {
			return err
		}
		if err := s.WriteReadings(ctx, tx, series.ID, cards, cardcode.IdentityFormats(formats)); err != nil {
			return err
		}
		if err := s.q.ReadingUnhash(ctx, tx, db.ReadingUnhashParams{SeriesID: series.ID, Serials: overhashed}); err != nil {
			return fmt.Errorf("take back the hashes of codes: %w", err)
		}
		return s.q.ReadingAdvance(ctx, tx, db.ReadingAdvanceParams{SeriesID: series.ID, AfterSerial: last, Cards: int64(len(cards))})
	})
}

// readPage opens the codes of the next cards of a series. overhashed are the cards whose hash
// covers more symbols than pages show, because an earlier version wrote it.
func (s *Store) readPage(ctx context.Context, tx pgx.Tx, seriesID int64, after int32) (cards []ReadCard, overhashed []int32, last int32, err error) {
	rows, err := s.q.ReadingPage(ctx, tx, db.ReadingPageParams{SeriesID: seriesID, AfterSerial: after, Size: readingPage})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read imported cards: %w", err)
	}
	enders := map[int16]*cardcode.Ender{}
	for _, row := range rows {
		code, err := s.Open(seriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return nil, nil, 0, err
		}
		if enders[row.KeyID] == nil {
			if enders[row.KeyID], err = s.keys.Ender(row.KeyID); err != nil {
				return nil, nil, 0, err
			}
		}
		if row.LastFour != nil && *row.LastFour != enders[row.KeyID].Hash(code.LastFour()) {
			overhashed = append(overhashed, row.Serial)
		}
		cards, last = append(cards, ReadCard{Serial: row.Serial, Code: code}), row.Serial
	}
	return cards, overhashed, last, nil
}

// finishReadings writes the shapes of a series whose readings are all written.
func (s *Store) finishReadings(ctx context.Context, tx pgx.Tx, series db.ReadingNextSeriesRow) error {
	shapes := cardcode.Shapes{}
	for after := int32(0); ; {
		rows, err := s.q.ReadingPage(ctx, tx, db.ReadingPageParams{SeriesID: series.ID, AfterSerial: after, Size: 4 * readingPage})
		if err != nil {
			return fmt.Errorf("read imported cards: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			code, err := s.Open(series.ID, row.KeyID, row.Serial, row.CodeSealed)
			if err != nil {
				return err
			}
			shapes.Add(code, cardcode.Code{}, row.State == db.CardStateVoid)
			after = row.Serial
		}
	}
	if err := s.q.ShapeDelete(ctx, tx, series.ID); err != nil {
		return fmt.Errorf("take back the shapes of codes: %w", err)
	}
	if err := s.WriteShapes(ctx, tx, series.ID, shapes.List()); err != nil {
		return err
	}
	cards, err := s.q.ReadingFinish(ctx, tx, series.ID)
	if err != nil {
		return fmt.Errorf("finish the readings of a series: %w", err)
	}
	return act.Record(ctx, tx, audit.System(), ReadingsWritten{act.OfSeries(series.ID), cards})
}
