package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// A sign-in with the old password gets no session if all sessions of the person are ended
// after the check of the password and before the session starts.
func TestSignInRacesWithShuttingOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, carl := s.newStaff("anna", db.StaffRoleAdministrator), s.newCustomer("carl", s.North)
	for name, c := range map[string]struct {
		door     kit.Door
		login    string
		username string
		home     string
		shutOut  func(ctx context.Context, tx pgx.Tx) error
	}{
		"staff": {kit.DoorStaff, "/admin/login", "anna", "/admin", func(ctx context.Context, tx pgx.Tx) error {
			return staff.ResetPassword(ctx, tx, audit.System(), anna, "another-long-password")
		}},
		"customer": {kit.DoorCustomer, "/portal/login", "carl", "/portal", func(ctx context.Context, tx pgx.Tx) error {
			return customer.SetPassword(ctx, tx, audit.System(), carl, "another-long-password")
		}},
	} {
		tx, err := s.Pool.Begin(t.Context())
		require.NoError(t, err, name)
		defer tx.Rollback(context.WithoutCancel(t.Context()))
		require.NoError(t, c.shutOut(t.Context(), tx), name)

		thief, answered := s.browser(), make(chan int, 1)
		go func() { answered <- thief.post(c.login, credentials(c.username, testPassword)).Status }()
		require.Eventually(t, func() bool {
			var waits bool
			err := s.Pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&waits)
			return err == nil && (waits || len(answered) > 0)
		}, 10*time.Second, time.Millisecond, name)
		require.NoError(t, tx.Commit(t.Context()), name)
		require.Equal(t, http.StatusConflict, <-answered, name)
		require.Equal(t, http.StatusSeeOther, thief.get(c.home).Status, "%s: signed in with the password of before", name)

		again := s.browser()
		require.Equal(t, http.StatusSeeOther, again.post(c.login, credentials(c.username, "another-long-password")).Status, name)
		require.Equal(t, http.StatusOK, again.get(c.home).Status, name)
	}
}
