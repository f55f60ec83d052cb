package signin

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/staff/stafftest"
)

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestTOTP(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		require.Equal(t, want, totp(secret, at/30), at)
		require.Equal(t, want, stafftest.Code(t, SecretText(secret), time.Unix(at, 0)), at)
		step, ok := TOTPStep(secret, want, at+30)
		require.True(t, ok)
		require.Equal(t, at/30, step)
		_, ok = TOTPStep(secret, want, at+60)
		require.False(t, ok)
	}
	require.Equal(t, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", SecretText(secret))
	require.Equal(t, "otpauth://totp/North%20Net:anna@example.net?secret=ABC&issuer=North%20Net", AuthenticatorURI("North Net", "anna@example.net", "ABC"))
}
