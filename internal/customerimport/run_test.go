package customerimport_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/customer"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// Opening balances above the limit need approval. Debts and credits are added up, together
// with the person's other credits of the day.
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

	// A new plan withdraws the request.
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
	require.Equal(t, int64(2), b.number(`select count(*) from payment where import_id = $1 and staff_id = $2`, id, b.admin.ID), "in the name of who asked")

	// A cancelled import can't be approved.
	id = b.upload(b.admin, "third.csv", "username,name,balance\nc1,C,100.01\n")
	b.check(b.admin, id)
	require.NoError(t, b.confirm(t.Context(), b.admin, id))
	third := request()
	require.NoError(t, b.in.Cancel(t.Context(), b.admin, id))
	require.ErrorIs(t, b.desk.Approve(t.Context(), b.other, third, "too late"), approval.ErrDone)
	// The credits count towards the payments entered by hand.
	require.Equal(t, int64(4000), b.number(`select sum(value) from solo_act where kind = 'payment' and staff_id = $1`, b.admin.ID))
	// Customers without balances need no approval.
	b.take(b.admin, "fourth.csv", "username,name\nd1,D\n")
	b.sound()
}

// An interrupted import continues where it stopped: each row creates one customer.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 12_345
	id := b.upload(b.admin, "many.csv", "id,username,name,balance\n"+lines(n, func(i int) string { return fmt.Sprintf("%d,user%d,Somebody,%d.%02d", i, i, i%7-3, i%100) }))
	b.check(b.admin, id)
	require.NoError(t, b.confirm(t.Context(), b.admin, id))

	// A run whose clock is slow yields after each chunk.
	clock := time.Now()
	slow := func() time.Time { clock = clock.Add(time.Hour); return clock }
	require.ErrorIs(t, b.in.Run(t.Context(), id, b.open, slow, noJob), jobqueue.ErrYield)
	require.Equal(t, int64(4999), b.number(`select count(*) from customer`), "with the row of headings")
	// Of two concurrent workers one stops, because the other has imported the chunk.
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

// Rows that the dry run left out are not imported later.
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
