// Package theft watches redemptions for signs of theft: a stolen box, a copied list, an
// account or an address that redeems far more than others. A periodic job reads the audit
// trail behind a cursor, so that redemptions have no extra cost. Findings are kept as
// alarms, which people acknowledge. The package never locks a series, disables a card or
// refuses a customer.
package theft

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/setting"
)

// Queue is the queue of the watch. It is separate, so that alarms do not wait for
// housekeeping.
const Queue = "watch"

// Rule is the name of a rule, as it is stored and used as a metrics label.
type Rule string

// The rules.
const (
	// Run is many neighbouring serials of one series redeemed within a short time.
	Run Rule = "run"
	// Account is one customer who redeems far more than others.
	Account Rule = "account"
	// Address is one network address from which far more is redeemed than from others.
	Address Rule = "address"
	// Early is attempts at cards of a series that was never activated.
	Early Rule = "early"
	// Locked is attempts at cards that staff took out of use: a locked series, disabled cards.
	Locked Rule = "locked"
	// Copied is customers who enter cards that others have used, which suggests copied
	// codes.
	Copied Rule = "copied"
	// Revealed is codes that were redeemed after one member of staff had them shown.
	Revealed Rule = "revealed"
)

// Rules returns all rules in the order in which pages list them.
func Rules() []Rule { return []Rule{Run, Account, Address, Early, Locked, Copied, Revealed} }

// Service looks for theft and keeps the alarms. Safe for concurrent use.
type Service struct {
	db       db.Beginner
	q        *db.Queries
	settings *setting.Store
	log      *slog.Logger
	batch    int32
}

// batchSize is the number of audit rows that one transaction examines.
const batchSize = 10_000

// New returns the watch on a database.
func New(beginner db.Beginner, settings *setting.Store, log *slog.Logger) *Service {
	return &Service{db: beginner, q: db.New(), settings: settings, log: log, batch: batchSize}
}

// lookFor is the longest duration of one call of Look; the next call continues.
const lookFor = 20 * time.Second

// Look examines the rows of the audit trail since the last call and raises alarms. It
// returns the number of redemptions and refusals examined. While a transaction writes to
// the trail, it leaves the rows near that transaction's for the next call. Of several
// concurrent calls one works and the others return at once. now is the clock that bounds
// the call.
func (s *Service) Look(ctx context.Context, now func() time.Time) (int, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return 0, err
	}
	seen, end := 0, now().Add(lookFor)
	for {
		n, more, err := s.step(ctx, settings)
		seen += n
		if err != nil || !more || !now().Before(end) {
			return seen, err
		}
	}
}

// step processes one batch and moves the cursor, in one transaction.
func (s *Service) step(ctx context.Context, settings setting.Settings) (n int, more bool, err error) {
	w := &watch{s: s, rules: settings.Theft, usual: map[usualKey]db.TheftUsualRow{}}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		cursor, free, err := db.Found(s.q.TheftCursorLock(ctx, tx))
		if err != nil {
			return fmt.Errorf("hold the cursor of the watch for theft: %w", err)
		}
		if !free {
			return nil // another worker holds the cursor
		}
		through := cursor.Through
		if through < cursor.Bound && !cursor.Ripe {
			return nil // the next call finds it so
		}
		if through < cursor.Bound {
			if err := db.PlanAnew(ctx, tx); err != nil {
				return err
			}
			rows, err := s.q.TheftBatch(ctx, tx, db.TheftBatchParams{Through: cursor.Through, Bound: cursor.Bound, Size: s.batch})
			if err != nil {
				return fmt.Errorf("read the trail for theft: %w", err)
			}
			n, through = len(rows), cursor.Bound
			if len(rows) == int(s.batch) {
				through = rows[len(rows)-1].ID
			}
			more = through < cursor.Bound
			if err := w.judge(ctx, tx, rows); err != nil {
				return err
			}
			if err := s.q.TheftCursorMove(ctx, tx, through); err != nil {
				return fmt.Errorf("move the cursor of the watch for theft: %w", err)
			}
		}
		if through < cursor.Bound {
			return nil
		}
		if err := s.q.TheftTallyDeleteOld(ctx, tx, w.hours()+48*time.Hour); err != nil {
			return fmt.Errorf("delete old counts of redemptions: %w", err)
		}
		if more, err = s.q.TheftCursorBound(ctx, tx); err != nil {
			return fmt.Errorf("take the next bound of the watch for theft: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	for _, raised := range w.raised {
		s.log.WarnContext(ctx, "redemptions look like theft: see the page Alarms", slog.String("rule", string(raised.rule)),
			slog.Int64("alarm", raised.id), slog.Int("cards", int(raised.cards)))
	}
	return n, more, nil
}

// watch is the state of one transaction.
type watch struct {
	s      *Service
	rules  setting.Theft
	usual  map[usualKey]db.TheftUsualRow
	raised []raised
}

// raised is an alarm that is new.
type raised struct {
	id    int64
	rule  Rule
	cards int32
}

// judge applies each active rule to a batch.
func (w *watch) judge(ctx context.Context, tx pgx.Tx, rows []db.TheftBatchRow) error {
	if len(rows) == 0 {
		return nil
	}
	var redeemed, refused []db.TheftBatchRow
	for _, row := range rows {
		switch {
		case row.SeriesID == nil || row.Serial == nil || row.CustomerID == nil: // not a row about a card and a customer
		case row.Redeemed:
			redeemed = append(redeemed, row)
		case row.Refusal != "":
			refused = append(refused, row)
		}
	}
	for _, rule := range []func(context.Context, pgx.Tx, []db.TheftBatchRow) error{w.runs, w.tallies, w.revealed} {
		if len(redeemed) == 0 {
			break
		}
		if err := rule(ctx, tx, redeemed); err != nil {
			return err
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return w.refused(ctx, tx, refused)
}
