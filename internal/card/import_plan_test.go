package card_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// The question about thousands of codes costs what the codes cost, however many cards
// there are and whenever the plan was made.
func TestKnownCodesAreLookedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plan := dbtest.GenericPlan(t, b.pool, "ReadingFindTaken", "'{}', '{}'", func(conn *pgx.Conn) error {
		_, err := db.New().ReadingFindTaken(t.Context(), conn, db.ReadingFindTakenParams{Strong: [][]byte{{1}}, Weak: [][]byte{{1}}})
		return err
	})
	require.NotContains(t, plan, "Seq Scan")
	require.NotContains(t, plan, "Bitmap")
	require.Contains(t, plan, "card_code_index_key")
}
