package approval_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// Pages get the events of a request and of its series when the act is committed, and not
// before.
func TestRequestsAreAnnounced(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `listen refill`)
	require.NoError(t, err)
	heard := func(n int) (events []act.Event) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for range n {
			note, err := conn.Conn().WaitForNotification(ctx)
			require.NoError(t, err)
			var e act.Event
			require.NoError(t, json.Unmarshal([]byte(note.Payload), &e))
			events = append(events, e)
		}
		return events
	}
	record := func(a act.Act, commit bool) {
		t.Helper()
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, act.Record(t.Context(), tx, audit.System(), a))
		if commit {
			require.NoError(t, tx.Commit(t.Context()))
			return
		}
		require.NoError(t, tx.Rollback(t.Context()))
	}
	record(approval.Asked{Approval: 3, Kind: db.ApprovalKindLimit}, false)
	record(approval.Asked{Approval: 4, Kind: db.ApprovalKindActivate, Subject: act.OfSeries(9)}, true)
	record(approval.Refused{Ended: approval.Ended{Approval: 5, Kind: db.ApprovalKindLimit}}, true)
	require.Equal(t, []act.Event{{Kind: "approval", ID: 4}, {Kind: "series", ID: 9}, {Kind: "approval", ID: 5}}, heard(3))
}
