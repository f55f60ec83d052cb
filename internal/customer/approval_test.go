package customer_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// counter is a till with a limit of USD 50.00, a cashier and another member of staff.
type counter struct {
	*till
	desk           *approval.Desk
	cashier, other audit.Actor
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	b := &counter{till: newTill(t)}
	store := setting.NewStore(b.pool, time.Now)
	limit := int64(50_00)
	require.NoError(t, store.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.ApproveAbove = &limit }))
	b.desk = approval.NewDesk(b.pool, append(customer.ApprovalKinds(), partner.ApprovalKinds(store)...)...)
	for name, who := range map[string]*audit.Actor{"cashier": &b.cashier, "other": &b.other} {
		id := peopletest.Staff(t, b.pool, staff.New{Username: name, Role: db.StaffRoleAdministrator, AllPartners: true})
		*who = audit.ByStaff(id, audit.Everything())
	}
	return b
}

func (b *counter) enter(p customer.Payment) error {
	b.t.Helper()
	_, err := customer.Pay(b.t.Context(), b.pool, b.cashier, p)
	return err
}

func (b *counter) waiting() db.Approval {
	b.t.Helper()
	rows, err := db.New().ApprovalList(b.t.Context(), b.pool, db.ApprovalListParams{Waiting: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(b.t, err)
	require.Len(b.t, rows, 1)
	return rows[0].Approval
}

// Manual credits of one person add up over a day across all types. A credit above the
// limit is posted once, as requested, when another person approves it.
func TestPaymentTakesTwo(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := t.Context()
	require.NoError(t, b.enter(b.payment(db.PaymentTypeCash, 30_00)))
	require.NoError(t, b.enter(b.payment(db.PaymentTypeCorrection, 20_00)), "USD 50.00 is not above")
	require.NoError(t, b.enter(b.payment(db.PaymentTypeCorrection, -40_00)), "what is taken off credits nothing")
	dear := b.payment(db.PaymentTypeCash, 1_00)
	require.ErrorIs(t, b.enter(dear), customer.ErrPaymentWaits)
	require.ErrorIs(t, b.enter(dear), customer.ErrPaymentWaits, "the same form asks once")
	require.Equal(t, int64(10_00), b.balance(), "nothing is posted yet")
	a := b.waiting()
	require.Equal(t, []int64{1_00, 50_00, b.anna.ID}, []int64{a.Value, a.Before, *a.CustomerID})
	another := dear
	another.Amount.Minor = 99_00
	require.ErrorIs(t, b.enter(another), customer.ErrKeyReused)

	require.ErrorIs(t, b.desk.Approve(ctx, b.cashier, a.ID, "because"), approval.ErrOwn)
	some := audit.ByStaff(b.other.ID, audit.Scope{PartnerIDs: []int64{b.south.ID}})
	require.ErrorIs(t, b.desk.Approve(ctx, some, a.ID, "because"), approval.ErrUnknown, "a customer of others")
	require.NoError(t, b.desk.Approve(ctx, b.other, a.ID, "because"))
	require.ErrorIs(t, b.desk.Approve(ctx, b.other, a.ID, "because"), approval.ErrDone)
	require.Equal(t, int64(11_00), b.balance())
	require.NoError(t, b.enter(dear), "the form hears that it is posted")
	require.Equal(t, int64(11_00), b.balance(), "once")
	var by int64
	require.NoError(t, b.pool.QueryRow(ctx, `select staff_id from payment where amount = 100`).Scan(&by))
	require.Equal(t, b.cashier.ID, by, "the person who asked")

	refused := b.payment(db.PaymentTypeCash, 2_00)
	require.ErrorIs(t, b.enter(refused), customer.ErrPaymentWaits)
	require.NoError(t, b.desk.Refuse(ctx, b.other, b.waiting().ID, "no receipt"))
	require.ErrorIs(t, b.enter(refused), customer.ErrPaymentOver)
	require.Equal(t, int64(11_00), b.balance())

	// Another person has a limit of their own. After 24 hours the first acts no longer count.
	_, err := customer.Pay(ctx, b.pool, b.other, b.payment(db.PaymentTypeCash, 50_00))
	require.NoError(t, err)
	_, err = dbtest.Owner(t, b.pool).Exec(ctx, `update solo_act set done_at = done_at - interval '24 hours'`)
	require.NoError(t, err)
	require.NoError(t, b.enter(b.payment(db.PaymentTypeCash, 50_00)))
	b.checkBooks()
}

// The reversal of a negative correction counts towards the limit, because it credits the
// customer. The reversal of a payment does not count.
func TestReversalTakesTwo(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := t.Context()
	down, err := customer.Pay(ctx, b.pool, b.cashier, b.payment(db.PaymentTypeCorrection, -60_00))
	require.NoError(t, err)
	up, err := customer.Pay(ctx, b.pool, b.cashier, b.payment(db.PaymentTypeCash, 50_00))
	require.NoError(t, err)
	reverse := func(id int64, key uuid.UUID) error {
		_, err := customer.Reverse(ctx, b.pool, b.cashier, billing.Reversal{CustomerID: b.anna.ID, PaymentID: id, Reason: "a mistake", Key: key})
		return err
	}
	require.NoError(t, reverse(up.ID, uuid.New()), "it takes off")
	key := uuid.New()
	require.ErrorIs(t, reverse(down.ID, key), customer.ErrPaymentWaits)
	require.ErrorIs(t, reverse(down.ID, key), customer.ErrPaymentWaits)
	require.Equal(t, int64(-60_00), b.balance())
	require.NoError(t, b.desk.Approve(ctx, b.other, b.waiting().ID, "because"))
	require.Zero(t, b.balance())
	require.NoError(t, reverse(down.ID, key), "the form hears that it is posted")
	require.ErrorIs(t, reverse(down.ID, uuid.New()), billing.ErrReversed)

	// A payment that was reversed in another way while the request waited is not reversed
	// twice.
	again, err := customer.Pay(ctx, b.pool, b.cashier, b.payment(db.PaymentTypeCorrection, -60_00))
	require.NoError(t, err)
	require.ErrorIs(t, reverse(again.ID, uuid.New()), customer.ErrPaymentWaits)
	_, err = customer.Reverse(ctx, b.pool, audit.System(), billing.Reversal{CustomerID: b.anna.ID, PaymentID: again.ID, Reason: "a mistake", Key: uuid.New()})
	require.Error(t, err, "the program itself can ask no one")
	limit := int64(90_00)
	require.NoError(t, setting.NewStore(b.pool, time.Now).Change(ctx, audit.System(), func(v *setting.Settings) { v.ApproveAbove = &limit }))
	_, err = customer.Reverse(ctx, b.pool, b.other, billing.Reversal{CustomerID: b.anna.ID, PaymentID: again.ID, Reason: "a mistake", Key: uuid.New()})
	require.NoError(t, err)
	require.ErrorIs(t, b.desk.Approve(ctx, b.other, b.waiting().ID, "because"), approval.ErrOutdated)
	require.Zero(t, b.balance())
	b.checkBooks()
}

// Concurrent credits of one person can't exceed the limit together. Of several concurrent
// approvals one posts the credit.
func TestPaymentsOfOnePersonRace(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := context.WithoutCancel(t.Context())
	second, err := customer.Create(ctx, b.pool, audit.System(), customer.New{PartnerID: b.north.ID, Username: "ben", Name: "Ben", Currency: "USD"})
	require.NoError(t, err)
	var entered atomic.Int32
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			<-gate
			p := customer.Payment{CustomerID: b.anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 20_00, Currency: "USD"}, Key: uuid.New()}
			if i%2 == 0 {
				p.CustomerID = second.ID
			}
			if _, err := customer.Pay(ctx, b.pool, b.cashier, p); err == nil {
				entered.Add(1)
			}
		})
	}
	close(gate)
	all.Wait()
	require.Equal(t, int32(2), entered.Load())
	rows, err := db.New().ApprovalList(ctx, b.pool, db.ApprovalListParams{Waiting: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Len(t, rows, 6)
	var approved atomic.Int32
	gate = make(chan struct{})
	for range 4 {
		all.Go(func() {
			<-gate
			if b.desk.Approve(ctx, b.other, rows[0].Approval.ID, "because") == nil {
				approved.Add(1)
			}
		})
	}
	close(gate)
	all.Wait()
	require.Equal(t, int32(1), approved.Load())
	var credited int64
	require.NoError(t, b.pool.QueryRow(ctx, `select sum(amount)::bigint from payment`).Scan(&credited))
	require.Equal(t, int64(60_00), credited)
	b.checkBooks()
}

// Enabling a partner needs a second person if its cards are worth more than one person may
// bring into use; see also card.TestEveryWayIntoUseIsWeighed.
func TestPartnerIsEnabledOnce(t *testing.T) {
	t.Parallel()
	b := newCounter(t)
	ctx := t.Context()
	_, err := b.pool.Exec(ctx, `insert into series (number, prefix, price, currency, quantity, made, any_partner, time_zone, valid_till, activate_when_generated, code_length, code_alphabet, state, activated_at, order_key)
		values ('202601', '', 1000, 'USD', 6, 6, false, 'UTC', current_date + 9, true, 16, 'letters', 'active', now(), gen_random_uuid())`)
	require.NoError(t, err)
	_, err = b.pool.Exec(ctx, `insert into series_partner (series_id, partner_id) select id, $1 from series`, b.south.ID)
	require.NoError(t, err)
	require.NoError(t, partner.Disable(ctx, b.pool, b.cashier, b.south.ID))
	require.ErrorIs(t, partner.Enable(ctx, b.pool, b.cashier, b.south.ID), partner.ErrWaits)
	require.ErrorIs(t, partner.Enable(ctx, b.pool, b.cashier, b.south.ID), partner.ErrWaits, "asked for already")
	a := b.waiting()
	require.Equal(t, int64(60_00), a.Value)
	some := audit.ByStaff(b.other.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	require.ErrorIs(t, b.desk.Approve(ctx, some, a.ID, "because"), approval.ErrUnknown)
	require.NoError(t, b.desk.Approve(ctx, b.other, a.ID, "because"))
	require.ErrorIs(t, partner.Enable(ctx, b.pool, b.cashier, b.south.ID), partner.ErrPartnerState)
}
