package theft_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
	"refill/internal/theft"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// bundle is a database of the test's own with cards and the watch.
type bundle struct {
	pool         *pgxpool.Pool
	q            *db.Queries
	keys         *cardcode.Keyring
	cards        *card.Service
	settings     *setting.Store
	watch        *theft.Service
	log          *bytes.Buffer
	admin        audit.Actor
	north, south db.Partner
}

func setup(t *testing.T) *bundle {
	t.Helper()
	ctx := t.Context()
	b := &bundle{pool: dbtest.MailPool(t), q: db.New(), log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	keys := codetest.Keys(t)
	b.keys = keys
	b.settings = setting.NewStore(b.pool, time.Now)
	b.cards = b.newCards(t, b.pool)
	b.watch = theft.New(b.pool, b.settings, log)
	var err error
	b.north, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "North", TimeZone: "Pacific/Kiritimati"})
	require.NoError(t, err)
	b.south, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "UTC"})
	require.NoError(t, err)
	b.admin = b.staff(t, "admin")
	return b
}

func (b *bundle) newCards(t *testing.T, pool *pgxpool.Pool) *card.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	return card.New(pool, b.keys, jobs, setting.NewStore(pool, time.Now), log)
}

func (b *bundle) staff(t *testing.T, username string) audit.Actor {
	t.Helper()
	id := peopletest.Staff(t, b.pool, staff.New{Username: username, Role: db.StaffRoleAdministrator, AllPartners: true})
	return audit.ByStaff(id, audit.Everything())
}

func (b *bundle) customers(t *testing.T, n int, partner db.Partner) []db.Customer {
	t.Helper()
	list := make([]db.Customer, n)
	for i := range list {
		var err error
		list[i], err = customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: partner.ID, Name: fmt.Sprintf("Customer %d", i), Currency: "USD"})
		require.NoError(t, err)
	}
	return list
}

// series makes a series of cards worth 10.00 and returns its codes by serial, from 0.
func (b *bundle) series(t *testing.T, quantity int, active bool) (db.Series, []string) {
	t.Helper()
	return b.order(t, quantity, active, 1000)
}

func (b *bundle) seriesOf(t *testing.T, quantity int, cents int64) (db.Series, []string) {
	t.Helper()
	return b.order(t, quantity, true, cents)
}

func (b *bundle) order(t *testing.T, quantity int, active bool, cents int64) (db.Series, []string) {
	t.Helper()
	ordered, err := b.cards.Order(t.Context(), b.admin, card.OrderRequest{
		Quantity: int32(quantity), Price: money.Amount{Minor: cents, Currency: "USD"}, Partners: card.Partners{Any: true}, //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Activate: active, Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	s, err := b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	var codes []string
	require.NoError(t, b.cards.EachUnused(t.Context(), s, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(""))
		}
		return nil
	}))
	return s, codes
}

// redeem redeems a code as a customer in the portal, from an IP address.
func (b *bundle) redeem(t *testing.T, c db.Customer, code, address string) error {
	t.Helper()
	actor := audit.ByCustomer(c.ID, audit.Everything())
	if address != "" {
		actor.Address = netip.MustParseAddr(address)
	}
	_, err := b.cards.Redeem(t.Context(), actor, card.Redemption{CustomerID: c.ID, Code: code, Key: uuid.New()})
	return err
}

// look examines all committed rows, while no transaction writes.
func (b *bundle) look(t *testing.T) int {
	t.Helper()
	n, err := b.watch.Look(t.Context(), time.Now)
	require.NoError(t, err)
	return n
}

// rules changes the rules.
func (b *bundle) rules(t *testing.T, edit func(*setting.Theft)) {
	t.Helper()
	require.NoError(t, b.settings.Change(t.Context(), b.admin, func(s *setting.Settings) { edit(&s.Theft) }))
}

// alarms returns the alarms in a state, the oldest first.
func (b *bundle) alarms(t *testing.T, state db.TheftAlarmState) []db.TheftAlarm {
	t.Helper()
	rows, err := b.q.TheftAlarmList(t.Context(), b.pool, db.TheftAlarmListParams{State: state, BeforeID: 1 << 40, AllPartners: true, PartnerIds: []int64{}, Size: 100})
	require.NoError(t, err)
	list := make([]db.TheftAlarm, len(rows))
	for i, row := range rows {
		list[len(rows)-1-i] = row.TheftAlarm
	}
	return list
}

func (b *bundle) open(t *testing.T) []db.TheftAlarm {
	t.Helper()
	return b.alarms(t, db.TheftAlarmStateOpen)
}

// plant writes audit rows of redemptions without cards, for rules that only use the account
// and the address. Their serials continue those of earlier rows.
func (b *bundle) plant(t *testing.T, n int, customerID int64, address string, ago time.Duration) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), `insert into audit (action, customer_id, series_id, serial, address, at)
		select 'card.redeemed', $1, 900000, (select count(*) from audit) + n, nullif($2, '')::inet, now() - $3::interval from generate_series(1, $4) n`,
		customerID, address, ago, n)
	require.NoError(t, err)
}
