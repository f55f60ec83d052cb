package staff_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/signin"
	"refill/internal/staff"
)

// An attacker with the password and without the second factor can't lock the owner out by
// wrong codes: a known browser of the owner, and a signed-in owner, have counts of their
// own.
func TestCodesOfKnownBrowsers(t *testing.T) {
	t.Parallel()
	b := setupFactor(t, oneKey(t))
	ctx := t.Context()
	known := make([]byte, 32)
	known[0] = 1
	require.NoError(t, signin.RememberDevice(ctx, b.pool, signin.Owner{StaffID: b.actor.ID}, nil, known))
	enter := func(code string, device []byte) error {
		in, err := staff.SignIn(ctx, b.pool, signin.Attempt{Username: "anna", Password: password, Device: device, Address: netip.MustParseAddr("192.0.2.9")})
		require.NoError(t, err)
		_, err = staff.EnterCode(ctx, b.pool, b.vault, staff.CodeAttempt{Step: in.Step, Code: code, Device: device, Address: netip.MustParseAddr("192.0.2.9")})
		return err
	}
	barred := false
	for range 8 {
		barred = barred || errors.Is(enter("000000", nil), staff.ErrCodeBarred)
	}
	require.True(t, barred)
	require.ErrorIs(t, enter(b.code(), nil), staff.ErrCodeBarred)
	other := make([]byte, 32)
	require.ErrorIs(t, enter(b.code(), other), staff.ErrCodeBarred, "a browser that nobody knows")
	require.NoError(t, enter(b.code(), known))
	barred = false
	for range 8 {
		barred = barred || errors.Is(enter("000000", known), staff.ErrCodeBarred)
	}
	require.True(t, barred, "it has a limit of its own")
}
