package client

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
)

// Requests that share a statement are counted one by one, and each is told the state of the
// limit that it would be told alone. A change of rights holds for the next request.
func TestGateCountsEachRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, by := t.Context(), audit.ByStaff(b.ada, audit.Everything())
	f := b.form()
	f.PerMinute = 31
	id, err := Create(ctx, b.pool, by, f)
	require.NoError(t, err)
	key, err := MakeKey(ctx, b.pool, by, id, KeyForm{})
	require.NoError(t, err)
	gate := NewGate(b.pool)
	minute := func() (at time.Time) {
		require.NoError(t, b.pool.QueryRow(ctx, `select date_trunc('minute', now())`).Scan(&at))
		return at
	}
	var left []int32
	refused := 0
	for begun := (time.Time{}); !begun.Equal(minute()); { // again if a minute ended meanwhile
		b.exec(t, `delete from api_quota`)
		begun = minute()
		left, refused = b.admitTogether(t, gate, key)
	}
	slices.Sort(left)
	want := make([]int32, 30)
	for n := range want {
		want[n] = int32(n)
	}
	require.Equal(t, want, left)
	require.Equal(t, 10, refused)

	b.exec(t, `update api_client set disabled_at = now()`)
	_, err = gate.Admit(ctx, key, netip.Addr{})
	require.ErrorIs(t, err, ErrDisabled)
	_, err = gate.Admit(ctx, "", netip.Addr{})
	require.ErrorIs(t, err, ErrNoKey)
}

// admitTogether sends one request, and then forty of which all but the first share a
// statement. It returns what is left of the limit after each of the forty that was admitted,
// and how many were refused.
func (b *bundle) admitTogether(t *testing.T, gate *Gate, key string) (left []int32, refused int) {
	t.Helper()
	ctx := t.Context()
	_, err := gate.Admit(ctx, key, netip.Addr{}) // makes the row of the count
	require.NoError(t, err)
	hold, err := b.pool.Begin(ctx)
	require.NoError(t, err)
	_, err = hold.Exec(ctx, `select from api_quota for update`)
	require.NoError(t, err)
	var mu sync.Mutex
	var group sync.WaitGroup
	ask := func() {
		c, err := gate.Admit(ctx, key, netip.Addr{})
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			assert.ErrorIs(t, err, ErrQuota) //nolint:forbidigo // not the test's own goroutine
			refused++
			return
		}
		left = append(left, c.Rate.Left)
	}
	group.Go(ask)
	defer group.Wait()
	defer hold.Rollback(ctx) // lets the requests go, also where the test has failed
	require.Eventually(t, func() bool {
		var blocked bool
		err := b.pool.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&blocked)
		return err == nil && blocked
	}, time.Minute, time.Millisecond, "the first waits for the count")
	for range 39 {
		group.Go(ask)
	}
	require.Eventually(t, func() bool { return gate.group.Waiting() == 39 }, time.Minute, time.Millisecond)
	require.NoError(t, hold.Rollback(ctx))
	group.Wait()
	return left, refused
}
