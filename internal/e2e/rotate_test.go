package e2e_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Keys are rotated by the command while customers redeem: web processes and workers load
// the new key by themselves, every card is sealed under it, no redemption is refused, and
// the old key can be removed. The audit trail, sealed under both, can still be verified
// from before.
func TestChaosKeysRotateUnderLoad(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	cards, used, customers := 20_000, 200, 8
	if large() {
		cards, used, customers = 1_000_000, 4000, 16
	}
	codes := c.makeCards(cards)
	_, first := c.serve()
	_, second := c.serve()
	c.worker()
	crowd := c.attackers(customers, []string{first, second})
	l := &load{c: c}
	l.urls.Store(&[]string{first, second})
	command := func(args ...string) string {
		cmd := exec.Command(binary, args...)
		cmd.Env = c.env
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	head := command("audit", "head") // sealed under the old key
	require.Contains(t, command("audit", "verify", "-since", head), "as it was sealed")
	l.start(crowd, codes[len(codes)-used:])
	require.Contains(t, command("keys", "rotate"), "Key 2")
	start := time.Now()
	c.until("every card to be sealed under the new key", 10*time.Minute, func() bool {
		c.progress("%d of %d cards redeemed while cards are sealed again", l.done.Load(), used)
		var finished bool
		err := c.pool.QueryRow(t.Context(), `select exists (select from key_rotation where finished_at is not null)`).Scan(&finished)
		return err == nil && finished
	})
	t.Logf("%d cards were sealed again in %s", cards, time.Since(start).Round(100*time.Millisecond))
	l.group.Wait()
	require.Contains(t, command("keys", "status"), "new cards are sealed under it")
	require.Contains(t, command("keys", "retire", "1"), "out of use")
	keys, err := c.readKeys()
	require.NoError(t, err)
	require.False(t, keys.Has(1))
	c.keys = keys
	require.Contains(t, command("audit", "verify", "-since", head), "as it was sealed", "also once the old key is gone")
	l.requirePaid(used)
}
