package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/guess"
	"refill/internal/signin"
	"refill/internal/staff"
)

func TestResetSecondFactor(t *testing.T) {
	t.Parallel()
	url, ctx := dbtest.URL(t), t.Context()
	pool, err := db.Open(ctx, url, db.Options{Name: "test"})
	require.NoError(t, err)
	defer pool.Close()
	id, err := staff.Create(ctx, pool, audit.System(), staff.New{Username: "ada", Password: "long-enough", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	c := config{DatabaseURL: secret(url)}
	require.ErrorContains(t, runStaff(ctx, c, []string{"reset-second-factor", "nobody"}), `no member of staff "nobody"`)
	require.ErrorContains(t, runStaff(ctx, c, []string{"reset-second-factor", "ada"}), "it is off")
	require.ErrorContains(t, runStaff(ctx, c, []string{"reset-second-factor"}), "usage")
	_, err = pool.Exec(ctx, `insert into staff_second_factor (staff_id, key_id, secret_sealed, last_step, recovery_salt) values ($1, 1, '', 0, '')`, id)
	require.NoError(t, err)
	require.NoError(t, runStaff(ctx, c, []string{"reset-second-factor", "ADA"}))
	in, err := staff.SignIn(ctx, pool, signin.Attempt{Username: "ada", Password: "long-enough"})
	require.NoError(t, err)
	require.Empty(t, in.Step)
}

// `refill staff lift-bar` lifts the bar of an administrator for a reason, and writes an
// audit row.
func TestLiftBarOnTheHost(t *testing.T) {
	t.Parallel()
	url, ctx := dbtest.URL(t), t.Context()
	pool, err := db.Open(ctx, url, db.Options{Name: "test"})
	require.NoError(t, err)
	defer pool.Close()
	id, err := staff.Create(ctx, pool, audit.System(), staff.New{Username: "ada", Password: "long-enough", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	_, err = pool.Exec(ctx, `insert into guess (scope, n, since, allowed, barred_until)
		select scope, 50, now(), false, now() + interval '1 day' from unnest(array['staff:' || $1::bigint, 'staff:' || $1 || ':imported:8', 'import:staff:' || $1, 'staff:999']) scope`, id)
	require.NoError(t, err)
	require.ErrorIs(t, guess.LiftStaffBar(ctx, pool, audit.ByStaff(id, audit.Everything()), id, "mine"), guess.ErrOwnBar)
	c := config{DatabaseURL: secret(url)}
	require.ErrorContains(t, runStaff(ctx, c, []string{"lift-bar", "nobody", "because"}), `no member of staff "nobody"`)
	require.ErrorContains(t, runStaff(ctx, c, []string{"lift-bar", "ada"}), "usage")
	require.ErrorContains(t, runStaff(ctx, c, []string{"lift-bar", "ada", " "}), "reason")
	barred := func() (n int) {
		require.NoError(t, pool.QueryRow(ctx, `select count(*) from guess where barred_until > now()`).Scan(&n))
		return n
	}
	require.Equal(t, 4, barred())
	require.NoError(t, runStaff(ctx, c, []string{"lift-bar", "ADA", "a box of damaged cards"}))
	require.Equal(t, 1, barred(), "that of another person stays")
	var detail string
	require.NoError(t, pool.QueryRow(ctx, `select detail::text from audit where action = 'guesses.staff_cleared' and staff_id is null`).Scan(&detail))
	require.JSONEq(t, `{"staff": "ada", "reason": "a box of damaged cards"}`, detail)
}

// `refill staff vouch` records that an account is a person of its own for a reason, and
// writes an audit row.
func TestVouchOnTheHost(t *testing.T) {
	t.Parallel()
	url, ctx := dbtest.URL(t), t.Context()
	pool, err := db.Open(ctx, url, db.Options{Name: "test"})
	require.NoError(t, err)
	defer pool.Close()
	enter := func(by audit.Actor, username string) int64 {
		id, err := staff.Create(ctx, pool, by, staff.New{Username: username, Password: "long-enough", Role: db.StaffRoleAdministrator, AllPartners: true})
		require.NoError(t, err)
		return id
	}
	ada := enter(audit.System(), "ada")
	bea := enter(audit.ByStaff(ada, audit.Everything()), "bea")
	shared := func() bool {
		t.Helper()
		shared, err := approval.Shared(ctx, pool, ada, bea)
		require.NoError(t, err)
		return shared
	}
	require.True(t, shared(), "ada made bea’s sign-in")
	c := config{DatabaseURL: secret(url)}
	require.ErrorContains(t, runStaff(ctx, c, []string{"vouch", "nobody", "because"}), `no member of staff "nobody"`)
	require.ErrorContains(t, runStaff(ctx, c, []string{"vouch", "bea"}), "usage")
	require.ErrorContains(t, runStaff(ctx, c, []string{"vouch", "bea", " "}), "reason")
	require.True(t, shared())
	require.NoError(t, runStaff(ctx, c, []string{"vouch", "BEA", "works at the till"}))
	require.False(t, shared())
	var detail string
	require.NoError(t, pool.QueryRow(ctx, `select detail->>'reason' from audit where action = 'staff.vouched' and staff_id is null`).Scan(&detail))
	require.Equal(t, "works at the till", detail)
}
