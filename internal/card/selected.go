package card

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// Selection selects cards of a series. The zero value selects every unused card.
type Selection struct {
	First, Last int32          // serials, both included; 0: no bound
	States      []db.CardState // empty: active, which means unused and not disabled
}

// All reports whether the selection is every unused card.
func (o Selection) All() bool {
	return o.First <= 1 && o.Last == 0 && slices.Equal(o.states(), []db.CardState{db.CardStateActive})
}

// states returns the selected states.
func (o Selection) states() []db.CardState {
	if len(o.States) == 0 {
		return []db.CardState{db.CardStateActive}
	}
	return o.States
}

// last returns the last serial that the selection may contain.
func (o Selection) last() int32 {
	if o.Last == 0 {
		return MaxQuantity
	}
	return o.Last
}

// Unused returns the number of unused cards of a series that are neither disabled nor void.
func Unused(series db.SeriesShowRow) int64 {
	return int64(series.Series.Made) - series.Used - series.Disabled - series.Void
}

// Selected returns the number of cards of a series that are selected now.
func (s *Service) Selected(ctx context.Context, series db.SeriesShowRow, o Selection) (int64, error) {
	if o.All() {
		return Unused(series), nil
	}
	n, err := s.q.CardExportCount(ctx, s.db, db.CardExportCountParams{
		SeriesID: series.Series.ID, FirstSerial: o.First, LastSerial: o.last(), States: stateNames(o.states()),
	})
	if err != nil {
		return 0, fmt.Errorf("count cards: %w", err)
	}
	return n, nil
}

func stateNames(states []db.CardState) []string {
	names := make([]string, len(states))
	for i, state := range states {
		names[i] = string(state)
	}
	return names
}

// Unsealed is a card with its code.
type Unsealed struct {
	Serial    int32
	State     db.CardState
	Code      cardcode.Code // the zero Code if it was erased
	ValidTill time.Time     // a date: the last day, the card's own or that of the series
	PartnerID *int64        // the card's own partner; nil: those of the series
}

// unsealPage is the number of cards in a page. It is large enough to keep Postgres and this
// process busy at the same time, and small enough to need a few megabytes.
const unsealPage = 10_000

// EachUnused is EachSelected for all unused cards.
func (s *Service) EachUnused(ctx context.Context, series db.Series, f func(page []Unsealed) error) error {
	return s.EachSelected(ctx, series, Selection{}, f)
}

// EachSelected calls f for every page of selected cards of a series, in the order of serials.
// All pages come from one snapshot. The next page is read while f runs, so memory does not
// grow with the series. f must not keep its page. EachSelected returns the first error of f,
// of the query, or of a code that does not open.
func (s *Service) EachSelected(ctx context.Context, series db.Series, o Selection, f func(page []Unsealed) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	pages := make(chan []db.CardExportPageRow, 1)
	group.Go(func() error {
		defer close(pages)
		return s.readSelected(ctx, series.ID, o, pages)
	})
	// f runs in the goroutine of the caller. River turns a panic there into a failure of the
	// job. A panic in a new goroutine would end the whole worker.
	if err := s.openPages(series, pages, f); err != nil {
		cancel()
		_ = group.Wait() // returns only the cancellation
		return err
	}
	return group.Wait()
}

// openPages opens the codes of each page and calls f.
func (s *Service) openPages(series db.Series, pages <-chan []db.CardExportPageRow, f func(page []Unsealed) error) error {
	opened := make([]Unsealed, 0, unsealPage)
	for page := range pages {
		opened = opened[:0]
		for _, row := range page {
			card := Unsealed{Serial: row.Serial, State: row.State, PartnerID: row.PartnerID, ValidTill: series.ValidTill}
			if len(row.CodeSealed) > 0 || row.State != db.CardStateUsed {
				seal, err := s.keys.Sealer(row.KeyID, series.ID)
				if err != nil {
					return err
				}
				if card.Code, err = seal.Open(row.CodeSealed, row.Serial); err != nil {
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

// readSelected sends the selected, still sealed cards of a series page by page, from one
// snapshot.
func (s *Service) readSelected(ctx context.Context, seriesID int64, o Selection, pages chan<- []db.CardExportPageRow) error {
	return s.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		after := max(o.First-1, 0)
		for {
			page, err := s.q.CardExportPage(ctx, tx, db.CardExportPageParams{
				SeriesID: seriesID, AfterSerial: after, LastSerial: o.last(), States: stateNames(o.states()), Size: unsealPage,
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
