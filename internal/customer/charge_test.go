package customer_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// A charge moves money once for its key, never below its floor, and its reversal gives it
// back.
func TestCharge(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	pay := func(minor int64) {
		_, err := customer.Pay(ctx, b.pool, audit.System(), customer.Payment{
			CustomerID: b.anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: minor, Currency: "USD"}, Key: uuid.New(), Sure: true,
		})
		require.NoError(t, err)
	}
	pay(1000)
	ch := customer.Charge{CustomerID: b.anna.ID, Amount: money.Amount{Minor: 400, Currency: "USD"}, Text: "January", Reference: "inv-1", Key: uuid.New()}
	paid, err := customer.Take(ctx, b.pool, audit.System(), ch)
	require.NoError(t, err)
	require.Equal(t, int64(600), paid.Balance)
	again, err := customer.Take(ctx, b.pool, audit.System(), ch)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, paid.ID, again.ID)
	for name, edit := range map[string]func(ch *customer.Charge){
		"amount": func(ch *customer.Charge) { ch.Amount.Minor = 401 }, "text": func(ch *customer.Charge) { ch.Text = "February" },
		"reference": func(ch *customer.Charge) { ch.Reference = "inv-2" },
	} {
		other := ch
		edit(&other)
		_, err = customer.Take(ctx, b.pool, audit.System(), other)
		require.ErrorIs(t, err, customer.ErrChargeKey, name)
	}

	much := customer.Charge{CustomerID: b.anna.ID, Amount: money.Amount{Minor: 601, Currency: "USD"}, Text: "February", Key: uuid.New()}
	_, err = customer.Take(ctx, b.pool, audit.System(), much)
	require.ErrorIs(t, err, billing.ErrShort)
	require.Contains(t, fault.All(err)[0].Text(), "USD 6.00")
	much.Floor = -1
	paid, err = customer.Take(ctx, b.pool, audit.System(), much)
	require.NoError(t, err)
	require.Equal(t, int64(-1), paid.Balance)

	back, err := customer.Reverse(ctx, b.pool, audit.System(), billing.Reversal{CustomerID: b.anna.ID, PaymentID: paid.ID, Reason: "mistake", Key: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, int64(600), back.Balance)
	var services int64
	require.NoError(t, b.pool.QueryRow(ctx, `select sum(amount) from ledger_entry e join account a on a.id = e.account_id where a.kind = 'services'`).Scan(&services))
	require.Equal(t, int64(400), services)
	b.checkBooks()

	for name, bad := range map[string]customer.Charge{
		"no amount":  {CustomerID: b.anna.ID, Amount: money.Amount{Currency: "USD"}, Text: "x", Key: uuid.New()},
		"a credit":   {CustomerID: b.anna.ID, Amount: money.Amount{Minor: -5, Currency: "USD"}, Text: "x", Key: uuid.New()},
		"no text":    {CustomerID: b.anna.ID, Amount: money.Amount{Minor: 5, Currency: "USD"}, Text: " ", Key: uuid.New()},
		"no account": {CustomerID: b.anna.ID, Amount: money.Amount{Minor: 5, Currency: "EUR"}, Text: "x", Key: uuid.New()},
	} {
		_, err = customer.Take(ctx, b.pool, audit.System(), bad)
		require.Error(t, err, name)
	}
	_, err = customer.Take(ctx, b.pool, audit.ByCustomer(b.anna.ID, audit.Everything()), ch)
	require.ErrorIs(t, err, audit.ErrNeedsStaff)
}

// Of twenty charges at once on a balance for ten, ten are taken.
func TestChargesAtOnce(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	ctx := t.Context()
	_, err := customer.Pay(ctx, b.pool, audit.System(), customer.Payment{
		CustomerID: b.anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 1000, Currency: "USD"}, Key: uuid.New(), Sure: true,
	})
	require.NoError(t, err)
	var wait sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = customer.Take(ctx, b.pool, audit.System(), customer.Charge{
				CustomerID: b.anna.ID, Amount: money.Amount{Minor: 100, Currency: "USD"}, Text: fmt.Sprint("charge ", i), Key: uuid.New(),
			})
		})
	}
	wait.Wait()
	taken := 0
	for _, err := range errs {
		if err == nil {
			taken++
			continue
		}
		require.ErrorIs(t, err, billing.ErrShort)
	}
	require.Equal(t, 10, taken)
	require.Zero(t, b.balance())
	b.checkBooks()
}
