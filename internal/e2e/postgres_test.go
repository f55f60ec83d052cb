package e2e_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/devdb"
)

// postgres is a server of the test's own, which may be stopped and started again.
type postgres struct {
	*devdb.Server
	t       *testing.T
	options devdb.Options
}

func newPostgres(t *testing.T, dir string, settings map[string]string) *postgres {
	t.Helper()
	p := &postgres{t: t, options: devdb.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler), Settings: settings}}
	p.start()
	t.Cleanup(func() {
		if p.Server != nil {
			_ = p.Stop() // killed servers complain
		}
	})
	p.options.Port = p.Port()
	require.NoError(t, db.Migrate(t.Context(), p.URL(devdb.Database)))
	require.NoError(t, dbtest.ConfirmCurrency(t.Context(), p.URL(devdb.Database)))
	return p
}

func (p *postgres) start() {
	p.t.Helper()
	var err error
	p.Server, err = devdb.Start(p.t.Context(), p.options)
	require.NoError(p.t, err)
}

// publicDir creates a folder that the account of Postgres can enter, unlike the temporary
// folder of the test.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "refill-public-") //nolint:usetesting // as said
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// pool connects the test.
func (p *postgres) pool() *pgxpool.Pool {
	p.t.Helper()
	pool, err := db.Open(p.t.Context(), p.URL(devdb.Database), db.Options{Name: "test"})
	require.NoError(p.t, err)
	p.t.Cleanup(pool.Close)
	return pool
}
