package theft

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// leastOf returns the number of different cards at which a rule raises an alarm; 0: the
// rule is off.
func (w *watch) leastOf(rule Rule) int32 {
	switch rule {
	case Run:
		return w.rules.RunCards
	case Account:
		return w.rules.AccountCards
	case Address:
		return w.rules.AddressCards
	case Early:
		return w.rules.EarlyCards
	case Locked:
		return w.rules.LockedCards
	case Copied:
		return w.rules.CopiedCards
	case Revealed:
		return w.rules.RevealedCards
	}
	return 0
}

// refused examines refused attempts at cards that are not on sale yet, that staff took out
// of use, or that another customer has used.
func (w *watch) refused(ctx context.Context, tx pgx.Tx, rows []db.TheftBatchRow) error {
	type key struct {
		rule   Rule
		series int64
		hour   time.Time
	}
	last := map[key]time.Time{} // each rule looks back from the last attempt of each hour
	subjects := map[Rule][]string{}
	for _, row := range rows {
		rule := Rule(row.Refusal)
		if w.leastOf(rule) == 0 {
			continue
		}
		k := key{rule, *row.SeriesID, row.At.UTC().Truncate(time.Hour)}
		last[k] = later(last[k], row.At)
		subjects[rule] = append(subjects[rule], subjectID(rule, *row.SeriesID))
	}
	if len(last) == 0 {
		return nil
	}
	settled := map[Rule]map[string]time.Time{}
	for rule, of := range subjects {
		var err error
		if settled[rule], err = w.acknowledged(ctx, tx, rule, of); err != nil {
			return err
		}
	}
	p := db.TheftRefusedParams{Span: w.hours()}
	for k, at := range last {
		p.SeriesIds, p.Rules, p.Untils = append(p.SeriesIds, k.series), append(p.Rules, string(k.rule)), append(p.Untils, at)
		p.Sinces = append(p.Sinces, settled[k.rule][subjectID(k.rule, k.series)])
	}
	found, err := w.s.q.TheftRefused(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("count refused attempts: %w", err)
	}
	for _, row := range found {
		rule := Rule(row.Rule)
		if row.Cards < w.leastOf(rule) {
			continue
		}
		err := w.raise(ctx, tx, finding{
			rule: rule, subject: subjectID(rule, row.SeriesID), seriesID: row.SeriesID, firstSerial: row.FirstSerial, lastSerial: row.LastSerial,
			partners: row.PartnerIds, from: row.FirstAt, to: row.LastAt, cards: row.Cards, customers: row.Customers,
		}, 0)
		if err != nil {
			return err
		}
	}
	return nil
}

// revealed finds codes that were redeemed after one member of staff had them shown.
// Support shows a code for a damaged card now and then; many are suspicious.
func (w *watch) revealed(ctx context.Context, tx pgx.Tx, rows []db.TheftBatchRow) error {
	least := w.rules.RevealedCards
	if least == 0 {
		return nil
	}
	p := db.TheftRevealersParams{Span: w.hours()}
	for _, row := range rows {
		if row.RevealedAt == nil || row.At.Sub(*row.RevealedAt) > w.hours() {
			continue
		}
		if since := row.At.Add(-w.hours()); p.Since.IsZero() || since.Before(p.Since) {
			p.Since = since
		}
		p.Until = later(p.Until, row.At)
		p.SeriesIds, p.Serials = append(p.SeriesIds, *row.SeriesID), append(p.Serials, *row.Serial)
	}
	if len(p.Serials) == 0 {
		return nil
	}
	found, err := w.s.q.TheftRevealers(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("look for codes that were shown before: %w", err)
	}
	for _, row := range found {
		if row.Cards < least {
			continue
		}
		err := w.raise(ctx, tx, finding{
			rule: Revealed, subject: subjectID(Revealed, row.StaffID), staffID: row.StaffID, partners: row.PartnerIds,
			from: row.FirstAt, to: row.LastAt, cards: row.Cards, customers: row.Customers, value: row.Value,
		}, 0)
		if err != nil {
			return err
		}
	}
	return nil
}
