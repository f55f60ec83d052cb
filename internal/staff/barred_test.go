package staff_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/signin"
	"refill/internal/staff"
)

// A sign-in from a barred address is refused and changes nothing else: it bars no
// username, and it adds no rows for made-up usernames.
func TestBarredAddressesChargeNobody(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.Pool(t)
	_, err := staff.Create(ctx, pool, audit.System(), staff.New{Username: "anna", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	_, err = pool.Exec(ctx, `insert into guess (scope, n, since, barred_until, allowed) values ('signin:ip:192.0.2.1', 60, now(), now() + interval '1 hour', true)`)
	require.NoError(t, err)
	for i := range 20 {
		for _, name := range []string{"anna", fmt.Sprintf("nobody%d", i)} {
			_, err := staff.SignIn(ctx, pool, signin.Attempt{Username: name, Password: "wrong", Address: netip.MustParseAddr("192.0.2.1")})
			require.ErrorIs(t, err, signin.ErrBarred)
		}
	}
	var scopes int
	require.NoError(t, pool.QueryRow(ctx, `select count(*) from guess`).Scan(&scopes))
	require.Equal(t, 1, scopes)
	_, err = staff.SignIn(ctx, pool, signin.Attempt{Username: "anna", Password: password, Address: netip.MustParseAddr("192.0.2.2")})
	require.NoError(t, err)
}
