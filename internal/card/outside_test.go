package card_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/money"
	"refill/internal/partner"
)

// keepsOutside makes North keep the balances of its customers outside.
func (b *bundle) keepsOutside(t *testing.T) {
	t.Helper()
	require.NoError(t, partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptOutside))
}

// outside returns the value that was handed over, in minor units.
func (b *bundle) outside(t *testing.T) int64 {
	t.Helper()
	id, err := ledger.System(t.Context(), b.pool, db.AccountKindOutside, "USD")
	require.NoError(t, err)
	sum, err := b.q.LedgerBalance(t.Context(), b.pool, id)
	require.NoError(t, err)
	return sum
}

// A redemption hands its value over in its own transaction, and its reversal takes it back. The
// balance is zero all the time.
func TestRedeemOutside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.keepsOutside(t)
	s := b.series(t, form(3))
	codes := b.codes(t, s)
	receipt, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)
	require.Equal(t, int64(1000), receipt.Amount)
	require.Zero(t, receipt.Balance)
	require.Zero(t, b.balance(t, b.anna))
	require.Equal(t, int64(1000), b.outside(t))
	require.Equal(t, int64(2000), b.outstanding(t, s.ID))
	var types []string
	rows, err := b.pool.Query(t.Context(), `select type || ' ' || amount || ' ' || balance_after from payment order by id`)
	require.NoError(t, err)
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		types = append(types, text)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"handover -1000 -1000", "refill_card 1000 0"}, types)
	b.requireSound(t)

	// The line of the handover is no payment of its own.
	_, err = customer.Reverse(t.Context(), b.pool, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID - 1, Reason: "a test", Key: uuid.New()})
	require.ErrorIs(t, err, billing.ErrHandover)

	r := billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "sold twice", Key: uuid.New()}
	back, err := b.cards.Reverse(t.Context(), b.admin, r)
	require.NoError(t, err)
	require.Zero(t, back.Balance)
	require.True(t, back.Handed)
	again, err := b.cards.Reverse(t.Context(), b.admin, r)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Zero(t, b.balance(t, b.anna))
	require.Zero(t, b.outside(t))
	b.requireSound(t)

	// Other partners keep their balances here.
	receipt, err = b.redeem(t.Context(), b.anna, codes[1])
	require.NoError(t, err)
	require.NoError(t, partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptHere))
	paid, err := b.redeem(t.Context(), b.anna, codes[2])
	require.NoError(t, err)
	require.Equal(t, int64(1000), paid.Balance)
	require.Equal(t, int64(1000), b.outside(t))
	b.requireSound(t)

	// What was handed over is taken back from there, wherever the balance is kept by then.
	_, err = b.cards.Reverse(t.Context(), b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "sold twice", Key: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	require.Zero(t, b.outside(t))
	b.requireSound(t)
}

// A reservation is committed as a redemption is.
func TestCommitOutside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.keepsOutside(t)
	codes := b.codes(t, b.series(t, form(2)))
	held, err := b.reserve(t, b.anna, codes[0])
	require.NoError(t, err)
	require.ErrorIs(t, partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptHere), partner.ErrKeptHeld)
	south := customer.Patch{PartnerID: &b.south.ID}
	require.ErrorIs(t, customer.Change(t.Context(), b.pool, b.admin, b.anna.ID, 0, south), customer.ErrMoveHeld)
	done, err := b.cards.Commit(t.Context(), b.billing(), held.ID)
	require.NoError(t, err)
	require.Zero(t, done.Balance)
	require.Equal(t, int64(1000), b.outside(t))
	again, err := b.cards.Commit(t.Context(), b.billing(), held.ID)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Zero(t, again.Balance)
	b.requireSound(t)
	require.NoError(t, partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptHere))
}

// Nothing else moves a balance that is kept outside, and none comes there.
func TestOutsideStaysZero(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(1)))
	receipt, err := b.redeem(ctx, b.anna, codes[0])
	require.NoError(t, err)
	require.ErrorIs(t, partner.Keep(ctx, b.pool, b.admin, b.north.ID, db.BalancesKeptOutside), partner.ErrKeptBalances)
	require.NoError(t, partner.Keep(ctx, b.pool, b.admin, b.south.ID, db.BalancesKeptOutside))
	south := customer.Patch{PartnerID: &b.south.ID}
	require.ErrorIs(t, customer.Change(ctx, b.pool, b.admin, b.anna.ID, 0, south), customer.ErrMoveBalance)
	ten := money.Amount{Minor: 1000, Currency: "USD"}
	_, err = customer.Take(ctx, b.pool, b.admin, customer.Charge{CustomerID: b.anna.ID, Amount: ten, Text: "internet", Key: uuid.New()})
	require.NoError(t, err)
	b.keepsOutside(t)

	_, err = customer.Pay(ctx, b.pool, b.admin, customer.Payment{CustomerID: b.ben.ID, Type: db.PaymentTypeCash, Amount: ten, Key: uuid.New()})
	require.ErrorIs(t, err, billing.ErrOutside)
	_, err = customer.Pay(ctx, b.pool, b.admin, customer.Payment{CustomerID: b.ben.ID, Type: db.PaymentTypeCorrection, Amount: ten, Comment: "a test", Key: uuid.New()})
	require.ErrorIs(t, err, billing.ErrOutside)
	for _, floor := range []int64{0, -5000} {
		_, err = customer.Take(ctx, b.pool, b.admin, customer.Charge{CustomerID: b.ben.ID, Amount: ten, Text: "internet", Floor: floor, Key: uuid.New()})
		require.ErrorIs(t, err, billing.ErrOutside)
	}
	// What was redeemed while the balance was kept here can't be taken from there.
	_, err = b.cards.Reverse(ctx, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "sold twice", Key: uuid.New()})
	require.ErrorIs(t, err, billing.ErrOutside)
	// The database refuses it too.
	_, err = b.pool.Exec(ctx, `update account set balance = 1 where customer_id = $1`, b.ben.ID)
	require.Equal(t, "account_outside_zero", db.Constraint(err))
	require.Zero(t, b.outside(t))

	// Without a balance, a customer changes between the places.
	require.NoError(t, partner.Keep(ctx, b.pool, b.admin, b.south.ID, db.BalancesKeptHere))
	require.NoError(t, customer.Change(ctx, b.pool, b.admin, b.ben.ID, 0, south))
	_, err = customer.Pay(ctx, b.pool, b.admin, customer.Payment{CustomerID: b.ben.ID, Type: db.PaymentTypeCash, Amount: ten, Key: uuid.New()})
	require.NoError(t, err)
	require.ErrorIs(t, customer.Change(ctx, b.pool, b.admin, b.ben.ID, 0, customer.Patch{PartnerID: &b.north.ID}), customer.ErrMoveBalance)
	b.requireSound(t)
}

// A redemption at the time of a change is posted here and refuses the change, or is handed over.
func TestKeepRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const rounds = 12
	codes := b.codes(t, b.series(t, form(rounds)))
	for _, code := range codes {
		before := b.outside(t)
		var receipt, changed error
		var balance int64
		start := make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() {
			<-start
			got, err := b.redeem(t.Context(), b.anna, code)
			receipt, balance = err, got.Balance
		})
		group.Go(func() {
			<-start
			changed = partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptOutside)
		})
		close(start)
		group.Wait()
		require.NoError(t, receipt)
		if changed != nil {
			require.ErrorIs(t, changed, partner.ErrKeptBalances)
		}
		require.Equal(t, balance, b.balance(t, b.anna))
		require.Equal(t, int64(1000), balance+b.outside(t)-before)
		b.requireSound(t)
		if balance != 0 {
			_, err := customer.Take(t.Context(), b.pool, b.admin, customer.Charge{
				CustomerID: b.anna.ID, Amount: money.Amount{Minor: balance, Currency: "USD"}, Text: "internet", Key: uuid.New(),
			})
			require.NoError(t, err)
		}
		require.NoError(t, partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptHere))
	}
}

// A change that waits for a redemption under way sees what it posted.
func TestKeepWaitsForRedemption(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	cash, err := ledger.System(t.Context(), b.pool, db.AccountKindCash, "USD")
	require.NoError(t, err)
	_, err = billing.Post(t.Context(), tx, b.admin, billing.Posting{
		CustomerID: b.anna.ID, Amount: money.Amount{Minor: 500, Currency: "USD"}, House: []ledger.Entry{{AccountID: cash, Amount: -500}},
		Kind: db.LedgerKindPayment, Key: uuid.New(), Type: db.PaymentTypeCash, Act: billing.Entered{},
	})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- partner.Keep(t.Context(), b.pool, b.admin, b.north.ID, db.BalancesKeptOutside) }()
	b.waits(t, func() bool { return len(done) > 0 })
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorIs(t, <-done, partner.ErrKeptBalances)
}

// First uses at the same time make one customer, at a partner that keeps balances outside and
// nowhere else.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	north := b.billing().Within(audit.Scope{PartnerIDs: []int64{b.north.ID}})
	_, err := customer.FirstUse(ctx, b.pool, north, 0, "A-1001", "USD")
	require.ErrorIs(t, err, customer.ErrUnknown, "a typing error makes no customer")
	b.keepsOutside(t)
	_, err = customer.FirstUse(ctx, b.pool, b.billing(), b.south.ID, "A-1001", "USD")
	require.ErrorIs(t, err, customer.ErrUnknown)
	_, err = customer.FirstUse(ctx, b.pool, north, b.south.ID, "A-1001", "USD")
	require.ErrorIs(t, err, customer.ErrUnknown)
	_, err = customer.FirstUse(ctx, b.pool, b.billing(), 0, "A-1001", "USD")
	require.ErrorIs(t, err, customer.ErrNamePartner)

	ids, errs := make([]int64, 8), make([]error, 8)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			<-start
			ids[i], errs[i] = customer.FirstUse(ctx, b.pool, north, 0, "A-1001", "USD")
		})
	}
	close(start)
	group.Wait()
	for i := range ids {
		require.NoError(t, errs[i])
		require.NotZero(t, ids[i])
		require.Equal(t, ids[0], ids[i])
	}
	made, err := b.q.CustomerGet(ctx, b.pool, db.CustomerGetParams{ID: ids[0], AllPartners: true})
	require.NoError(t, err)
	require.True(t, made.Outside)
	require.Empty(t, made.PasswordHash)
	require.Equal(t, "A-1001", *made.ExternalID)
	codes := b.codes(t, b.series(t, form(1)))
	receipt, err := b.redeem(ctx, db.Customer{ID: ids[0]}, codes[0])
	require.NoError(t, err)
	require.Zero(t, receipt.Balance)
	b.requireSound(t)
}

// An acknowledgement is noted once, and not for a redemption that is reversed.
func TestAcknowledge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(3)))
	here, err := b.redeem(ctx, b.anna, codes[0])
	require.NoError(t, err)
	_, err = billing.Acknowledge(ctx, b.pool, b.billing(), billing.Acknowledgement{PaymentID: here.PaymentID, Reference: "E-1"})
	require.ErrorIs(t, err, billing.ErrNotOutside)
	_, err = b.cards.Reverse(ctx, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: here.PaymentID, Reason: "a test", Key: uuid.New()})
	require.NoError(t, err)

	b.keepsOutside(t)
	one, err := b.redeem(ctx, b.anna, codes[1])
	require.NoError(t, err)
	a := billing.Acknowledgement{PaymentID: one.PaymentID, Reference: "E-1"}
	_, err = billing.Acknowledge(ctx, b.pool, b.billing().Within(audit.Scope{PartnerIDs: []int64{b.south.ID}}), a)
	require.ErrorIs(t, err, billing.ErrNotOutside)
	_, err = billing.Acknowledge(ctx, b.pool, audit.ByCustomer(b.anna.ID, audit.Everything()), a)
	require.Error(t, err, "customers acknowledge nothing")
	_, err = billing.Acknowledge(ctx, b.pool, b.billing(), billing.Acknowledgement{PaymentID: one.PaymentID})
	require.ErrorIs(t, err, billing.ErrAckReference)

	acked, errs := make([]billing.AckedAt, 6), make([]error, 6)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range acked {
		group.Go(func() {
			<-start
			acked[i], errs[i] = billing.Acknowledge(ctx, b.pool, b.billing(), a)
		})
	}
	close(start)
	group.Wait()
	first := 0
	for i := range acked {
		require.NoError(t, errs[i])
		require.Equal(t, acked[0].At, acked[i].At)
		if !acked[i].Replayed {
			first++
		}
	}
	require.Equal(t, 1, first)
	require.Equal(t, 1, b.audits(t, "redemption.acknowledged"))
	a.Reference = "E-2"
	_, err = billing.Acknowledge(ctx, b.pool, b.billing(), a)
	require.ErrorIs(t, err, billing.ErrAckOther)
	_, err = b.cards.Reverse(ctx, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: one.PaymentID, Reason: "a test", Key: uuid.New()})
	require.NoError(t, err)

	two, err := b.redeem(ctx, b.anna, codes[2])
	require.NoError(t, err)
	_, err = b.cards.Reverse(ctx, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: two.PaymentID, Reason: "a test", Key: uuid.New()})
	require.NoError(t, err)
	_, err = billing.Acknowledge(ctx, b.pool, b.billing(), billing.Acknowledgement{PaymentID: two.PaymentID, Reference: "E-3"})
	require.ErrorIs(t, err, billing.ErrAckReversed)
	b.requireSound(t)
}
