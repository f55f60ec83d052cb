package theft

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// used is a redeemed card of a series.
type used struct {
	serial int32
	at     time.Time
}

// span is a range of serials of a series.
type span struct{ first, last int32 }

// stretch is a span with the times of its first and last redemption.
type stretch struct {
	span

	from, to time.Time
}

// runs finds stolen boxes: many cards of a series with consecutive or nearly consecutive
// serials, redeemed within a short time, in any order and by any accounts.
func (w *watch) runs(ctx context.Context, tx pgx.Tx, rows []db.TheftBatchRow) error {
	least := w.rules.RunCards
	if least == 0 {
		return nil
	}
	reach := (least - 1) * (w.rules.RunGap + 1) // the largest distance in serials from a card to another one of its run
	window := time.Duration(w.rules.RunMinutes) * time.Minute
	events := map[int64][]used{}
	since, until := rows[0].At, rows[0].At
	for _, row := range rows {
		events[*row.SeriesID] = append(events[*row.SeriesID], used{*row.Serial, row.At})
		if row.At.Before(since) {
			since = row.At
		}
		if row.At.After(until) {
			until = row.At
		}
	}
	var p db.TheftNeighboursParams
	var subjects []string
	for id, of := range events {
		slices.SortFunc(of, func(a, b used) int { return cmp.Compare(a.serial, b.serial) })
		for _, r := range around(of, reach) {
			p.SeriesIds, p.Firsts, p.Lasts = append(p.SeriesIds, id), append(p.Firsts, r.first), append(p.Lasts, r.last)
		}
		subjects = append(subjects, subjectID(Run, id))
	}
	p.Since, p.Until = since.Add(-window), until
	near, err := w.s.q.TheftNeighbours(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("read the neighbours of redeemed cards: %w", err)
	}
	known := map[int64][]used{}
	for _, row := range near {
		known[row.SeriesID] = append(known[row.SeriesID], used{row.Serial, row.UsedAt})
	}
	settled, err := w.acknowledged(ctx, tx, Run, subjects)
	if err != nil {
		return err
	}
	for id, of := range events {
		for _, found := range findRuns(known[id], of, int(least), w.rules.RunGap, window, settled[subjectID(Run, id)]) {
			if err := w.raiseRun(ctx, tx, id, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// around returns the spans within reach of cards, which are sorted by serial. Spans that
// overlap or touch are merged.
func around(cards []used, reach int32) []span {
	var spans []span
	for _, c := range cards {
		first, last := max(c.serial-reach, 1), c.serial+reach
		if n := len(spans); n > 0 && spans[n-1].last >= first-1 {
			spans[n-1].last = max(spans[n-1].last, last)
			continue
		}
		spans = append(spans, span{first, last})
	}
	return spans
}

// findRuns returns runs of neighbouring cards that were redeemed within a window. known are
// the redeemed cards near the events, sorted by serial. Each window ends at one of events. A
// run has no fewer cards than least, and between two of them at most gap serials are missing.
// Cards that were redeemed at or before settled are ignored: an acknowledged alarm has counted
// them.
func findRuns(known, events []used, least int, gap int32, window time.Duration, settled time.Time) []stretch {
	var found []stretch
	for _, e := range events {
		at, there := slices.BinarySearchFunc(known, e.serial, func(u used, serial int32) int { return cmp.Compare(u.serial, serial) })
		if !there || !e.at.After(settled) {
			continue
		}
		run := stretch{span{e.serial, e.serial}, e.at, e.at}
		counts := func(u used) bool {
			return !u.at.After(e.at) && u.at.After(e.at.Add(-window)) && u.at.After(settled)
		}
		n := 1
		for i := at - 1; i >= 0 && n < 2*least && run.first-known[i].serial <= gap+1; i-- {
			if counts(known[i]) {
				n, run.first, run.from = n+1, known[i].serial, earlier(run.from, known[i].at)
			}
		}
		for i := at + 1; i < len(known) && n < 3*least && known[i].serial-run.last <= gap+1; i++ {
			if counts(known[i]) {
				n, run.last, run.from = n+1, known[i].serial, earlier(run.from, known[i].at)
			}
		}
		if n < least {
			continue
		}
		if last := len(found) - 1; last >= 0 && found[last].last+gap+1 >= run.first {
			found[last].last, found[last].first = max(found[last].last, run.last), min(found[last].first, run.first)
			found[last].from, found[last].to = earlier(found[last].from, run.from), later(found[last].to, run.to)
			continue
		}
		found = append(found, run)
	}
	return found
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// raiseRun raises an alarm about a run, or extends the open alarm that the run continues.
func (w *watch) raiseRun(ctx context.Context, tx pgx.Tx, seriesID int64, run stretch) error {
	gap, subject := w.rules.RunGap+1, subjectID(Run, seriesID)
	open, err := w.s.q.TheftAlarmOpenRuns(ctx, tx, db.TheftAlarmOpenRunsParams{Subject: subject, FirstSerial: run.first - gap, LastSerial: run.last + gap})
	if err != nil {
		return fmt.Errorf("look for an alarm about a run: %w", err)
	}
	var id int64
	for _, o := range open {
		id = o.ID
		run.first, run.last, run.from = min(run.first, o.FirstSerial), max(run.last, o.LastSerial), earlier(run.from, o.FirstAt)
	}
	count, err := w.s.q.TheftRunCount(ctx, tx, db.TheftRunCountParams{
		SeriesID: seriesID, FirstSerial: run.first, LastSerial: run.last, Since: run.from, Until: run.to,
	})
	if err != nil {
		return fmt.Errorf("count a run: %w", err)
	}
	return w.raise(ctx, tx, finding{
		rule: Run, subject: subject, seriesID: seriesID, firstSerial: run.first, lastSerial: run.last, partners: count.PartnerIds,
		from: count.FirstAt, to: count.LastAt, cards: count.Cards, customers: count.Customers, value: count.Value,
	}, id)
}

// acknowledged returns the time at which the last alarm about each subject was
// acknowledged.
func (w *watch) acknowledged(ctx context.Context, tx pgx.Tx, rule Rule, subjects []string) (map[string]time.Time, error) {
	rows, err := w.s.q.TheftAcknowledged(ctx, tx, db.TheftAcknowledgedParams{Rule: string(rule), Subjects: subjects})
	if err != nil {
		return nil, fmt.Errorf("look for acknowledged alarms: %w", err)
	}
	at := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		at[row.Subject] = row.At
	}
	return at, nil
}
