package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/audit"
	"refill/internal/db"
)

// IndexReadingsArgs asks for the further readings of imported cards that came in
// before there were any.
type IndexReadingsArgs struct{}

// Kind names the job.
func (IndexReadingsArgs) Kind() string { return "index_readings" }

// InsertOpts puts the job where it holds up neither series nor files. One is enough.
func (IndexReadingsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, MaxAttempts: maxAttempts, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// AskReadings queues the job where a series has readings to be written. Periodic.
func (s *Service) AskReadings(ctx context.Context) error {
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

// readingPage is how many cards are read in one transaction.
const readingPage = 5000

// IndexReadings writes the further readings of imported cards, series after series,
// and returns ErrYield where others should have their turn. Killed anywhere, the next
// run goes on behind the last page that was committed. Cards whose code was erased
// have none: they were void or used before.
func (s *Service) IndexReadings(ctx context.Context, now func() time.Time, complete Completer) error {
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
		if now().Sub(start) >= runFor {
			return ErrYield
		}
	}
}

// indexPage writes the readings of some cards of a series. The last page enters what
// its codes look like.
func (s *Service) indexPage(ctx context.Context, series db.ReadingNextSeriesRow) error {
	formats, _, err := s.formats(ctx, true)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		at, err := s.q.ReadingStart(ctx, tx, series.ID)
		if err != nil {
			return fmt.Errorf("lock the readings of a series: %w", err)
		}
		if at.FinishedAt != nil { // another worker was faster
			return nil
		}
		cards, overhashed, last, err := s.readPage(ctx, tx, series.ID, at.AfterSerial)
		if err != nil {
			return err
		}
		if len(cards) == 0 {
			return s.finishReadings(ctx, tx, series)
		}
		if err := s.holdKey(ctx, tx, s.keys.Current()); err != nil {
			return err
		}
		if err := s.checkIndexKey(ctx, tx, s.keys.CurrentIndex()); err != nil {
			return err
		}
		if err := s.writeReadings(ctx, tx, series.ID, cards, identityFormats(formats)); err != nil {
			return err
		}
		if err := s.q.ReadingUnhash(ctx, tx, db.ReadingUnhashParams{SeriesID: series.ID, Serials: overhashed}); err != nil {
			return fmt.Errorf("take back the hashes of codes: %w", err)
		}
		return s.q.ReadingAdvance(ctx, tx, db.ReadingAdvanceParams{SeriesID: series.ID, AfterSerial: last, Cards: int64(len(cards))})
	})
}

// readPage opens the next cards of a series. overhashed are those that are found by
// more of their codes than a screen shows, as an older program hashed them.
func (s *Service) readPage(ctx context.Context, tx pgx.Tx, seriesID int64, after int32) (cards []readCard, overhashed []int32, last int32, err error) {
	rows, err := s.q.ReadingPage(ctx, tx, db.ReadingPageParams{SeriesID: seriesID, AfterSerial: after, Size: readingPage})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read imported cards: %w", err)
	}
	enders := map[int16]*ender{}
	for _, row := range rows {
		code, err := s.open(seriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return nil, nil, 0, err
		}
		if enders[row.KeyID] == nil {
			if enders[row.KeyID], err = s.keys.ender(row.KeyID); err != nil {
				return nil, nil, 0, err
			}
		}
		if row.LastFour != nil && *row.LastFour != enders[row.KeyID].hash(code.lastFour()) {
			overhashed = append(overhashed, row.Serial)
		}
		cards, last = append(cards, readCard{serial: row.Serial, code: code}), row.Serial
	}
	return cards, overhashed, last, nil
}

// finishReadings enters the shapes of a series whose readings are written.
func (s *Service) finishReadings(ctx context.Context, tx pgx.Tx, series db.ReadingNextSeriesRow) error {
	shapes := codeShapes{}
	for after := int32(0); ; {
		rows, err := s.q.ReadingPage(ctx, tx, db.ReadingPageParams{SeriesID: series.ID, AfterSerial: after, Size: 4 * readingPage})
		if err != nil {
			return fmt.Errorf("read imported cards: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			code, err := s.open(series.ID, row.KeyID, row.Serial, row.CodeSealed)
			if err != nil {
				return err
			}
			shapes.add(code, Code{}, row.State == db.CardStateVoid)
			after = row.Serial
		}
	}
	if err := s.q.ShapeDelete(ctx, tx, series.ID); err != nil {
		return fmt.Errorf("take back the shapes of codes: %w", err)
	}
	if err := s.writeShapes(ctx, tx, series.ID, shapes.list()); err != nil {
		return err
	}
	cards, err := s.q.ReadingFinish(ctx, tx, series.ID)
	if err != nil {
		return fmt.Errorf("finish the readings of a series: %w", err)
	}
	return audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "readings.written", SeriesID: series.ID, Detail: map[string]any{"cards": cards}})
}
