package staff

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/signin"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestRoles(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	as := func(role db.StaffRole) Person {
		row, err := db.New().RoleGetByKey(t.Context(), tx, string(role))
		require.NoError(t, err)
		return Person{Everything: row.Everything, Permissions: row.Permissions, RoleName: row.Name}
	}
	admin, cashier, operator := as(db.StaffRoleAdministrator), as(db.StaffRoleCashier), as(db.StaffRoleOperator)
	for _, p := range []Permission{SeriesView, SeriesGenerate, SeriesExport, CardsReveal, PaymentsReverse, JobsManage, ConfigManage} {
		require.True(t, admin.Can(p), p)
		require.False(t, Person{}.Can(p), "nobody may %s", p)
	}
	require.True(t, cashier.Can(RedeemFor))
	require.True(t, operator.Can(JobsManage))
	for _, p := range []Permission{SeriesGenerate, SeriesActivate, SeriesExport, CardsReveal, PaymentsReverse, ConfigManage} {
		require.False(t, cashier.Can(p), p)
		require.False(t, operator.Can(p), p)
	}
	require.False(t, operator.Can(CustomersView))
	require.Equal(t, "Cashier", cashier.RoleName)
	_, err := tx.Exec(t.Context(), `delete from role where key = 'administrator'`)
	require.Equal(t, "role_fixed", db.Constraint(err), "the database keeps the administrator's role")
}

func TestCreate(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	partner, err := db.New().PartnerCreate(t.Context(), tx, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	n := New{Username: " Anna ", Password: "long-enough", Role: db.StaffRoleCashier, PartnerIDs: []int64{partner.ID}}
	id, err := Create(t.Context(), tx, audit.System(), n)
	require.NoError(t, err)
	row, err := db.New().StaffGetByUsername(t.Context(), tx, "ANNA")
	require.NoError(t, err)
	require.Equal(t, id, row.ID)
	require.Equal(t, "anna", row.Name, "without a name the username is it")
	require.True(t, strings.HasPrefix(row.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$"))

	_, err = Create(t.Context(), tx, audit.System(), n)
	require.Equal(t, "username", fault.All(err)[0].Field)

	_, err = Create(t.Context(), tx, audit.System(), New{Username: "a b", Password: "short", Role: "king"})
	require.Len(t, fault.All(err), 3)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	hash, err := signin.Hash("correct horse")
	require.NoError(t, err)
	ok, err := signin.Matches(t.Context(), "correct horse", hash)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = signin.Matches(t.Context(), "wrong", hash)
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = signin.Matches(t.Context(), "", "")
	require.NoError(t, err)
	require.False(t, ok, "no hash fits no password")
	_, err = signin.Matches(t.Context(), "x", "not a hash")
	require.Error(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // the turn may be free at once; it is not always
		if _, err = signin.Matches(ctx, "x", hash); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, context.Canceled)
}

func TestFold(t *testing.T) {
	t.Parallel()
	require.Equal(t, "anna", signin.Fold("  ANNA\t"))
	for _, odd := range []string{"a\x00b", "\xff", strings.Repeat("ä", 100), "a b"} {
		require.LessOrEqual(t, len(signin.Fold(odd)), 80)
		require.False(t, signin.ValidUsername(signin.Fold(odd)), "%q names nobody", odd)
		for _, r := range signin.Fold(odd) {
			require.Less(t, r, rune(0x7f))
			require.GreaterOrEqual(t, r, ' ')
		}
	}
}

func TestProve(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := Create(t.Context(), pool, audit.System(), New{Username: "anna", Password: "long-enough", Role: db.StaffRoleCashier})
	require.NoError(t, err)
	at := signin.Attempt{Username: "anna", Password: "wrong", Address: netip.MustParseAddr("2001:db8::1")}
	_, err = SignIn(t.Context(), pool, at)
	require.ErrorIs(t, err, signin.ErrWrong)

	// An address is limited across all the usernames that it tries.
	limited := false
	for i := range 70 {
		_, err = signin.Charge(t.Context(), pool, signin.PasswordLimit("signin:staff:someone-"+string(rune('a'+i%26)), "signin:ip:2001:db8::/64"))
		limited = limited || err != nil
	}
	require.True(t, limited)
	at.Password = "long-enough"
	_, err = SignIn(t.Context(), pool, at)
	require.ErrorIs(t, err, signin.ErrBarred)
	at.Address = netip.MustParseAddr("2001:db8:0:1::1")
	in, err := SignIn(t.Context(), pool, at)
	require.NoError(t, err)
	require.NotZero(t, in.ID)
	require.Empty(t, in.Step)

	var acted *int64
	var detail string
	err = pool.QueryRow(t.Context(), `select staff_id, detail->>'reason' from audit where action = 'staff.sign_in_failed'`).Scan(&acted, &detail)
	require.NoError(t, err)
	require.Nil(t, acted, "nobody has proved to be anna")
	require.Equal(t, "password", detail)
}
