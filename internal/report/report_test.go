package report_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/report"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// zone has no midnight on 4 November 2018: the clocks went from 24:00 to 01:00.
const zone = "America/Sao_Paulo"

// bundle is a separate database with cards for a test.
type bundle struct {
	pool         *pgxpool.Pool
	cards        *card.Service
	admin        audit.Actor
	north, south db.Partner
	anna, carol  db.Customer // of North, of South
	posted       int64       // the last ledger transaction that at has moved
	location     *time.Location
}

func setup(t *testing.T) *bundle {
	t.Helper()
	ctx, pool := t.Context(), dbtest.Pool(t)
	log := slog.New(slog.DiscardHandler)
	keys := codetest.Keys(t)
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	b := &bundle{pool: pool, cards: card.New(pool, keys, jobs, setting.NewStore(pool, time.Now), log)}
	b.north, err = db.New().PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	b.south, err = db.New().PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "South", TimeZone: "UTC"})
	require.NoError(t, err)
	id := peopletest.Staff(t, pool, staff.New{Username: "admin", Role: db.StaffRoleAdministrator, AllPartners: true})
	b.admin = audit.ByStaff(id, audit.Everything())
	for _, one := range []struct {
		to      *db.Customer
		partner db.Partner
	}{{&b.anna, b.north}, {&b.carol, b.south}} {
		*one.to, err = customer.Create(ctx, pool, b.admin, customer.New{PartnerID: one.partner.ID, Name: "of " + one.partner.Name, Currency: "USD"})
		require.NoError(t, err)
	}
	b.location, err = time.LoadLocation(zone)
	require.NoError(t, err)
	return b
}

// series makes a series: the price is in whole dollars, the partner is one or any.
func (b *bundle) series(t *testing.T, quantity, price int, partner string, activate bool) db.Series {
	t.Helper()
	ordered, err := b.cards.Order(t.Context(), b.admin, card.OrderRequest{
		Quantity: int32(quantity), Price: money.Amount{Minor: int64(price) * 100, Currency: "USD"}, Partners: card.ParsePartners([]string{partner}), //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Activate: activate, Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	made, err := db.New().SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	return made
}

func (b *bundle) redeem(t *testing.T, customer db.Customer, series db.Series, serial int32) int64 {
	t.Helper()
	receipt, err := b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: customer.ID, Card: card.Ref{SeriesID: series.ID, Serial: serial}, Key: uuid.New()})
	require.NoError(t, err)
	return receipt.PaymentID
}

// at moves all ledger transactions since its last call to a time in the past.
func (b *bundle) at(t *testing.T, moment string) {
	t.Helper()
	ctx := t.Context()
	at, err := time.Parse(time.RFC3339, moment)
	require.NoError(t, err)
	owner := dbtest.Owner(t, b.pool)
	_, err = owner.Exec(ctx, `set session_replication_role = replica`) // no trigger guards the ledger
	require.NoError(t, err)
	_, err = owner.Exec(ctx, `update ledger_tx set at = $1 where id > $2`, at, b.posted)
	require.NoError(t, err)
	_, err = owner.Exec(ctx, `update payment set at = $1 where tx_id > $2`, at, b.posted)
	require.NoError(t, err)
	_, err = owner.Exec(ctx, `update series set activated_at = (select min(at) from ledger_tx where kind = 'activate' and series_id = series.id) where activated_at is not null`)
	require.NoError(t, err)
	require.NoError(t, owner.Close(ctx))
	require.NoError(t, b.pool.QueryRow(ctx, `select coalesce(max(id), 0) from ledger_tx`).Scan(&b.posted))
}

// happen creates a short history: redemptions before and after the missing midnight, one
// that is reversed, a series that is voided and one that is never activated.
func (b *bundle) happen(t *testing.T) (open, north, ready db.Series) {
	t.Helper()
	open = b.series(t, 10, 10, card.AnyPartner, true)
	north = b.series(t, 5, 20, fmt.Sprint(b.north.ID), true)
	b.at(t, "2018-10-31T12:00:00-03:00")
	ready = b.series(t, 4, 50, fmt.Sprint(b.south.ID), false)
	b.redeem(t, b.anna, open, 1)
	b.at(t, "2018-11-03T23:30:00-03:00")
	b.redeem(t, b.carol, open, 2)
	b.at(t, "2018-11-04T01:30:00-02:00")
	paid := b.redeem(t, b.anna, north, 1)
	b.at(t, "2018-11-30T23:30:00-02:00")
	_, err := b.cards.Reverse(t.Context(), b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: paid, Reason: "sold twice", Key: uuid.New()})
	require.NoError(t, err)
	b.at(t, "2018-12-05T12:00:00-02:00")
	require.NoError(t, b.cards.Void(t.Context(), b.admin, north.ID, "a test"))
	b.at(t, "2018-12-31T23:00:00-02:00")
	return open, north, ready
}

// ask returns a question about all time from 2018 to January 2019.
func (b *bundle) ask(unit report.Unit) report.Question {
	return report.Question{
		Period: report.Period{Kind: report.Custom, To: day(2019, time.January, 31)},
		Unit:   unit, Scope: audit.Everything(), Zone: b.location, Currency: "USD",
	}
}

func (b *bundle) ledger(t *testing.T, sql string, args ...any) int64 {
	t.Helper()
	var sum int64
	require.NoError(t, b.pool.QueryRow(t.Context(), sql, args...).Scan(&sum))
	return sum
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func usd(cents int64) money.Amount { return money.Amount{Minor: cents, Currency: "USD"} }

// balanceSQL selects the balance of the accounts of a kind at the end of a day.
const balanceSQL = `select coalesce(sum(e.amount), 0)::bigint from ledger_entry e join ledger_tx t on t.id = e.tx_id
	join account a on a.id = e.account_id where a.kind = $1::account_kind and (t.at at time zone '` + zone + `')::date <= $2::date`

func TestFiguresEqualTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	open, north, ready := b.happen(t)

	for _, unit := range []report.Unit{report.Day, report.Week, report.Month} {
		q := b.ask(unit)
		out, err := report.Outstanding(ctx, b.pool, q)
		require.NoError(t, err)
		require.Equal(t, day(2018, time.October, 31), out.First)
		require.NotEmpty(t, out.Periods)
		for i, period := range out.Periods {
			last := out.Last
			if i+1 < len(out.Periods) {
				last = out.Periods[i+1].First.AddDate(0, 0, -1)
				require.Equal(t, period.Closing, out.Periods[i+1].Opening)
			}
			require.Equal(t, b.ledger(t, balanceSQL, "outstanding", last), period.Closing.Minor, period.First)
		}
		require.Equal(t, usd(8000), out.Total.Closing)
		require.Equal(t, report.Movement{Issued: usd(20000), Redeemed: usd(-4000), Voided: usd(-8000), Expired: usd(0), Repriced: usd(0), Other: usd(0)}, out.Total.Movement)
		require.Equal(t, []report.Count{{Cards: 8, Sum: usd(8000)}, {Cards: 0, Sum: usd(0)}}, []report.Count{out.Now, out.Locked})

		broken, err := report.Breakage(ctx, b.pool, q)
		require.NoError(t, err)
		require.Equal(t, report.Broken{Voided: usd(8000), Other: usd(2000), Expired: usd(0), Sum: usd(10000)}, broken.Total)
		var sum int64
		for i, period := range broken.Periods {
			sum += period.Sum.Minor
			last := broken.Last
			if i+1 < len(broken.Periods) {
				last = broken.Periods[i+1].First.AddDate(0, 0, -1)
			}
			require.Equal(t, b.ledger(t, balanceSQL, "breakage", last), sum, period.First)
		}

		redeemed, err := report.Redemptions(ctx, b.pool, q)
		require.NoError(t, err)
		require.Equal(t, report.Count{Cards: 3, Sum: usd(4000)}, redeemed.Total)
		require.Equal(t, usd(1333), redeemed.Average)
		require.Equal(t, []report.RedemptionLine{
			{Day: day(2018, time.November, 3), Partner: report.Partner{ID: b.north.ID, Name: "North"}, Count: report.Count{Cards: 1, Sum: usd(1000)}},
			{Day: day(2018, time.November, 4), Partner: report.Partner{ID: b.south.ID, Name: "South"}, Count: report.Count{Cards: 1, Sum: usd(1000)}},
			{Day: day(2018, time.November, 30), Partner: report.Partner{ID: b.north.ID, Name: "North"}, Count: report.Count{Cards: 1, Sum: usd(2000)}},
		}, redeemed.Lines)
		var inPeriods int64
		for _, period := range redeemed.Periods {
			for _, one := range period.ByPartner {
				inPeriods += one.Sum.Minor
			}
		}
		require.Equal(t, b.ledger(t, `select sum(amount)::bigint from payment where type = 'refill_card'`), inPeriods)
	}

	series, err := report.Series(ctx, b.pool, b.ask(report.Day))
	require.NoError(t, err)
	lines := map[string]report.SeriesLine{}
	for _, line := range series.Lines {
		lines[line.Number] = line
	}
	require.Equal(t, report.Standing{Used: cards(2, 10), Active: cards(8, 10), Expired: cards(0, 0), Disabled: cards(0, 0), Inactive: cards(0, 0), Void: cards(0, 0)}, lines[open.Number].Standing)
	require.True(t, lines[open.Number].AnyPartner)
	require.Equal(t, report.Standing{Used: cards(0, 20), Active: cards(0, 0), Expired: cards(0, 0), Disabled: cards(0, 0), Inactive: cards(0, 0), Void: cards(5, 20)}, lines[north.Number].Standing)
	require.Equal(t, cards(1, 20), lines[north.Number].Redeemed, "on its day, though it was reversed")
	require.Equal(t, []string{"North"}, lines[north.Number].Partners)
	require.Equal(t, cards(4, 50), lines[ready.Number].Standing.Inactive)
	require.Equal(t, int64(19), series.Total.Cards)
	require.Equal(t, b.ledger(t, balanceSQL, "outstanding", time.Now()), series.Total.Outstanding.Minor)
	require.Equal(t, -b.ledger(t, `select sum(e.amount)::bigint from ledger_entry e join ledger_tx t on t.id = e.tx_id join account a on a.id = e.account_id
		where a.kind = 'outstanding' and t.kind = 'redeem'`), series.Total.Redeemed.Sum.Minor)

	used, err := report.TimeToUse(ctx, b.pool, b.ask(report.Day))
	require.NoError(t, err)
	require.Equal(t, []report.TimeToUseLine{
		{Number: north.Number, Cards: 1, Lags: report.Lags{report.To90Days: 1}, Median: 30, NineTenths: 30},
		{Number: open.Number, Cards: 2, Lags: report.Lags{report.To7Days: 2}, Median: 3, NineTenths: 3},
	}, used.Lines)
}

func cards(n, dollars int64) report.Count { return report.Count{Cards: n, Sum: usd(n * dollars * 100)} }

// A day that begins at one o'clock contains exactly its own redemptions, and value is
// rolled forward to its end.
func TestDayWithoutMidnight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.happen(t)
	for _, c := range []struct {
		from, to time.Time
		partners []string
		closing  int64
	}{
		{day(2018, time.November, 3), day(2018, time.November, 3), []string{"North"}, 19000},
		{day(2018, time.November, 4), day(2018, time.November, 4), []string{"South"}, 18000},
		{day(2018, time.November, 3), day(2018, time.November, 4), []string{"North", "South"}, 18000},
	} {
		q := b.ask(report.Day)
		q.Period.From, q.Period.To = c.from, c.to
		redeemed, err := report.Redemptions(t.Context(), b.pool, q)
		require.NoError(t, err)
		var partners []string
		for _, line := range redeemed.Lines {
			partners = append(partners, line.Partner.Name)
		}
		require.Equal(t, c.partners, partners)
		require.Equal(t, []time.Time{c.from, c.to}, []time.Time{redeemed.Periods[0].First, redeemed.Periods[len(redeemed.Periods)-1].First})
		out, err := report.Outstanding(t.Context(), b.pool, q)
		require.NoError(t, err)
		require.Equal(t, usd(c.closing), out.Total.Closing)
		require.Equal(t, out.Total.Closing, out.Periods[len(out.Periods)-1].Closing)
	}
}

func TestFiguresOfAScope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, north, _ := b.happen(t)
	ofNorth := audit.Scope{PartnerIDs: []int64{b.north.ID}}
	for name, c := range map[string]struct {
		scope    audit.Scope
		partner  int64
		answered int64
		series   int
		redeemed int64 // cards
		broken   int64
	}{
		"all":                  {audit.Everything(), report.EveryPartner, report.EveryPartner, 3, 3, 10000},
		"one of all":           {audit.Everything(), b.south.ID, b.south.ID, 1, 1, 0},
		"for any partner":      {audit.Everything(), report.AnyPartner, report.AnyPartner, 1, 3, 0},
		"one's own":            {ofNorth, report.EveryPartner, report.EveryPartner, 1, 2, 10000},
		"one's own, named":     {ofNorth, b.north.ID, b.north.ID, 1, 2, 10000},
		"another one's":        {ofNorth, b.south.ID, report.EveryPartner, 1, 2, 10000},
		"nothing":              {audit.Scope{}, report.EveryPartner, report.EveryPartner, 0, 0, 0},
		"nothing, one partner": {audit.Scope{}, b.north.ID, report.EveryPartner, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, q := t.Context(), b.ask(report.Month)
			q.Scope, q.Partner = c.scope, c.partner
			series, err := report.Series(ctx, b.pool, q)
			require.NoError(t, err)
			require.Equal(t, c.answered, series.Partner)
			require.Len(t, series.Lines, c.series)
			redeemed, err := report.Redemptions(ctx, b.pool, q)
			require.NoError(t, err)
			require.Equal(t, c.redeemed, redeemed.Total.Cards)
			used, err := report.TimeToUse(ctx, b.pool, q)
			require.NoError(t, err)
			require.Equal(t, c.redeemed, used.Cards)
			broken, err := report.Breakage(ctx, b.pool, q)
			require.NoError(t, err)
			require.Equal(t, c.broken, broken.Total.Sum.Minor)
			out, err := report.Outstanding(ctx, b.pool, q)
			require.NoError(t, err)
			require.Equal(t, series.Total.Outstanding, out.Now.Sum)
			if c.series == 1 && c.broken > 0 {
				require.Equal(t, north.Number, series.Lines[0].Number)
			}
		})
	}
}

// Every report returns the errors of Check before it reads.
func TestWrongPeriod(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	q := report.Question{Period: report.Period{Kind: report.Custom, From: day(2026, 2, 1), To: day(2026, 1, 1)}, Scope: audit.Everything(), Zone: time.UTC, Currency: "USD"}
	for name, read := range map[string]func() error{
		"series":      func() error { _, err := report.Series(t.Context(), pool, q); return err },
		"outstanding": func() error { _, err := report.Outstanding(t.Context(), pool, q); return err },
		"breakage":    func() error { _, err := report.Breakage(t.Context(), pool, q); return err },
		"redemptions": func() error { _, err := report.Redemptions(t.Context(), pool, q); return err },
		"time to use": func() error { _, err := report.TimeToUse(t.Context(), pool, q); return err },
	} {
		require.ErrorIs(t, read(), report.ErrOrder, name)
	}
}
