package backup

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The programs of Postgres get the password by their environment, since every user of a
// machine sees the arguments of programs, and none of the parameters that only pgx knows.
func TestAddress(t *testing.T) {
	t.Setenv("REFILL_S3_SECRET_KEY", "hidden-key")
	t.Setenv("DATABASE_URL", "postgres://u:hidden-url@h/d")
	for text, want := range map[string]string{ //nolint:gosec // passwords of databases that are not there
		"postgres://ada:s%40crit@db.example.net:5433/refill?sslmode=require&pool_max_conns=4&timezone=UTC": "postgres://ada@db.example.net:5433/refill?sslmode=require",
		"postgresql://db.example.net/refill?user=ada&password=s%40crit":                                    "postgresql://db.example.net/refill?user=ada",
		"host=db.example.net user=ada password=s@crit dbname=refill":                                       "host=db.example.net user=ada  dbname=refill",
		"host=db.example.net user=ada password = 's@crit' dbname=refill":                                   "host=db.example.net user=ada  dbname=refill",
	} {
		a, err := readAddress(text, "maintenance_work_mem=1MB")
		require.NoError(t, err)
		require.Equal(t, want, a.text)
		require.Contains(t, a.env, "PGPASSWORD=s@crit")
		require.NotContains(t, strings.Join(a.env, "\n"), "hidden")
		options := a.env[slices.IndexFunc(a.env, func(one string) bool { return strings.HasPrefix(one, "PGOPTIONS=") })]
		require.Contains(t, options, "-c maintenance_work_mem=1MB")
		require.Equal(t, strings.Contains(text, "timezone"), strings.Contains(options, "-c timezone=UTC"))
	}
	_, err := readAddress("postgres://ada:s%40crit@h:port/d")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "crit")
}
