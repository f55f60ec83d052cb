package customerimport_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

// The question about thousands of names must cost what the names cost, not the names
// times the customers. A plan that was made on an empty table stays with a connection, so
// such a plan counts.
func TestKnownCustomersAreJoined(t *testing.T) {
	t.Parallel()
	b := setup(t)
	conn, err := b.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = db.New().CustomerListKnown(t.Context(), conn, db.CustomerListKnownParams{
		AllPartners: true, PartnerIds: []int64{}, Usernames: []string{"a"}, ExternalIds: []string{"1"},
	})
	require.NoError(t, err)
	var name string
	require.NoError(t, conn.QueryRow(t.Context(), `select name from pg_prepared_statements where statement like '-- name: CustomerListKnown %'`).Scan(&name))
	_, err = conn.Exec(t.Context(), "set plan_cache_mode = force_generic_plan")
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), `explain execute "`+name+`" (true, '{}', '{a}', '{1}')`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	plan := strings.Join(lines, "\n")
	for _, column := range []string{"username", "external_id"} {
		require.NotRegexp(t, `Filter: .*`+column+` = ANY`, plan, "a list is compared with every customer")
	}
	require.Contains(t, plan, "Function Scan on unnest", "the lists are tables of their own")
}
