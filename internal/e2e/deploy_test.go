package e2e_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// fleet is the web processes and the worker of an installation while they are replaced.
type fleet struct {
	c      *chaos
	l      *load
	web    []process
	worker *exec.Cmd
}

// process is a web process with its address.
type process struct {
	cmd *exec.Cmd
	url string
}

// newFleet starts two web processes, a worker and customers who redeem.
func newFleet(c *chaos, customers int, codes []string) *fleet {
	c.t.Helper()
	f := &fleet{c: c, l: &load{c: c}, worker: c.worker()}
	for range 2 {
		cmd, address := c.serve()
		f.web = append(f.web, process{cmd, address})
	}
	f.route()
	f.l.start(c.attackers(customers, *f.l.urls.Load()), codes)
	return f
}

// route sends requests to the web processes of now.
func (f *fleet) route() { f.l.urls.Store(&[]string{f.web[0].url, f.web[1].url}) }

// replace starts a web process and a worker, sends requests to the new one, and asks the
// older ones to stop, as a deployment does.
func (f *fleet) replace() {
	f.c.t.Helper()
	cmd, address := f.c.serve()
	old := f.web[0].cmd
	f.web = []process{f.web[1], {cmd, address}}
	f.route()
	f.stop(old)
	worker := f.worker
	f.worker = f.c.worker()
	f.stop(worker)
}

// stop asks a process to stop, and requires that it ends in time and without an error.
func (f *fleet) stop(cmd *exec.Cmd) {
	f.c.t.Helper()
	asked := time.Now()
	require.NoError(f.c.t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(f.c.t, cmd.Wait())
	require.Less(f.c.t, time.Since(asked), busy(exitLimit))
}

// requireDone waits until a series is made and files are written. No attempt of a job has
// failed, and the trail tells of each file once. A series that the test made itself has a
// cancelled job.
func (c *chaos) requireDone(series int64, files []int64) {
	c.t.Helper()
	c.until("the series", 4*stallLimit, func() bool { return c.made(series).MadeAt != nil })
	for _, id := range files {
		c.until("a file", 4*stallLimit, func() bool {
			e, err := c.exports.Get(c.t.Context(), c.admin, id)
			require.NoError(c.t, err)
			require.NotEqual(c.t, db.ExportStateFailed, e.Export.State)
			return e.Export.State == db.ExportStateReady
		})
	}
	var failed string
	var finished int
	require.NoError(c.t, c.pool.QueryRow(c.t.Context(), `select
		(select coalesce(string_agg(kind || ': ' || errors::text, E'\n'), '') from river_job where errors <> '{}' and state <> 'cancelled'),
		(select count(*) from audit where action = 'export.finished')`).Scan(&failed, &finished))
	require.Empty(c.t, failed, "attempts of jobs that failed")
	require.Equal(c.t, len(files), finished)
}

// export requests a CSV file of a series.
func (c *chaos) export(series int64) int64 {
	c.t.Helper()
	id, err := c.exports.Request(c.t.Context(), c.admin, series, "csv", cardfile.Options{}, uuid.New())
	require.NoError(c.t, err)
	return id
}

// Web processes and workers are replaced one after another while customers redeem and jobs
// run, as in a deployment. No request fails, no job fails or ends twice, and each process
// ends in time.
func TestChaosRollingRestart(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	cards, customers, rounds, quantity := 400, 8, 2, 40_000
	if large() {
		cards, customers, rounds, quantity = 12_000, 16, 50, 1_000_000
	}
	codes := c.makeCards(cards)
	done := c.order(cards)
	f := newFleet(c, customers, codes)
	c.until("a series to export", stallLimit, func() bool { return c.made(done).MadeAt != nil })
	series, files := c.order(quantity), []int64{c.export(done)}
	for n := range rounds {
		f.replace()
		if n%5 == 0 {
			files = append(files, c.export(done))
		}
		c.progress("%d of %d restarts, %d cards redeemed", n+1, rounds, f.l.done.Load())
	}
	f.l.group.Wait()
	require.Zero(t, f.l.failed.Load(), "answers of the 5xx kind")
	c.requireDone(series, files)
	f.l.requirePaid(cards)
}

// migrate runs `refill migrate` as several hosts at once, each of which must succeed.
func (c *chaos) migrate() {
	c.t.Helper()
	const hosts = 3
	var outs [hosts]string
	var errs [hosts]error
	var group sync.WaitGroup
	for n := range hosts {
		group.Go(func() {
			cmd := exec.Command(binary, "migrate")
			cmd.Env = c.env
			out, err := cmd.CombinedOutput()
			outs[n], errs[n] = string(out), err
		})
	}
	group.Wait()
	for n := range hosts {
		require.NoError(c.t, errs[n], outs[n])
	}
}

// Several hosts migrate at once, before, during and after a deployment. Customers who redeem
// meanwhile see no error.
func TestChaosManyHostsMigrate(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	cards, customers, rounds := 200, 4, 1
	if large() {
		cards, customers, rounds = 2000, 16, 10
	}
	c.migrate()
	f := newFleet(c, customers, c.makeCards(cards))
	for range rounds {
		c.migrate()
		f.replace()
		c.migrate()
	}
	f.l.group.Wait()
	require.Zero(t, f.l.failed.Load(), "answers of the 5xx kind")
	f.l.requirePaid(cards)
}

// versionBefore is the commit that a deployment begins at: the program of it must go on
// beside this one, on a database that this one has migrated.
const versionBefore = "2dda950"

// buildBefore builds the program of versionBefore.
func buildBefore(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	if err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", versionBefore+"^{commit}").Run(); err != nil {
		t.Skip("the history has no commit " + versionBefore + ": the version before can't be built from this checkout")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "refill")
	script := `set -e
git -C "$1" archive "$2" | tar -x -C "$3"
for fetched in vendor lists; do [ ! -d "$1/static/$fetched" ] || cp -a "$1/static/$fetched" "$3/static/"; done
cd "$3" && go build -o "$4" ./cmd/refill`
	source := filepath.Join(dir, "source")
	require.NoError(t, os.Mkdir(source, 0o755))
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script, "sh", root, versionBefore, source, program).CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// A deployment from the version before: its processes serve and work while several hosts
// migrate and while processes of this version start beside them. Requests to either are
// answered, jobs of either end, and the books are sound.
func TestChaosBesideTheVersionBefore(t *testing.T) {
	t.Parallel()
	if !large() {
		t.Skip("set REFILL_CHAOS=1: it builds the version before")
	}
	before := buildBefore(t)
	url := dbtest.Empty(t)
	keys := filepath.Join(t.TempDir(), "keys")
	env := append(os.Environ(), "DATABASE_URL="+url, "REFILL_KEY_FILE="+keys, "REFILL_LOG_LEVEL=error")
	for _, args := range [][]string{{"keys", "init"}, {"migrate"}} {
		cmd := exec.Command(before, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	require.NoError(t, dbtest.ConfirmCurrency(t.Context(), url))

	// Visitors read a page of the version before while the database is migrated.
	old := &chaos{t: t, env: append(env, "REFILL_FILES_DIR="+t.TempDir())}
	oldWeb, address := old.serveBy(before)
	var failed atomic.Int64
	stop := make(chan struct{})
	var visitors sync.WaitGroup
	for range 4 {
		visitors.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				answer, err := http.Get(address + "/portal/login")
				if err != nil || answer.StatusCode != http.StatusOK || errors.Join(answer.Body.Close()) != nil {
					failed.Add(1)
				}
			}
		})
	}
	old.migrate()
	close(stop)
	visitors.Wait()
	require.Zero(t, failed.Load(), "pages of the version before that failed while the database was migrated")
	kill(oldWeb)

	pool, err := db.Open(t.Context(), url, db.Options{Name: "test"})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := newChaosWith(t, pool, keys)
	cards := 4000
	codes := c.makeCards(cards)
	_, first := c.serveBy(before)
	_, second := c.serve()
	c.workerBy(before)
	f := &fleet{c: c, l: &load{c: c}, worker: c.worker()}
	f.l.urls.Store(&[]string{first, second})
	f.l.start(c.attackers(16, []string{first, second}), codes)
	series := c.order(300_000)
	done := c.order(1000)
	c.until("a series to export", 2*stallLimit, func() bool { return c.made(done).MadeAt != nil })
	files := []int64{c.export(done), c.export(done), c.export(done)}
	f.l.group.Wait()
	require.Zero(t, f.l.failed.Load(), "answers of the 5xx kind")
	c.requireDone(series, files)
	f.l.requirePaid(cards)
}
