package customer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestCreateOfForeignPartner(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	north, err := db.New().PartnerCreate(t.Context(), tx, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	clerk := audit.Actor{Scope: audit.Scope{PartnerIDs: []int64{north.ID + 1}}}
	_, err = customer.Create(t.Context(), tx, clerk, customer.New{PartnerID: north.ID, Username: "x", Name: "X", Currency: "USD"})
	require.Equal(t, "partner", fault.All(err)[0].Field)
}
