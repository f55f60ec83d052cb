package customer_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/staff"
)

// credit returns a payment to Anna in dollars.
func (b *counter) credit(kind db.PaymentType, dollars int64) customer.Payment {
	return customer.Payment{
		CustomerID: b.anna.ID, Type: kind, Amount: money.Amount{Minor: dollars * 100, Currency: "USD"},
		Comment: "because", Key: uuid.New(), Sure: true,
	}
}

// A form that is sent several times at once, near the limit, posts one payment. Every
// submission succeeds: the first payment does not count against its own repetitions, so
// none of them requests approval.
func TestPressedTwiceNearTheLimit(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := context.WithoutCancel(t.Context())
	press := func(act func() (billing.Paid, error)) {
		answers, gate := make(chan error, 8), make(chan struct{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				<-gate
				_, err := act()
				answers <- err
			})
		}
		close(gate)
		all.Wait()
		close(answers)
		for err := range answers {
			require.NoError(t, err)
		}
		rows, err := db.New().ApprovalList(ctx, b.pool, db.ApprovalListParams{Waiting: true, AllPartners: true, PartnerIds: []int64{}})
		require.NoError(t, err)
		require.Empty(t, rows)
	}
	p := b.credit(db.PaymentTypeCash, 30)
	press(func() (billing.Paid, error) { return customer.Pay(ctx, b.pool, b.cashier, p) })
	require.Equal(t, int64(30_00), b.balance())

	wrong, err := customer.Pay(ctx, b.pool, b.other, b.credit(db.PaymentTypeCorrection, -30))
	require.NoError(t, err)
	r := billing.Reversal{CustomerID: b.anna.ID, PaymentID: wrong.ID, Reason: "it was right", Key: uuid.New()}
	press(func() (billing.Paid, error) { return customer.Reverse(ctx, b.pool, b.other, r) })
	require.Equal(t, int64(30_00), b.balance())
	b.checkBooks()
}

// A manual payment or reversal without an idempotency key fails: it is not posted, and no
// approval is requested. A request whose key is missing is outdated.
func TestPaymentTakesAKey(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	p := b.credit(db.PaymentTypeCash, 60)
	p.Key = uuid.Nil
	require.Error(t, b.enter(p))
	_, err := customer.Reverse(t.Context(), b.pool, b.cashier, billing.Reversal{CustomerID: b.anna.ID, PaymentID: 1, Reason: "because"})
	require.Error(t, err)
	require.ErrorIs(t, b.enter(b.credit(db.PaymentTypeCash, 60)), customer.ErrPaymentWaits)
	_, err = b.pool.Exec(t.Context(), `update approval set request_key = null`)
	require.NoError(t, err)
	require.ErrorIs(t, b.desk.Approve(t.Context(), b.other, b.waiting().ID, "because"), approval.ErrOutdated)
	require.Zero(t, b.balance())
}

// A credit is not posted in the name of a person who may no longer post it.
func TestPaymentOfAFormerCashier(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := t.Context()
	south, err := db.New().PartnerCreate(ctx, b.pool, db.PartnerCreateParams{Name: "Elsewhere", TimeZone: "UTC"})
	require.NoError(t, err)
	role := func(name string, may ...staff.Permission) int64 {
		id, err := staff.CreateRole(ctx, b.pool, audit.System(), staff.RoleForm{Name: name, Permissions: staff.Stored(may...)})
		require.NoError(t, err)
		return id
	}
	enters, reverses, both := role("enters", staff.PaymentsEnter), role("reverses", staff.PaymentsReverse), role("both", staff.PaymentsEnter, staff.PaymentsReverse)
	become := func(role int64, partners ...int64) {
		require.NoError(t, staff.Edit(ctx, b.pool, b.other, b.cashier.ID, staff.Change{Name: "Cashier", RoleID: role, AllPartners: len(partners) == 0, PartnerIDs: partners}))
	}
	refused := func(may int64) {
		a := b.waiting() //nolint:contextcheck // waiting uses the test's context
		require.ErrorIs(t, b.desk.Approve(ctx, b.other, a.ID, "because"), approval.ErrAskerMayNot)
		become(may, south.ID)
		require.ErrorIs(t, b.desk.Approve(ctx, b.other, a.ID, "because"), approval.ErrAskerMayNot, "the customer is of another partner")
		become(may, b.north.ID)
		require.NoError(t, b.desk.Approve(ctx, b.other, a.ID, "because"), "both are theirs again")
	}
	become(both)
	require.ErrorIs(t, b.enter(b.credit(db.PaymentTypeCash, 60)), customer.ErrPaymentWaits)
	become(reverses)
	refused(enters)
	require.Equal(t, int64(60_00), b.balance())

	wrong, err := customer.Pay(ctx, b.pool, b.other, b.credit(db.PaymentTypeCorrection, -60))
	require.NoError(t, err)
	become(both)
	_, err = customer.Reverse(ctx, b.pool, b.cashier, billing.Reversal{CustomerID: b.anna.ID, PaymentID: wrong.ID, Reason: "it was right", Key: uuid.New()})
	require.ErrorIs(t, err, customer.ErrPaymentWaits)
	become(enters)
	refused(reverses)
	require.Equal(t, int64(60_00), b.balance())
	b.checkBooks()
}

// Erasing a customer withdraws the customer's open requests, so that no credit is posted
// for an erased person. A credit that is requested at the same moment is withdrawn or
// refused.
func TestErasureWithdrawsWhatWaits(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := context.WithoutCancel(t.Context())
	erase := func() error {
		return customer.Erase(ctx, b.pool, b.other, customer.Erasure{CustomerID: b.anna.ID, Number: strconv.FormatInt(b.anna.ID, 10), Reason: "the person asked"})
	}
	require.ErrorIs(t, b.enter(b.credit(db.PaymentTypeCash, 60)), customer.ErrPaymentWaits)
	waiting := b.waiting()
	gate := make(chan struct{})
	var asked, erased error
	var all sync.WaitGroup
	all.Go(func() { <-gate; asked = b.enter(b.credit(db.PaymentTypeCash, 70)) })
	all.Go(func() { <-gate; erased = erase() })
	close(gate)
	all.Wait()
	require.NoError(t, erased)
	require.True(t, errors.Is(asked, customer.ErrPaymentWaits) || errors.Is(asked, customer.ErrErasedPay), "%v", asked)
	rows, err := db.New().ApprovalList(ctx, b.pool, db.ApprovalListParams{CustomerID: b.anna.ID, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	for _, row := range rows {
		require.Equal(t, db.ApprovalStateWithdrawn, row.Approval.State)
	}
	require.ErrorIs(t, b.desk.Approve(ctx, b.other, waiting.ID, "because"), approval.ErrDone)
	var lines int
	require.NoError(t, b.pool.QueryRow(ctx, `select count(*) from audit where action = 'approval.withdrawn' and customer_id = $1 and staff_id = $2`, b.anna.ID, b.other.ID).Scan(&lines))
	require.Len(t, rows, lines)
	require.ErrorIs(t, b.enter(b.credit(db.PaymentTypeCash, 60)), customer.ErrErasedPay)
	require.ErrorIs(t, b.enter(b.credit(db.PaymentTypeCorrection, 60)), customer.ErrPaymentWaits, "a correction may still be entered")
	b.checkBooks()
}
