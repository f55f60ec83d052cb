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
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
	"refill/internal/tableflow"
)

// bundle is a service on a database with two partners and two administrators.
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

// staff adds a member of staff. Without partners the person sees all partners.
func (b *bundle) staff(username string, role db.StaffRole, of ...db.Partner) audit.Actor {
	b.tb.Helper()
	scope := audit.Scope{AllPartners: len(of) == 0, PartnerIDs: []int64{}}
	for _, p := range of {
		scope.PartnerIDs = append(scope.PartnerIDs, p.ID)
	}
	return audit.ByStaff(peopletest.Staff(b.tb, b.pool, staff.New{
		Username: username, Role: role, AllPartners: scope.AllPartners, PartnerIDs: scope.PartnerIDs,
	}), scope)
}

// upload records a file as the pages do.
func (b *bundle) upload(actor audit.Actor, name, text string) int64 {
	b.tb.Helper()
	look, err := b.in.LookAt(b.tb.Context(), strings.NewReader(text), int64(len(text)), "")
	require.NoError(b.tb, err)
	preview, err := json.Marshal(look)
	require.NoError(b.tb, err)
	stored := fmt.Sprintf("import-%d", len(b.files))
	b.files[stored] = []byte(text)
	id, err := db.New().ImportCreate(b.tb.Context(), b.pool, db.ImportCreateParams{
		Kind: db.ImportKindCustomers, FileName: name, File: stored, KeyID: 1, Size: int64(len(text)), SHA256: []byte{1}, Preview: preview, CreatedBy: actor.ID,
	})
	require.NoError(b.tb, err)
	return id
}

// form returns the form that the page proposes for an import.
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

// check plans an import with the proposed form and runs its dry run.
func (b *bundle) check(actor audit.Actor, id int64) customerimport.Report {
	b.tb.Helper()
	require.NoError(b.tb, b.in.PlanImport(b.tb.Context(), actor, id, b.form(id)))
	require.NoError(b.tb, b.in.Check(b.tb.Context(), id, b.open, noJob))
	_, _, report, err := customerimport.Read(b.row(id))
	require.NoError(b.tb, err)
	return report
}

func (b *bundle) run(id int64) error { return b.in.Run(b.tb.Context(), id, b.open, time.Now, noJob) }

// take imports a text completely.
func (b *bundle) take(actor audit.Actor, name, text string) int64 {
	b.tb.Helper()
	id := b.upload(actor, name, text)
	b.check(actor, id)
	require.NoError(b.tb, b.confirm(b.tb.Context(), actor, id))
	require.NoError(b.tb, b.run(id))
	return id
}

// left returns the rows that an import left out.
func (b *bundle) left(id int64) (list []string) {
	b.tb.Helper()
	rows, err := db.New().ImportProblemList(b.tb.Context(), b.pool, db.ImportProblemListParams{ImportID: id, Size: 1000})
	require.NoError(b.tb, err)
	for _, row := range rows {
		list = append(list, fmt.Sprintf("%d %s", row.Row, row.Reason))
	}
	return list
}

// people returns the customers that an import created.
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

// sound checks every invariant.
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
