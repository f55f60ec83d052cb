package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/backup"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/devdb"
)

// The drill of docs/guide/operations.md: a backup is made while customers redeem, and is
// restored into a second database. Its figures are those of the manifest, every check is
// clean, cards redeem there by their codes with the key file, and neither a code nor a key
// is in the backup.
func TestBackupDrill(t *testing.T) {
	t.Parallel()
	needBackupTools(t)
	c := newChaos(t)
	codes := c.makeCards(2000)
	_, first := c.serve()
	worker := c.worker()
	export, err := c.exports.Request(t.Context(), c.admin, 1, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	c.until("the file", 2*stallLimit, func() bool {
		e, err := c.exports.Get(t.Context(), c.admin, export)
		return err == nil && e.Export.State == db.ExportStateReady
	})
	crowd := c.attackers(8, []string{first})
	l := &load{c: c}
	l.urls.Store(&[]string{first})
	l.start(crowd, codes[:800])
	c.until("redemptions before the backup", time.Minute, func() bool { return l.done.Load() >= 20 })

	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	folder, keys := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "keys.age")
	out := c.command(nil, "backup", folder, "-with-keys", keys, "-recipient", identity.Recipient().String())
	require.Contains(t, out, "The backup is "+folder)
	acknowledged := l.done.Load()
	l.group.Wait()
	require.EqualValues(t, 800, l.done.Load())
	require.Contains(t, c.command(nil, "audit", "verify", "-since", headIn(t, out)), "as it was sealed")
	kill(worker)

	m, err := backup.Read(t.Context(), folder)
	require.NoError(t, err)
	require.EqualValues(t, 2000, m.Figures.Rows["card"])
	require.GreaterOrEqual(t, m.Figures.Rows["payment"], int64(20))
	require.LessOrEqual(t, m.Figures.Rows["payment"], acknowledged+int64(len(crowd)), "the snapshot is from before the end")
	c.hunt(folder, append(codes, secretsOf(t, c.keyFile)...))

	sealed, err := os.Open(keys)
	require.NoError(t, err)
	defer sealed.Close() //nolint:errcheck // only read
	opened, err := age.Decrypt(sealed, identity)
	require.NoError(t, err)
	content, err := io.ReadAll(opened)
	require.NoError(t, err)
	restoredKeys := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(restoredKeys, content, 0o600))

	second := dbtest.Empty(t)
	out = c.command([]string{"DATABASE_URL=" + second, "REFILL_KEY_FILE=" + restoredKeys}, "restore", folder)
	require.Contains(t, out, "All invariants hold.")
	require.Contains(t, out, "as in its manifest")

	// The second database serves; only cards that were not redeemed before the backup are good.
	pool, err := db.Open(t.Context(), second, db.Options{Name: "test"})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	d := *c
	d.pool, d.env = pool, append(c.env, "DATABASE_URL="+second, "REFILL_KEY_FILE="+restoredKeys)
	var before int64
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from payment`).Scan(&before))
	require.Equal(t, m.Figures.Rows["payment"], before)
	_, there := d.serve()
	crowd[0].url = there
	for _, code := range codes[1000:1005] {
		status, err := crowd[0].redeem(t.Context(), code)
		require.NoError(t, err)
		require.Equal(t, 303, status)
	}
	d.requireSound()
	var after int64
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from payment`).Scan(&after))
	require.Equal(t, before+5, after)
}

// A job that a worker had taken when the backup was made is taken up by a worker on the
// restored database: the series ends with exactly its cards.
func TestBackupOfARunningJob(t *testing.T) {
	t.Parallel()
	needBackupTools(t)
	c := newChaos(t)
	series := c.order(200_000)
	worker := c.worker()
	c.until("some cards", stallLimit, func() bool { return c.made(series).Made > 0 })
	folder := filepath.Join(t.TempDir(), "backup")
	c.command(nil, "backup", folder)
	kill(worker)
	second := dbtest.Empty(t)
	d := *c
	d.env = append(c.env, "DATABASE_URL="+second)
	d.command(nil, "restore", folder, "-no-check")
	pool, err := db.Open(t.Context(), second, db.Options{Name: "test"})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	d.pool = pool
	require.Less(t, d.made(series).Made, int32(200_000))
	d.worker()
	d.until("the whole series", 2*stallLimit, func() bool { return d.made(series).MadeAt != nil })
	d.requireSound()
}

// Commands that can't succeed say why and what to do, and leave nothing.
func TestBackupRefusals(t *testing.T) {
	t.Parallel()
	needBackupTools(t)
	c := newChaos(t)
	parent := t.TempDir()
	folder := filepath.Join(parent, "backup")
	refused := func(env []string, want string, args ...string) {
		t.Helper()
		cmd := exec.Command(binary, args...)
		cmd.Env = append(c.env, env...)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, string(out))
		require.Contains(t, string(out), want)
	}
	refused(nil, "go together", "backup", folder, "-with-keys", filepath.Join(parent, "keys"))
	refused(nil, "inside the backup", "backup", folder, "-with-keys", filepath.Join(folder, "keys"), "-recipient", "age1x")
	refused(nil, "-recipient", "backup", folder, "-with-keys", filepath.Join(parent, "keys"), "-recipient", "age1x")
	refused(nil, "name one folder", "backup")
	refused([]string{"DATABASE_URL="}, "DATABASE_URL is not set", "backup", folder)
	require.Empty(t, entries(t, parent))

	// Ctrl-C, once pg_dump waits for a lock on a table.
	release := c.lockTable()
	owner := dbtest.Owner(t, c.pool) // sees who waits
	cmd := exec.Command(binary, "backup", folder)
	cmd.Env = c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	c.until("pg_dump to wait", time.Minute, func() bool {
		var waits bool
		err := owner.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and application_name = 'refill backup' and wait_event_type = 'Lock')`).Scan(&waits)
		return err == nil && waits
	})
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait())
	require.Contains(t, out.String(), "interrupted")
	release()
	require.Empty(t, entries(t, parent))

	c.command(nil, "backup", folder)
	other := filepath.Join(t.TempDir(), "keys")
	var key bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&key, 1))
	require.NoError(t, os.WriteFile(other, key.Bytes(), 0o600))
	second := dbtest.Empty(t)
	refused([]string{"DATABASE_URL=" + second, "REFILL_KEY_FILE=" + other}, "is not that of the backup", "restore", folder)
	refused([]string{"DATABASE_URL=" + second}, "is not empty", "restore", folder)
	refused([]string{"DATABASE_URL=" + second, "REFILL_KEY_FILE="}, "-no-check", "restore", folder)
	pool, err := db.Open(t.Context(), second, db.Options{Name: "test"})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	require.NoError(t, codestore.CheckKeys(t.Context(), pool, c.keys), "the right keys fit what was restored")
	refused(nil, "is there already", "backup", folder)
}

// command runs the program, requires success and returns what it wrote.
func (c *chaos) command(env []string, args ...string) string {
	c.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(c.env, env...)
	out, err := cmd.CombinedOutput()
	require.NoError(c.t, err, string(out))
	return string(out)
}

// lockTable locks a table against every reader until release. Nothing of a backup but pg_dump
// waits for it, since unlogged tables are not counted.
func (c *chaos) lockTable() (release func()) {
	c.t.Helper()
	tx, err := dbtest.Owner(c.t, c.pool).BeginTx(c.t.Context(), pgx.TxOptions{})
	require.NoError(c.t, err)
	_, err = tx.Exec(c.t.Context(), `lock table api_quota in access exclusive mode`)
	require.NoError(c.t, err)
	return func() { require.NoError(c.t, tx.Rollback(context.WithoutCancel(c.t.Context()))) }
}

// hunt looks for secrets in every file below a folder, packed ones too.
func (c *chaos) hunt(root string, secrets []string) {
	c.t.Helper()
	var needles [][]byte
	for _, secret := range secrets {
		needles = append(needles, disguises(secret)...)
	}
	planted := false
	eachFile(c.t, root, func(path string, text []byte) {
		if packed, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
			text, err = io.ReadAll(packed)
			require.NoError(c.t, err, path)
		}
		planted = planted || bytes.Contains(text, []byte("attacker1"))
		for _, needle := range needles {
			require.False(c.t, bytes.Contains(text, needle), path)
		}
	})
	require.True(c.t, planted, "what is in the dump in clear is found")
}

// secretsOf returns the keys of a key file, as they are written there and as bytes.
func secretsOf(t *testing.T, keyFile string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(keyFile)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		raw, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
		require.NoError(t, err)
		list = append(list, fields[len(fields)-1], string(raw))
	}
	require.NotEmpty(t, list)
	return list
}

// headIn returns the head of the audit trail that refill backup printed.
func headIn(t *testing.T, out string) string {
	t.Helper()
	_, after, found := strings.Cut(out, "Head of the audit trail: ")
	require.True(t, found, out)
	return strings.Fields(after)[0]
}

func entries(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	return list
}

// needBackupTools skips a test on a machine without the client programs of Postgres.
func needBackupTools(t *testing.T) {
	t.Helper()
	if _, _, err := devdb.FindTools(t.Context(), "", 14, "pg_dump", "pg_restore"); err != nil {
		t.Skip("no pg_dump on this machine, so backups are not tested: ", err)
	}
}
