package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/blob"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// cluster is an installation on several hosts: three of the database, two of the application,
// one with the balancer before the web processes, one with the store of files.
type cluster struct {
	*chaos
	hosts     []*database
	apps      []*clusterHost
	front     string
	store     blob.S3Config
	crowd     []attacker
	codes     []string // of cards that are not redeemed yet
	ordered   int
	series    []int64
	files     []int64
	sample    int64 // the series that files are written of
	unsettled int64 // requests that had to be asked again
	printed   func(name string, value any, unit string)
}

// Sizes of one phase.
const (
	clusterShare  = 6400   // cards that are redeemed
	clusterSeries = 60_000 // cards that are made
)

// requireEngines skips the test where the engines are missing.
func requireEngines(t *testing.T) {
	t.Helper()
	if os.Getenv("REFILL_CLUSTER") == "" { //nolint:forbidigo // a test binary has no main that could read it
		t.Skip("make cluster runs it: it takes minutes and needs root")
	}
	require.Zero(t, os.Getuid(), "make cluster needs root, to make network namespaces")
	for _, program := range []string{"ip", "iptables", "setpriv", "patroni", "etcd", "haproxy"} {
		_, err := exec.LookPath(program)
		require.NoError(t, err, "make cluster installs it from the packages of Debian")
	}
}

// newCluster starts an installation.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	n := newClusterNet(t)
	hosts := n.databases(3)
	k := &cluster{hosts: hosts, printed: func(name string, value any, unit string) {
		fmt.Printf("cluster_%s %v %s\n", name, value, unit) //nolint:forbidigo // figures are for the terminal
	}}
	wait := &chaos{t: t}
	wait.until("a leader with a replica that is synchronous", 2*time.Minute, func() bool { return k.settled() })

	address := k.make(t)
	require.NoError(t, db.Migrate(t.Context(), address))
	require.NoError(t, dbtest.ConfirmCurrency(t.Context(), address))
	pool, err := db.Open(t.Context(), address, db.Options{Name: "test"})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	k.chaos = newChaosOn(t, pool)
	k.quiet = true

	store := n.host("store", 41)
	bucket := filepath.Join(n.dir, "buckets", "refill")
	require.NoError(t, os.MkdirAll(bucket, 0o750))
	require.NoError(t, os.MkdirAll(filepath.Join(n.dir, "meta"), 0o750))
	program, err := filepath.Abs("../../bin/s3test")
	require.NoError(t, err)
	store.run("s3", "", nil, program, "-listen", store.addr+":7070", "-access", "cluster", "-secret", clusterPassword, "-meta", filepath.Join(n.dir, "meta"), filepath.Dir(bucket))
	k.env = append(k.env, "DATABASE_URL=postgres://refill:"+clusterPassword+"@127.0.0.1:5000/refill?sslmode=disable",
		"REFILL_S3_ENDPOINT="+store.addr+":7070", "REFILL_S3_BUCKET=refill", "REFILL_S3_INSECURE=true", "REFILL_S3_ACCESS_KEY=cluster", "REFILL_S3_SECRET_KEY="+clusterPassword,
		"REFILL_TRUSTED_PROXIES="+clusterRange+"0/24", "REFILL_LOG_LEVEL=warn", "REFILL_MAX_CONNS=8")

	k.store = blob.S3Config{Endpoint: store.addr + ":7070", Bucket: "refill", Prefix: "refill/", Insecure: true, AccessKey: "cluster", SecretKey: clusterPassword}

	var servers strings.Builder
	for i := range 2 {
		app := n.host(fmt.Sprintf("app%d", i+1), 21+i)
		k.apps = append(k.apps, app)
		k.startApp(app)
		fmt.Fprintf(&servers, "  server %s %s:8080 check\n", app.name, app.addr)
	}
	front := n.host("front", 31)
	front.balance(fmt.Sprintf(frontConfig, front.addr, servers.String()))
	k.front = "http://" + front.addr + ":8080"
	k.until("a page", time.Minute, func() bool {
		answer, err := http.Get(k.front + "/readyz")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
	return k
}

// make makes the database and its owner, and returns the address that finds the leader.
func (k *cluster) make(t *testing.T) string {
	t.Helper()
	var addresses []string
	for _, h := range k.hosts {
		addresses = append(addresses, h.addr+":5432")
	}
	of := func(user, database string) string {
		return (&url.URL{
			Scheme: "postgres", User: url.UserPassword(user, clusterPassword), Host: strings.Join(addresses, ","), Path: database,
			RawQuery: "sslmode=disable&target_session_attrs=read-write&connect_timeout=2",
		}).String()
	}
	conn, err := pgx.Connect(t.Context(), of("postgres", "postgres"))
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // nothing is lost with it
	for _, statement := range []string{"create role refill login createrole password '" + clusterPassword + "'", "create database refill owner refill"} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	for _, h := range k.hosts {
		address := (&url.URL{Scheme: "postgres", User: url.UserPassword("refill", clusterPassword), Host: h.addr + ":5432", Path: "refill"}).String()
		(&chaos{t: t}).until("the database on "+h.name, time.Minute, func() bool {
			conn, err := pgx.Connect(t.Context(), address)
			return err == nil && conn.Close(t.Context()) == nil
		})
	}
	return of("refill", "refill")
}

// startApp starts the processes of an application host.
func (k *cluster) startApp(app *clusterHost) {
	var servers strings.Builder
	for _, h := range k.hosts {
		fmt.Fprintf(&servers, "  server %s %s:5432 check port 8008\n", h.name, h.addr)
	}
	app.balance(fmt.Sprintf(haproxyConfig, app.addr, servers.String()))
	leader := (&url.URL{Scheme: "postgres", User: url.UserPassword("refill", clusterPassword), Host: app.addr + ":5000", Path: "refill", RawQuery: "sslmode=disable&connect_timeout=2"}).String()
	// Until its first checks HAProxy takes every host for the leader.
	writable := 0
	k.until("the way to the leader", time.Minute, func() bool {
		var standby bool
		conn, err := pgx.Connect(k.t.Context(), leader)
		if err == nil {
			err = errors.Join(conn.QueryRow(k.t.Context(), `select pg_is_in_recovery()`).Scan(&standby), conn.Close(k.t.Context()))
		}
		if writable++; err != nil || standby {
			writable = 0
		}
		return writable == 20
	})
	app.run("web", "", append(k.env, "REFILL_ADDR="+app.addr+":8080"), binary, "serve")
	app.run("worker", "", k.env, binary, "work")
}

// leader returns the host that leads; nil: none.
func (k *cluster) leader() *database {
	for _, h := range k.hosts {
		if h.leads() {
			return h
		}
	}
	return nil
}

// settled reports whether there is a leader that every other host follows, one of them
// synchronously.
func (k *cluster) settled() bool {
	l := k.leader()
	if l == nil || l.streaming() != len(k.hosts)-1 {
		return false
	}
	for _, r := range l.state().Replication {
		if r.SyncState == "sync" {
			return true
		}
	}
	return false
}

// moment is what was counted at a time.
type moment struct {
	at           time.Time
	done, failed int64
	lines        map[string]int
}

// phase lets customers redeem while a fault happens and a series and a file are made. It
// prints for how long no redemption was acknowledged, how many answers of the 5xx kind came
// later than ten seconds after that, and how many lines a second the noisiest process logged
// meanwhile. The silence must be shorter than limit.
func (k *cluster) phase(name string, limit time.Duration, fault, heal func()) {
	k.t.Helper()
	k.t.Logf("%s …", name)
	var codes []string
	codes, k.codes = k.codes[:clusterShare], k.codes[clusterShare:]
	l := &load{c: k.chaos, lift: func() { _, _ = k.pool.Exec(k.t.Context(), `update guess set n = 0, barred_until = null`) }}
	l.urls.Store(&[]string{k.front})
	l.start(k.crowd, codes)
	k.ordered += clusterSeries
	k.series = append(k.series, k.order(clusterSeries))
	k.files = append(k.files, k.export(k.sample))
	k.until("redemptions before the fault", time.Minute, func() bool { return l.done.Load() > clusterShare/4 })

	watch := k.watch(l)
	fault()
	l.group.Wait()
	moments := watch()
	k.unsettled += l.unknown.Load()

	var from, to moment // the longest time without a redemption
	last := moments[0]
	for _, m := range moments {
		if m.done == last.done {
			continue
		}
		if from.at.IsZero() || m.at.Sub(last.at) > to.at.Sub(from.at) {
			from, to = last, m
		}
		last = m
	}
	silence := to.at.Sub(from.at)
	after := int64(0)
	for _, m := range moments {
		if m.at.Sub(to.at) < 10*time.Second {
			after = l.failed.Load() - m.failed
		}
	}
	noisiest := 0.0
	for process, n := range to.lines {
		noisiest = max(noisiest, float64(n-from.lines[process])/max(1, silence.Seconds()))
	}
	k.printed(name+"_silence", fmt.Sprintf("%.1f", silence.Seconds()), "s")
	k.printed(name+"_5xx_after", after, "answers")
	k.printed(name+"_log_lines", fmt.Sprintf("%.2f", noisiest), "lines/s")
	require.Less(k.t, silence, limit, name) // the cluster has the machine for itself
	require.Zero(k.t, after, name)
	heal()
	k.until("all hosts to follow the leader", 3*time.Minute, k.settled)
}

// watch counts every twentieth of a second, until the function it returns is called.
func (k *cluster) watch(l *load) (stop func() []moment) {
	var moments []moment
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			moments = append(moments, moment{time.Now(), l.done.Load(), l.failed.Load(), k.logged()})
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	return func() []moment {
		close(done)
		<-ended
		return moments
	}
}

// logged returns how many lines each process of the application has logged.
func (k *cluster) logged() map[string]int {
	n := map[string]int{}
	for _, app := range k.apps {
		for _, kind := range []string{"web", "worker"} {
			n[app.name+"-"+kind] = app.lines(kind)
		}
	}
	return n
}

// An installation on several hosts loses the leader of its database to a crash, to the
// network and on purpose, a replica, and a host of the application, while customers redeem,
// series are made and files are written. No acknowledged redemption is lost, every series has
// its cards, every file is whole.
func TestCluster(t *testing.T) { //nolint:paralleltest // it has the machine for itself
	requireEngines(t)
	k := newCluster(t)
	k.ordered = 5 * clusterShare
	stock := k.order(k.ordered)
	k.until("the cards to redeem", 2*time.Minute, func() bool { return k.made(stock).MadeAt != nil })
	k.codes = k.codesOf(stock)
	k.sample = k.order(20_000)
	k.ordered += 20_000
	k.until("a series to export", 2*time.Minute, func() bool { return k.made(k.sample).MadeAt != nil })
	k.crowd = k.attackers(8, []string{k.front})
	total := len(k.codes)
	const failover = (patroniTTL + 5) * time.Second

	var lost *database
	k.phase("leader_killed", failover, func() { lost = k.leader(); lost.crash() }, func() { lost.boot() })
	k.phase("leader_cut_off", failover, func() { lost = k.leader(); lost.cut() }, func() { lost.join() })
	k.phase("switchover", failover, func() { k.switchover() }, func() {})
	k.phase("replica_lost", failover, func() {
		for _, h := range k.hosts {
			if !h.leads() {
				lost = h
			}
		}
		lost.crash()
	}, func() { lost.boot() })
	k.phase("application_host_lost", 10*time.Second, k.apps[0].crash, func() { k.startApp(k.apps[0]) })

	k.finish(total - len(k.codes))
}

// switchover asks Patroni for another leader.
func (k *cluster) switchover() {
	k.t.Helper()
	l := k.leader()
	answer, err := http.Post("http://"+l.addr+":8008/switchover", "application/json", strings.NewReader(`{"leader":"`+l.name+`"}`))
	require.NoError(k.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(k.t, err)
	require.NoError(k.t, answer.Body.Close())
	require.Equal(k.t, http.StatusOK, answer.StatusCode, string(text))
}

// finish waits for all work, compares what was acknowledged with the books, and reads every
// file.
func (k *cluster) finish(acknowledged int) {
	t := k.t
	t.Helper()
	for _, id := range k.series {
		k.until("a series", 4*stallLimit, func() bool { return k.made(id).MadeAt != nil })
	}
	store, err := blob.NewS3(t.Context(), k.store)
	require.NoError(t, err)
	torn := 0
	for _, id := range k.files {
		k.until("a file", 4*stallLimit, func() bool {
			e, err := k.exports.Get(t.Context(), k.admin, id)
			return err == nil && e.Export.State == db.ExportStateReady
		})
		e, err := k.exports.Get(t.Context(), k.admin, id)
		require.NoError(t, err)
		file, _, err := blob.NewSealed(store, k.keys).Open(t.Context(), e.Export.File)
		require.NoError(t, err)
		var whole bytes.Buffer
		_, err = io.Copy(&whole, file)
		require.NoError(t, err)
		if sum := sha256.Sum256(whole.Bytes()); !bytes.Equal(sum[:], e.Export.SHA256) {
			torn++
		}
	}
	var used, made int
	var cards, finished int64
	require.NoError(t, k.pool.QueryRow(t.Context(), `select
		(select count(*) from card where state = 'used'), (select count(*) from payment), (select count(*) from card),
		(select count(*) from audit where action = 'export.finished')`).Scan(&used, &made, &cards, &finished))
	k.printed("acknowledged_lost", acknowledged-used, "redemptions")
	k.printed("paid_twice", made-used, "redemptions")
	k.printed("cards_made_of_ordered", float64(cards)/float64(k.ordered), "ratio")
	k.printed("torn_files", torn, "files")
	k.printed("files_written_twice", finished-int64(len(k.files)), "files")
	k.printed("asked_again", k.unsettled, "requests")
	require.Equal(t, []int64{int64(acknowledged), int64(acknowledged), int64(k.ordered), int64(len(k.files)), 0}, []int64{int64(used), int64(made), cards, finished, int64(torn)})
	k.requireSound()
}
