package job_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/check"
	"refill/internal/dbtest"
	"refill/internal/setting"
)

// logBook collects the log of the workers.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The first round of housekeeping starts a check of the books. A broken rule is logged as an
// error, and is no longer broken after the repair.
func TestBooksAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, rivertype.JobStateCompleted, b.await(t, check.BooksArgs{}.Kind()).Job.State)
	last, err := b.q.CheckRunLast(t.Context(), b.pool)
	require.NoError(t, err)
	require.Zero(t, last.Broken)
	results, err := b.q.CheckResultList(t.Context(), b.pool, last.ID)
	require.NoError(t, err)
	require.Len(t, results, len(check.Rules()))
	require.NoError(t, b.checks.AskDue(t.Context()), "an hour has not passed")

	series := b.order(t, 3)
	plant := func(sql string) {
		_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `set session_replication_role = replica; `+sql)
		require.NoError(t, err)
	}
	again := func() int64 {
		require.NoError(t, b.checks.Ask(t.Context(), b.admin))
		require.Equal(t, rivertype.JobStateCompleted, b.await(t, check.BooksArgs{}.Kind()).Job.State)
		last, err := b.q.CheckRunLast(t.Context(), b.pool)
		require.NoError(t, err)
		return last.Broken
	}
	plant(`insert into series_tally (series_id, shard, used) select max(id), 7, 1 from series`)
	require.Equal(t, int64(1), again())
	require.Contains(t, b.log.String(), `"level":"ERROR","msg":"the books do not hold","invariant":17`)
	runs, err := b.q.CheckRunList(t.Context(), b.pool, 10)
	require.NoError(t, err)
	require.Len(t, runs, 2, "the clock's and the one that was asked for")
	require.NotContains(t, b.log.String(), series.Prefix+"-")
	plant(`delete from series_tally where shard = 7`)
	require.Zero(t, again())
}

// A run whose job was removed ends, and does not prevent the next run.
func TestStrandedCheckEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.await(t, check.BooksArgs{}.Kind())
	b.pause(t, check.Queue)
	require.NoError(t, b.checks.Ask(t.Context(), b.admin))
	require.ErrorIs(t, b.checks.Ask(t.Context(), b.admin), check.ErrRunning)
	_, err := b.pool.Exec(t.Context(), `update river_job set state = 'cancelled', finalized_at = now() where kind = 'check_books' and state <> 'completed'`)
	require.NoError(t, err)
	require.NoError(t, b.checks.AskDue(t.Context()))
	runs, err := b.q.CheckRunList(t.Context(), b.pool, 10)
	require.NoError(t, err)
	require.NotNil(t, runs[0].EndedAt)
	require.NotEmpty(t, runs[0].Failure)
	require.NoError(t, b.checks.Fail(t.Context(), runs[0].ID, "twice"), "harmless")
	require.ErrorIs(t, b.checks.Work(t.Context(), runs[0].ID, time.Now, nil), check.ErrNotWanted)
	require.NoError(t, b.checks.Ask(t.Context(), b.admin))
}

// The interval between two runs is a setting.
func TestChecksComeWhenDue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.await(t, check.BooksArgs{}.Kind())
	b.pause(t, check.Queue)
	count := func() int {
		require.NoError(t, b.checks.AskDue(t.Context()))
		runs, err := b.q.CheckRunList(t.Context(), b.pool, 10)
		require.NoError(t, err)
		return len(runs)
	}
	_, err := b.pool.Exec(t.Context(), `update check_run set started_at = now() - interval '3 hours', ended_at = now() - interval '3 hours'`)
	require.NoError(t, err)
	require.NoError(t, b.set.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.CheckHours = 6 }))
	require.Equal(t, 1, count())
	require.NoError(t, b.set.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.CheckHours = 2 }))
	require.Equal(t, 2, count())
	require.Equal(t, 2, count(), "one at a time")
}
