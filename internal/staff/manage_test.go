package staff

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/signin"
)

// add enters a member of staff of all partners and returns them as who acts.
func add(t *testing.T, pool *pgxpool.Pool, username string, n New) audit.Actor {
	t.Helper()
	n.Username, n.Password, n.AllPartners = username, "long-enough", true
	id, err := Create(t.Context(), pool, audit.System(), n)
	require.NoError(t, err)
	return audit.ByStaff(id, audit.Everything())
}

func roleID(t *testing.T, pool *pgxpool.Pool, key db.StaffRole) int64 {
	t.Helper()
	role, err := db.New().RoleGetByKey(t.Context(), pool, string(key))
	require.NoError(t, err)
	return role.ID
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	pool, ctx := dbtest.Pool(t), t.Context()
	admin := add(t, pool, "ada", New{Role: db.StaffRoleAdministrator})
	desk, err := CreateRole(ctx, pool, admin, RoleForm{Name: "Desk lead", Permissions: []string{string(StaffManage), string(CardsView)}})
	require.NoError(t, err)
	lead := add(t, pool, "lea", New{RoleID: desk})

	_, err = CreateRole(ctx, pool, lead, RoleForm{Name: "Teller", Permissions: []string{string(CardsReveal)}})
	require.Equal(t, "role_more", fault.All(err)[0].Code)
	require.Equal(t, "role_more", fault.All(EditRole(ctx, pool, lead, desk, RoleForm{Name: "Desk lead", Permissions: []string{string(StaffManage), string(CardsReveal)}}))[0].Code)
	_, err = Create(ctx, pool, lead, New{Username: "eve", Password: "long-enough", RoleID: roleID(t, pool, db.StaffRoleAdministrator), AllPartners: true})
	require.Equal(t, "staff_role_more", fault.All(err)[0].Code)
	require.ErrorIs(t, ResetPassword(ctx, pool, lead, admin.ID, "long-enough-2"), ErrMore, "else they could sign in as the administrator")
	require.ErrorIs(t, Disable(ctx, pool, lead, admin.ID), ErrMore)
	require.ErrorIs(t, Edit(ctx, pool, lead, lead.ID, Change{Name: "Lea", RoleID: desk, PartnerIDs: []int64{1}}), ErrSelf)
	require.ErrorIs(t, EditRole(ctx, pool, lead, desk, RoleForm{Name: "Desk lead", Permissions: []string{string(CardsView)}}), ErrRoleOwn)

	view, err := CreateRole(ctx, pool, lead, RoleForm{Name: "Viewer", Permissions: []string{string(CardsView), string(CardsView)}})
	require.NoError(t, err)
	require.Equal(t, "role_name_taken", fault.All(EditRole(ctx, pool, admin, view, RoleForm{Name: "desk LEAD"}))[0].Code)
	require.Len(t, fault.All(EditRole(ctx, pool, admin, view, RoleForm{Permissions: []string{"cards.eat"}})), 2)
	vic := add(t, pool, "vic", New{RoleID: view})
	require.ErrorIs(t, DeleteRole(ctx, pool, lead, view), ErrRoleUsed)
	require.NoError(t, Edit(ctx, pool, admin, vic.ID, Change{Name: "Vic", RoleID: desk, AllPartners: true}))
	require.NoError(t, DeleteRole(ctx, pool, lead, view))
	require.ErrorIs(t, DeleteRole(ctx, pool, lead, view), ErrNoRole)
	require.ErrorIs(t, EditRole(ctx, pool, admin, roleID(t, pool, db.StaffRoleAdministrator), RoleForm{Name: "King"}), ErrRoleFixed)
	require.ErrorIs(t, Disable(ctx, pool, admin, 999), ErrNoStaff)
}

// Two administrators who disable each other at the same moment must not both
// succeed.
func TestSomebodyIsLeft(t *testing.T) {
	t.Parallel()
	pool, ctx := dbtest.Pool(t), t.Context()
	ada, bob := add(t, pool, "ada", New{Role: db.StaffRoleAdministrator}), add(t, pool, "bob", New{Role: db.StaffRoleAdministrator})
	require.ErrorIs(t, Disable(ctx, pool, ada, ada.ID), ErrSelf)
	for round := range 10 {
		gate, errs := make(chan struct{}), make([]error, 2)
		var group sync.WaitGroup
		for i, pair := range [][2]audit.Actor{{ada, bob}, {bob, ada}} {
			group.Go(func() {
				<-gate
				errs[i] = Disable(ctx, pool, pair[0], pair[1].ID)
			})
		}
		close(gate)
		group.Wait()
		n, err := db.New().StaffCountManagers(ctx, pool)
		require.NoError(t, err)
		require.Equal(t, int64(1), n, "round %d: %v", round, errs)
		for _, one := range []audit.Actor{ada, bob} {
			require.NoError(t, Enable(ctx, pool, audit.System(), one.ID))
		}
	}
	require.NoError(t, Disable(ctx, pool, ada, bob.ID))
	cashier := roleID(t, pool, db.StaffRoleCashier)
	require.ErrorIs(t, Edit(ctx, pool, audit.System(), ada.ID, Change{Name: "Ada", RoleID: cashier, AllPartners: true}), ErrLast)
}

func TestPasswordsOfStaffEndSessions(t *testing.T) {
	t.Parallel()
	pool, ctx := dbtest.Pool(t), t.Context()
	ada, bob := add(t, pool, "ada", New{Role: db.StaffRoleAdministrator}), add(t, pool, "bob", New{Role: db.StaffRoleCashier})
	session := func(token string, id int64) {
		_, err := pool.Exec(ctx, `insert into session (token_hash, staff_id, expires_at) values ($1, $2, now() + interval '1 hour')`, []byte(token), id)
		require.NoError(t, err)
	}
	left := func(id int64) (tokens []string) {
		require.NoError(t, pool.QueryRow(ctx, `select coalesce(array_agg(encode(token_hash, 'escape')), '{}') from session where staff_id = $1`, id).Scan(&tokens))
		return tokens
	}
	session("b1", bob.ID)
	session("a1", ada.ID)
	session("a2", ada.ID)
	require.ErrorIs(t, ResetPassword(ctx, pool, ada, ada.ID, "long-enough"), ErrSelf)
	fresh := Suggest()
	require.Len(t, fresh, 19)
	require.NoError(t, ResetPassword(ctx, pool, ada, bob.ID, fresh))
	require.Empty(t, left(bob.ID))
	_, err := SignIn(ctx, pool, signin.Attempt{Username: "bob", Password: fresh})
	require.NoError(t, err)

	ch := NewPassword{Username: "ada", Current: "wrong-one", New: "quite-another", Repeat: "quite-another", Session: []byte("a1")}
	require.Error(t, ChangePassword(ctx, pool, ada, ch))
	require.Len(t, left(ada.ID), 2)
	ch.Current, ch.Repeat = "long-enough", "different"
	require.Equal(t, "repeat", fault.All(ChangePassword(ctx, pool, ada, ch))[0].Field)
	ch.Repeat = ch.New
	require.NoError(t, ChangePassword(ctx, pool, ada, ch))
	require.Equal(t, []string{"a1"}, left(ada.ID))
	require.NoError(t, Rename(ctx, pool, ada, "Ada L."))
}
