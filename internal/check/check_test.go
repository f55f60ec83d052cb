package check_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
	"refill/internal/cardfile"
	"refill/internal/check"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// books is a database with one series, a redemption and a fetched export.
func books(t *testing.T) (*pgxpool.Pool, *cardcode.Keyring) {
	t.Helper()
	ctx := t.Context()
	pool := dbtest.Pool(t)
	keys := codetest.Keys(t)
	log := slog.New(slog.DiscardHandler)
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	cards := card.New(pool, keys, jobs, setting.NewStore(pool, time.Now), log)
	noJob := func(context.Context, pgx.Tx) error { return nil }

	q := db.New()
	north, err := q.PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	south, err := q.PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "South", TimeZone: "UTC"})
	require.NoError(t, err)
	id := peopletest.Staff(t, pool, staff.New{Username: "admin", Role: db.StaffRoleAdministrator, AllPartners: true})
	admin := audit.ByStaff(id, audit.Everything())
	for n, partner := range []db.Partner{north, south} {
		_, err := customer.Create(ctx, pool, admin, customer.New{PartnerID: partner.ID, Username: fmt.Sprintf("customer%d", n+1), Name: "C", Currency: "USD"})
		require.NoError(t, err)
	}
	ordered, err := cards.Order(ctx, admin, card.OrderRequest{
		Quantity: 10, Price: money.Amount{Minor: 500, Currency: "USD"}, Partners: card.Partners{IDs: []int64{north.ID}}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, cards.Generate(ctx, ordered.ID, time.Now, noJob))
	for serial := range 2 {
		_, err = cards.Redeem(ctx, admin, card.Redemption{CustomerID: 1, Card: card.Ref{SeriesID: ordered.ID, Serial: int32(serial + 1)}, Key: uuid.New()})
		require.NoError(t, err)
	}
	cash := money.Amount{Minor: 350, Currency: "USD"}
	_, err = customer.Pay(ctx, pool, admin, customer.Payment{CustomerID: 1, Type: db.PaymentTypeCash, Amount: cash, Key: uuid.New()})
	require.NoError(t, err)
	disk, err := blob.NewDisk(t.TempDir())
	require.NoError(t, err)
	exports := cardfile.New(cardfile.Config{Cards: cards, DB: pool, Jobs: jobs, Settings: setting.NewStore(pool, time.Now), Files: blob.NewSealed(disk, keys), Log: log})
	export, err := exports.Request(ctx, admin, ordered.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, exports.Make(ctx, export, noJob))
	require.NoError(t, exports.Fetched(ctx, admin, export))
	_, err = audit.Seal(ctx, pool, keys, time.Now())
	require.NoError(t, err)
	return pool, keys
}

func TestSoundBooks(t *testing.T) {
	t.Parallel()
	pool, keys := books(t)
	broken, err := check.Run(t.Context(), pool, keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// A change of a series' price breaks no rule: earlier redemptions were paid at the earlier
// price.
func TestRepricedBooksAreSound(t *testing.T) {
	t.Parallel()
	pool, keys := books(t)
	_, err := dbtest.Owner(t, pool).Exec(t.Context(), repriced)
	require.NoError(t, err)
	broken, err := check.Run(t.Context(), pool, keys)
	require.NoError(t, err)
	for _, b := range broken {
		require.NotEqual(t, 5, b.Number, b.Examples)
	}
}

// A rule is broken if the login of the program can change the ledger through another role.
// If the login owns the tables, there is a warning instead.
func TestLoginOfTheProgram(t *testing.T) {
	t.Parallel()
	pool, keys := books(t)
	warnings, err := check.Warnings(t.Context(), pool)
	require.NoError(t, err)
	require.Len(t, warnings, 1, "the tests sign in as the owner")
	require.Contains(t, warnings[0], "set role none")

	owner := dbtest.Owner(t, pool)
	login, strong := "login_"+strings.ReplaceAll(uuid.NewString(), "-", ""), "strong_"+strings.ReplaceAll(uuid.NewString(), "-", "")
	exec := func(sql string) {
		t.Helper()
		_, err := owner.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	exec(`create role ` + login + ` login noinherit; grant refill_app to ` + login + `; create role ` + strong)
	t.Cleanup(func() {
		_, err := owner.Exec(context.WithoutCancel(t.Context()), `reset session authorization; drop owned by `+strong+`; drop role `+strong+`; drop owned by `+login+`; drop role `+login)
		require.NoError(t, err)
	})
	look := func() (broken []check.Result, warnings []string) {
		t.Helper()
		exec(`set session authorization ` + login + `; set role refill_app`)
		broken, err := check.Run(t.Context(), owner, keys)
		require.NoError(t, err)
		warnings, err = check.Warnings(t.Context(), owner)
		require.NoError(t, err)
		exec(`reset session authorization`)
		return broken, warnings
	}
	broken, warnings := look()
	require.Empty(t, broken)
	require.Empty(t, warnings)
	exec(`grant update on payment to ` + strong + `; grant ` + strong + ` to ` + login)
	broken, warnings = look()
	require.Len(t, broken, 1)
	require.Equal(t, 15, broken[0].Number)
	require.Contains(t, broken[0].Examples[0], "as role "+strong+", update payment")
	require.Empty(t, warnings)
}

// moved returns SQL that changes a customer's balance with balanced ledger entries but
// without a payment.
func moved(insert string) string {
	return `with t as (` + insert + ` returning id),
		a as (update account set balance = balance - 5, version = version + 1 where customer_id = 1 returning id, balance, version)
		insert into ledger_entry (tx_id, account_id, amount, version, balance_after)
		select t.id, a.id, -5, a.version, a.balance from t, a union all
		select t.id, (select id from account where kind = 'issued'), 5, null, null from t`
}

// repriced is SQL that changes the price of the series as an edit does, after its cards 1
// and 2 were redeemed.
const repriced = `set session_replication_role = origin; update series set price = 600; set session_replication_role = replica;
	insert into ledger_tx (kind, series_id) select 'reprice', id from series;
	update series_price set through = (select max(id) from ledger_tx) where series_id > 0; `

// A test of the tests: each invariant finds the fault planted for it.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	planted := map[int]bool{}
	for _, c := range []struct {
		number int
		plant  string
	}{
		{1, `update ledger_entry set amount = amount + 1 where tx_id = 2 and version is null`},
		{1, `insert into ledger_tx (kind) values ('payment')`},
		{2, `update account set balance = balance + 1 where customer_id = 1`},
		{2, `update account set version = version + 1 where customer_id = 1`},
		{3, `update ledger_entry set balance_after = balance_after + 1 where version = 1`},
		{4, `update card set state = 'active', used_by = null, used_at = null where serial = 1`},
		{4, `update card set state = 'used', used_by = 1, used_at = now() where serial = 5`},
		{5, `update series set price = 499`},
		{5, repriced + `update payment set amount = 400, balance_after = balance_after - 100 where id = 1`},
		{5, repriced + `update payment set amount = 600 where id = 2`},
		{5, repriced + `delete from series_price where series_id > 0`},
		{6, `delete from card where serial = 4`},
		{6, `update card set serial = 11 where serial = 10`},
		{7, `update ledger_tx set at = at - interval '1 day' where kind = 'redeem'`},
		{7, `update series set valid_till = current_date - 2`},
		{8, `update payment set partner_id = 2`},
		{8, `update series_partner set removed_at = now() - interval '1 hour'`},
		{8, `update card set partner_id = 2 where serial <= 3`},
		{9, `delete from payment where id = 1`},
		{9, `update payment set balance_after = 0 where id = 1`},
		{9, moved(`insert into ledger_tx (kind) values ('payment')`)},
		{9, moved(`insert into ledger_tx (kind, reverses) select 'reverse', min(id) from ledger_tx where kind = 'redeem'`) + `;
			insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after)
			select customer_id, partner_id, (select max(id) from ledger_tx), 'reversal', -5, currency, balance_after - 5 from payment order by id desc limit 1;
			update card set state = 'void', code_sealed = '' where serial = 1; update series_tally set used = used - 1, void = void + 1`},
		{10, `update card set state = 'void', code_sealed = '' where serial = 7`},
		{10, `update series set state = 'void'`},
		{11, `update ledger_tx set idempotency_key = null where kind = 'redeem'`},
		{12, `update series set state = 'generating', job_id = null`},
		{13, `alter table export drop constraint export_ready_whole; update export set sha256 = null`},
		{14, `delete from audit where action = 'export.downloaded'`},
		{14, `update card set revealed_at = now() where serial = 5`},
		{14, `delete from audit where action = 'card.redeemed' and serial = 2`},
		{14, `update audit set customer_id = 2 where action = 'card.redeemed' and serial = 2`},
		{14, `delete from audit where action = 'payment.entered'`},
		{14, `update payment set amount = amount + 1 where type = 'cash'`},
		{14, `delete from audit where action = 'series.activated'`},
		{14, `insert into ledger_tx (kind, series_id) select 'void', id from series`},
		{14, `insert into ledger_tx (kind, series_id) select 'renew', id from series`},
		{15, `grant update on ledger_entry to refill_app`},
		{15, `alter table payment disable trigger payment_append_only`},
		{15, `grant update on series_price to refill_app`},
		{15, `drop trigger series_keeps_price on series`},
		{16, `update card set code_sealed = set_byte(code_sealed, 20, get_byte(code_sealed, 20) # 1)`},
		{16, `update card a set code_sealed = b.code_sealed from card b where a.serial = b.serial % 10 + 1`},
		{16, `update card set code_index = substr(sha256(code_index), 1, 16)`},
		{16, `update card set code_index = substr(sha256(code_index), 1, 16) where serial = 7; insert into code_fault (series_id, serial, what) select series_id, 7, '' from card where serial = 7`},
		{16, `update card set code_sealed = '', shredded = true, code_mac = substr(sha256(code_index), 1, 16) where serial > 2; update series set print_once = true, shredding_at = now(), shredded_to = 10`},
		{16, `alter table card drop constraint card_code_sealed_erased; update card set code_sealed = '' where serial = 5`},
		{16, `alter table card drop constraint card_code_sealed_erased; update card set state = 'void' where serial = 5`},
		{16, `update series set state = 'void', erased_to = 5`},
		{17, `update series_tally set used = used + 1`},
		{18, `update ledger_tx set series_id = 77 where kind = 'redeem'`},
		{15, `alter table audit_block disable trigger audit_block_append_only`},
		{19, `update audit set staff_id = null where action = 'export.downloaded'`},
		{19, `delete from audit where action = 'card.redeemed'`},
		{19, `insert into audit (id, action) overriding system value values (0, 'card.redeemed')`},
		{19, `update audit_block set mac = sha256(mac)`},
		{20, `update card set code_sealed = '', shredded = true where serial = 5`},
		{23, `update event_switch set wanted = true, since = now() - interval '1 hour'`},
		{23, `update event_counter set last = 3; insert into event (seq, id, type, at, data) select n, gen_random_uuid(), 'ping', now(), '{}' from unnest(array[1, 3]) n`},
		{23, `insert into event_out (type, at) values ('ping', now() - interval '11 minutes')`},
		{23, `update event_switch set wanted = true, since = now() - interval '1 hour';
			insert into event_out (type, series_id, serial) select 'redemption.created', series_id, serial from ledger_tx, generate_series(1, 2) where kind = 'redeem'`},
		{20, `update series set print_once = true, shredding_at = now(), shredded_to = 5; update export set sent_whole_at = now()`},
		{20, `update series set print_once = true, shredding_at = now()`},
		{21, reserved + `update reservation set state = 'committed', ended_at = now(), tx_id = (select id from ledger_tx where kind = 'redeem' and serial = 1)`},
		{26, `update account set outside = true where customer_id = 2`},
		{26, `alter table account drop constraint account_outside_zero; update partner set balances = 'outside'; update account set outside = true where customer_id is not null`},
		{26, `with t as (insert into ledger_tx (kind) values ('handover') returning id)
			insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after) select 1, 1, id, 'handover', -500, 'USD', 0 from t`},
		{26, `insert into ledger_tx (kind, series_id, serial) select 'handover', id, 1 from series`},
		{26, `with m as (insert into ledger_tx (kind, series_id, serial, at) select 'handover', series_id, serial, at from ledger_tx where kind = 'redeem' and serial = 1 returning id)
			insert into handover (tx_id, moved_by, open) select t.id, m.id, false from m, ledger_tx t where t.kind = 'redeem' and t.serial = 1`},
		{26, `with m as (insert into ledger_tx (kind, series_id, serial, at) select 'handover', series_id, serial, at from ledger_tx where kind = 'redeem' and serial = 1 returning id),
			r as (insert into ledger_tx (kind, reverses) select 'reverse', id from ledger_tx where kind = 'redeem' and serial = 1)
			insert into handover (tx_id, moved_by, open) select t.id, m.id, false from m, ledger_tx t where t.kind = 'redeem' and t.serial = 1`},
		{22, reserved + `update card set reserved_until = reserved_until + interval '1 minute' where reserved_by is not null`},
		{22, reserved + `update reservation set state = 'released', ended_at = now()`},
		{22, `update card set reserved_by = gen_random_uuid(), reserved_until = now() + interval '1 minute' where serial = 5`},
		{27, `update partner set test = true where name = 'South'; update payment set partner_id = (select id from partner where test) where type = 'refill_card'`},
		{28, `update partner set test = true where name = 'South'`},
		{28, `update account set currency = 'XTS' where customer_id = 1`},
		{28, `update payment set currency = 'XTS' where type = 'cash'`},
		{28, `insert into series_partner (series_id, partner_id) select 1, id from partner where name = 'South'; update partner set test = true where name = 'South';
			update account set currency = 'XTS' where customer_id = 2`},
		{28, `update account set currency = 'XTS' where kind = 'cash'`},
	} {
		planted[c.number] = true
		t.Run(fmt.Sprintf("%d %.40s", c.number, c.plant), func(t *testing.T) {
			t.Parallel()
			pool, keys := books(t)
			owner := dbtest.Owner(t, pool)
			_, err := owner.Exec(t.Context(), `set session_replication_role = replica; `+c.plant) // triggers and foreign keys off
			require.NoError(t, err)
			broken, err := check.Run(t.Context(), pool, keys)
			require.NoError(t, err)
			numbers := []int{}
			for _, b := range broken {
				numbers = append(numbers, b.Number)
				require.NotEmpty(t, b.Examples)
				require.GreaterOrEqual(t, b.Found, int64(len(b.Examples)))
			}
			require.Contains(t, numbers, c.number)
		})
	}
	for _, rule := range check.Rules() {
		require.True(t, planted[rule.Number], "no fault is planted for invariant %d", rule.Number)
		require.NotEmpty(t, rule.Means, rule.Number)
		require.NotEmpty(t, rule.Todo, rule.Number)
	}
}

// reserved reserves the card with the serial 5.
const reserved = `insert into reservation (id, client_id, customer_id, series_id, serial, request_key, amount, currency, held_until)
	select gen_random_uuid(), 1, 1, id, 5, gen_random_uuid(), 500, 'USD', now() + interval '2 minutes' from series limit 1;
	update card set reserved_by = r.id, reserved_until = r.held_until from reservation r where card.series_id = r.series_id and card.serial = r.serial; `

// A rule that very many rows break lists few examples, and counts all rows.
func TestManyCulpritsAreCounted(t *testing.T) {
	t.Parallel()
	pool, keys := books(t)
	_, err := dbtest.Owner(t, pool).Exec(t.Context(), `set session_replication_role = replica;
		insert into ledger_tx (kind) select 'payment' from generate_series(1, 500)`)
	require.NoError(t, err)
	broken, err := check.Run(t.Context(), pool, keys)
	require.NoError(t, err)
	require.Len(t, broken, 1)
	require.Equal(t, int64(500), broken[0].Found)
	require.Len(t, broken[0].Examples, 20)
}
