package customerimport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/check"
	"refill/internal/customer"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/tableflow"
)

// bundle is a database with two partners and two administrators, and the domain on it.
type bundle struct {
	tb           testing.TB
	pool         *pgxpool.Pool
	desk         *approval.Desk
	in           *customerimport.Service
	north, south db.Partner
	admin, other audit.Actor
	files        map[string][]byte
}

// confirm confirms the last dry run of an import.
func (b *bundle) confirm(ctx context.Context, actor audit.Actor, id int64) error {
	row, err := b.in.Import(ctx, audit.System(), id)
	if err != nil {
		return err
	}
	return b.in.Confirm(ctx, actor, id, row.CardImport.Run)
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	b := &bundle{tb: tb, pool: dbtest.Pool(tb), files: map[string][]byte{}}
	jobs, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(tb, err)
	b.desk = approval.NewDesk(b.pool)
	b.in = customerimport.New(b.pool, jobs, setting.NewStore(b.pool, time.Now), b.desk)
	b.north, b.south = b.partner("North"), b.partner("South")
	b.admin, b.other = b.staff("admin", db.StaffRoleAdministrator), b.staff("other", db.StaffRoleAdministrator)
	return b
}

func (b *bundle) partner(name string) db.Partner {
	b.tb.Helper()
	p, err := db.New().PartnerCreate(b.tb.Context(), b.pool, db.PartnerCreateParams{Name: name, TimeZone: "UTC"})
	require.NoError(b.tb, err)
	return p
}

// staff adds a member of staff; without partners they see all.
func (b *bundle) staff(username string, role db.StaffRole, of ...db.Partner) audit.Actor {
	b.tb.Helper()
	actor := audit.Actor{Scope: audit.Scope{AllPartners: len(of) == 0, PartnerIDs: []int64{}}}
	for _, p := range of {
		actor.Scope.PartnerIDs = append(actor.Scope.PartnerIDs, p.ID)
	}
	var err error
	actor.StaffID, err = staff.Create(b.tb.Context(), b.pool, audit.System(), staff.New{
		Username: username, Password: "correct horse", Role: role, AllPartners: actor.Scope.AllPartners, PartnerIDs: actor.Scope.PartnerIDs,
	})
	require.NoError(b.tb, err)
	return actor
}

// upload enters a file as the pages do.
func (b *bundle) upload(actor audit.Actor, name, text string) int64 {
	b.tb.Helper()
	look, err := b.in.LookAt(b.tb.Context(), strings.NewReader(text), int64(len(text)), "")
	require.NoError(b.tb, err)
	preview, err := json.Marshal(look)
	require.NoError(b.tb, err)
	stored := fmt.Sprintf("import-%d", len(b.files))
	b.files[stored] = []byte(text)
	id, err := db.New().ImportCreate(b.tb.Context(), b.pool, db.ImportCreateParams{
		Kind: db.ImportKindCustomers, FileName: name, File: stored, KeyID: 1, Size: int64(len(text)), SHA256: []byte{1}, Preview: preview, CreatedBy: actor.StaffID,
	})
	require.NoError(b.tb, err)
	return id
}

// form is what the page suggests about an import.
func (b *bundle) form(id int64) customerimport.Form {
	b.tb.Helper()
	look, _, _, err := customerimport.Read(b.row(id))
	require.NoError(b.tb, err)
	f := customerimport.Form{Answers: tableflow.Answers{Headings: true, Columns: map[string]string{}}, Partner: fmt.Sprint(b.north.ID), Comment: "Opening balance from old system"}
	for field, at := range look.Survey.Guess {
		f.Columns[field] = strconv.Itoa(at + 1)
	}
	return f
}

func (b *bundle) row(id int64) db.CardImport {
	b.tb.Helper()
	row, err := b.in.Import(b.tb.Context(), audit.System(), id)
	require.NoError(b.tb, err)
	return row.CardImport
}

func (b *bundle) open(imp db.CardImport) (io.ReaderAt, func(), error) {
	return bytes.NewReader(b.files[imp.File]), func() {}, nil
}

func noJob(context.Context, pgx.Tx) error { return nil }

// check plans an import as the page suggests and does its dry run.
func (b *bundle) check(actor audit.Actor, id int64) customerimport.Report {
	b.tb.Helper()
	require.NoError(b.tb, b.in.PlanImport(b.tb.Context(), actor, id, b.form(id)))
	require.NoError(b.tb, b.in.Check(b.tb.Context(), id, b.open, noJob))
	_, _, report, err := customerimport.Read(b.row(id))
	require.NoError(b.tb, err)
	return report
}

func (b *bundle) run(id int64) error { return b.in.Run(b.tb.Context(), id, b.open, time.Now, noJob) }

// take imports a text as a whole.
func (b *bundle) take(actor audit.Actor, name, text string) int64 {
	b.tb.Helper()
	id := b.upload(actor, name, text)
	b.check(actor, id)
	require.NoError(b.tb, b.confirm(b.tb.Context(), actor, id))
	require.NoError(b.tb, b.run(id))
	return id
}

// left lists the rows that an import left out.
func (b *bundle) left(id int64) (list []string) {
	b.tb.Helper()
	rows, err := db.New().ImportProblemList(b.tb.Context(), b.pool, db.ImportProblemListParams{ImportID: id, Size: 1000})
	require.NoError(b.tb, err)
	for _, row := range rows {
		list = append(list, fmt.Sprintf("%d %s", row.Row, row.Reason))
	}
	return list
}

// people lists the customers that an import entered.
func (b *bundle) people(id int64) (list []string) {
	b.tb.Helper()
	rows, err := b.pool.Query(b.tb.Context(), `select format('%s|%s|%s|%s|%s|%s|%s|%s', c.username, c.name, p.name, c.email, c.phone, c.external_id, a.balance, c.disabled_at is not null)
		from customer c join partner p on p.id = c.partner_id join account a on a.customer_id = c.id where c.import_id = $1 order by c.import_row`, id)
	require.NoError(b.tb, err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b.tb, err)
	return list
}

func (b *bundle) number(sql string, args ...any) (n int64) {
	b.tb.Helper()
	require.NoError(b.tb, b.pool.QueryRow(b.tb.Context(), sql, args...).Scan(&n))
	return n
}

// sound holds the books against every invariant.
func (b *bundle) sound() {
	b.tb.Helper()
	broken, err := check.Run(b.tb.Context(), b.pool, nil)
	require.NoError(b.tb, err)
	require.Empty(b.tb, broken)
}

func (b *bundle) limit(minor int64) {
	b.tb.Helper()
	_, err := b.pool.Exec(b.tb.Context(), `insert into setting (name, value) values ('approve_above', $1) on conflict (name) do update set value = excluded.value`, minor)
	require.NoError(b.tb, err)
}

const people = `ID;Login;Full name;Partner;Phone number;Email;Status;Account balance
1001;Anna.N;Anna Müller;North;+49 30 1234;anna@example.com;Active;12.50
1002;ben;Ben  Ode;south;call 0123 after 5;;Blocked;-3.00
1003;;Zoë Ångström;;;;New;
`

func TestImport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.upload(b.admin, "people.csv", people)
	report := b.check(b.admin, id)
	require.Equal(t, []customerimport.PartnerSum{
		{ID: b.north.ID, Name: "North", Customers: 2, Balances: 1, Credits: 1250},
		{ID: b.south.ID, Name: "South", Customers: 1, Disabled: 1, Balances: 1, Debts: 300},
	}, report.Partners)
	require.Zero(t, b.number(`select count(*) from customer`), "the dry run enters nobody")
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, id), customerimport.ErrState)
	require.NoError(t, b.run(id))
	require.ErrorIs(t, b.run(id), customerimport.ErrNotWanted, "it is done")
	require.Equal(t, []string{
		"anna.n|Anna Müller|North|anna@example.com|+49 30 1234|1001|1250|f",
		"ben|Ben Ode|South||call 0123 after 5|1002|-300|t",
		"zoe.angstrom.1003|Zoë Ångström|North|||1003|0|f",
	}, b.people(id))
	require.Equal(t, db.ImportStateDone, b.row(id).State)

	// Each balance is a payment like one made by hand, with its ledger entries and trail.
	require.Equal(t, int64(2), b.number(`select count(*) from payment p join ledger_tx t on t.id = p.tx_id where p.type = 'correction' and t.kind = 'payment'
		and p.comment = 'Opening balance from old system' and t.comment = p.comment and p.staff_id = $1 and t.staff_id = $1 and p.import_id = $2`, b.admin.StaffID, id))
	house, err := db.New().AccountGetSystem(t.Context(), b.pool, db.AccountGetSystemParams{Kind: db.AccountKindCorrection, Currency: "USD"})
	require.NoError(t, err)
	require.Equal(t, int64(-950), b.number(`select sum(amount) from ledger_entry where account_id = $1`, house))
	require.Equal(t, int64(3), b.number(`select count(*) from audit where action = 'customer.created' and staff_id = $1 and detail @> jsonb_build_object('import', $2::bigint)`, b.admin.StaffID, id))
	require.Equal(t, int64(2), b.number(`select count(*) from audit where action = 'payment.entered' and staff_id = $1 and customer_id is not null`, b.admin.StaffID))
	b.sound()

	// The same file once more enters nobody, and changes nobody.
	_, err = b.pool.Exec(t.Context(), `update customer set name = 'Anna North', username = 'anna' where external_id = '1001'`)
	require.NoError(t, err)
	again := b.upload(b.admin, "people.csv", people)
	require.Zero(t, b.check(b.admin, again).Good)
	require.Equal(t, []string{"2 known_external_id", "3 known_external_id", "4 known_external_id"}, b.left(again))
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, again), customerimport.ErrNothing)
	require.Equal(t, int64(3), b.number(`select count(*) from customer`))
	require.Equal(t, int64(1), b.number(`select count(*) from customer where name = 'Anna North'`))
	b.sound()
}

func TestRowsThatMakeNoCustomer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: b.north.ID, Username: "taken", Name: "Taken", Currency: "USD"})
	require.NoError(t, err)
	long := strings.Repeat("x", 121)
	rows := []string{
		"id,username,name,partner,email,balance",
		"1,good.one,Good,North,good@example.com,1.00",              // 2
		"2,two words,Two,North,,",                                  // 3
		"3,three," + long + ",North,,",                             // 4
		",,Nobody,North,,",                                         // 5
		strings.Repeat("9", 65) + ",five,Five,North,,",             // 6
		"6,six,Six,Nowhere,,",                                      // 7
		"7,seven,Seven,North,seven at example,",                    // 8
		"8,eight,Eight,North,a@b.c;d@e.f,",                         // 9
		"9,nine,Nine,North,,9999999999999.00",                      // 10
		"10,ten,Ten,North,,lots",                                   // 11
		"1,other,Other,North,,5.00",                                // 12
		"12,GOOD.ONE,Other,North,,",                                // 13
		"13,Taken,Taken,North,,",                                   // 14
		"14,fourteen,N/A,North,,",                                  // 15
		"15,fifteen,#REF!,North,,",                                 // 16
		"1E+15,sixteen,Sixteen,North,,",                            // 17
		"17,seventeen,\"\u202eevil\u202c \x07 =1+1\",North,,-0.01", // 18
	}
	id := b.take(b.admin, "rows.csv", strings.Join(rows, "\n"))
	require.Equal(t, []string{
		"3 bad_username", "4 long_name", "5 no_key", "6 long_external_id", "7 unknown_partner", "8 bad_email", "9 bad_email", "10 high_balance", "11 balance.bad_amount",
		"12 twice_external_id", "13 twice_username", "14 known_username", "15 name.placeholder", "16 name.sheet_error", "17 external_id.scientific",
	}, b.left(id))
	require.Equal(t, []string{"good.one|Good|North|good@example.com||1|100|f", "seventeen|evil =1+1|North|||17|-1|f"}, b.people(id))
	_, _, report, err := customerimport.Read(b.row(id))
	require.NoError(t, err)
	require.Equal(t, []int64{500, 0, 2}, []int64{report.LeftCredits, report.LeftDebts, report.LeftUnread})
	b.sound()
}

// A plan is refused at its fields.
func TestFormRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.upload(b.admin, "people.csv", "Name,Balance,Login\nAnna,1.000,anna\nBen,2.000,ben\n")
	fields := func(actor audit.Actor, spoil func(*customerimport.Form)) (list []string) {
		f := b.form(id)
		f.Decimal = "."
		spoil(&f)
		for _, e := range fault.All(b.in.PlanImport(t.Context(), actor, id, f)) {
			list = append(list, e.Field)
		}
		return list
	}
	require.Equal(t, []string{"decimal"}, fields(b.admin, func(f *customerimport.Form) { f.Decimal = "" }))
	require.Equal(t, []string{"username"}, fields(b.admin, func(f *customerimport.Form) { delete(f.Columns, "username") }))
	require.Equal(t, []string{"comment"}, fields(b.admin, func(f *customerimport.Form) { f.Comment = " \u202e " }))
	require.Equal(t, []string{"default_partner"}, fields(b.admin, func(f *customerimport.Form) { f.Partner = "" }))
	require.Equal(t, []string{"default_partner"}, fields(b.admin, func(f *customerimport.Form) { f.Partner = "77" }))
	require.Equal(t, []string{"username"}, fields(b.admin, func(f *customerimport.Form) { f.Columns["username"] = f.Columns["name"] }))
	south := b.staff("south", db.StaffRoleAdministrator, b.south)
	require.ErrorIs(t, b.in.PlanImport(t.Context(), south, id, b.form(id)), customerimport.ErrUnknown, "an import is its uploader's")

	// Who may: creating customers, and for balances entering payments.
	operator := b.staff("operator", db.StaffRoleOperator)
	require.ErrorIs(t, b.in.PlanImport(t.Context(), operator, id, b.form(id)), customerimport.ErrMayNot)
	_, err := b.pool.Exec(t.Context(), `update role set permissions = array['customers.view', 'customers.edit'] where key = 'operator'`)
	require.NoError(t, err)
	require.Equal(t, []string{"balance"}, fields(operator, func(*customerimport.Form) {}))
	require.Empty(t, fields(operator, func(f *customerimport.Form) { delete(f.Columns, "balance") }))
	require.NoError(t, b.in.Check(t.Context(), id, b.open, noJob))
	require.NoError(t, b.confirm(t.Context(), operator, id))

	// And it is asked again when it is confirmed.
	id = b.upload(b.admin, "people.csv", "Name,Balance,Login\nCarl,1.00,carl\n")
	b.check(b.admin, id)
	require.ErrorIs(t, b.confirm(t.Context(), operator, id), customerimport.ErrNoPay)
}

// Staff of one partner learn nothing of who the customers of others are but, one charge
// each, that some of a file's names are taken.
func TestOtherPartnersStayHidden(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.take(b.admin, "south.csv", "id,username,name,partner\n"+lines(300, func(i int) string { return fmt.Sprintf("s%d,south%d,South,South", i, i) }))
	north := b.staff("north", db.StaffRoleAdministrator, b.north)
	id := b.upload(north, "guesses.csv", "username,name\nsouth1,A\nfree1,B\nsouth2,C\n")
	report := b.check(north, id)
	require.Equal(t, int32(1), report.Good)
	require.Empty(t, b.left(id), "which rows they are is not told")
	require.JSONEq(t, `{"known_hidden": 2}`, string(b.row(id).LeftOut))

	id = b.upload(north, "partners.csv", "username,name,partner\nfree2,A,South\nfree3,B,Elsewhere\n")
	b.check(north, id)
	require.Equal(t, []string{"2 unknown_partner", "3 unknown_partner"}, b.left(id), "a foreign partner is as good as none")

	more := b.upload(north, "more.csv", "id,username,name\n"+lines(98, func(i int) string { return fmt.Sprintf("x%d,south%d,A", i, i) }))
	require.Zero(t, b.check(north, more).Good)
	last := b.upload(north, "last.csv", "username,name\nsouth200,A\n")
	require.NoError(t, b.in.PlanImport(t.Context(), north, last, b.form(last)))
	require.ErrorIs(t, b.in.Check(t.Context(), last, b.open, noJob), customerimport.ErrHidden, "a hundred a day")
	require.Equal(t, int64(1), b.number(`select count(*) from card_import where alarmed_at is not null`))
	require.Equal(t, int64(1), b.number(`select count(*) from audit where action = 'import.probed' and staff_id = $1`, north.StaffID))
	// Whatever they try next is stopped as well.
	require.NoError(t, b.in.Fail(t.Context(), last, "stopped"))
	next := b.upload(north, "next.csv", "username,name\nsouth201,A\n")
	require.NoError(t, b.in.PlanImport(t.Context(), north, next, b.form(next)))
	require.ErrorIs(t, b.in.Check(t.Context(), next, b.open, noJob), customerimport.ErrHidden)
}

func lines(n int, of func(int) string) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(of(i) + "\n")
	}
	return text.String()
}

// Opening balances above the limit wait for somebody else, debts and credits added up,
// together with what the person entered alone that day.
func TestOpeningBalancesTakeTwo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.limit(10_000)
	b.take(b.admin, "first.csv", "username,name,balance\na1,A,40.00\n")
	id := b.upload(b.admin, "second.csv", "username,name,balance\nb1,B,30.00\nb2,B,-30.01\n")
	b.check(b.admin, id)
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	require.Equal(t, db.ImportStateChecked, b.row(id).State, "it waits")
	require.ErrorIs(t, b.run(id), customerimport.ErrNotWanted)
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, id), customerimport.ErrWaits)
	request := func() int64 { return b.number(`select id from approval where state = 'waiting'`) }
	first := request()
	require.Equal(t, int64(6001), b.number(`select value from approval where id = $1`, first))
	require.Equal(t, int64(4000), b.number(`select before from approval where id = $1`, first))
	require.ErrorIs(t, b.desk.Approve(t.Context(), b.admin, first, "mine"), approval.ErrOwn)

	// Read anew, it is another file: what waited is withdrawn.
	b.check(b.admin, id)
	require.Equal(t, int64(1), b.number(`select count(*) from approval where state = 'withdrawn' and id = $1`, first))
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	second := request()
	require.NoError(t, b.desk.Refuse(t.Context(), b.other, second, "who are they?"))
	require.Zero(t, b.number(`select count(*) from customer where username like 'b%'`))
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	require.NoError(t, b.desk.Approve(t.Context(), b.other, request(), "I have seen the list"))
	require.NoError(t, b.run(id))
	require.Len(t, b.people(id), 2)
	require.Equal(t, int64(2), b.number(`select count(*) from payment where import_id = $1 and staff_id = $2`, id, b.admin.StaffID), "in the name of who asked")

	// Cancelled while it waits, nothing can be approved any more.
	id = b.upload(b.admin, "third.csv", "username,name,balance\nc1,C,100.01\n")
	b.check(b.admin, id)
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	third := request()
	require.NoError(t, b.in.Cancel(t.Context(), b.admin, id))
	require.ErrorIs(t, b.desk.Approve(t.Context(), b.other, third, "too late"), approval.ErrDone)
	// What is credited that way counts among the payments made by hand.
	require.Equal(t, int64(4000), b.number(`select sum(value) from solo_act where kind = 'payment' and staff_id = $1`, b.admin.StaffID))
	// Customers without balances wait for nobody.
	b.take(b.admin, "fourth.csv", "username,name\nd1,D\n")
	b.sound()
}

// An import that is cut off goes on where it stopped: each row enters one customer.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 12_345
	id := b.upload(b.admin, "many.csv", "id,username,name,balance\n"+lines(n, func(i int) string { return fmt.Sprintf("%d,user%d,Somebody,%d.%02d", i, i, i%7-3, i%100) }))
	b.check(b.admin, id)
	require.NoError(t, b.confirm(t.Context(), b.admin, id))

	// A run in slow time yields after each chunk.
	clock := time.Now()
	slow := func() time.Time { clock = clock.Add(time.Hour); return clock }
	require.ErrorIs(t, b.in.Run(t.Context(), id, b.open, slow, noJob), customerimport.ErrYield)
	require.Equal(t, int64(4999), b.number(`select count(*) from customer`), "with the row of headings")
	// Two workers at once: one of them finds that the other was there.
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- b.in.Run(t.Context(), id, b.open, slow, noJob) }()
	}
	yielded := 0
	for range 2 {
		if err := <-errs; err != nil {
			require.True(t, fault.KindOf(err) == fault.Conflict || strings.Contains(err.Error(), "more to do"), err)
			yielded++
		}
	}
	require.Positive(t, yielded)
	if b.row(id).State == db.ImportStateRunning {
		require.NoError(t, b.in.Cancel(t.Context(), b.admin, id))
		require.Equal(t, db.ImportStateFailed, b.row(id).State)
		require.ErrorIs(t, b.in.Cancel(t.Context(), b.admin, id), customerimport.ErrState, "who was entered stays")
		require.ErrorIs(t, b.in.PlanImport(t.Context(), b.admin, id, b.form(id)), customerimport.ErrState)
		require.NoError(t, b.in.Resume(t.Context(), b.admin, id))
		require.NoError(t, b.run(id))
	}
	require.Equal(t, int64(n), b.number(`select count(*) from customer where import_id = $1`, id))
	require.Equal(t, int64(n), b.number(`select made from card_import where id = $1`, id))
	require.Zero(t, b.number(`select rows_known from card_import where id = $1`, id), "no row was read twice")
	require.Equal(t, b.number(`select sum(abs(amount)) from payment`), b.number(`select made_value from card_import where id = $1`, id))
	b.sound()
}

// What the dry run left out is not entered later, beyond what it found.
func TestNoMoreThanTheDryRunFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	taken, err := customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: b.north.ID, Username: "rich", Name: "Rich", Currency: "USD"})
	require.NoError(t, err)
	id := b.upload(b.admin, "rich.csv", "username,name,balance\nrich,Rich,5000.00\npoor,Poor,1.00\n")
	require.Equal(t, int64(100), b.check(b.admin, id).Value())
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	_, err = b.pool.Exec(t.Context(), `update customer set username = 'moved' where id = $1`, taken.ID)
	require.NoError(t, err)
	require.NoError(t, b.run(id))
	require.Equal(t, []string{"poor|Poor|North||||100|f"}, b.people(id))
	b.sound()
}
