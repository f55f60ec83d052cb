package staff

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A recovery code is read in any case, with and without its dashes.
func TestRecoveryTextForgives(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"ABCD-EFGH-IJKL": "abcdefghijkl", " abcd efgh 2345 ": "abcdefgh2345", "abcd-efgh-ijk1": "", "abcd": "", "123456": "",
	} {
		require.Equal(t, want, recoveryText(typed), typed)
	}
}
