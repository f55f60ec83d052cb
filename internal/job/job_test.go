package job_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
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
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/job"
	"refill/internal/jobqueue"
	"refill/internal/mail"
	"refill/internal/mailing"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
	"refill/internal/webhook"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// bundle is a database with a worker at its queues.
type bundle struct {
	pool    *pgxpool.Pool
	q       *db.Queries
	cards   *card.Service
	exports *cardfile.Service
	keys    *cardcode.Keyring
	keyFile []byte
	checks  *check.Service
	set     *setting.Store
	disk    *watched
	files   blob.Store // on the disk, sealed
	admin   audit.Actor
	mailing *mailing.Service
	worker  *river.Client[pgx.Tx]
	events  <-chan *river.Event
	log     logBook
}

// watched is a store whose writes can be made to fail.
type watched struct {
	blob.Store
	fail atomic.Pointer[error]
	room atomic.Int64 // what Room says, where it isn't 0
	fits atomic.Int64 // how many bytes a file may have before the disk is full, where it isn't 0
}

func (w *watched) Room() (int64, bool) {
	if room := w.room.Load(); room != 0 {
		return room, true
	}
	return w.Store.Room()
}

func (w *watched) Create(ctx context.Context, name string) (blob.File, error) {
	file, err := w.Store.Create(ctx, name)
	return &watchedFile{File: file, store: w}, err
}

type watchedFile struct {
	blob.File
	store   *watched
	written int64
}

func (f *watchedFile) Write(p []byte) (int, error) {
	f.written += int64(len(p))
	if fits := f.store.fits.Load(); fits != 0 && f.written > fits {
		return 0, syscall.ENOSPC
	}
	if fail := f.store.fail.Load(); fail != nil {
		return 0, *fail
	}
	return f.File.Write(p)
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return setupOn(t, dbtest.Pool(t), nil)
}

// setupOn is setup with a given pool, and a sender of e-mail; nil: none.
func setupOn(t *testing.T, pool *pgxpool.Pool, sender *mail.Sender) *bundle {
	t.Helper()
	ctx := t.Context()
	b := &bundle{pool: pool, q: db.New()}
	var key bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&key, 1))
	b.keyFile = bytes.Clone(key.Bytes())
	keys, err := cardcode.ReadKeyring(&key)
	require.NoError(t, err)
	b.keys = keys
	log := slog.New(slog.NewJSONHandler(&b.log, nil))
	inserter, err := job.NewInserter(b.pool, log)
	require.NoError(t, err)
	settings := setting.NewStore(b.pool, time.Now)
	b.cards, b.set = card.New(b.pool, keys, inserter, settings, log), settings
	b.checks = check.New(b.pool, keys, inserter, settings, log)
	disk, err := blob.NewDisk(t.TempDir())
	require.NoError(t, err)
	b.disk = &watched{Store: disk}
	b.files = blob.NewSealed(b.disk, keys)

	b.exports = cardfile.New(cardfile.Config{
		Cards: b.cards, DB: b.pool, Jobs: inserter, Settings: settings, Files: b.files, PublicURL: "https://refill.example.net", Log: log,
	})
	id := peopletest.Staff(t, b.pool, staff.New{Username: "admin", Role: db.StaffRoleAdministrator, AllPartners: true})
	b.admin = audit.ByStaff(id, audit.Everything())

	b.mailing = mailing.New(mailing.Config{DB: b.pool, Sender: sender, Settings: settings, PublicURL: "https://refill.example.net", Log: log, Now: time.Now})
	b.worker, err = job.NewWorker(b.pool, job.Options{
		ID: uuid.NewString(), Cards: b.cards, Exports: b.exports, Imports: cardimport.New(b.cards, b.pool, keys, inserter, settings, log), Checks: b.checks, Mail: b.mailing, Webhooks: webhook.New(webhook.Config{DB: b.pool, Jobs: inserter, Vault: b.cards.Codes, Log: log, Now: time.Now}), Keys: keys, Files: b.files, Settings: settings, Log: log, Now: time.Now,
	})
	require.NoError(t, err)
	events, stop := b.worker.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled, river.EventKindJobSnoozed, river.EventKindQueuePaused)
	b.events = events
	require.NoError(t, b.worker.Start(ctx))
	t.Cleanup(func() {
		require.NoError(t, b.worker.Stop(context.WithoutCancel(ctx)))
		stop()
	})
	return b
}

// await waits for the end of a run of a kind of job.
func (b *bundle) await(t *testing.T, kind string) *river.Event {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case e := <-b.events:
			if e.Job != nil && e.Job.Kind == kind {
				return e
			}
		case <-timeout:
			t.Fatalf("no %s ended within 30 s", kind)
		}
	}
}

// pause pauses a queue and waits until the worker has paused it.
func (b *bundle) pause(t *testing.T, queue string) {
	t.Helper()
	require.NoError(t, b.worker.QueuePause(t.Context(), queue, nil))
	timeout := time.After(30 * time.Second)
	for {
		select {
		case e := <-b.events:
			if e.Kind == river.EventKindQueuePaused && e.Queue.Name == queue {
				return
			}
		case <-timeout:
			t.Fatalf("queue %s was not paused within 30 s", queue)
		}
	}
}

func (b *bundle) order(t *testing.T, quantity int) db.Series {
	t.Helper()
	ordered, err := b.cards.Order(t.Context(), b.admin, card.OrderRequest{
		Quantity: int32(quantity), Prefix: "Job", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true, //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "generate_series").Job.State)
	s, err := b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	return s
}

func (b *bundle) export(t *testing.T, s db.Series, format string) int64 {
	t.Helper()
	id, err := b.exports.Request(t.Context(), b.admin, s.ID, format, cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	return id
}

func (b *bundle) read(t *testing.T, id int64) db.Export {
	t.Helper()
	e, err := b.exports.Get(t.Context(), audit.System(), id)
	require.NoError(t, err)
	return e.Export
}

func TestOrderIsMadeAndExported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 25_000)
	require.Equal(t, db.SeriesStateActive, s.State)
	require.Equal(t, int32(25_000), s.Made)

	id := b.export(t, s, "csv")
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
	e := b.read(t, id)
	require.Equal(t, db.ExportStateReady, e.State)
	require.Equal(t, int32(25_000), e.RowsDone)
	file, info, err := b.files.Open(t.Context(), e.File)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, e.Size, info.Size)
	sum := sha256.Sum256(content)
	require.Equal(t, sum[:], e.SHA256)
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 25_001)
	require.Equal(t, []string{"serial", "code", "price", "currency", "valid_till", "series", "status"}, rows[0])
	for n, row := range rows[1:] {
		require.Equal(t, fmt.Sprint(n+1), row[0])
		_, err := cardcode.ParseCode(row[1], []cardcode.Format{setting.Default().CodeFormat()})
		require.NoError(t, err)
		require.Equal(t, []string{"10.00", "USD", s.ValidTill.Format(time.DateOnly), s.Number, "active"}, row[2:])
	}
	// No row of the queue contains a code.
	var found int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from river_job j where j::text like '%' || $1 || '%'`, rows[1][1][4:23]).Scan(&found))
	require.Zero(t, found)

	id = b.export(t, s, "pdf")
	b.await(t, "export_series")
	require.Equal(t, db.ExportStateReady, b.read(t, id).State)
}

// An export on a full disk is retried, and leaves no file behind.
func TestExportOnFullDisk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 10)
	full := error(&timeoutlessError{syscall.ENOSPC})
	b.disk.fail.Store(&full)
	id := b.export(t, s, "csv")
	e := b.await(t, "export_series")
	require.Equal(t, river.EventKindJobFailed, e.Kind)
	require.Equal(t, db.ExportStateRunning, b.read(t, id).State)
	files, err := b.files.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, files)

	b.disk.fail.Store(nil) // room was made: the next try succeeds by itself
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "export_series").Job.State)
	require.Equal(t, db.ExportStateReady, b.read(t, id).State)
}

type timeoutlessError struct{ error }

func (e *timeoutlessError) Unwrap() error { return e.error }

func TestExportCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 10)
	b.pause(t, cardfile.Queue)
	id := b.export(t, s, "csv")
	require.NoError(t, b.exports.Cancel(t.Context(), b.admin, id))
	require.NoError(t, b.worker.QueueResume(t.Context(), cardfile.Queue, nil))
	require.Equal(t, db.ExportStateCancelled, b.read(t, id).State)
	require.ErrorIs(t, b.exports.Make(t.Context(), id, func(context.Context, pgx.Tx) error { return nil }), cardfile.ErrNotWanted)
	require.ErrorIs(t, b.exports.Cancel(t.Context(), b.admin, id), cardfile.ErrState)
}

// A series whose job was cancelled in River directly can be retried by staff.
func TestStrandedIsMarked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.pause(t, jobqueue.Generate)
	ordered, err := b.cards.Order(t.Context(), b.admin, card.OrderRequest{
		Quantity: 10, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	s, err := b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	_, err = b.worker.JobCancel(t.Context(), *s.JobID)
	require.NoError(t, err)
	require.NoError(t, b.cards.FailStranded(t.Context()))
	s, err = b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateFailed, s.State)
	require.NoError(t, b.worker.QueueResume(t.Context(), jobqueue.Generate, nil))
	require.NoError(t, b.cards.Retry(t.Context(), b.admin, ordered.ID))
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, "generate_series").Job.State)
}

// The jobs of a worker that is gone go back to the queue; those of a live one stay.
func TestDeadWorkersJobsAreReleased(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	owner := dbtest.Owner(t, pool)
	log := slog.New(slog.DiscardHandler)
	url := pool.Config().ConnString()
	_, err := owner.Exec(t.Context(), `insert into river_job (state, kind, args, queue, priority, max_attempts, attempt, attempted_at, attempted_by)
		select 'running', 'generate_series', '{}', 'generate', 1, 8, 3, now(), array['before', w] from unnest(array['live', 'dead']) w`)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	live, err := job.NewAlive("live", url, pool, log).Start(ctx)
	require.NoError(t, err)
	third, err := job.NewAlive("third", url, pool, log).Start(ctx)
	require.NoError(t, err)
	var states []string
	require.NoError(t, pool.QueryRow(t.Context(), `select array_agg(attempted_by[2] || ' ' || state || ' ' || attempt order by attempted_by[2]) from river_job`).Scan(&states))
	require.Equal(t, []string{"dead available 2", "live running 3"}, states)
	cancel()
	<-live
	<-third
}

// Housekeeping removes the files of expired exports and nothing else.
func TestExpiredFilesGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 5)
	old, young := b.export(t, s, "csv"), b.export(t, s, "csv")
	b.await(t, "export_series")
	b.await(t, "export_series")
	_, err := b.pool.Exec(t.Context(), `update export set expires_at = now() where id = $1`, old)
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.worker.InsertTx(t.Context(), tx, job.HousekeepArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}})
		return err
	}))
	for b.read(t, old).State != db.ExportStateExpired {
		b.await(t, "housekeep")
	}
	_, _, err = b.files.Open(t.Context(), b.read(t, old).File)
	require.ErrorIs(t, err, blob.ErrNotFound)
	file, _, err := b.files.Open(t.Context(), b.read(t, young).File)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// The columns of River's tables that our queries use exist. A migration of River could
// rename them.
func TestRiverJobColumns(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	for _, sql := range []string{
		`select id, state, attempt, max_attempts, attempted_at, created_at, finalized_at, scheduled_at, priority, args, attempted_by, errors, kind, metadata, queue from river_job`,
		`select name, paused_at from river_queue`,
	} {
		_, err := pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}
