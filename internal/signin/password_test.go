package signin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	long := 0
	for word := range strings.FieldsSeq(common()) {
		if len(word) >= LeastForCustomers {
			long++
		}
	}
	require.Greater(t, long, 3000, "as many that are long enough as OWASP ASVS 6.2.4 asks for; `make assets` brings them")
	names := []string{"Northwave Net", "ada.lovelace", "Refill"}
	for password, want := range map[string]string{
		"short":                    "password_length",
		strings.Repeat("äb1c", 51): "password_length",
		"qwertyuiop":               "password_common",
		"Password123!":             "password_common",
		"!!Football2026":           "password_common",
		"1234567890123":            "password_common",
		"abababababab":             "password_common",
		"northwave-net 24":         "password_name",
		"Ada.Lovelace1":            "password_name",
		"Refill2026!":              "password_name",
		"correct horse":            "",
		"refill-demo":              "",
		"kxjw-3m2p-abcd-7qqz":      "",
		strings.Repeat("äb1c", 50): "",
	} {
		code := ""
		if err := ValidPassword(password, LeastForStaff, names); err != nil {
			code = err.Code
		}
		require.Equal(t, want, code, password)
	}
	require.Nil(t, ValidPassword("eight-8x", LeastForCustomers, nil))
	require.NotNil(t, ValidPassword("eight-8x", LeastForStaff, nil))
}
