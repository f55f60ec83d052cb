package card_test

import (
	"bytes"
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
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
)

// bundle is a database of the test's own with a few people in it.
type bundle struct {
	pool         *pgxpool.Pool
	q            *db.Queries
	keys         *card.Keyring
	cards        *card.Service
	admin        audit.Actor
	north, south db.Partner
	anna, ben    db.Customer // of North
	carol        db.Customer // of South
}

// newKeys returns a keyring with one fresh key.
func newKeys(tb testing.TB) *card.Keyring {
	tb.Helper()
	var file bytes.Buffer
	require.NoError(tb, card.WriteNewKey(&file, 1))
	keys, err := card.ReadKeyring(&file)
	require.NoError(tb, err)
	return keys
}

// newService returns the domain on a pool, with jobs that are written but not
// worked.
func newService(tb testing.TB, pool *pgxpool.Pool, keys *card.Keyring) *card.Service {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	return card.New(pool, keys, jobs(tb, pool), setting.NewStore(pool, time.Now), log)
}

// jobs writes jobs that nobody works.
func jobs(tb testing.TB, pool *pgxpool.Pool) *river.Client[pgx.Tx] {
	tb.Helper()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(tb, err)
	return client
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	ctx := tb.Context()
	b := &bundle{pool: dbtest.Pool(tb), q: db.New(), keys: newKeys(tb)}
	b.cards = newService(tb, b.pool, b.keys)
	var err error
	b.north, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "North", Brand: "Northlight", TimeZone: "Pacific/Kiritimati"})
	require.NoError(tb, err)
	b.south, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "America/Los_Angeles"})
	require.NoError(tb, err)
	id, err := staff.Create(ctx, b.pool, audit.System(), staff.New{Username: "admin", Password: "correct horse", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(tb, err)
	b.admin = audit.Actor{StaffID: id, Scope: audit.Everything()}
	b.anna, b.ben, b.carol = b.customer(tb, "anna", b.north), b.customer(tb, "ben", b.north), b.customer(tb, "carol", b.south)
	return b
}

func (b *bundle) customer(tb testing.TB, username string, partner db.Partner) db.Customer {
	tb.Helper()
	c, err := customer.Create(tb.Context(), b.pool, b.admin, customer.New{PartnerID: partner.ID, Username: username, Name: username, Currency: "USD"})
	require.NoError(tb, err)
	return c
}

// form is an order that holds.
func form(quantity int) card.OrderForm {
	return card.OrderForm{
		Quantity: fmt.Sprint(quantity), Prefix: "QuickAccess", Price: "10.00", Partners: []string{card.AnyPartner},
		ValidTill: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Activate: true, Key: uuid.New(),
	}
}

// noJob completes nothing: the test stands in for the worker.
func noJob(context.Context, pgx.Tx) error { return nil }

// series orders and makes a series.
func (b *bundle) series(tb testing.TB, f card.OrderForm) db.Series {
	tb.Helper()
	ordered, err := b.cards.Order(tb.Context(), b.admin, f)
	require.NoError(tb, err)
	require.NoError(tb, b.cards.Generate(tb.Context(), ordered.ID, time.Now, noJob))
	return b.read(tb, ordered.ID)
}

func (b *bundle) read(tb testing.TB, id int64) db.Series {
	tb.Helper()
	s, err := b.q.SeriesGet(tb.Context(), b.pool, id)
	require.NoError(tb, err)
	return s
}

// codes reveals the unused codes of a series, by serial.
func (b *bundle) codes(tb testing.TB, s db.Series) []string {
	tb.Helper()
	var codes []string
	require.NoError(tb, b.cards.EachUnused(tb.Context(), s, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(s.Prefix))
		}
		return nil
	}))
	return codes
}

// redeem is a customer at the portal's form.
func (b *bundle) redeem(ctx context.Context, c db.Customer, code string) (card.Receipt, error) {
	return b.redeemKey(ctx, c, code, uuid.New())
}

func (b *bundle) redeemKey(ctx context.Context, c db.Customer, code string, key uuid.UUID) (card.Receipt, error) {
	return b.cards.Redeem(ctx, asCustomer(c), card.Redemption{CustomerID: c.ID, Code: code, Key: key})
}

func asCustomer(c db.Customer) audit.Actor {
	return audit.Actor{CustomerID: c.ID, Scope: audit.Everything()}
}

func (b *bundle) balance(tb testing.TB, c db.Customer) int64 {
	tb.Helper()
	row, err := b.q.CustomerGet(tb.Context(), b.pool, db.CustomerGetParams{ID: c.ID, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(tb, err)
	return *row.Balance
}

// outstanding is what the ledger says of a series.
func (b *bundle) outstanding(tb testing.TB, seriesID int64) int64 {
	tb.Helper()
	account, err := b.q.AccountGetOutstanding(tb.Context(), b.pool, &seriesID)
	require.NoError(tb, err)
	sum, err := b.q.LedgerBalance(tb.Context(), b.pool, account)
	require.NoError(tb, err)
	return sum
}
