package theft

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

// valueFrom is the least number of cards for which the rules compare the redeemed value as
// well. One or two cards of the highest face value are a normal purchase.
const valueFrom = 5

// tallyKey is one subject in one hour.
type tallyKey struct {
	rule    Rule
	subject string
	hour    time.Time
}

// tally is the number and value of a subject's redemptions in an hour.
type tally struct {
	cards       int32
	value       int64
	first, last time.Time
	partner     int64
}

// usualKey identifies the usual figures of a rule at an hour.
type usualKey struct {
	rule Rule
	hour time.Time
}

// tallies counts the redemptions of accounts and addresses by hour and finds those with
// far more than others.
func (w *watch) tallies(ctx context.Context, tx pgx.Tx, rows []db.TheftBatchRow) error {
	counts := w.count(rows)
	if len(counts) == 0 {
		return nil
	}
	var add db.TheftTallyAddParams
	sums := db.TheftTallySumsParams{Span: w.hours(), Least: min(valueFrom, cmp.Or(w.rules.AccountCards, valueFrom), cmp.Or(w.rules.AddressCards, valueFrom))}
	for key, t := range counts {
		add.Rules, add.Subjects, add.Hours = append(add.Rules, string(key.rule)), append(add.Subjects, key.subject), append(add.Hours, key.hour)
		add.Cards, add.Values = append(add.Cards, t.cards), append(add.Values, t.value)
		add.Firsts, add.Lasts = append(add.Firsts, t.first), append(add.Lasts, t.last)
	}
	sums.Rules, sums.Subjects, sums.Hours = add.Rules, add.Subjects, add.Hours
	if err := w.s.q.TheftTallyAdd(ctx, tx, add); err != nil {
		return fmt.Errorf("count redemptions: %w", err)
	}
	found, err := w.s.q.TheftTallySums(ctx, tx, sums)
	if err != nil {
		return fmt.Errorf("sum up redemptions: %w", err)
	}
	for _, sum := range found {
		key := tallyKey{Rule(sum.Rule), sum.Subject, sum.Hour.UTC()}
		over, usual, err := w.over(ctx, tx, key, sum.Cards, sum.Value)
		if err != nil {
			return err
		}
		if !over {
			continue
		}
		if err := w.raiseTally(ctx, tx, key, counts[key].partner, sum, usual); err != nil {
			return err
		}
	}
	return nil
}

func (w *watch) hours() time.Duration { return time.Duration(w.rules.Hours) * time.Hour }

// count sums up a batch by subject and hour. A redemption by staff counts for the
// customer, not for the address of the staff. Addresses in the shared networks of the
// settings are not counted.
func (w *watch) count(rows []db.TheftBatchRow) map[tallyKey]tally {
	counts := map[tallyKey]tally{}
	shared := w.rules.SharedNetworks()
	for _, row := range rows {
		hour := row.At.UTC().Truncate(time.Hour)
		var keys []tallyKey
		if w.rules.AccountCards > 0 {
			keys = append(keys, tallyKey{Account, strconv.FormatInt(*row.CustomerID, 10), hour})
		}
		if w.rules.AddressCards > 0 && row.StaffID == nil && row.Address != nil && !within(shared, *row.Address) {
			keys = append(keys, tallyKey{Address, audit.AddressScope(*row.Address), hour})
		}
		for _, key := range keys {
			t, there := counts[key]
			if !there {
				t.first, t.last = row.At, row.At
			}
			t.cards++
			if row.Amount != nil {
				t.value += *row.Amount
			}
			if row.PartnerID != nil {
				t.partner = *row.PartnerID
			}
			t.first, t.last = earlier(t.first, row.At), later(t.last, row.At)
			counts[key] = t
		}
	}
	return counts
}

func within(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address.Unmap()) })
}

// over reports whether a subject's redemptions are far above usual: at least the number of
// cards in the settings, and at least the factor in the settings times the median of all
// active subjects. Their value is compared in the same way, in units of what the median
// account's cards are worth. The rule about addresses needs other active addresses to
// compare with: where all customers share one address, it is not suspicious.
func (w *watch) over(ctx context.Context, tx pgx.Tx, key tallyKey, cards int32, value int64) (bool, int32, error) {
	least := w.rules.AccountCards
	if key.rule == Address {
		least = w.rules.AddressCards
	}
	if least == 0 || cards < min(least, valueFrom) {
		return false, 0, nil
	}
	at := usualKey{key.rule, key.hour}
	usual, there := w.usual[at]
	if !there {
		var err error
		usual, err = w.s.q.TheftUsual(ctx, tx, db.TheftUsualParams{Rule: string(key.rule), Hour: key.hour, Span: w.hours()})
		if err != nil {
			return false, 0, fmt.Errorf("ask what is usual: %w", err)
		}
		w.usual[at] = usual
	}
	if usual.Active < 2 {
		return key.rule == Account && cards >= least, 0, nil
	}
	factor := max(w.rules.Factor, 1)
	many := cards >= max(least, factor*usual.Cards)
	dear := cards >= valueFrom && usual.Value > 0 && value >= int64(max(least, factor))*usual.Value
	return many || dear, usual.Cards, nil
}

// raiseTally raises an alarm about an account or an address.
func (w *watch) raiseTally(ctx context.Context, tx pgx.Tx, key tallyKey, partner int64, sum db.TheftTallySumsRow, usual int32) error {
	f := finding{
		rule: key.rule, subject: subjectOf(key.rule, key.subject), from: sum.FirstAt, to: sum.LastAt,
		cards: sum.Cards, customers: 1, value: sum.Value, usual: usual, partners: []int64{partner},
	}
	if key.rule == Account {
		id, err := strconv.ParseInt(key.subject, 10, 64)
		if err != nil {
			return fmt.Errorf("read a subject: %w", err)
		}
		f.customerID = id
		return w.raise(ctx, tx, f, 0)
	}
	use, err := w.s.q.TheftAddressUse(ctx, tx, db.TheftAddressUseParams{Network: key.subject, Since: sum.FirstAt, Until: sum.LastAt})
	if err != nil {
		return fmt.Errorf("ask who redeemed from an address: %w", err)
	}
	f.network, f.customers, f.partners = key.subject, use.Customers, use.PartnerIds
	return w.raise(ctx, tx, f, 0)
}
