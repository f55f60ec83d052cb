package customer_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/money"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestPay(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	north, err := db.New().PartnerCreate(t.Context(), tx, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	anna, err := customer.Create(t.Context(), tx, audit.System(), customer.New{PartnerID: north.ID, Username: "Anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	require.Equal(t, "anna", anna.Username)
	_, err = customer.Create(t.Context(), tx, audit.System(), customer.New{PartnerID: north.ID, Username: "anna", Name: "Another", Currency: "USD"})
	require.ErrorIs(t, err, customer.ErrUsernameTaken)

	pay := func(kind db.PaymentType, minor int64, key uuid.UUID) (customer.Paid, error) {
		return customer.Pay(t.Context(), tx, audit.System(), customer.Payment{
			CustomerID: anna.ID, Type: kind, Amount: money.Amount{Minor: minor, Currency: "USD"}, Comment: "counter", Key: key,
		})
	}
	key := uuid.New()
	paid, err := pay(db.PaymentTypeCash, 1500, key)
	require.NoError(t, err)
	require.Equal(t, int64(1500), paid.Balance)
	_, err = pay(db.PaymentTypeCash, 1500, key)
	require.Equal(t, "ledger_tx_idempotency_key", db.Constraint(err), "the same key enters once")
	paid, err = pay(db.PaymentTypeOther, -500, uuid.New())
	require.NoError(t, err)
	require.Equal(t, int64(1000), paid.Balance)

	_, err = pay(db.PaymentTypeRefillCard, 1000, uuid.New())
	require.Equal(t, "type", fault.All(err)[0].Field, "a card is redeemed, not entered")
	_, err = pay(db.PaymentTypeCash, 0, uuid.New())
	require.Equal(t, "amount", fault.All(err)[0].Field)

	rows, err := db.New().PaymentList(t.Context(), tx, db.PaymentListParams{CustomerID: anna.ID, BeforeID: 1 << 60, Size: 10})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, int64(1000), rows[0].BalanceAfter)
}

func TestCreateOfForeignPartner(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	north, err := db.New().PartnerCreate(t.Context(), tx, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	clerk := audit.Actor{Scope: audit.Scope{PartnerIDs: []int64{north.ID + 1}}}
	_, err = customer.Create(t.Context(), tx, clerk, customer.New{PartnerID: north.ID, Username: "x", Name: "X", Currency: "USD"})
	require.Equal(t, "partner", fault.All(err)[0].Field)
}
