package customerimport_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// Looking up thousands of names takes time by the number of names, not by the number of
// customers or the age of the query plan.
func TestKnownCustomersAreLookedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plan := dbtest.GenericPlan(t, b.pool, "CustomerListKnown", "true, '{}', '{a}', '{1}'", func(conn *pgx.Conn) error {
		_, err := db.New().CustomerListKnown(t.Context(), conn, db.CustomerListKnownParams{PartnerIds: []int64{}, Usernames: []string{"a"}, ExternalIds: []string{"1"}})
		return err
	})
	require.NotContains(t, plan, "Seq Scan on customer")
	require.Contains(t, plan, "customer_username_key")
	require.Contains(t, plan, "customer_external_id_key")
}
