package customer_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/check"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/money"
)

// till is a database with two partners and a customer of the first.
type till struct {
	t            *testing.T
	pool         *pgxpool.Pool
	north, south db.Partner
	anna         db.Customer
}

func newTill(t *testing.T) *till {
	t.Helper()
	b := &till{t: t, pool: dbtest.Pool(t)}
	var err error
	b.north, err = db.New().PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	b.south, err = db.New().PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: "South", TimeZone: "UTC"})
	require.NoError(t, err)
	b.anna, err = customer.Create(t.Context(), b.pool, audit.System(), customer.New{PartnerID: b.north.ID, Username: "Anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	return b
}

// of returns an actor who sees one partner only.
func of(p db.Partner) audit.Actor {
	return audit.System().Within(audit.Scope{PartnerIDs: []int64{p.ID}})
}

func (b *till) payment(kind db.PaymentType, minor int64) customer.Payment {
	return customer.Payment{
		CustomerID: b.anna.ID, Type: kind, Amount: money.Amount{Minor: minor, Currency: "USD"}, Comment: " counter ", Key: uuid.New(),
	}
}

func (b *till) pay(p customer.Payment) (billing.Paid, error) {
	return customer.Pay(b.t.Context(), b.pool, of(b.north), p)
}

func (b *till) balance() int64 {
	b.t.Helper()
	row, err := db.New().CustomerGet(b.t.Context(), b.pool, db.CustomerGetParams{ID: b.anna.ID, AllPartners: true})
	require.NoError(b.t, err)
	return *row.Balance
}

// house returns the balance of the provider's own account of a kind.
func (b *till) house(kind db.AccountKind) int64 {
	b.t.Helper()
	id, err := db.New().AccountGetSystem(b.t.Context(), b.pool, db.AccountGetSystemParams{Kind: kind, Currency: "USD"})
	require.NoError(b.t, err)
	sum, err := db.New().LedgerBalance(b.t.Context(), b.pool, id)
	require.NoError(b.t, err)
	return sum
}

// checkBooks checks every invariant of the books.
func (b *till) checkBooks() {
	b.t.Helper()
	broken, err := check.Run(b.t.Context(), b.pool, nil)
	require.NoError(b.t, err)
	require.Empty(b.t, broken)
}

func TestPay(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	first := b.payment(db.PaymentTypeCash, 1500)
	paid, err := b.pay(first)
	require.NoError(t, err)
	require.Equal(t, int64(1500), paid.Balance)
	again, err := b.pay(first)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, paid.ID, again.ID, "the same key enters once")
	other := first
	other.Amount.Minor = 1600
	_, err = b.pay(other)
	require.ErrorIs(t, err, customer.ErrKeyReused)
	for field, change := range map[string]func(p *customer.Payment){
		"type":    func(p *customer.Payment) { p.Type = db.PaymentTypeOther },
		"comment": func(p *customer.Payment) { p.Comment = "for another invoice" },
	} {
		other := first
		change(&other)
		_, err = b.pay(other)
		require.ErrorIs(t, err, customer.ErrKeyReused, field)
	}

	paid, err = b.pay(b.payment(db.PaymentTypeCorrection, -500))
	require.NoError(t, err)
	require.Equal(t, int64(1000), paid.Balance)
	require.Equal(t, int64(-1500), b.house(db.AccountKindCash))
	require.Equal(t, int64(500), b.house(db.AccountKindCorrection))

	rows, err := db.New().PaymentList(t.Context(), b.pool, db.PaymentListParams{CustomerID: b.anna.ID, BeforeID: 1 << 60, Size: 10})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, int64(1000), rows[0].BalanceAfter)
	require.Equal(t, "counter", rows[0].Comment)
	b.checkBooks()
}

func TestPayRefusals(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	for name, c := range map[string]struct {
		field string
		p     customer.Payment
	}{
		"a card is redeemed, not entered": {"type", b.payment(db.PaymentTypeRefillCard, 1000)},
		"a reversal has its own way":      {"type", b.payment(db.PaymentTypeReversal, 1000)},
		"no such type":                    {"type", b.payment("gift", 1000)},
		"nothing":                         {"amount", b.payment(db.PaymentTypeCash, 0)},
		"only corrections are negative":   {"amount", b.payment(db.PaymentTypeOther, -1)},
		"too large":                       {"amount", b.payment(db.PaymentTypeCash, 100_000_000_001)},
		"mistyped":                        {"sure", b.payment(db.PaymentTypeCash, 100_000)},
	} {
		_, err := b.pay(c.p)
		require.Len(t, fault.All(err), 1, name)
		require.Equal(t, c.field, fault.All(err)[0].Field, name)
	}
	unsaid := b.payment(db.PaymentTypeCorrection, -5)
	unsaid.Comment = "  "
	_, err := b.pay(unsaid)
	require.Equal(t, "comment", fault.All(err)[0].Field)

	sure := b.payment(db.PaymentTypeCash, 100_000)
	sure.Sure = true
	_, err = b.pay(sure)
	require.NoError(t, err)
	_, err = b.pay(b.payment(db.PaymentTypeCash, 1_000_000))
	require.NoError(t, err, "not unusual any more")

	_, err = customer.Pay(t.Context(), b.pool, of(b.south), b.payment(db.PaymentTypeCash, 5))
	require.ErrorIs(t, err, customer.ErrUnknown)
	b.checkBooks()
}

func TestReverse(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	paid, err := b.pay(b.payment(db.PaymentTypeBankTransfer, 1500))
	require.NoError(t, err)
	spent, err := b.pay(b.payment(db.PaymentTypeCorrection, -1000))
	require.NoError(t, err)

	r := billing.Reversal{CustomerID: b.anna.ID, PaymentID: paid.ID, Reason: "entered for the wrong Anna", Key: uuid.New()}
	short := r
	short.Reason = " x "
	_, err = customer.Reverse(t.Context(), b.pool, of(b.north), short)
	require.Equal(t, "reason", fault.All(err)[0].Field)
	_, err = customer.Reverse(t.Context(), b.pool, of(b.south), r)
	require.ErrorIs(t, err, customer.ErrUnknown)

	back, err := customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.NoError(t, err)
	require.Equal(t, int64(-1000), back.Balance, "a balance may become negative")
	again, err := customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, back.ID, again.ID)
	r.Key = uuid.New()
	_, err = customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.ErrorIs(t, err, billing.ErrReversed)
	r.PaymentID = back.ID
	_, err = customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.ErrorIs(t, err, billing.ErrReversal)
	r.PaymentID = 999999
	_, err = customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.ErrorIs(t, err, billing.ErrNoPayment)

	r.PaymentID = spent.ID
	_, err = customer.Reverse(t.Context(), b.pool, of(b.north), r)
	require.NoError(t, err)
	require.Zero(t, b.balance())
	require.Zero(t, b.house(db.AccountKindCash))
	require.Zero(t, b.house(db.AccountKindCorrection))
	row, err := db.New().PaymentGet(t.Context(), b.pool, db.PaymentGetParams{ID: paid.ID, CustomerID: b.anna.ID})
	require.NoError(t, err)
	require.Equal(t, back.ID, row.ReversedBy)
	row, err = db.New().PaymentGet(t.Context(), b.pool, db.PaymentGetParams{ID: back.ID, CustomerID: b.anna.ID})
	require.NoError(t, err)
	require.Equal(t, paid.ID, row.Reverses)
	require.Contains(t, row.Comment, "wrong Anna")
	b.checkBooks()
}

// racers is the number of concurrent calls, as many as the pool has connections.
const racers = 4

// atOnce runs f in several goroutines at the same moment, with connections that are open
// already, and returns the errors.
func (b *till) atOnce(f func() error) []error {
	b.t.Helper()
	var warmed []*pgxpool.Conn
	for range racers {
		conn, err := b.pool.Acquire(b.t.Context())
		require.NoError(b.t, err)
		warmed = append(warmed, conn)
	}
	for _, conn := range warmed {
		conn.Release()
	}
	start, errs := make(chan struct{}), make([]error, racers)
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			<-start
			errs[i] = f()
		})
	}
	close(start)
	group.Wait()
	return errs
}

// Any number of concurrent requests with one key post one payment. Of concurrent reversals
// of the payment one succeeds.
func TestPaymentRaces(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	p := b.payment(db.PaymentTypeCash, 700)
	for _, err := range b.atOnce(func() error { _, err := b.pay(p); return err }) {
		require.NoError(t, err, "the same form, sent twice")
	}
	require.Equal(t, int64(700), b.balance())
	paid, err := b.pay(p)
	require.NoError(t, err)
	reversed := 0
	for _, err := range b.atOnce(func() error {
		_, err := customer.Reverse(t.Context(), b.pool, of(b.north), billing.Reversal{CustomerID: b.anna.ID, PaymentID: paid.ID, Reason: "raced", Key: uuid.New()})
		return err
	}) {
		if err == nil {
			reversed++
		} else {
			require.ErrorIs(t, err, billing.ErrReversed)
		}
	}
	require.Equal(t, 1, reversed)
	require.Zero(t, b.balance())
	b.checkBooks()
}
