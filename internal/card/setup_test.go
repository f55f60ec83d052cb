package card_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// bundle is a database of the test's own with a few people in it.
type bundle struct {
	pool         *pgxpool.Pool
	q            *db.Queries
	keys         *cardcode.Keyring
	cards        *card.Service
	imports      *beside[*cardimport.Service]
	files        *beside[*cardfile.Service]
	disk         *blob.Disk // of the files, which are sealed on it
	admin        audit.Actor
	north, south db.Partner
	anna, ben    db.Customer // of North
	carol        db.Customer // of South
}

// newService returns the domain on a pool, with jobs that are written but not
// worked.
func newService(tb testing.TB, pool *pgxpool.Pool, keys *cardcode.Keyring) *card.Service {
	tb.Helper()
	return newServiceOn(tb, pool, pool, keys)
}

// newServiceOn is newService on a database that behaves like no pool.
func newServiceOn(tb testing.TB, beginner db.Beginner, pool *pgxpool.Pool, keys *cardcode.Keyring) *card.Service {
	tb.Helper()
	return card.New(beginner, keys, jobs(tb, pool), setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
}

// newStill is newService with a clock that has stopped: what it remembers of settings and
// of codes is never asked for again, however slow the machine is.
func newStill(tb testing.TB, pool *pgxpool.Pool, keys *cardcode.Keyring) *card.Service {
	tb.Helper()
	now := time.Now()
	return card.New(pool, keys, jobs(tb, pool), setting.NewStore(pool, func() time.Time { return now }), slog.New(slog.DiscardHandler))
}

// beside holds what is beside the domains of a test. Copies of a bundle share it.
type beside[S any] struct {
	sync.Mutex

	of map[*card.Service]S
}

// by returns what is beside a domain, made when it is asked for first.
func (o *beside[S]) by(cards *card.Service, fresh func() S) S {
	o.Lock()
	defer o.Unlock()
	s, found := o.of[cards]
	if !found {
		s = fresh()
		o.of[cards] = s
	}
	return s
}

// use makes the acts of the bundle go to another domain. What is beside that domain is
// made now, since requests can be decided from here on.
func (b *bundle) use(cards *card.Service) {
	b.cards = cards
	b.importer()
	b.exports()
}

// importer returns the import of cards beside the bundle's domain of now.
func (b *bundle) importer() *cardimport.Service {
	return b.imports.by(b.cards, func() *cardimport.Service {
		return cardimport.New(b.cards, b.pool, b.keys, b.inserter(), setting.NewStore(b.pool, time.Now), slog.New(slog.DiscardHandler))
	})
}

// inserter returns a client that inserts jobs. No worker runs them.
func (b *bundle) inserter() *river.Client[pgx.Tx] {
	jobs, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return jobs
}

// exports returns the files of cards beside the bundle's domain of now.
func (b *bundle) exports() *cardfile.Service {
	return b.files.by(b.cards, func() *cardfile.Service { return b.exportsOn(blob.NewSealed(b.disk, b.keys)) })
}

// exportsOn is exports on a store of the caller's.
func (b *bundle) exportsOn(files blob.Store) *cardfile.Service {
	return cardfile.New(cardfile.Config{
		Cards: b.cards, DB: b.pool, Jobs: b.inserter(), Settings: setting.NewStore(b.pool, time.Now), Files: files,
		PublicURL: "https://refill.example.net", Log: slog.New(slog.DiscardHandler),
	})
}

// errBegun ends the making of a file just before it is entered.
var errBegun = errors.New("the worker was killed")

// begin makes a file as a worker does that is killed at the very end: the export is
// running and stays so.
func (b *bundle) begin(ctx context.Context, id int64) error {
	err := b.exports().Make(ctx, id, func(context.Context, pgx.Tx) error { return errBegun })
	if errors.Is(err, errBegun) {
		return nil
	}
	return err
}

// newImports returns the import of cards beside a domain.
func newImports(tb testing.TB, pool *pgxpool.Pool, keys *cardcode.Keyring, cards *card.Service) *cardimport.Service {
	tb.Helper()
	return cardimport.New(cards, pool, keys, jobs(tb, pool), setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
}

// jobs returns a client that inserts jobs. No worker runs them.
func jobs(tb testing.TB, pool *pgxpool.Pool) *river.Client[pgx.Tx] {
	tb.Helper()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(tb, err)
	return client
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	ctx := tb.Context()
	b := &bundle{pool: dbtest.Pool(tb), q: db.New(), keys: codetest.Keys(tb), imports: &beside[*cardimport.Service]{of: map[*card.Service]*cardimport.Service{}}, files: &beside[*cardfile.Service]{of: map[*card.Service]*cardfile.Service{}}}
	disk, err := blob.NewDisk(tb.TempDir())
	require.NoError(tb, err)
	b.disk = disk
	b.use(newService(tb, b.pool, b.keys))
	b.north, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "North", Brand: "Northlight", TimeZone: "Pacific/Kiritimati"})
	require.NoError(tb, err)
	b.south, err = b.q.PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "America/Los_Angeles"})
	require.NoError(tb, err)
	id := peopletest.Staff(tb, b.pool, staff.New{Username: "admin", Role: db.StaffRoleAdministrator, AllPartners: true})
	b.admin = audit.ByStaff(id, audit.Everything())
	b.anna, b.ben, b.carol = b.customer(tb, "anna", b.north), b.customer(tb, "ben", b.north), b.customer(tb, "carol", b.south)
	return b
}

func (b *bundle) customer(tb testing.TB, username string, partner db.Partner) db.Customer {
	tb.Helper()
	c, err := customer.Create(tb.Context(), b.pool, b.admin, customer.New{PartnerID: partner.ID, Username: username, Name: username, Currency: "USD"})
	require.NoError(tb, err)
	return c
}

// usd is an amount of cents.
func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// day is a day of the calendar.
func day(year int, month time.Month, day int) time.Time { //nolint:unparam // a date has a month
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// form is an order that holds.
func form(quantity int) card.OrderRequest {
	return card.OrderRequest{
		Quantity: int32(quantity), Prefix: "QuickAccess", Price: usd(1000), Partners: card.Partners{Any: true}, //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Activate: true, Key: uuid.New(),
	}
}

// noJob completes no job, because the test runs the work without a worker.
func noJob(context.Context, pgx.Tx) error { return nil }

// series orders and makes a series.
func (b *bundle) series(tb testing.TB, f card.OrderRequest) db.Series {
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
	return audit.ByCustomer(c.ID, audit.Everything())
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
