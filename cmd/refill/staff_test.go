package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
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
	in, err := staff.SignIn(ctx, pool, staff.Attempt{Username: "ada", Password: "long-enough"})
	require.NoError(t, err)
	require.Empty(t, in.Step)
}
