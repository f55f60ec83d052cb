package operate_test

import (
	"context"
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
	"refill/internal/cardcode/codetest"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/money"
	"refill/internal/operate"
	"refill/internal/setting"
	"refill/internal/theft"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// work is a job with nothing behind it.
type work struct {
	N int `json:"n"`
}

func (work) Kind() string { return "work" }

type testBundle struct {
	pool    *pgxpool.Pool
	jobs    *river.Client[pgx.Tx]
	cards   *card.Service
	service *operate.Service
	actor   audit.Actor
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	pool := dbtest.Pool(t)
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	keys := codetest.Keys(t)
	settings := setting.NewStore(pool, time.Now)
	cards := card.New(pool, keys, jobs, settings, log)
	role, err := db.New().RoleGetByKey(t.Context(), pool, string(db.StaffRoleOperator))
	require.NoError(t, err)
	someone, err := db.New().StaffCreate(t.Context(), pool, db.StaffCreateParams{Username: "olga", Name: "Olga", RoleID: role.ID, AllPartners: true})
	require.NoError(t, err)
	return &testBundle{pool, jobs, cards, operate.New(pool, jobs, cards, cardfile.New(cardfile.Config{Cards: cards, DB: pool, Jobs: jobs, Settings: settings, Log: log}), cardimport.New(cards, pool, keys, jobs, settings, log)), audit.ByStaff(someone.ID, audit.Everything())}
}

// job enters a job of a queue.
func (b *testBundle) job(t *testing.T, queue string) int64 {
	t.Helper()
	var id int64
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		row, err := b.jobs.InsertTx(t.Context(), tx, work{}, &river.InsertOpts{Queue: queue})
		if err == nil {
			id = row.Job.ID
		}
		return err
	}))
	return id
}

// state returns the state of a job; empty where it is gone.
func (b *testBundle) state(t *testing.T, id int64) (state string) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), `select coalesce((select state::text from river_job where id = $1), '')`, id).Scan(&state))
	return state
}

func (b *testBundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func (b *testBundle) audits(t *testing.T) []string {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), `select action from audit order by id`)
	require.NoError(t, err)
	actions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return actions
}

func TestJobsOfEveryKind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	for _, queue := range []string{jobqueue.Generate, cardfile.Queue, jobqueue.Change, jobqueue.Maintenance, "default"} {
		id := b.job(t, queue)
		require.ErrorIs(t, b.service.Delete(ctx, b.actor, id), operate.ErrLive, queue)
		require.Equal(t, "available", b.state(t, id), "a refused deletion brings it back")
		require.NoError(t, b.service.Cancel(ctx, b.actor, id), queue)
		require.Equal(t, "cancelled", b.state(t, id))
		require.ErrorIs(t, b.service.Cancel(ctx, b.actor, id), operate.ErrOver)
		require.NoError(t, b.service.Retry(ctx, b.actor, id), queue)
		require.Equal(t, "available", b.state(t, id))
		b.exec(t, `update river_job set state = 'running', attempted_at = now() where id = $1`, id)
		require.ErrorIs(t, b.service.Retry(ctx, b.actor, id), operate.ErrRunning)
		require.ErrorIs(t, b.service.Delete(ctx, b.actor, id), operate.ErrRunning)
		b.exec(t, `update river_job set state = 'discarded', finalized_at = now() where id = $1`, id)
		require.NoError(t, b.service.Delete(ctx, b.actor, id))
		require.Empty(t, b.state(t, id))
		require.ErrorIs(t, b.service.Delete(ctx, b.actor, id), operate.ErrNoJob)
		b.exec(t, `insert into river_queue (name, updated_at) values ($1, now())`, queue)
		require.NoError(t, b.service.Pause(ctx, b.actor, queue))
		require.NoError(t, b.service.Resume(ctx, b.actor, queue))
		b.exec(t, `delete from river_queue where name = $1`, queue)
	}
	require.Equal(t, []string{"job.cancelled", "job.retried", "job.deleted", "queue.paused", "queue.resumed"}, b.audits(t)[:5])
}

// What watches staff can't be stopped by them, by any of the acts, nor by River's
// name for all queues at once.
func TestGuardedJobs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	require.Equal(t, []string{audit.Queue, check.Queue, theft.Queue}, operate.Guarded())
	for _, queue := range operate.Guarded() {
		b.exec(t, `insert into river_queue (name, updated_at) values ($1, now())`, queue)
		id := b.job(t, queue)
		require.ErrorIs(t, b.service.Pause(ctx, b.actor, queue), operate.ErrGuarded)
		require.ErrorIs(t, b.service.Cancel(ctx, b.actor, id), operate.ErrGuarded)
		b.exec(t, `update river_job set state = 'discarded', finalized_at = now() where id = $1`, id)
		require.ErrorIs(t, b.service.Delete(ctx, b.actor, id), operate.ErrGuarded)
		require.Equal(t, "discarded", b.state(t, id))
		require.NoError(t, b.service.Retry(ctx, b.actor, id), "it may always run")
		require.NoError(t, b.service.Resume(ctx, b.actor, queue))
	}
	require.ErrorIs(t, b.service.Pause(ctx, b.actor, "*"), operate.ErrNoQueue)
	require.ErrorIs(t, b.service.Resume(ctx, b.actor, "*"), operate.ErrNoQueue)
	require.ErrorIs(t, b.service.Pause(ctx, b.actor, "none"), operate.ErrNoQueue)
	var paused int
	require.NoError(t, b.pool.QueryRow(ctx, `select count(*) from river_queue where paused_at is not null`).Scan(&paused))
	require.Zero(t, paused)
}

// An act that can't be written down does not happen.
func TestActAndAuditRowAreOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.exec(t, `insert into river_queue (name, updated_at) values ('export', now())`)
	live, ended := b.job(t, "export"), b.job(t, "export")
	b.exec(t, `update river_job set state = 'discarded', finalized_at = now() where id = $1`, ended)
	ordered, err := b.cards.Order(ctx, audit.System(), card.OrderRequest{
		Quantity: 10, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	series, err := db.New().SeriesGet(ctx, b.pool, ordered.ID)
	require.NoError(t, err)
	nobody := b.actor
	nobody.ID = 999_999 // the trail's foreign key refuses the row
	for name, act := range map[string]func(context.Context, audit.Actor, int64) error{
		"cancel": b.service.Cancel, "retry": b.service.Retry, "delete": b.service.Delete,
	} {
		id := live
		if name != "cancel" {
			id = ended
		}
		err := act(ctx, nobody, id)
		require.Error(t, err, name)
		require.True(t, fault.IsInternal(err), name)
	}
	require.Error(t, b.service.Cancel(ctx, nobody, *series.JobID))
	require.Error(t, b.service.Pause(ctx, nobody, "export"))
	require.Equal(t, "available", b.state(t, live))
	require.Equal(t, "discarded", b.state(t, ended))
	require.Equal(t, "available", b.state(t, *series.JobID))
	series, err = db.New().SeriesGet(ctx, b.pool, ordered.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateQueued, series.State, "nor does what is behind it")
	var paused bool
	require.NoError(t, b.pool.QueryRow(ctx, `select paused_at is not null from river_queue where name = 'export'`).Scan(&paused))
	require.False(t, paused)
}

// What is over is not begun again by its old job.
func TestRetryOfWhatIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ordered, err := b.cards.Order(ctx, audit.System(), card.OrderRequest{
		Quantity: 10, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	series, err := db.New().SeriesGet(ctx, b.pool, ordered.ID)
	require.NoError(t, err)
	require.NoError(t, b.service.Cancel(ctx, b.actor, *series.JobID))
	require.Equal(t, "cancelled", b.state(t, *series.JobID))
	require.ErrorIs(t, b.service.Retry(ctx, b.actor, *series.JobID), operate.ErrDone)
	require.Equal(t, "cancelled", b.state(t, *series.JobID))
}
