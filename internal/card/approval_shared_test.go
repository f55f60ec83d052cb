package card_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/dbtest"
	"refill/internal/staff"
)

// enrols gives a member of staff a second factor, as of now.
func (b *bundle) enrols(t *testing.T, who audit.Actor) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), `delete from staff_second_factor where staff_id = $1`, who.ID)
	require.NoError(t, err)
	_, err = b.pool.Exec(t.Context(), `insert into staff_second_factor (staff_id, key_id, secret_sealed, last_step, recovery_salt) values ($1, 1, '', 0, '')`, who.ID)
	require.NoError(t, err)
}

// sets notes that one member of staff set the sign-in, password or second factor of
// another.
func (b *bundle) sets(t *testing.T, by, of audit.Actor, action string) {
	t.Helper()
	require.NoError(t, audit.Write(t.Context(), b.pool, by, audit.Row{Action: action, Detail: fmt.Appendf(nil, `{"staff_id": %d}`, of.ID)}))
}

// Two accounts that one person may control are one person: as far as that can be told
// from who set whose credentials within 30 days.
func TestOnePersonIsNotTwo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(t *testing.T, b *bundle, other, third audit.Actor)
		shared bool
	}{
		"nothing was set": {do: func(*testing.T, *bundle, audit.Actor, audit.Actor) {}},
		"the asker reset the decider's password": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.password_reset")
		}},
		"the decider reset the asker's password": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, other, b.admin, "staff.password_reset")
		}},
		"the asker made the decider's sign-in": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
		}},
		"the asker reset the decider's second factor": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.second_factor_reset")
		}},
		"a changed password proves nothing: whoever reset it signs in and changes it": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.password_reset")
			require.NoError(t, act.Record(t.Context(), b.pool, other, staff.PasswordChanged{}))
		}},
		"through a third person": {shared: true, do: func(t *testing.T, b *bundle, other, third audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, third, "staff.password_reset")
			b.sets(t, third, other, "staff.password_reset")
		}},
		"both by the same third person": {shared: true, do: func(t *testing.T, b *bundle, other, third audit.Actor) {
			t.Helper()
			b.sets(t, third, b.admin, "staff.created")
			b.sets(t, third, other, "staff.created")
		}},
		"a third person who controls one of them": {do: func(t *testing.T, b *bundle, other, third audit.Actor) {
			t.Helper()
			b.sets(t, third, other, "staff.created")
		}},
		"a second factor since the sign-in was made": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			b.enrols(t, other)
		}},
		"a second factor before keeps whoever reset the password out": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.enrols(t, other)
			b.sets(t, b.admin, other, "staff.password_reset")
		}},
		"a second factor since a reset password": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.password_reset")
			b.enrols(t, other)
		}},
		"a second factor between making the sign-in and a reset password": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			b.enrols(t, other)
			b.sets(t, b.admin, other, "staff.password_reset")
		}},
		"the host vouched": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			require.NoError(t, staff.Vouch(t.Context(), b.pool, audit.System(), other.ID, "works at the till"))
		}},
		"the host vouched, and the password was reset since": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			require.NoError(t, staff.Vouch(t.Context(), b.pool, audit.System(), other.ID, "works at the till"))
			b.sets(t, b.admin, other, "staff.password_reset")
		}},
		"nobody vouches in the browser": {shared: true, do: func(t *testing.T, b *bundle, other, third audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			require.Error(t, staff.Vouch(t.Context(), b.pool, third, other.ID, "works at the till"))
			b.sets(t, third, other, "staff.vouched")
		}},
		"a second factor that was reset since": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.created")
			b.enrols(t, other)
			require.NoError(t, staff.ResetSecondFactor(t.Context(), b.pool, b.admin, other.ID))
		}},
		"a second factor that was reset and set up again": {shared: true, do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.enrols(t, other)
			require.NoError(t, staff.ResetSecondFactor(t.Context(), b.pool, b.admin, other.ID))
			b.enrols(t, other)
		}},
		"a chain that a second factor cuts": {do: func(t *testing.T, b *bundle, other, third audit.Actor) {
			t.Helper()
			b.enrols(t, third)
			b.sets(t, b.admin, third, "staff.password_reset")
			b.sets(t, third, other, "staff.password_reset")
		}},
		"31 days ago": {do: func(t *testing.T, b *bundle, other, _ audit.Actor) {
			t.Helper()
			b.sets(t, b.admin, other, "staff.password_reset")
			_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `
				alter table audit disable trigger user;
				update audit set at = at - interval '31 days';
				alter table audit enable trigger user`)
			require.NoError(t, err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, other := second(t)
			s := b.inactive(t, 6)
			require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
			c.do(t, b, other, b.colleague(t, "third"))
			a := b.waiting(t)
			if c.shared {
				require.ErrorIs(t, b.cards.Refuse(t.Context(), other, a.ID, "because"), approval.ErrShared)
				require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrShared)
				b.waiting(t)
				return
			}
			require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
		})
	}
}
