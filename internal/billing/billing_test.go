package billing_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// bundle is a database with a customer in it.
type bundle struct {
	pool *pgxpool.Pool
	anna db.Customer
	cash int64 // the provider's own account
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.Pool(t)}
	partner, err := db.New().PartnerCreate(t.Context(), b.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	b.anna, err = customer.Create(t.Context(), b.pool, audit.System(), customer.New{PartnerID: partner.ID, Username: "anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	b.cash, err = ledger.System(t.Context(), b.pool, db.AccountKindCash, "USD")
	require.NoError(t, err)
	return b
}

// posting is a payment of USD 5.00.
func (b *bundle) posting() billing.Posting {
	return billing.Posting{
		CustomerID: b.anna.ID, Amount: money.Amount{Minor: 500, Currency: "USD"}, House: []ledger.Entry{{AccountID: b.cash, Amount: -500}},
		Kind: db.LedgerKindPayment, Key: uuid.New(), Type: db.PaymentTypeCash, Comment: "at the till",
		Act: billing.Entered{Subject: act.OfCustomer(b.anna.ID)},
	}
}

// post posts in a transaction of its own.
func (b *bundle) post(t *testing.T, p billing.Posting) (billing.Paid, error) {
	t.Helper()
	var paid billing.Paid
	err := billing.Settle(t.Context(), b.pool, billing.ErrUnsettled, func(tx pgx.Tx) error {
		var err error
		paid, err = billing.Post(t.Context(), tx, audit.System(), p)
		return err
	})
	return paid, err
}

func (b *bundle) number(t *testing.T, sql string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// A posting is account, ledger, line of billing, audit row and what goes beside them, or
// nothing of these.
func TestPost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	everything := func() []int64 {
		return []int64{
			b.number(t, `select balance from account where customer_id = $1`, b.anna.ID),
			b.number(t, `select count(*) from ledger_tx`), b.number(t, `select count(*) from ledger_entry`),
			b.number(t, `select count(*) from payment`), b.number(t, `select count(*) from audit where action = 'payment.entered'`),
			b.number(t, `select count(*) from guess`),
		}
	}
	require.Equal(t, []int64{0, 0, 0, 0, 0, 0}, everything())
	for name, c := range map[string]struct {
		edit func(p *billing.Posting)
		want error
		of   string // constraint
	}{
		"no key":           {func(p *billing.Posting) { p.Key = uuid.Nil }, billing.ErrNoKey, ""},
		"unbalanced":       {func(p *billing.Posting) { p.House[0].Amount = -499 }, nil, "ledger_entry_balanced"},
		"no other side":    {func(p *billing.Posting) { p.House = nil }, nil, "ledger_entry_balanced"},
		"unknown account":  {func(p *billing.Posting) { p.House[0].AccountID = 0 }, nil, "ledger_entry_account"},
		"another currency": {func(p *billing.Posting) { p.Amount.Currency = "EUR" }, billing.ErrNoAccount, ""},
		"too much": {func(p *billing.Posting) {
			p.Amount.Minor = 1_000_000_000_000_001
			p.House[0].Amount = -p.Amount.Minor
		}, billing.ErrBalance, "account_balance_range"},
		"what goes beside":       {func(p *billing.Posting) { p.Beside = func(db.DBTX) error { return io.EOF } }, io.EOF, ""},
		"an audit row of nobody": {func(p *billing.Posting) { p.Act = billing.Entered{Subject: act.OfCustomer(-1)} }, nil, "audit_customer_id_fkey"},
	} {
		p := b.posting()
		c.edit(&p)
		_, err := b.post(t, p)
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
		require.Equal(t, c.of, db.Constraint(err), name)
		require.Equal(t, []int64{0, 0, 0, 0, 0, 0}, everything(), name)
	}

	p := b.posting()
	p.Beside = func(dbtx db.DBTX) error {
		_, err := dbtx.Exec(t.Context(), `insert into guess (scope, n, since, allowed) values ('beside', 7, now(), true)`)
		return err
	}
	p.ActOf = func(payment int64) act.Act {
		return billing.Entered{Subject: act.OfCustomer(b.anna.ID), Payment: payment}
	}
	paid, err := b.post(t, p)
	require.NoError(t, err)
	require.Equal(t, int64(500), paid.Balance)
	require.Equal(t, []int64{500, 1, 2, 1, 1, 1}, everything())
	require.Equal(t, paid.ID, b.number(t, `select (detail->>'payment')::bigint from audit where action = 'payment.entered'`))
	require.Equal(t, paid.ID, b.number(t, `select id from payment where balance_after = 500 and comment = 'at the till'`))
	require.Equal(t, int64(1), b.number(t, `select count(*) from ledger_entry where version = 1 and balance_after = 500 and amount = 500`))
	_, err = b.post(t, p)
	require.Equal(t, "ledger_tx_idempotency_key", db.Constraint(err))
	require.Equal(t, []int64{500, 1, 2, 1, 1, 1}, everything())
}

// A transaction is tried again where it met a deadlock or a serialization failure, so many
// times, and for no other reason.
func TestSettleTriesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fail := func(tx pgx.Tx, code string) error {
		_, err := tx.Exec(t.Context(), `do $$ begin raise exception 'planned' using errcode = '`+code+`'; end $$`)
		return err
	}
	for _, c := range []struct {
		name  string
		code  string
		fails int // so many times
		tries int
		holds bool
	}{
		{"no failure", "", 0, 1, true},
		{"a deadlock", "40P01", 2, 3, true},
		{"a serialization failure", "40001", 4, 5, true},
		{"too many deadlocks", "40P01", 9, 5, false},
		{"a constraint", "23505", 9, 1, false},
	} {
		tries := 0
		p := b.posting()
		err := billing.Settle(t.Context(), b.pool, billing.ErrUnsettled, func(tx pgx.Tx) error {
			tries++
			if _, err := billing.Post(t.Context(), tx, audit.System(), p); err != nil {
				return err
			}
			if tries <= c.fails {
				return fail(tx, c.code)
			}
			return nil
		})
		require.Equal(t, c.tries, tries, c.name)
		require.Equal(t, c.holds, err == nil, c.name)
		require.NotEqual(t, fault.Unsettled, fault.KindOf(err), c.name)
		posted := b.number(t, `select count(*) from ledger_tx where idempotency_key = $1`, p.Key)
		require.Equal(t, c.holds, posted == 1, c.name)
	}
}

// Only the server's own no says that nothing was kept: where its answer to COMMIT gets
// lost the outcome is unknown.
func TestSettleDoesNotGuess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	line := &dbtest.Line{Pool: b.pool}
	line.Cut(true)
	p := b.posting()
	post := func(tx pgx.Tx) error {
		_, err := billing.Post(t.Context(), tx, audit.System(), p)
		return err
	}
	err := billing.Settle(t.Context(), line, billing.ErrUnsettled, post)
	require.ErrorIs(t, err, billing.ErrUnsettled)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the cause is for the log")
	require.Equal(t, int64(1), b.number(t, `select count(*) from ledger_tx where idempotency_key = $1`, p.Key))

	// The server refuses at COMMIT: that is known.
	owner := dbtest.Owner(t, b.pool)
	_, err = owner.Exec(t.Context(), `create temp table twice (n integer unique deferrable initially deferred)`)
	require.NoError(t, err)
	err = billing.Settle(t.Context(), owner, billing.ErrUnsettled, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `insert into twice values (1), (1)`)
		return err
	})
	require.Equal(t, "twice_n_key", db.Constraint(err))
	require.True(t, fault.IsInternal(err))

	// What ends before COMMIT is no unknown outcome either.
	ctx, cancel := context.WithCancel(t.Context())
	err = billing.Settle(ctx, b.pool, billing.ErrUnsettled, func(pgx.Tx) error {
		cancel()
		return errors.New("given up")
	})
	require.ErrorContains(t, err, "given up")
}
