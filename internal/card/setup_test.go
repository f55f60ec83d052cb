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
	cards        *card.Service
	admin        audit.Actor
	north, south db.Partner
	anna, ben    db.Customer // of North
	carol        db.Customer // of South
}

// newKeys returns a keyring with one fresh key.
func newKeys(t testing.TB) *card.Keyring {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, card.WriteNewKey(&file, 1))
	keys, err := card.ReadKeyring(&file)
	require.NoError(t, err)
	return keys
}

// newService returns the domain on a pool, with jobs that are written but not
// worked.
func newService(t testing.TB, pool *pgxpool.Pool, keys *card.Keyring) *card.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	return card.New(pool, keys, jobs, setting.NewStore(pool, time.Now), log)
}

func setup(t testing.TB) *bundle {
	t.Helper()
	ctx := t.Context()
	b := &bundle{pool: dbtest.Pool(t), q: db.New()}
	b.cards = newService(t, b.pool, newKeys(t))
	var err error
	b.north, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "North", Brand: "Northlight", TimeZone: "Pacific/Kiritimati"})
	require.NoError(t, err)
	b.south, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "America/Los_Angeles"})
	require.NoError(t, err)
	id, err := staff.Create(ctx, b.pool, audit.System(), staff.New{Username: "admin", Password: "correct horse", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	b.admin = audit.Actor{StaffID: id, Scope: audit.Everything()}
	b.anna, b.ben, b.carol = b.customer(t, "anna", b.north), b.customer(t, "ben", b.north), b.customer(t, "carol", b.south)
	return b
}

func (b *bundle) customer(t testing.TB, username string, partner db.Partner) db.Customer {
	t.Helper()
	c, err := customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: partner.ID, Username: username, Name: username, Currency: "USD"})
	require.NoError(t, err)
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
func (b *bundle) series(t testing.TB, f card.OrderForm) db.Series {
	t.Helper()
	ordered, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	return b.read(t, ordered.ID)
}

func (b *bundle) read(t testing.TB, id int64) db.Series {
	t.Helper()
	s, err := b.q.SeriesGet(t.Context(), b.pool, id)
	require.NoError(t, err)
	return s
}

// codes reveals the unused codes of a series, by serial.
func (b *bundle) codes(t testing.TB, s db.Series) []string {
	t.Helper()
	var codes []string
	require.NoError(t, b.cards.EachUnused(t.Context(), s, func(page []card.Unsealed) error {
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

func (b *bundle) balance(t testing.TB, c db.Customer) int64 {
	t.Helper()
	row, err := b.q.CustomerGet(t.Context(), b.pool, db.CustomerGetParams{ID: c.ID, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	return *row.Balance
}

// outstanding is what the ledger says of a series.
func (b *bundle) outstanding(t testing.TB, seriesID int64) int64 {
	t.Helper()
	account, err := b.q.AccountGetOutstanding(t.Context(), b.pool, &seriesID)
	require.NoError(t, err)
	sum, err := b.q.LedgerBalance(t.Context(), b.pool, account)
	require.NoError(t, err)
	return sum
}
