package audit_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestAddressScope(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, audit.AddressScope(netip.MustParseAddr(address)))
	}
	require.Equal(t, "unknown", audit.AddressScope(netip.Addr{}))
}

func TestRecord(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	actor := audit.System().From(netip.MustParseAddr("192.0.2.7"), "r1")
	require.NoError(t, audit.Write(t.Context(), tx, actor, audit.Row{Action: "thing.done", SeriesID: 7, Serial: 9, Detail: []byte(`{"why": "because"}`)}))
	var action, address, detail string
	var serial int
	require.NoError(t, tx.QueryRow(t.Context(), `select action, host(address), serial, detail->>'why' from audit`).Scan(&action, &address, &serial, &detail))
	require.Equal(t, []string{"thing.done", "192.0.2.7", "because"}, []string{action, address, detail})
	require.Equal(t, 9, serial)
}

func TestScope(t *testing.T) {
	t.Parallel()
	require.True(t, audit.Everything().Holds(5))
	require.True(t, audit.Scope{PartnerIDs: []int64{5}}.Holds(5))
	require.False(t, audit.Scope{PartnerIDs: []int64{5}}.Holds(6))
	require.False(t, audit.Scope{}.Holds(6))
}
