package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
)

// `refill rules` weakens rules about theft and wrong codes without a second person, and
// writes an audit row.
func TestRulesOnTheHost(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := setLimit(t.Context(), pool, "100")
	require.NoError(t, err)
	said, err := setRules(t.Context(), pool, nil)
	require.NoError(t, err)
	require.Contains(t, said, "run_cards=20\n")
	said, err = setRules(t.Context(), pool, []string{"run_cards=off", "factor=500", "shared=192.0.2.7,2001:db8::/48", "wrong_partner=5000", "guesses_daily=5000", "staff_factor=on"})
	require.NoError(t, err)
	require.Contains(t, said, "run_cards=0\n")
	require.Contains(t, said, "staff_factor=on\n")
	settings, err := setting.NewStore(pool, time.Now).Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int32{0, 500, 5000, 20}, []int32{settings.Theft.RunCards, settings.Theft.Factor, settings.WrongPartner, settings.Theft.AccountCards})
	require.Equal(t, int64(5000), settings.GuessesDaily)
	require.True(t, settings.StaffFactor)
	require.Equal(t, []string{"192.0.2.7", "2001:db8::/48"}, settings.Theft.Shared)
	for _, wrong := range []string{"run_cards", "approve_above=off", "brand=x", "run_cards=many", "run_cards=1", "hours=off", "shared=everybody", "staff_factor=1", "guesses_daily=off"} {
		_, err = setRules(t.Context(), pool, []string{wrong})
		require.Error(t, err, wrong)
	}
	said, err = setRules(t.Context(), pool, []string{"staff_factor=off"})
	require.NoError(t, err)
	require.Contains(t, said, "staff_factor=off\n")
	var lines int
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from audit where action = 'setting.changed' and staff_id is null`).Scan(&lines))
	require.Equal(t, 3, lines)
}
