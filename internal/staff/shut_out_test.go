package staff_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/signin"
	"refill/internal/staff"
)

// Everything that ends a person's sessions also ends their sign-ins in progress: one whose
// password was checked before then starts neither a session nor a second step.
func TestSignInsUnderWayEnd(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	ctx, id := t.Context(), b.actor.ID
	_, err := staff.Create(ctx, b.pool, audit.System(), staff.New{Username: "bert", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err) // so that an administrator is left
	for _, c := range []struct {
		what string
		do   func() error
	}{
		{"the second factor is reset", func() error { return staff.ResetSecondFactor(ctx, b.pool, audit.System(), id) }},
		{"it is turned on", func() error { b.turnOn(); return nil }},
		{"it is turned off", func() error { return staff.TurnOff(ctx, b.pool, b.vault, b.actor, b.proof(b.code())) }},
		{"they are disabled", func() error { return staff.Disable(ctx, b.pool, audit.System(), id) }},
		{"their own password", func() error {
			require.NoError(t, staff.Enable(ctx, b.pool, audit.System(), id))
			return staff.ChangePassword(ctx, b.pool, b.actor, staff.NewPassword{Username: "anna", Current: password, New: "heron basket 7", Repeat: "heron basket 7"})
		}},
		{"another password", func() error { return staff.ResetPassword(ctx, b.pool, audit.System(), id, password) }},
	} {
		var before int32
		require.NoError(t, b.pool.QueryRow(ctx, `select shut_out from staff where id = $1`, id).Scan(&before))
		require.NoError(t, c.do(), c.what)
		n, err := db.New().SessionCreateStaff(ctx, b.pool, db.SessionCreateStaffParams{TokenHash: []byte(c.what), StaffID: id, ShutOut: before, Lifetime: time.Hour})
		require.NoError(t, err, c.what)
		require.Zero(t, n, c.what)
		n, err = db.New().SignInStepCreate(ctx, b.pool, db.SignInStepCreateParams{TokenHash: []byte(c.what), StaffID: id, ShutOut: before, Lifetime: time.Hour})
		require.NoError(t, err, c.what)
		require.Zero(t, n, c.what)
	}
	in, err := staff.SignIn(ctx, b.pool, signin.Attempt{Username: "anna", Password: password})
	require.NoError(t, err)
	n, err := db.New().SessionCreateStaff(ctx, b.pool, db.SessionCreateStaffParams{TokenHash: []byte("token"), StaffID: id, ShutOut: in.ShutOut, Lifetime: time.Hour})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
}
