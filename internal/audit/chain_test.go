package audit_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// ring is a fake key file: the ids of its keys.
type ring []int16

func (r ring) Current() int16 { return r[len(r)-1] }

func (r ring) Has(id int16) bool {
	return slices.Contains(r, id)
}

func (r ring) AuditKey(id int16) ([]byte, error) {
	if !r.Has(id) {
		return nil, fmt.Errorf("no key %d", id)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "key %d", id))
	return sum[:], nil
}

// forged has the ids of a key file and other keys.
type forged struct{ ring }

func (forged) AuditKey(int16) ([]byte, error) { return []byte("a guess"), nil }

// note writes a line of the trail.
func note(t *testing.T, dbtx db.DBTX, action string) {
	t.Helper()
	require.NoError(t, audit.Write(t.Context(), dbtx, audit.System(), audit.Row{Action: action, Serial: 7, Detail: []byte(`{"why": "a test"}`)}))
}

// verify returns what is wrong with the trail.
func verify(t *testing.T, dbtx db.DBTX, keys audit.Keys, heads ...audit.Head) []string {
	t.Helper()
	report, err := audit.Verify(t.Context(), dbtx, keys, heads...)
	require.NoError(t, err)
	return report.Faults
}

// trail is a trail of nine lines in three blocks, the last just made and the first
// two an hour apart.
func trail(t *testing.T) (*pgxpool.Pool, audit.Head) {
	t.Helper()
	pool := dbtest.Pool(t)
	var head db.AuditBlock
	for i := range 3 {
		for range 3 {
			note(t, pool, fmt.Sprintf("thing.done_%d", i))
		}
		var err error
		head, err = audit.Seal(t.Context(), pool, ring{1}, time.Now().Add(time.Duration(i-2)*time.Hour))
		require.NoError(t, err)
		require.EqualValues(t, i+1, head.Number)
	}
	return pool, audit.HeadOf(head)
}

func TestSealedTrailHolds(t *testing.T) {
	t.Parallel()
	pool, head := trail(t)
	require.Empty(t, verify(t, pool, ring{1}, head))
	note(t, pool, "thing.done")
	require.Empty(t, verify(t, pool, ring{1}, head), "a line waits a moment to be sealed")
	again, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.NoError(t, err)
	require.EqualValues(t, 4, again.Number)
	same, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.NoError(t, err)
	require.Equal(t, again.Number, same.Number, "nothing new, no block")
	read, err := audit.ParseHead(head.String() + " 2026-11-25T12:00:00Z\n")
	require.NoError(t, err)
	require.Equal(t, head, read)
	require.Empty(t, verify(t, pool, ring{1}, read))
	_, err = audit.ParseHead("12-abc")
	require.Error(t, err)
}

// Each way to change the past is found.
func TestTamperedTrail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ plant, says string }{
		"changed row":              {`update audit set detail = '{"why": "another"}' where id = 5`, "block 2"},
		"changed time":             {`update audit set at = at - interval '1 day' where id = 2`, "block 1"},
		"changed actor":            {`update audit set serial = null where id = 8`, "block 3"},
		"deleted row":              {`delete from audit where id = 4`, "held 3 rows"},
		"inserted in the past":     {`insert into audit (id, action) overriding system value values (-1, 'thing.done')`, "row -1 came in after"},
		"changed block":            {`update audit_block set at = at - interval '1 minute' where number = 2`, "block 2"},
		"row and count":            {`delete from audit where id = 6; update audit_block set rows = 2, lasts = '{5}' where number = 2`, "block 2"},
		"block replaced":           {`update audit_block set hash = sha256('x') where number = 3`, "block 3"},
		"seal replaced":            {`update audit_block set mac = sha256('x') where number = 1`, "was not sealed by this installation"},
		"block from the middle":    {`delete from audit_block where number = 2`, "blocks 2 to 2 are missing"},
		"under a key that is gone": {`update audit_block set key_id = 9 where number = 3`, "which the key file lacks"},
		"the tail":                 {`delete from audit_block where number = 3; delete from audit where id > 6`, "the trail ends at block 2"},
		"all of it":                {`delete from audit_block; delete from audit`, "the trail ends at block 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, head := trail(t)
			_, err := dbtest.Owner(t, pool).Exec(t.Context(), `set session_replication_role = replica; `+c.plant) // triggers off
			require.NoError(t, err)
			faults := verify(t, pool, ring{1}, head)
			require.NotEmpty(t, faults)
			require.Contains(t, fmt.Sprint(faults), c.says)
			if _, err = audit.Seal(t.Context(), pool, ring{1}, time.Now()); !errors.Is(err, audit.ErrBehind) {
				require.NoError(t, err)
			}
			require.NotEmpty(t, verify(t, pool, ring{1}, head), "sealing on does not heal it")
		})
	}
}

// An attacker with the database but without the key file can't rebuild the chain.
func TestChainIsNotMadeAnewWithoutTheKeys(t *testing.T) {
	t.Parallel()
	pool, _ := trail(t)
	_, err := dbtest.Owner(t, pool).Exec(t.Context(), `set session_replication_role = replica;
		update audit set action = 'thing.never' where id = 1; delete from audit_block`)
	require.NoError(t, err)
	_, err = audit.Seal(t.Context(), pool, forged{ring{1}}, time.Now().Add(-2*time.Hour))
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(verify(t, pool, ring{1})), "was not sealed by this installation")
}

// A line whose id was given before a block was made, and which is committed after
// it, goes into the next block. Nothing is missed, and nothing is taken for
// tampering.
func TestLateLinesAreSealed(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	start := time.Now().Add(-time.Hour)
	note(t, pool, "thing.first")
	late, err := pool.Begin(t.Context())
	require.NoError(t, err)
	note(t, late, "thing.late")
	lost, err := pool.Begin(t.Context())
	require.NoError(t, err)
	note(t, lost, "thing.lost")
	note(t, pool, "thing.third")
	head, err := audit.Seal(t.Context(), pool, ring{1}, start)
	require.NoError(t, err)
	require.EqualValues(t, 2, head.Rows)
	require.Len(t, head.Firsts, 2)

	require.NoError(t, late.Commit(t.Context()))
	require.NoError(t, lost.Rollback(t.Context()))
	require.Empty(t, verify(t, pool, ring{1}))
	// No worker ran for an hour: it is taken in all the same.
	head, err = audit.Seal(t.Context(), pool, ring{1}, start.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []int64{2}, head.Firsts)
	note(t, pool, "thing.last")
	_, err = audit.Seal(t.Context(), pool, ring{1}, start.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, verify(t, pool, ring{1}))

	// The place of the one that was lost is closed by now.
	_, err = dbtest.Owner(t, pool).Exec(t.Context(), `insert into audit (id, action) overriding system value values (3, 'thing.invented')`)
	require.NoError(t, err)
	_, err = audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(verify(t, pool, ring{1})), "row 3 came in after")
}

// Many transactions write, commit late and roll back while several processes seal: every
// committed row is in exactly one block.
func TestSealingRacesWithWriters(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	var writers, sealers sync.WaitGroup
	done := make(chan struct{})
	var blocks atomic.Int64
	for w := range 6 {
		writers.Go(func() {
			for i := 0; i < 60 || (blocks.Load() < 3 && i < 5000); i++ {
				tx, err := pool.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				err = audit.Write(t.Context(), tx, audit.System(), audit.Row{Action: "thing.done", Detail: []byte("{}")})
				if err == nil && i%7 == w {
					err = tx.Rollback(t.Context())
				} else if err == nil {
					err = tx.Commit(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		sealers.Go(func() {
			for {
				head, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
				if err != nil {
					t.Error(err)
					return
				}
				blocks.Store(head.Number)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	sealers.Wait()
	_, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.NoError(t, err)
	report, err := audit.Verify(t.Context(), pool, ring{1})
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	var rows int64
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from audit`).Scan(&rows))
	require.Equal(t, rows, report.Rows)
	require.GreaterOrEqual(t, report.Blocks, int64(3))
}

// A trail larger than a block takes several, and is verified in portions.
func TestLargeTrail(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), `insert into audit (action) select 'thing.done' from generate_series(1, 25000)`)
	require.NoError(t, err)
	head, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.NoError(t, err)
	require.EqualValues(t, 3, head.Number)
	report, err := audit.Verify(t.Context(), pool, ring{1})
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.EqualValues(t, 25000, report.Rows)
}

// A key can be removed once the newest block is sealed under another, because the hashes
// tie the older blocks to it.
func TestChainOutlivesItsKeys(t *testing.T) {
	t.Parallel()
	pool, head := trail(t)
	require.NotEmpty(t, verify(t, pool, ring{2}), "not yet")
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return audit.Anchor(t.Context(), tx, ring{1, 2}, time.Now())
	}))
	require.Empty(t, verify(t, pool, ring{1, 2}, head))
	require.Empty(t, verify(t, pool, ring{2}, head))
	note(t, pool, "thing.done")
	_, err := audit.Seal(t.Context(), pool, ring{1}, time.Now())
	require.ErrorIs(t, err, audit.ErrBehind, "a process that has not heard of the new key")
	_, err = audit.Seal(t.Context(), pool, ring{2}, time.Now())
	require.NoError(t, err)
	require.Empty(t, verify(t, pool, ring{2}, head))
	_, err = dbtest.Owner(t, pool).Exec(t.Context(), `set session_replication_role = replica; update audit set serial = 8 where id = 1`)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(verify(t, pool, ring{2})), "block 1")
}

// Rows that stay unsealed for too long are a fault. Otherwise stopping the worker would be
// a way to change the past.
func TestUnsealedLinesAreAFault(t *testing.T) {
	t.Parallel()
	pool, _ := trail(t)
	_, err := pool.Exec(t.Context(), `insert into audit (action, at) values ('thing.done', now() - interval '2 hours')`)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(verify(t, pool, ring{1})), "are not sealed")
}

// The application can neither change nor remove a block.
func TestBlocksOnlyGrow(t *testing.T) {
	t.Parallel()
	pool, _ := trail(t)
	for _, sql := range []string{`update audit_block set rows = 0`, `delete from audit_block`, `truncate audit_block`} {
		_, err := pool.Exec(context.WithoutCancel(t.Context()), sql)
		require.ErrorContains(t, err, "permission denied", sql)
		_, err = dbtest.Owner(t, pool).Exec(t.Context(), sql)
		require.Error(t, err, "not even the owner, with the triggers on: %s", sql)
	}
}
