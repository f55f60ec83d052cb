package theft_test

import (
	"context"
	"fmt"
	"math/rand/v2" //nolint:depguard // the order in which a box is redeemed
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/theft"
)

// A stolen box is redeemed by many accounts, in no order and incompletely. This raises one
// alarm, which grows with each redemption and says which serials to disable.
func TestStolenBox(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, codes := b.series(t, 200, true)
	thieves := b.customers(t, 7, b.north)
	serials := rand.Perm(28) //nolint:gosec // 28 cards from serial 101 on in some order; two are missing
	n := 0
	for _, i := range serials {
		if i == 5 || i == 6 {
			continue
		}
		require.NoError(t, b.redeem(t, thieves[n%len(thieves)], codes[100+i], fmt.Sprintf("192.0.2.%d", n)))
		n++
	}
	for i := range 15 { // honest customers, all over the series
		require.NoError(t, b.redeem(t, thieves[i%len(thieves)], codes[i*6], ""))
	}
	var queued int
	count := func() int {
		require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from river_job where queue = 'mail' and args->>'about' = 'theft'`).Scan(&queued))
		return queued
	}
	_, err := b.pool.Exec(t.Context(), `insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'admin@example.com', now())`, b.admin.Person())
	require.NoError(t, err)
	require.Zero(t, count())
	require.Positive(t, b.look(t))
	require.Equal(t, 1, count(), "it is mailed")
	open := b.open(t)
	require.Len(t, open, 1)
	require.Equal(t, "run", open[0].Rule)
	require.Equal(t, s.ID, *open[0].SeriesID)
	require.Equal(t, []int32{101, 128}, []int32{*open[0].FirstSerial, *open[0].LastSerial})
	require.Equal(t, []int32{26, 7}, []int32{open[0].Cards, open[0].Customers})
	require.Equal(t, int64(26_000), open[0].Value)
	require.Equal(t, []int64{b.north.ID}, open[0].PartnerIds)

	for i := 28; i < 31; i++ {
		require.NoError(t, b.redeem(t, thieves[0], codes[100+i], ""))
	}
	b.look(t)
	require.Zero(t, b.look(t), "each line is looked at once")
	open = b.open(t)
	require.Len(t, open, 1, "the box goes on: the same alarm")
	require.Equal(t, 1, count(), "it was mailed")
	require.Equal(t, []int32{101, 131, 29}, []int32{*open[0].FirstSerial, *open[0].LastSerial, open[0].Cards})
	require.Equal(t, 1, strings.Count(b.log.String(), "level=WARN"), "the log says it once")
	require.NotContains(t, b.log.String(), "Customer")
	var lines int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from audit where action = 'alarm.raised' and series_id = $1`, s.ID).Scan(&lines))
	require.Equal(t, 1, lines)
}

// Redemptions of an acknowledged alarm no longer count. Only later ones raise the next
// alarm.
func TestAcknowledgedCountsNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) { r.RunCards, r.AccountCards = 5, 5 })
	s, codes := b.series(t, 40, true)
	anna := b.customers(t, 1, b.north)[0]
	take := func(from, to int) {
		for i := from; i < to; i++ {
			require.NoError(t, b.redeem(t, anna, codes[i], ""))
		}
		b.look(t)
	}
	take(0, 6)
	open := b.open(t)
	require.Len(t, open, 2)
	require.Equal(t, "account", open[1].Rule)
	require.Equal(t, anna.ID, *open[1].CustomerID)
	require.Equal(t, int32(6), open[1].Cards)
	for _, a := range open {
		require.NoError(t, b.watch.Acknowledge(t.Context(), b.admin, a.ID, " a business "))
	}
	require.Empty(t, b.open(t))
	take(6, 10)
	require.Empty(t, b.open(t), "four more are fewer than five")
	take(10, 11)
	open = b.open(t)
	require.Len(t, open, 1, "of the account what lies in the hour of the acknowledgement counts no more")
	require.Equal(t, "run", open[0].Rule)
	require.Equal(t, []int32{7, 11, 5}, []int32{*open[0].FirstSerial, *open[0].LastSerial, open[0].Cards})
	require.Equal(t, s.ID, *open[0].SeriesID)
}

// No alarm is raised if one customer redeems ten cards bought at a kiosk, or twenty cards
// over several days.
func TestHonestCustomersRaiseNoAlarm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, codes := b.series(t, 60, true)
	people := b.customers(t, 20, b.north)
	for i := range 10 {
		require.NoError(t, b.redeem(t, people[0], codes[i], "192.0.2.1"))
	}
	for i := range 19 { // a kiosk that sells in order
		require.NoError(t, b.redeem(t, people[1+i], codes[20+i], fmt.Sprintf("192.0.2.%d", 10+i)))
	}
	b.plant(t, 15, people[1].ID, "", 40*time.Hour)
	b.plant(t, 15, people[1].ID, "", 70*time.Hour)
	b.look(t)
	require.Empty(t, b.open(t))
}

// Concurrent calls of Look raise no alarm twice, and rows that a slow transaction writes
// late are examined.
func TestLookersAtOnceAndLateLines(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) { r.RunCards, r.AccountCards, r.AddressCards = 0, 10, 0 })
	anna := b.customers(t, 1, b.north)[0]

	late, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	defer late.Rollback(context.Background())
	_, err = late.Exec(t.Context(), `insert into audit (action, customer_id, series_id, serial) select 'card.redeemed', $1, 900000, n from generate_series(1, 5) n`, anna.ID)
	require.NoError(t, err)
	b.plant(t, 5, anna.ID, "", 0) // ids above those that are still to come
	for range 3 {
		n, err := b.watch.Look(t.Context(), time.Now)
		require.NoError(t, err)
		require.Zero(t, n, "lines below may still come")
	}
	require.NoError(t, late.Commit(t.Context()))
	var wait sync.WaitGroup
	seen := make([]int, 4)
	errs := make([]error, 4)
	for i := range seen {
		wait.Go(func() { seen[i], errs[i] = b.watch.Look(t.Context(), time.Now) })
	}
	wait.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 10, seen[0]+seen[1]+seen[2]+seen[3])
	require.Zero(t, b.look(t))
	open := b.open(t)
	require.Len(t, open, 1)
	require.Equal(t, int32(10), open[0].Cards, "each line counts once")
}

// The rules can be switched off, one by one.
func TestRulesSwitchOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) {
		*r = setting.Theft{RunMinutes: 60, Factor: 10, Hours: 24, Shared: []string{}}
	})
	_, codes := b.series(t, 30, true)
	anna := b.customers(t, 2, b.north)
	for _, code := range codes {
		require.NoError(t, b.redeem(t, anna[0], code, "192.0.2.1"))
	}
	_, closed := b.series(t, 3, false)
	require.ErrorIs(t, b.redeem(t, anna[1], closed[0], ""), card.ErrRefused)
	require.Equal(t, 31, b.look(t))
	require.Empty(t, b.open(t))
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) { r.AccountCards = 5 })
	carol := b.customers(t, 1, b.south)[0]
	b.plant(t, 5, carol.ID, "", 0)
	b.look(t)
	id := b.open(t)[0].ID
	of := func(p db.Partner) audit.Actor {
		return audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{p.ID}})
	}
	require.ErrorIs(t, b.watch.Acknowledge(t.Context(), of(b.north), id, "looked into"), theft.ErrNoAlarm)
	require.ErrorIs(t, b.watch.Acknowledge(t.Context(), b.admin, id+1, "looked into"), theft.ErrNoAlarm)
	for _, reason := range []string{"", "  x ", strings.Repeat("x", 301)} {
		require.Equal(t, "reason", fault.All(b.watch.Acknowledge(t.Context(), b.admin, id, reason))[0].Field)
	}
	require.NoError(t, b.watch.Acknowledge(t.Context(), of(b.south), id, "looked into"))
	require.ErrorIs(t, b.watch.Acknowledge(t.Context(), b.admin, id, "again"), theft.ErrAcknowledged)
	done := b.alarms(t, db.TheftAlarmStateAcknowledged)
	require.Equal(t, "looked into", done[0].Reason)
	require.Equal(t, b.admin.ID, *done[0].AcknowledgedBy)
	var reason string
	require.NoError(t, b.pool.QueryRow(t.Context(), `select detail->>'reason' from audit where action = 'alarm.acknowledged' and customer_id = $1`, carol.ID).Scan(&reason))
	require.Equal(t, "looked into", reason)
}

// A member of staff can't close an alarm about themselves, nor can an account that they may
// control.
func TestAlarmAboutOneself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	friend, other := b.staff(t, "friend"), b.staff(t, "other")
	id, err := db.New().TheftAlarmRaise(t.Context(), b.pool, db.TheftAlarmRaiseParams{
		Rule: string(theft.Revealed), Subject: fmt.Sprintf("revealed:%d", b.admin.ID), StaffID: &b.admin.ID,
		PartnerIds: []int64{}, FirstAt: time.Now(), LastAt: time.Now(), Cards: 5, Customers: 1,
	})
	require.NoError(t, err)
	require.ErrorIs(t, b.watch.Acknowledge(t.Context(), b.admin, id, "looked into"), theft.ErrOwn)
	require.NoError(t, staff.ResetPassword(t.Context(), b.pool, b.admin, friend.ID, "another horse"))
	require.ErrorIs(t, b.watch.Acknowledge(t.Context(), friend, id, "looked into"), theft.ErrShared)
	require.NoError(t, b.watch.Acknowledge(t.Context(), other, id, "looked into"))
}

// tracer records statements.
type tracer struct {
	mu   sync.Mutex
	sent []string
}

func (r *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, q.SQL)
	return ctx
}

func (r *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range data.Batch.QueuedQueries {
		r.sent = append(r.sent, q.SQL)
	}
	return ctx
}

func (r *tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (r *tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// The watch costs a redemption nothing: its statements use no table of the watch.
func TestRedemptionsDoNotPayForTheWatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, codes := b.series(t, 2, true)
	anna := b.customers(t, 1, b.north)[0]
	trace := &tracer{}
	config := b.pool.Config()
	config.ConnConfig.Tracer = trace
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	require.NoError(t, b.redeem(t, anna, codes[0], ""))
	traced := b.newCards(t, pool)
	_, err = traced.Redeem(t.Context(), audit.ByCustomer(anna.ID, audit.Everything()), card.Redemption{CustomerID: anna.ID, Code: codes[1], Key: uuid.New()})
	require.NoError(t, err)
	require.Greater(t, len(trace.sent), 5)
	for _, sql := range trace.sent {
		require.NotContains(t, sql, "theft")
	}
}

// A customer counted by an open alarm is not erased before it is closed; other customers
// are.
func TestCustomersUnderAlarmAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	people := b.customers(t, 7, b.north)
	erase := func(c db.Customer) error {
		balance, err := b.q.CustomerBalance(ctx, b.pool, &c.ID)
		require.NoError(t, err)
		return customer.Erase(ctx, b.pool, b.admin, customer.Erasure{CustomerID: c.ID, Number: fmt.Sprint(c.ID), Reason: "a request", Balance: balance.Balance, Stays: true})
	}
	under := func(c db.Customer, want bool) {
		t.Helper()
		got, err := customer.UnderAlarm(ctx, b.pool, c.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, box := b.series(t, 30, true)
	for n := range 20 { // consecutive serials, by three customers
		require.NoError(t, b.redeem(t, people[n%3], box[n], ""))
	}
	require.NoError(t, b.redeem(t, people[3], box[28], ""))
	_, shut := b.series(t, 3, false)
	require.ErrorIs(t, b.redeem(t, people[4], shut[0], ""), card.ErrInactive) // tried before the sale
	reveals, seen := b.series(t, 6, true)
	for n := range 5 { // shown by staff, then redeemed
		_, err := b.cards.Reveal(ctx, b.admin, card.Ref{SeriesID: reveals.ID, Serial: int32(n + 1)}, "a call")
		require.NoError(t, err)
		require.NoError(t, b.redeem(t, people[5], seen[n], ""))
	}
	b.look(t)
	b.look(t)
	rules := map[string]bool{}
	for _, a := range b.open(t) {
		rules[a.Rule] = true
	}
	require.True(t, rules["run"] && rules["early"] && rules["revealed"], "%v", rules)
	for n, want := range []bool{true, true, true, false, true, true, false} {
		under(people[n], want)
	}
	require.ErrorIs(t, erase(people[0]), customer.ErrAlarm)
	require.ErrorIs(t, erase(people[4]), customer.ErrAlarm)
	require.NoError(t, erase(people[3]))
	require.NoError(t, erase(people[6]))
	boss := b.staff(t, "boss")
	for _, a := range b.open(t) {
		require.NoError(t, b.watch.Acknowledge(ctx, boss, a.ID, "it was us"))
	}
	require.NoError(t, erase(people[0]))
	require.NoError(t, erase(people[5]))
}
