package db_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// Every advisory lock has its number and its statement in locks.go.
func TestAdvisoryLocksStandInOnePlace(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	advisory := regexp.MustCompile(`pg_(try_)?advisory_`)
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != root):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".sql":
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		if err == nil && advisory.Match(text) {
			found[filepath.ToSlash(path)] = true
		}
		return err
	}))
	require.Equal(t, map[string]bool{"../../internal/db/locks.go": true}, found)
}

// The numbers of the locks never change, because the previous version may run at the same
// time and takes the same locks.
func TestAdvisoryLockNumbers(t *testing.T) {
	t.Parallel()
	q, ctx := db.New(), t.Context()
	pool := dbtest.Pool(t)
	hashed := func(expression string) (number int64) {
		require.NoError(t, pool.QueryRow(ctx, "select "+expression).Scan(&number))
		return number
	}
	const imports, staff, template = `hashtext('imported codes')`, `hashtextextended('refill staff', 0)`, 0x7265_6669_6c74
	for _, lock := range []struct {
		name, mode         string
		first, second, sub int64
		take               func(tx db.DBTX) error
	}{
		{"series", "ExclusiveLock", 1, 77, 2, func(tx db.DBTX) error { return q.SeriesLock(ctx, tx, 77) }},
		{"series, shared", "ShareLock", 1, 77, 2, func(tx db.DBTX) error { return q.SeriesShare(ctx, tx, 77) }},
		{"settings", "ExclusiveLock", 2, 0, 2, func(tx db.DBTX) error { return q.SettingLock(ctx, tx) }},
		{"offers", "ExclusiveLock", 2, 1, 2, func(tx db.DBTX) error { return q.PartnerMethodLock(ctx, tx) }},
		{"worker", "ExclusiveLock", 2, hashed(`hashtext('host-2')`), 2, func(tx db.DBTX) error { return q.WorkerHold(ctx, tx, "host-2") }},
		{"worker, tried", "ExclusiveLock", 2, hashed(`hashtext('host-1')`), 2, func(tx db.DBTX) error {
			dead, err := q.JobTryWorker(ctx, tx, "host-1")
			require.True(t, dead)
			return err
		}},
		{"trail", "ExclusiveLock", 3, 0, 2, func(tx db.DBTX) error { return q.AuditBlockLock(ctx, tx) }},
		{"person", "ExclusiveLock", 4, 77, 2, func(tx db.DBTX) error { return q.SoloActLock(ctx, tx, 77) }},
		{"imports", "ExclusiveLock", hashed(imports) >> 32, hashed(imports), 1, func(tx db.DBTX) error { return q.ReadingLock(ctx, tx) }},
		{"staff", "ExclusiveLock", hashed(staff) >> 32, hashed(staff), 1, func(tx db.DBTX) error { return q.StaffLockAll(ctx, tx) }},
		{"template", "ExclusiveLock", template >> 32, template, 1, func(tx db.DBTX) error {
			_, err := db.HoldTemplate(ctx, tx)
			return err
		}},
	} {
		tx, err := dbtest.Owner(t, pool).Begin(ctx) // a session of its own, since some locks are a session's
		require.NoError(t, err)
		require.NoError(t, lock.take(tx), lock.name)
		var held string
		require.NoError(t, tx.QueryRow(ctx, `select classid || '/' || objid || '/' || objsubid || ' ' || mode from pg_locks
			where locktype = 'advisory' and pid = pg_backend_pid()`).Scan(&held), lock.name)
		require.Equal(t, fmt.Sprintf("%d/%d/%d %s", uint32(lock.first), uint32(lock.second), lock.sub, lock.mode), held, lock.name) //nolint:gosec // the same bits
		require.NoError(t, tx.Rollback(ctx))
	}
}
