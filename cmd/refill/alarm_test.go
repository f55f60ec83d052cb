package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/staff"
)

// `refill alarm` closes an alarm that no other person may close. It takes a reason and
// writes an audit row.
func TestAlarmIsClosedOnTheHost(t *testing.T) {
	t.Parallel()
	url, ctx := dbtest.URL(t), t.Context()
	pool, err := db.Open(ctx, url, db.Options{Name: "test"})
	require.NoError(t, err)
	defer pool.Close()
	ada, err := staff.Create(ctx, pool, audit.System(), staff.New{Username: "ada", Password: "long-enough", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	_, err = pool.Exec(ctx, `insert into theft_alarm (rule, subject, staff_id, partner_ids, first_at, last_at, cards, customers, value)
		values ('revealed', 'revealed:' || $1::bigint, $1, '{}', now() - interval '1 hour', now(), 5, 1, 5000)`, ada)
	require.NoError(t, err)
	c := config{DatabaseURL: secret(url)}
	for _, wrong := range [][]string{{}, {"1"}, {"x", "looked into"}, {"1", ""}, {"2", "looked into"}} {
		require.Error(t, runAlarm(ctx, c, wrong), wrong)
	}
	require.NoError(t, runAlarm(ctx, c, []string{"1", "a box of damaged cards"}))
	require.ErrorContains(t, runAlarm(ctx, c, []string{"1", "again"}), "acknowledged already")
	var lines int
	require.NoError(t, pool.QueryRow(ctx, `select count(*) from audit a join theft_alarm t on t.acknowledged_by is null and t.state = 'acknowledged'
		where a.action = 'alarm.acknowledged' and a.staff_id is null and a.detail->>'reason' = t.reason`).Scan(&lines))
	require.Equal(t, 1, lines)
}
