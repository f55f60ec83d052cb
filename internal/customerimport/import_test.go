package customerimport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fault"
)

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
		and p.comment = 'Opening balance from old system' and t.comment = p.comment and p.staff_id = $1 and t.staff_id = $1 and p.import_id = $2`, b.admin.ID, id))
	house, err := db.New().AccountGetSystem(t.Context(), b.pool, db.AccountGetSystemParams{Kind: db.AccountKindCorrection, Currency: "USD"})
	require.NoError(t, err)
	require.Equal(t, int64(-950), b.number(`select sum(amount) from ledger_entry where account_id = $1`, house))
	require.Equal(t, int64(3), b.number(`select count(*) from audit where action = 'customer.created' and staff_id = $1 and detail @> jsonb_build_object('import', $2::bigint)`, b.admin.ID, id))
	require.Equal(t, int64(2), b.number(`select count(*) from audit where action = 'payment.entered' and staff_id = $1 and customer_id is not null`, b.admin.ID))
	b.sound()

	// The same file a second time creates and changes no customer.
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
		"1,other,good,North,,1",                                    // 12
		"12,GOOD.ONE,Good ,North,,1.00",                            // 13
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
	require.Equal(t, []int64{200, 0, 2}, []int64{report.LeftCredits, report.LeftDebts, report.LeftUnread})
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

	// The actor needs the permission to create customers, and with balances the one to
	// enter payments.
	operator := b.staff("operator", db.StaffRoleOperator)
	require.ErrorIs(t, b.in.PlanImport(t.Context(), operator, id, b.form(id)), customerimport.ErrMayNot)
	_, err := b.pool.Exec(t.Context(), `update role set permissions = array['customers.view', 'customers.edit'] where key = 'operator'`)
	require.NoError(t, err)
	require.Equal(t, []string{"balance"}, fields(operator, func(*customerimport.Form) {}))
	require.Empty(t, fields(operator, func(f *customerimport.Form) { delete(f.Columns, "balance") }))
	require.NoError(t, b.in.Check(t.Context(), id, b.open, noJob))
	require.NoError(t, b.confirm(t.Context(), operator, id))

	// Confirm checks the permissions again.
	id = b.upload(b.admin, "people.csv", "Name,Balance,Login\nCarl,1.00,carl\n")
	b.check(b.admin, id)
	require.ErrorIs(t, b.confirm(t.Context(), operator, id), customerimport.ErrNoPay)
}

// An import tells staff of one partner nothing about customers of other partners, except
// that some names of the file are taken. Each such name is charged once.
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
	require.Equal(t, int64(1), b.number(`select count(*) from audit where action = 'import.probed' and staff_id = $1`, north.ID))
	// Every further attempt is stopped as well.
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

// A remembered answer does not override what a later file proves.
func TestRememberedAnswersYieldToTheFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := func(balance string) string {
		return "username,name,balance\nanna,Anna," + balance + "\nben,Ben,2.000\n"
	}
	id := b.upload(b.admin, "open.csv", file("1.000"))
	f := b.form(id)
	f.Decimal = ","
	require.NoError(t, b.in.PlanImport(t.Context(), b.admin, id, f))
	remembered := func(balance string) string {
		look, _, _, err := customerimport.Read(b.row(b.upload(b.admin, "next.csv", file(balance))))
		require.NoError(t, err)
		kept, ok, err := b.in.Remembered(t.Context(), b.admin, look)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, fmt.Sprint(b.north.ID), kept.Partner)
		return kept.Decimal
	}
	require.Equal(t, ",", remembered("3.000"), "open again")
	require.Empty(t, remembered("1.50"), "the file shows a point")
}

// A column of balances that was unreadable in one file is proposed again for the next file,
// if it is readable there. A readable column that a person left out is not proposed again.
func TestUnreadableBalancesAreProposedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	remembered := func() string {
		look, _, _, err := customerimport.Read(b.row(b.upload(b.admin, "next.csv", "username,name,balance\nanna,Anna,1.50\nben,Ben,2.25\n")))
		require.NoError(t, err)
		kept, ok, err := b.in.Remembered(t.Context(), b.admin, look)
		require.NoError(t, err)
		require.True(t, ok)
		return kept.Columns["balance"]
	}
	plan := func(balances string) {
		id := b.upload(b.admin, "first.csv", "username,name,balance\nanna,Anna,"+balances+"\nben,Ben,"+balances+"\n")
		f := b.form(id)
		f.Columns["balance"] = ""
		require.NoError(t, b.in.PlanImport(t.Context(), b.admin, id, f))
	}
	plan("see ledger")
	require.Equal(t, "3", remembered())
	plan("1.50")
	require.Empty(t, remembered(), "a person said none")
}
