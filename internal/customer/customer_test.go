package customer_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
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
	clerk := audit.System().Within(audit.Scope{PartnerIDs: []int64{north.ID + 1}})
	_, err = customer.Create(t.Context(), tx, clerk, customer.New{PartnerID: north.ID, Username: "x", Name: "X", Currency: "USD"})
	require.Equal(t, "partner", fault.All(err)[0].Field)
}

// Of several concurrent requests with one idempotency key, one creates the customer and all
// return this customer. The others are not refused because the username is taken.
func TestCustomersOfOneKeyRace(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	for round, username := range []string{"", "zoe", "", "mia", "", "lea"} {
		n := customer.New{PartnerID: b.north.ID, Username: username, Name: fmt.Sprintf("Racer %d", round), Currency: "USD", Key: uuid.New()}
		gate := make(chan struct{})
		var all sync.WaitGroup
		ids, errs := make([]int64, 6), make([]error, 6)
		for i := range ids {
			all.Go(func() {
				<-gate
				var made db.Customer
				made, errs[i] = customer.Create(t.Context(), b.pool, of(b.north), n)
				ids[i] = made.ID
			})
		}
		close(gate)
		all.Wait()
		for i, err := range errs {
			require.NoError(t, err)
			require.NotZero(t, ids[i])
			require.Equal(t, ids[0], ids[i])
		}
		var customers int
		require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from customer where name = $1`, n.Name).Scan(&customers))
		require.Equal(t, 1, customers)
	}
}
