package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
)

// Where no second person is left, the host makes rules about theft and wrong codes weaker,
// with a line in the audit trail.
func TestRulesOnTheHost(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := setLimit(t.Context(), pool, "100")
	require.NoError(t, err)
	said, err := setRules(t.Context(), pool, nil)
	require.NoError(t, err)
	require.Contains(t, said, "run_cards=20\n")
	said, err = setRules(t.Context(), pool, []string{"run_cards=off", "factor=500", "shared=192.0.2.7,2001:db8::/48", "wrong_partner=5000"})
	require.NoError(t, err)
	require.Contains(t, said, "run_cards=0\n")
	settings, err := setting.NewStore(pool, time.Now).Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int32{0, 500, 5000, 20}, []int32{settings.Theft.RunCards, settings.Theft.Factor, settings.WrongPartner, settings.Theft.AccountCards})
	require.Equal(t, []string{"192.0.2.7", "2001:db8::/48"}, settings.Theft.Shared)
	for _, wrong := range []string{"run_cards", "approve_above=off", "brand=x", "run_cards=many", "run_cards=1", "hours=off", "shared=everybody"} {
		_, err = setRules(t.Context(), pool, []string{wrong})
		require.Error(t, err, wrong)
	}
	var lines int
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from audit where action = 'setting.changed' and staff_id is null`).Scan(&lines))
	require.Equal(t, 2, lines)
}
