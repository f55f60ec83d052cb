package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2" //nolint:depguard // when to kill; codes are drawn by package card
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/job"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// stallLimit is the longest time without progress after a worker was killed.
const stallLimit = 40 * time.Second

// chaos is a database with workers that are killed.
type chaos struct {
	t        *testing.T
	pool     *pgxpool.Pool
	keys     *cardcode.Keyring
	cards    *card.Service
	exports  *cardfile.Service
	settings *setting.Store // shared with cards and exports, which see its changes at once
	admin    audit.Actor
	random   *rand.Rand
	env      []string
	files    string
	keyFile  string
	quiet    bool      // errors in the logs of processes are expected
	told     time.Time // when progress was told last
	log      io.Writer // the logs of processes that start; nil: standard error
}

// large reports whether the tests run at full size (make chaos).
func large() bool { return os.Getenv("REFILL_CHAOS") != "" } //nolint:forbidigo // a test binary has no main that could read it

func newChaos(t *testing.T) *chaos {
	t.Helper()
	return newChaosOn(t, dbtest.Pool(t))
}

// newChaosOn is newChaos on a database that the test brings along.
func newChaosOn(t *testing.T, pool *pgxpool.Pool) *chaos {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "keys")
	var key bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&key, 1))
	require.NoError(t, os.WriteFile(keyFile, key.Bytes(), 0o600))
	return newChaosWith(t, pool, keyFile)
}

// newChaosWith is newChaosOn with a key file that is there.
func newChaosWith(t *testing.T, pool *pgxpool.Pool, keyFile string) *chaos {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("REFILL_CHAOS_SEED"), 10, 64) //nolint:forbidigo // as above
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("REFILL_CHAOS_SEED=%d", seed)
	c := &chaos{t: t, pool: pool, random: rand.New(rand.NewPCG(seed, 0)), keyFile: keyFile, files: t.TempDir()} //nolint:gosec // when to kill, not what to draw
	c.keys, err = c.readKeys()
	require.NoError(t, err)
	require.NoError(t, codestore.AnnounceKeys(t.Context(), dbtest.Owner(t, c.pool), c.keys))
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(c.pool, log)
	require.NoError(t, err)
	c.settings = setting.NewStore(c.pool, time.Now)
	c.cards = card.New(c.pool, c.keys, jobs, c.settings, log)
	disk, err := blob.NewDisk(c.files)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, disk.Close()) })
	c.exports = cardfile.New(cardfile.Config{Cards: c.cards, DB: c.pool, Jobs: jobs, Settings: c.settings, Files: blob.NewSealed(disk, c.keys), PublicURL: "https://refill.example.net", Log: log})
	id := peopletest.Staff(t, c.pool, staff.New{Username: "admin", Role: db.StaffRoleAdministrator, AllPartners: true})
	c.admin = audit.ByStaff(id, audit.Everything())
	c.env = append(os.Environ(), "DATABASE_URL="+c.pool.Config().ConnString(), "REFILL_KEY_FILE="+keyFile, "REFILL_FILES_DIR="+c.files,
		"REFILL_LOG_LEVEL=error", "REFILL_MAX_CONNS=6")
	return c
}

// readKeys reads the key file as it is now.
func (c *chaos) readKeys() (*cardcode.Keyring, error) {
	text, err := os.ReadFile(c.keyFile)
	if err != nil {
		return nil, err
	}
	return cardcode.ReadKeyring(bytes.NewReader(text))
}

// progress tells, at full size, how far a test is. It tells at most every ten seconds.
func (c *chaos) progress(format string, args ...any) {
	if large() && time.Since(c.told) > 10*time.Second {
		c.told = time.Now()
		c.t.Logf(format, args...)
	}
}

// worker starts `refill work` and kills it at the end of the test, unless it is dead
// already.
func (c *chaos) worker() *exec.Cmd {
	c.t.Helper()
	return c.workerBy(binary)
}

// workerBy is worker with a program of another version.
func (c *chaos) workerBy(program string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(program, "work")
	cmd.Env, cmd.Stderr = c.env, c.stderr()
	require.NoError(c.t, cmd.Start())
	c.t.Cleanup(func() { kill(cmd) })
	return cmd
}

// stderr returns where a process logs; nil where its log is not read.
func (c *chaos) stderr() io.Writer {
	switch {
	case c.log != nil:
		return c.log
	case c.quiet:
		return nil
	}
	return os.Stderr
}

// kill kills a process with SIGKILL. The process may have ended already.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
}

// busy extends a time limit by the load of the machine per core, because everything takes
// longer on a machine that runs other programs too.
func busy(limit time.Duration) time.Duration {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return limit // no Linux
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return limit
	}
	return time.Duration(float64(limit) * max(1, load/float64(runtime.NumCPU())))
}

// until waits until a condition holds.
func (c *chaos) until(what string, limit time.Duration, holds func() bool) {
	c.t.Helper()
	limit = busy(limit)
	timeout := time.After(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			c.t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

func (c *chaos) order(quantity int) int64 {
	c.t.Helper()
	ordered, err := c.cards.Order(c.t.Context(), c.admin, card.OrderRequest{
		Quantity: int32(quantity), Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true, //nolint:gosec // a small number
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(c.t, err)
	return ordered.ID
}

func (c *chaos) made(id int64) db.Series {
	c.t.Helper()
	s, err := db.New().SeriesGet(c.t.Context(), c.pool, id)
	require.NoError(c.t, err)
	return s
}

// requireSound checks every invariant of the database.
func (c *chaos) requireSound() {
	c.t.Helper()
	broken, err := check.Run(c.t.Context(), c.pool, c.keys)
	require.NoError(c.t, err)
	require.Empty(c.t, broken)
}

// Workers are killed at random moments while they make series, two at a time: each series
// ends with exactly its cards, and work never stops for long.
func TestChaosWorkersKilledWhileGenerating(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	quantity, kills := 150_000, 2
	if large() {
		quantity, kills = 1_000_000, 25
	}
	first, second := c.order(quantity), c.order(quantity/3)
	workers := []*exec.Cmd{c.worker(), c.worker()}
	for range kills {
		before := c.made(first).Made
		goal := before + 1 + c.random.Int32N(int32(quantity/(kills+1))) //nolint:gosec // at most a million
		c.until("cards after a kill", stallLimit, func() bool {
			s := c.made(first)
			return s.Made >= goal || s.MadeAt != nil
		})
		c.progress("%d of %d cards made", c.made(first).Made, quantity)
		victim := c.random.IntN(len(workers))
		kill(workers[victim])
		workers[victim] = c.worker()
	}
	for _, id := range []int64{first, second} {
		c.until("the whole series", 2*stallLimit, func() bool { return c.made(id).MadeAt != nil })
	}
	c.requireSound() // serials 1 to N without a gap, value posted once, …
}

// Workers are killed while they write files of every format. No incomplete file is ever
// offered, the next worker writes the whole file, and the remains are removed.
func TestChaosWorkerKilledWhileExporting(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	quantity, kills := 60_000, 3
	if large() {
		quantity, kills = 1_000_000, 16
	}
	series := c.order(quantity)
	worker := c.worker()
	c.until("the series", 2*stallLimit, func() bool { return c.made(series).MadeAt != nil })
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	require.NoError(t, c.settings.Change(t.Context(), c.admin, func(v *setting.Settings) {
		v.PrintShops = []setting.PrintShop{{ID: "age", Name: "Printhouse", Kind: "age", Key: identity.Recipient().String()}}
	}))
	var ids []int64
	var locked int64
	for _, of := range []struct {
		format  string
		options cardfile.Options
	}{
		{"pdf", cardfile.Options{}},
		{"pdf", cardfile.Options{Locked: true, Password: cardfile.NewPassword("seven herons 77")}},
		{"xlsx", cardfile.Options{}},
		{"pdf", cardfile.Options{Parts: true}},
		{"csv", cardfile.Options{ShopID: "age"}},
		{"printer", cardfile.Options{}},
		{"jsonl", cardfile.Options{}},
		{"csv", cardfile.Options{}},
	} {
		id, err := c.exports.Request(t.Context(), c.admin, series, of.format, of.options, uuid.New())
		require.NoError(t, err)
		ids = append(ids, id)
		if of.options.Locked {
			locked = id
		}
	}
	read := func(id int64) db.Export {
		e, err := c.exports.Get(t.Context(), c.admin, id)
		require.NoError(t, err)
		return e.Export
	}
	ready := func() (n int) {
		for _, id := range ids {
			e := read(id)
			require.NotEqual(t, db.ExportStateFailed, e.State)
			if e.State == db.ExportStateReady {
				n++
			}
		}
		return n
	}
	for range kills {
		before := ready()
		c.until("a file to grow", stallLimit, func() bool {
			return ready() > before || slices.ContainsFunc(ids, func(id int64) bool { e := read(id); return e.State == db.ExportStateRunning && e.RowsDone > 0 })
		})
		c.progress("%d of %d files written", ready(), len(ids))
		kill(worker)
		worker = c.worker()
	}
	c.until("every file", 8*stallLimit, func() bool { return ready() == len(ids) })
	disk, err := blob.NewDisk(c.files)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, disk.Close()) })
	kept := map[string]bool{}
	for _, id := range ids {
		e := read(id)
		kept[e.File] = true
		require.EqualValues(t, quantity, e.RowsDone)
		file, info, err := blob.NewSealed(disk, c.keys).Open(t.Context(), e.File)
		require.NoError(t, err)
		hash := sha256.New()
		var whole bytes.Buffer
		_, err = io.Copy(hash, io.TeeReader(file, &whole))
		require.NoError(t, err)
		require.NoError(t, file.Close())
		if id == locked {
			c.requirePages(whole.Bytes(), "seven herons 77", (quantity+9)/10)
		}
		require.Equal(t, e.Size, info.Size)
		require.Equal(t, fmt.Sprintf("%x", e.SHA256), fmt.Sprintf("%x", hash.Sum(nil)))
	}
	remains := func() (n int) {
		infos, err := disk.List(t.Context())
		require.NoError(t, err)
		for _, info := range infos {
			if !kept[info.Name] {
				n++
				require.True(t, info.Temporary, "%s could be taken for whole", info.Name)
				old := time.Now().Add(-2 * time.Hour)                                                                // housekeeping keeps recent files, which may still be written
				if err := os.Chtimes(filepath.Join(c.files, info.Name), old, old); !errors.Is(err, fs.ErrNotExist) { // removed since it was listed
					require.NoError(t, err)
				}
			}
		}
		return n
	}
	t.Logf("%d kills left %d remains", kills, remains())
	c.until("the remains to go", 3*time.Minute, func() bool { return remains() == 0 })
	c.requireSound()
}

// requirePages opens a PDF with its password, and only with that, and counts its pages.
func (c *chaos) requirePages(file []byte, password string, pages int) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "cards.pdf")
	require.NoError(c.t, os.WriteFile(path, file, 0o600))
	require.Error(c.t, exec.CommandContext(c.t.Context(), "pdfinfo", path).Run())
	info, err := exec.CommandContext(c.t.Context(), "pdfinfo", "-upw", password, path).Output()
	require.NoError(c.t, err)
	require.Regexp(c.t, fmt.Sprintf(`(?m)^Pages: +%d$`, pages), string(info))
}
