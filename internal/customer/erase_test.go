package customer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/signin"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// eraser is a till with cards, and a customer with a value in every personal field.
type eraser struct {
	*till
	cards *card.Service
	staff audit.Actor
	maria db.Customer
}

func newEraser(t *testing.T) *eraser {
	t.Helper()
	b := &eraser{till: newTill(t)}
	keys := codetest.Keys(t)
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{Logger: log})
	require.NoError(t, err)
	b.cards = card.New(b.pool, keys, jobs, setting.NewStore(b.pool, time.Now), log)
	id := peopletest.Staff(t, b.pool, staff.New{Username: "boss", Role: db.StaffRoleAdministrator, AllPartners: true})
	b.staff = audit.ByStaff(id, audit.Everything())
	b.maria, err = customer.Create(t.Context(), b.pool, b.staff, customer.New{
		PartnerID: b.north.ID, Username: "mquintana", Name: "Maria Quintana", Email: "quintana@example.com", Phone: "+49 30 7654321", PasswordHash: peopletest.Hash, Currency: "USD",
	})
	require.NoError(t, err)
	return b
}

// code makes a card worth 10.00 and returns its code and series.
func (b *eraser) code() (string, int64) {
	b.t.Helper()
	ordered, err := b.cards.Order(b.t.Context(), b.staff, card.OrderRequest{
		Quantity: 1, Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: time.Now().AddDate(1, 0, 0), Activate: true, Key: uuid.New(),
	})
	require.NoError(b.t, err)
	require.NoError(b.t, b.cards.Generate(b.t.Context(), ordered.ID, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	s, err := db.New().SeriesGet(b.t.Context(), b.pool, ordered.ID)
	require.NoError(b.t, err)
	code := ""
	require.NoError(b.t, b.cards.EachUnused(b.t.Context(), s, func(page []card.Unsealed) error {
		code = page[0].Code.Reveal("")
		return nil
	}))
	return code, s.ID
}

func (b *eraser) redeem(code string) error {
	b.t.Helper()
	actor := audit.ByCustomer(b.maria.ID, audit.Everything()).From(netip.MustParseAddr("192.0.2.7"), "")
	_, err := b.cards.Redeem(b.t.Context(), actor, card.Redemption{CustomerID: b.maria.ID, Code: code, Key: uuid.New()})
	return err
}

func (b *eraser) balanceOf() int64 {
	b.t.Helper()
	row, err := db.New().CustomerBalance(b.t.Context(), b.pool, &b.maria.ID)
	require.NoError(b.t, err)
	return row.Balance
}

func (b *eraser) erasure() customer.Erasure {
	return customer.Erasure{CustomerID: b.maria.ID, Number: fmt.Sprint(b.maria.ID), Reason: "request 17", Balance: b.balanceOf(), Stays: true}
}

// found returns the places in the database that contain a text. It searches every table,
// so that a new table is covered.
func (b *eraser) found(needle string) []string {
	b.t.Helper()
	owner := dbtest.Owner(b.t, b.pool)
	rows, err := owner.Query(b.t.Context(), `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)
	require.NoError(b.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b.t, err)
	require.Greater(b.t, len(tables), 30)
	var found []string
	for _, table := range tables {
		var there bool
		require.NoError(b.t, owner.QueryRow(b.t.Context(), `select exists (select from `+table+` t where to_jsonb(t)::text ilike '%' || $1 || '%')`, needle).Scan(&there))
		if there {
			found = append(found, table)
		}
	}
	return found
}

// Everything that identifies a person is removed from every table; the ledger is kept.
func TestErase(t *testing.T) {
	t.Parallel()
	b := newEraser(t)
	ctx := t.Context()
	code, series := b.code()
	require.NoError(t, b.redeem(code))
	_, err := b.pool.Exec(ctx, `update card set remark = 'sold to Quintana' where series_id = $1`, series)
	require.NoError(t, err)
	attempt := signin.Attempt{Username: "MQuintana", Password: "wrong", Address: netip.MustParseAddr("192.0.2.7")}
	for range 3 {
		_, err = customer.SignIn(ctx, b.pool, attempt)
		require.ErrorIs(t, err, signin.ErrWrong)
	}
	token, err := customer.NewLink(ctx, b.pool, b.staff, b.maria.ID, 24*time.Hour)
	require.NoError(t, err)
	in, err := customer.UseLink(ctx, b.pool, customer.Link{Token: token}, "")
	require.NoError(t, err)
	n, err := db.New().SessionCreateCustomer(ctx, b.pool, db.SessionCreateCustomerParams{TokenHash: []byte("1"), CustomerID: b.maria.ID, ShutOut: in.ShutOut, Lifetime: time.Hour, UserAgent: "Quintana’s browser"})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	_, err = customer.NewLink(ctx, b.pool, b.staff, b.maria.ID, 24*time.Hour)
	require.NoError(t, err)
	_, err = b.pool.Exec(ctx, `update customer set external_id = 'Quintana-17' where id = $1`, b.maria.ID)
	require.NoError(t, err)
	_, err = b.pool.Exec(ctx, `insert into guess (scope, n, since, allowed) values ('customer:' || $1 || ':imported:8', 1, now(), true), ('signin:own:customer:mquintana', 1, now(), true)`, fmt.Sprint(b.maria.ID))
	require.NoError(t, err)
	_, err = b.pool.Exec(ctx, `with i as (insert into card_import (kind, file_name, file, key_id, size, sha256, preview, created_by)
		values ('customers', 'people.csv', 'import-x', 1, 1, '\x00', '{}', $1) returning id)
		insert into card_import_problem (import_id, row, serial, reason, value) select id, 2, '', 'username.known', 'MQuintana' from i`, b.staff.ID)
	require.NoError(t, err)
	require.NoError(t, customer.AskForHelp(ctx, b.pool, customer.HelpRequest{Username: "MQuintana", Address: netip.MustParseAddr("192.0.2.7")}))
	_, err = b.pool.Exec(ctx, `insert into sign_in_mail (customer_id, address) values ($1, '192.0.2.7')`, b.maria.ID)
	require.NoError(t, err)
	require.Len(t, b.found("quintana"), 5, "customer, guess, card, session, rows left out: %v", b.found("quintana"))
	lines := b.count(`select count(*) from audit where customer_id = $1`)

	require.NoError(t, customer.Erase(ctx, b.pool, b.staff, b.erasure()))
	for _, needle := range []string{"quintana", "maria", "7654321"} {
		require.Empty(t, b.found(needle), needle)
	}
	row, err := db.New().CustomerGet(ctx, b.pool, db.CustomerGetParams{ID: b.maria.ID, AllPartners: true})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("Erased customer %d", b.maria.ID), row.Name)
	require.NotNil(t, row.DisabledAt)
	require.Equal(t, int64(1000), *row.Balance)
	require.Zero(t, b.count(`select count(*) from guess where scope like 'customer:' || $1::bigint || '%'`))
	for _, table := range []string{"session", "customer_link", "known_device", "sign_in_help", "sign_in_mail"} {
		require.Zero(t, b.count(`select count(*) from `+table+` where customer_id = $1`), table)
	}
	require.Equal(t, int64(1), b.count(`select count(*) from payment where customer_id = $1`))
	require.Equal(t, lines+1, b.count(`select count(*) from audit where customer_id = $1`))
	var detail string
	require.NoError(t, b.pool.QueryRow(ctx, `select detail::text from audit where action = 'customer.erased'`).Scan(&detail))
	require.JSONEq(t, `{"reason": "request 17", "balance_kept": "10.00", "currency": "USD"}`, detail)
	b.checkBooks()

	again := b.erasure()
	again.Reason, again.Number = "", ""
	require.NoError(t, customer.Erase(ctx, b.pool, b.staff, again), "whoever asks again changes nothing")
	require.Equal(t, lines+1, b.count(`select count(*) from audit where customer_id = $1`))
}

func (b *eraser) count(sql string) int64 {
	b.t.Helper()
	var n int64
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), sql, b.maria.ID).Scan(&n))
	return n
}

// An erased customer has no way back: no edit, no sign-in, no card, no money in.
func TestErasedCustomersStayErased(t *testing.T) {
	t.Parallel()
	b := newEraser(t)
	ctx := t.Context()
	code, _ := b.code()
	require.NoError(t, customer.Erase(ctx, b.pool, b.staff, b.erasure()))

	id := b.maria.ID
	d := customer.Details{PartnerID: b.north.ID, Username: "mquintana", Name: "Maria Quintana"}
	require.ErrorIs(t, customer.Edit(ctx, b.pool, b.staff, id, d), customer.ErrErased)
	require.ErrorIs(t, customer.Enable(ctx, b.pool, b.staff, id), customer.ErrErased)
	require.ErrorIs(t, customer.Disable(ctx, b.pool, b.staff, id), customer.ErrErased)
	require.ErrorIs(t, customer.SetPassword(ctx, b.pool, b.staff, id, "a long quiet river"), customer.ErrErased)
	_, err := customer.NewLink(ctx, b.pool, b.staff, id, 24*time.Hour)
	require.ErrorIs(t, err, customer.ErrErased)
	for _, username := range []string{"mquintana", fmt.Sprintf("erased:%d", id)} {
		_, err = customer.SignIn(ctx, b.pool, signin.Attempt{Username: username, Password: "correct horse"})
		require.ErrorIs(t, err, signin.ErrWrong)
	}
	require.ErrorIs(t, b.redeem(code), card.ErrRefused)
	_, err = b.cards.Redeem(ctx, b.staff, card.Redemption{CustomerID: id, Code: code, Key: uuid.New()})
	require.ErrorContains(t, err, "customer_erased")
	pay := func(kind db.PaymentType, minor int64) error {
		_, err := customer.Pay(ctx, b.pool, b.staff, customer.Payment{CustomerID: id, Type: kind, Amount: money.Amount{Minor: minor, Currency: "USD"}, Comment: "books", Key: uuid.New()})
		return err
	}
	require.ErrorIs(t, pay(db.PaymentTypeCash, 500), customer.ErrErasedPay)
	require.NoError(t, pay(db.PaymentTypeCorrection, -500), "the books can be put right")
	for _, sql := range []string{
		`update customer set name = 'Maria Quintana' where id = $1`, `update customer set phone = '1' where id = $1`,
		`update customer set disabled_at = null where id = $1`, `update customer set password_hash = 'x' where id = $1`,
	} {
		_, err := b.pool.Exec(ctx, sql, id)
		require.Equal(t, "customer_erased", db.Constraint(err), sql)
	}
	// The name is free again, and the neutral name is reserved.
	_, err = customer.Create(ctx, b.pool, b.staff, customer.New{PartnerID: b.north.ID, Username: "mquintana", Name: "Another", Currency: "USD"})
	require.NoError(t, err)
	_, err = customer.Create(ctx, b.pool, b.staff, customer.New{PartnerID: b.north.ID, Username: "erased:99", Name: "Another", Currency: "USD"})
	require.Equal(t, "username", fault.All(err)[0].Field)
	b.checkBooks()
}

// An erasure without a correct confirmation is refused with an error at the field, and
// changes nothing.
func TestErasureIsConfirmed(t *testing.T) {
	t.Parallel()
	b := newEraser(t)
	code, _ := b.code()
	require.NoError(t, b.redeem(code))
	for name, c := range map[string]struct {
		spoil func(*customer.Erasure)
		field string
	}{
		"another number":           {func(e *customer.Erasure) { e.Number = "1" + e.Number }, "number"},
		"no reason":                {func(e *customer.Erasure) { e.Reason = " x " }, "reason"},
		"no word about a balance":  {func(e *customer.Erasure) { e.Stays = false }, "stays"},
		"a balance that was other": {func(e *customer.Erasure) { e.Balance = 0 }, "stays"},
	} {
		e := b.erasure()
		c.spoil(&e)
		err := customer.Erase(t.Context(), b.pool, b.staff, e)
		require.Len(t, fault.All(err), 1, name)
		require.Equal(t, c.field, fault.All(err)[0].Field, name)
	}
	require.ErrorIs(t, customer.Erase(t.Context(), b.pool, of(b.south), b.erasure()), customer.ErrUnknown)
	require.NotEmpty(t, b.found("quintana"))
	require.Zero(t, b.count(`select count(*) from audit where customer_id = $1 and action = 'customer.erased'`))
}

// A redemption or a payment at the moment of an erasure either happens before it or is
// refused.
func TestErasureRaces(t *testing.T) {
	t.Parallel()
	b := newEraser(t)
	first := b.maria
	for round := range 8 {
		var err error
		b.maria, err = customer.Create(t.Context(), b.pool, b.staff, customer.New{PartnerID: b.north.ID, Username: fmt.Sprintf("racer%d", round), Name: "Racer", Currency: "USD"})
		require.NoError(t, err)
		code, _ := b.code()
		e := b.erasure()
		var erased, redeemed, paid error
		var wait sync.WaitGroup
		gate := make(chan struct{})
		for _, f := range []func(){
			func() { erased = customer.Erase(t.Context(), b.pool, b.staff, e) },
			func() { redeemed = b.redeem(code) },
			func() {
				_, paid = customer.Pay(t.Context(), b.pool, b.staff, customer.Payment{CustomerID: e.CustomerID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 500, Currency: "USD"}, Key: uuid.New()})
			},
		} {
			wait.Go(func() { <-gate; f() })
		}
		close(gate)
		wait.Wait()
		switch erased {
		case nil: // with a balance of zero no money moved before or after
			require.ErrorIs(t, redeemed, card.ErrRefused)
			require.ErrorIs(t, paid, customer.ErrErasedPay)
			require.Zero(t, b.balanceOf())
		default:
			require.ErrorContains(t, erased, "erase_balance_changed")
			require.True(t, redeemed == nil || paid == nil)
			require.NoError(t, redeemed)
			require.NoError(t, paid)
		}
	}
	require.Positive(t, first.ID)
	b.checkBooks()
}

func TestErasedNameIsNotFound(t *testing.T) {
	t.Parallel()
	b := newEraser(t)
	find := func(text string) int {
		rows, err := db.New().CustomerSearch(t.Context(), b.pool, db.CustomerSearchParams{
			Search: text, AllPartners: true, PartnerIds: []int64{}, BeforeID: 1 << 40, Size: 10,
		})
		require.NoError(t, err)
		return len(rows)
	}
	require.Equal(t, 1, find("Quintana"))
	require.NoError(t, customer.Erase(t.Context(), b.pool, b.staff, b.erasure()))
	require.Zero(t, find("Quintana"))
	require.Equal(t, 1, find("Erased customer"))
}
