package card

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"refill/internal/db"
)

// Unsealed is a card as an export needs it.
type Unsealed struct {
	Serial    int32
	State     db.CardState
	Code      Code // reveals nothing where it was erased: a card that was used long ago
	ValidTill time.Time
	PartnerID *int64 // of its own; nil: those of the series
}

// exportPage is how many cards are read at once: enough to keep Postgres and us
// both busy, small enough to weigh a few megabytes.
const exportPage = 10_000

// EachUnused is EachSelected for all unused cards.
func (s *Service) EachUnused(ctx context.Context, series db.Series, f func(page []Unsealed) error) error {
	return s.EachSelected(ctx, series, ExportOptions{}, f)
}

// EachSelected calls f for every card of a series that was chosen, in the order of
// serials, all as of one moment, while the next page is being read. Memory does
// not grow with the series.
func (s *Service) EachSelected(ctx context.Context, series db.Series, options ExportOptions, f func(page []Unsealed) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	pages := make(chan []db.CardExportPageRow, 1)
	group.Go(func() error {
		defer close(pages)
		return s.readSelected(ctx, series.ID, options, pages)
	})
	// f runs in the goroutine of whoever called: should it panic, River notes it as the
	// job's failure, where from one of ours it would end the whole worker.
	if err := s.openPages(series, pages, f); err != nil {
		cancel()
		_ = group.Wait() // it says only that it was told to stop
		return err
	}
	return group.Wait()
}

// openPages opens the codes of each page and calls f.
func (s *Service) openPages(series db.Series, pages <-chan []db.CardExportPageRow, f func(page []Unsealed) error) error {
	opened := make([]Unsealed, 0, exportPage)
	for page := range pages {
		opened = opened[:0]
		for _, row := range page {
			card := Unsealed{Serial: row.Serial, State: row.State, PartnerID: row.PartnerID, ValidTill: series.ValidTill}
			if len(row.CodeSealed) > 0 || row.State != db.CardStateUsed {
				seal, err := s.keys.sealer(row.KeyID, series.ID)
				if err != nil {
					return err
				}
				if card.Code, err = seal.open(row.CodeSealed, row.Serial); err != nil {
					return err
				}
			}
			if row.ValidTill != nil {
				card.ValidTill = *row.ValidTill
			}
			opened = append(opened, card)
		}
		if err := f(opened); err != nil {
			return err
		}
	}
	return nil
}

// readSelected sends the sealed cards of a series, page by page, out of one
// snapshot.
func (s *Service) readSelected(ctx context.Context, seriesID int64, options ExportOptions, pages chan<- []db.CardExportPageRow) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		after := max(options.First-1, 0)
		for {
			page, err := s.q.CardExportPage(ctx, tx, db.CardExportPageParams{
				SeriesID: seriesID, AfterSerial: after, LastSerial: options.last(), States: stateNames(options.states()), Size: exportPage,
			})
			if err != nil {
				return fmt.Errorf("read cards: %w", err)
			}
			if len(page) == 0 {
				return nil
			}
			select {
			case pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			after = page[len(page)-1].Serial
		}
	})
}
