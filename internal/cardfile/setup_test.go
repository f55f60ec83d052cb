package cardfile_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"syscall"
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
	"refill/internal/cardcode/codetest"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// bundle is a database of the test's own, with files on a disk of its own.
type bundle struct {
	pool         *pgxpool.Pool
	settings     *setting.Store
	cards        *card.Service
	disk         *disk
	store        blob.Store // the disk, sealed
	files        *cardfile.Service
	admin        audit.Actor
	north, south db.Partner
}

// disk is a disk that can be full.
type disk struct {
	blob.Store
	room atomic.Int64 // what Room says, where it isn't 0
	full atomic.Bool
}

func (d *disk) Room() (int64, bool) {
	if room := d.room.Load(); room != 0 {
		return room, true
	}
	return d.Store.Room()
}

func (d *disk) Create(ctx context.Context, name string) (blob.File, error) {
	if d.full.Load() {
		return nil, syscall.ENOSPC
	}
	return d.Store.Create(ctx, name)
}

func setup(t *testing.T) *bundle {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	b := &bundle{pool: dbtest.Pool(t)}
	keys := codetest.Keys(t)
	jobs, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{Logger: log})
	require.NoError(t, err)
	folder, err := blob.NewDisk(t.TempDir())
	require.NoError(t, err)
	b.disk = &disk{Store: folder}
	b.store = blob.NewSealed(b.disk, keys)
	b.settings = setting.NewStore(b.pool, time.Now)
	b.cards = card.New(b.pool, keys, jobs, b.settings, log)
	b.files = cardfile.New(cardfile.Config{
		Cards: b.cards, DB: b.pool, Jobs: jobs, Settings: b.settings, Files: b.store, PublicURL: "https://refill.example.net", Log: log,
	})
	b.north, err = db.New().PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	b.south, err = db.New().PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "UTC"})
	require.NoError(t, err)
	b.admin = b.person(t, "admin")
	return b
}

func (b *bundle) person(t *testing.T, username string) audit.Actor {
	t.Helper()
	id := peopletest.Staff(t, b.pool, staff.New{Username: username, Role: db.StaffRoleAdministrator, AllPartners: true})
	return audit.ByStaff(id, audit.Everything())
}

// noJob completes no job, because the test calls Make itself.
func noJob(context.Context, pgx.Tx) error { return nil }

// series orders and makes a series.
func (b *bundle) series(t *testing.T, quantity int, alter ...func(*card.OrderRequest)) db.Series {
	t.Helper()
	f := card.OrderRequest{
		Quantity: int32(quantity), Prefix: "Test", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Activate: true, Key: uuid.New(),
	}
	for _, a := range alter {
		a(&f)
	}
	ordered, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	s, err := db.New().SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	return s
}

func once(f *card.OrderRequest) { f.PrintOnce = true }

func (b *bundle) request(t *testing.T, s db.Series, format string, o cardfile.Options) int64 {
	t.Helper()
	id, err := b.files.Request(t.Context(), b.admin, s.ID, format, o, uuid.New())
	require.NoError(t, err)
	return id
}

func (b *bundle) read(t *testing.T, id int64) db.Export {
	t.Helper()
	e, err := b.files.Get(t.Context(), audit.System(), id)
	require.NoError(t, err)
	return e.Export
}

// content is the file of an export.
func (b *bundle) content(t *testing.T, id int64) string {
	t.Helper()
	file, _, err := b.store.Open(t.Context(), b.read(t, id).File)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	return string(data)
}

// kept returns the number of files on the disk.
func (b *bundle) kept(t *testing.T) int {
	t.Helper()
	files, err := b.store.List(t.Context())
	require.NoError(t, err)
	return len(files)
}

func (b *bundle) number(t *testing.T, sql string) (n int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}
