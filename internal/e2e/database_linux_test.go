package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/devdb"
	"refill/internal/disktest"
	"refill/internal/money"
)

// The disk of Postgres fills up while customers redeem cards and a worker makes a series.
// Every request gets an answer. After space is freed, work continues, the series gets
// exactly its cards, and the ledger balances.
func TestChaosPostgresOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := publicDir(t)
	disktest.Mount(t, disk, "384m")
	server := newPostgres(t, filepath.Join(disk, "db"), map[string]string{"max_wal_size": "48MB", "min_wal_size": "32MB"})
	c := newChaosOn(t, server.pool())
	c.quiet = true
	cards, customers, quantity := 240, 6, 150_000
	if large() {
		cards, customers, quantity = 12_000, 12, 400_000
	}
	codes := c.makeCards(cards)
	_, address := c.serve()
	c.worker()
	crowd := c.attackers(customers+1, []string{address})
	visitor := crowd[customers]
	series := c.order(quantity)
	c.until("the first cards", stallLimit, func() bool { return c.made(series).Made > 0 })

	filler := filepath.Join(disk, "filler")
	fill(t, disk, filler, 2<<20)
	l := &load{c: c}
	l.urls.Store(&[]string{address})
	l.start(crowd[:customers], codes)
	c.until("the disk to be full", time.Minute, func() bool {
		log, err := os.ReadFile(filepath.Join(disk, "db", "log"))
		require.NoError(t, err)
		return bytes.Contains(log, []byte("No space left on device"))
	})
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, err := visitor.home(ctx)
	require.NoError(t, err)
	require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, status)
	require.Less(t, time.Since(began), busy(pageLimit+slack))

	require.NoError(t, os.Remove(filler))
	select {
	case <-server.Done(): // Postgres exits where it can't write its log
		_ = server.Stop()
		server.start()
	default:
	}
	l.group.Wait()
	c.pool.Reset()
	c.until("the series", 2*stallLimit, func() bool {
		s, err := db.New().SeriesGet(t.Context(), c.pool, series)
		return err == nil && s.MadeAt != nil // Postgres may still be starting
	})
	require.EqualValues(t, quantity, c.made(series).Made)
	l.requirePaid(cards)
}

// fill writes a file that leaves the disk with left bytes of free space.
func fill(t *testing.T, disk, filler string, left uint64) {
	t.Helper()
	var stat syscall.Statfs_t
	require.NoError(t, syscall.Statfs(disk, &stat))
	file, err := os.Create(filler)
	require.NoError(t, err)
	size := int64(stat.Bavail)*stat.Bsize - int64(left) //nolint:gosec // megabytes
	if err := syscall.Fallocate(int(file.Fd()), 0, 0, size); err != nil {
		require.ErrorIs(t, err, syscall.ENOSPC) // Postgres filled the disk first
	}
	require.NoError(t, file.Close())
}

// Only the clock of Postgres decides whether a card is valid. The test sets it a month
// ahead and leaves the clocks of the web and worker processes unchanged. A card past its
// last day is then refused, and its value becomes breakage.
func TestChaosClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	library, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	require.NoError(t, err)
	require.NotEmpty(t, library, "libfaketime is missing: .ci/setup test")
	server := newPostgres(t, filepath.Join(t.TempDir(), "db"), nil)
	c := newChaosOn(t, server.pool())
	_, address := c.serve()
	customer := c.attackers(1, []string{address})[0]
	order := func(days int) int64 {
		ordered, err := c.cards.Order(t.Context(), c.admin, card.OrderRequest{
			Quantity: 2, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true,
			ValidTill: time.Now().AddDate(0, 0, days), Key: uuid.New(),
		})
		require.NoError(t, err)
		return ordered.ID
	}
	c.worker()
	soon, late := order(20), order(60)
	c.until("both series", stallLimit, func() bool { return c.made(soon).MadeAt != nil && c.made(late).MadeAt != nil })
	soonCodes, lateCodes := c.codesOf(soon), c.codesOf(late)
	redeem := func(code string) (status int) {
		c.until("an answer", stallLimit, func() bool {
			var err error
			status, err = customer.redeem(t.Context(), code)
			require.NoError(t, err)
			return status != http.StatusServiceUnavailable // until the pool has new connections to the restarted server
		})
		return status
	}
	require.Equal(t, http.StatusSeeOther, redeem(soonCodes[0]))

	require.NoError(t, server.Stop())
	server.options.Binaries = binariesWithClock(t, library[0], 30)
	server.start()
	c.pool.Reset()
	var today time.Time
	require.NoError(t, c.pool.QueryRow(t.Context(), `select now()`).Scan(&today))
	require.WithinDuration(t, time.Now().AddDate(0, 0, 30), today, time.Hour)
	// The sessions are a month old too, and would have expired.
	_, err = c.pool.Exec(t.Context(), `update session set seen_at = now(), expires_at = now() + interval '1 day'`)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnprocessableEntity, redeem(soonCodes[1]))
	require.Equal(t, http.StatusSeeOther, redeem(lateCodes[0]))
	c.until("the value that lapsed", 2*time.Minute, func() bool { return c.made(soon).LapsedAt != nil })
	require.Nil(t, c.made(late).LapsedAt)
	c.until("the audit trail of a month ago to be sealed", stallLimit, func() bool {
		broken, err := check.Run(t.Context(), c.pool, c.keys)
		require.NoError(t, err)
		return len(broken) == 0
	})
}

// binariesWithClock returns a folder of Postgres programs whose server runs with its clock
// set some days ahead.
func binariesWithClock(t *testing.T, library string, days int) string {
	t.Helper()
	real, err := devdb.FindBinaries(t.Context(), "")
	require.NoError(t, err)
	dir := publicDir(t)
	require.NoError(t, os.Symlink(filepath.Join(real, "initdb"), filepath.Join(dir, "initdb")))
	script := fmt.Sprintf("#!/bin/sh\nexport LD_PRELOAD=%s FAKETIME=+%dd DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1\nexec %s \"$@\"\n", library, days, filepath.Join(real, "postgres"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755))
	return dir
}
