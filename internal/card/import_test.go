package card_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/guess"
	"refill/internal/jobqueue"
	"refill/internal/tableflow"
)

// importing is an import whose file is kept in memory.
type importing struct {
	*bundle
	id   int64
	text string
}

func (b *bundle) upload(tb testing.TB, text string) *importing {
	tb.Helper()
	i := &importing{bundle: b, text: text}
	sum := sha256.Sum256([]byte(text))
	look, err := b.importer().LookAtFile(tb.Context(), strings.NewReader(text), int64(len(text)), "")
	require.NoError(tb, err)
	i.id, err = b.importer().NewImport(tb.Context(), b.admin, cardimport.Upload{Kind: db.ImportKindCards, FileName: "cards.csv", Name: cardimport.NewUploadName(), KeyID: b.keys.Current(), Size: int64(len(text)), SHA256: sum[:], Look: look})
	require.NoError(tb, err)
	return i
}

func (i *importing) open(db.CardImport) (io.ReaderAt, func(), error) {
	return strings.NewReader(i.text), func() {}, nil
}

// planned is a plan for files with all our columns in the order of names.
func planned(names ...string) cardimport.Form {
	f := cardimport.Form{
		Price: "10", ValidTill: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Partners: []string{card.AnyPartner},
		Activate: true, Answers: tableflow.Answers{Headings: true, Columns: map[string]string{}},
	}
	for n, name := range names {
		f.Columns[name] = fmt.Sprint(n + 1)
	}
	return f
}

// ticked is a plan under which the first rows below the headings are right although their
// codes differ from each other.
func ticked(f cardimport.Form, rows int) cardimport.Form {
	for n := range rows {
		f.Rows = append(f.Rows, int32(n+2))
	}
	return f
}

func (i *importing) check(tb testing.TB, f cardimport.Form) {
	tb.Helper()
	require.NoError(tb, i.importer().Plan(tb.Context(), i.admin, i.id, f))
	require.NoError(tb, i.importer().Check(tb.Context(), i.id, i.open, noJob))
}

// confirm confirms the last dry run of an import.
func (b *bundle) confirm(ctx context.Context, actor audit.Actor, id int64) error {
	row, err := b.q.ImportGet(ctx, b.pool, db.ImportGetParams{ID: id, Kind: db.ImportKindCards, AllPartners: true})
	if err != nil {
		return err
	}
	return b.importer().Confirm(ctx, actor, id, row.CardImport.Run)
}

func (i *importing) run(tb testing.TB) []db.Series {
	tb.Helper()
	require.NoError(tb, i.confirm(tb.Context(), i.admin, i.id))
	require.NoError(tb, i.importer().Run(tb.Context(), i.id, i.open, time.Now, noJob))
	return i.series(tb)
}

func (i *importing) series(tb testing.TB) []db.Series {
	tb.Helper()
	series, err := i.q.ImportListSeries(tb.Context(), i.pool, &i.id)
	require.NoError(tb, err)
	return series
}

// problems are the rows left out, as "row serial reason".
func (i *importing) problems(tb testing.TB) []string {
	tb.Helper()
	rows, err := i.q.ImportProblemList(tb.Context(), i.pool, db.ImportProblemListParams{ImportID: i.id, Size: 1000})
	require.NoError(tb, err)
	all := []string{}
	for _, r := range rows {
		all = append(all, fmt.Sprintf("%d %s %s", r.Row, r.Serial, r.Reason))
	}
	return all
}

func TestImport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, strings.Join([]string{
		"ID,Full code,Price,Valid till,Status",
		"1,202201-QuickAccess-irfUPbEZ,10.00,2030-12-31,Active",
		"2,202201-QuickAccess-Xk29aPqQ,10.00,2031-06-30,Active",
		"3,202201-QuickAccess-uuuuuuu1,5,2030-12-31,Disabled",
		"4,202201-QuickAccess-uuuuuuu2,5,2020-12-31,Expired",
		"5,202201-QuickAccess-uuuuuuu3,5,2030-12-31,Used",
		"6,202201-QuickAccess-irfUPbEZ,10.00,2030-12-31,Active",
		"7,short,10.00,2030-12-31,Active",
		"8,202201-QuickAccess-uuuuuuu4,ten,2030-12-31,Active",
		"9,202201-QuickAccess-uuuuuuu5,10,31.02.2030,Active",
		"10,202201-QuickAccess-uuuuuuu6,10,2030-12-31,Ordered",
		"11,202201-QuickAccess-uuuuuuu7,10,2030-12-31,Expired",
		"12,,10,2030-12-31,Active",
	}, "\n"))
	f := planned("serial", "code", "price", "valid_till", "status")
	err := i.importer().Plan(t.Context(), i.admin, i.id, f)
	require.ErrorContains(t, err, "import_meaning", "a word that nobody knows is asked for")
	f.Meanings = map[string]string{"ordered": cardimport.MeansLeaveOut}
	i.check(t, f)
	require.Equal(t, []string{
		"7 6 duplicate", "8 7 code.shape", "9 8 price.bad_amount", "10 9 valid_till.bad_date", "11 10 status.status_unknown", "12 11 not_expired", "13 12 code.missing",
	}, i.problems(t))
	require.Empty(t, i.series(t), "a dry run makes nothing")

	series := i.run(t)
	require.Len(t, series, 2)
	fives, tens := series[0], series[1]
	require.Equal(t, []int64{500, 1000}, []int64{fives.Price, tens.Price})
	require.Equal(t, []int32{3, 2}, []int32{fives.Made, tens.Made})
	require.Equal(t, "2031-06-30", tens.ValidTill.Format(time.DateOnly), "the latest date of its cards")
	require.Equal(t, db.SeriesStateActive, tens.State)
	require.Equal(t, int64(1000), b.outstanding(t, fives.ID), "a card used before holds no value")
	require.Equal(t, int64(2000), b.outstanding(t, tens.ID))
	b.sound(t)
	require.Equal(t, []string{"202201-QuickAccess-irfUPbEZ", "202201-QuickAccess-Xk29aPqQ"}, b.codes(t, tens), "exported as they were printed")

	receipt, err := b.redeem(t.Context(), b.anna, " 202201 - QuickAccess – irfUPbEZ ")
	require.NoError(t, err, "spaces and dashes as people type them")
	require.Equal(t, int64(1000), receipt.Amount)
	_, err = b.redeem(t.Context(), b.anna, "202201QuickAccessXk29aPqQ")
	require.NoError(t, err, "or none")
	_, err = b.redeem(t.Context(), b.ben, "202201-quickaccess-irfupbez")
	require.ErrorIs(t, err, card.ErrRefused, "used already, in whatever case")
	for _, code := range []string{"uuuuuuu1", "uuuuuuu2", "uuuuuuu3"} { // disabled, expired, used before
		_, err = b.redeem(t.Context(), b.ben, "202201-QuickAccess-"+code)
		if !errors.Is(err, guess.ErrBarred) {
			require.ErrorIs(t, err, card.ErrRefused)
		}
	}
	serial, err := b.q.CardImportedSerial(t.Context(), b.pool, db.CardImportedSerialParams{SeriesID: tens.ID, Serial: 2})
	require.NoError(t, err)
	require.Equal(t, "2", serial)
	b.sound(t)
	b.noCodesInClear(t, "irfUPbEZ", "Xk29aPqQ")
}

// noCodesInClear looks through every table that a code might have leaked into.
func (b *bundle) noCodesInClear(tb testing.TB, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		var n int
		require.NoError(tb, b.pool.QueryRow(tb.Context(), `select
			(select count(*) from audit where detail::text like $1) + (select count(*) from river_job where args::text like $1 or errors::text like $1)
			+ (select count(*) from card_import where card_import::text like $1) + (select count(*) from card_import_problem where serial like $1)
			+ (select count(*) from card where coalesce(imported_serial, '') || coalesce(remark, '') like $1)`, "%"+part+"%").Scan(&n))
		require.Zero(tb, n, "a code in clear")
	}
}

func TestImportKnownCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := "code\nAAAA-aaaa-0001\nAAAA-aaaa-0002\n"
	first, second := b.upload(t, text), b.upload(t, text+"AAAA-aaaa-0003\n")
	first.check(t, planned("code"))
	second.check(t, planned("code"))
	require.Empty(t, second.problems(t))
	first.run(t)
	series := second.run(t) // both were checked before either ran
	require.Equal(t, []string{"2  known", "3  known"}, second.problems(t))
	require.Equal(t, int32(1), series[0].Quantity)
	require.Equal(t, int64(1000), b.outstanding(t, series[0].ID))

	third := b.upload(t, text)
	third.check(t, planned("code"))
	require.Len(t, third.problems(t), 2)
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, third.id), cardimport.ErrImportNothing)
	b.sound(t)
}

// many is a file of n foreign codes.
func many(n int) string {
	var b strings.Builder
	b.WriteString("serial;code;price\n")
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, i))
		fmt.Fprintf(&b, "%d;P1-Old-%x;%d,50\n", i+1, sum[:6], 5+i%2)
	}
	return b.String()
}

// However an import is interrupted, it ends with exactly its cards, and its value is
// posted once.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, many(90_000))
	f := planned("serial", "code", "price")
	f.Decimal = ","
	i.check(t, f)
	require.NoError(t, b.confirm(t.Context(), b.admin, i.id))
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		chunks := 0
		clock := func() time.Time { // asked once a chunk: the worker dies after the first
			if chunks++; chunks > 1 {
				cancel()
			}
			return time.Now()
		}
		require.ErrorIs(t, b.importer().Run(ctx, i.id, i.open, clock, noJob), context.Canceled)
		cancel()
	}
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
	require.ErrorIs(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob), cardimport.ErrNotWanted)
	series := i.series(t)
	require.Equal(t, db.SeriesStateFailed, series[0].State)
	require.Equal(t, int32(59_999), series[0].Made+series[1].Made, "three chunks of rows, the headings among them")
	require.Zero(t, b.outstanding(t, series[0].ID))
	require.Error(t, b.cards.Cancel(t.Context(), b.admin, series[0].ID), "the codes of a cancelled series could never be imported")

	require.NoError(t, b.importer().Resume(t.Context(), b.admin, i.id))
	require.NoError(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob))
	for _, s := range i.series(t) {
		b.requireWhole(t, s.ID)
		require.Equal(t, int32(45_000), s.Made)
		require.Equal(t, 45_000*s.Price, b.outstanding(t, s.ID))
	}
	b.sound(t)
}

// What one installation exports, another imports; the codes stay ours, with their
// check symbol.
func TestImportOwnExport(t *testing.T) {
	t.Parallel()
	from, to := setup(t), setup(t)
	codes := from.codes(t, from.series(t, form(3)))
	text := "serial,code,price,currency,valid_till,series,status\n"
	for n, code := range codes {
		text += fmt.Sprintf("%d,%s,10.00,USD,2030-01-31,202601,active\n", n+1, code)
	}
	i := to.upload(t, text)
	i.check(t, planned("serial", "code", "price", "currency", "valid_till", "series", "status"))
	series := i.run(t)
	require.Nil(t, series[0].CodeBits, "no shorter codes came in, and no limit is tightened")
	_, err := to.redeem(t.Context(), to.anna, strings.ToLower(codes[1]))
	require.NoError(t, err)
	_, err = to.redeem(t.Context(), to.ben, codes[1][:len(codes[1])-1]+"0")
	require.ErrorIs(t, err, cardcode.ErrCodeSymbol, "a typing error is still told")
	to.sound(t)
}

func TestImportIsItsOwners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code\nAAAA-aaaa-0001\n")
	other := b.admin
	other.ID, other.Scope.AllPartners = other.ID+1, false
	_, err := b.importer().Import(t.Context(), other, i.id)
	require.ErrorIs(t, err, cardimport.ErrNoImport)
	require.ErrorIs(t, b.importer().Cancel(t.Context(), other, i.id), cardimport.ErrNoImport)
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
	require.ErrorIs(t, b.importer().Cancel(t.Context(), b.admin, i.id), cardimport.ErrState)
	require.ErrorIs(t, b.importer().Plan(t.Context(), b.admin, i.id, planned("code")), cardimport.ErrState)
}

func TestTightened(t *testing.T) {
	t.Parallel()
	usual := guess.Limits{Soft: 5, Hard: 10, HardPause: 24 * time.Hour, Window: 24 * time.Hour, PerAddress: 30}
	for _, c := range []struct {
		chance float64
		bar    time.Duration
	}{
		{1e-12, 24 * time.Hour}, {5e-9, 24 * time.Hour}, {5e-8, 10 * 24 * time.Hour}, {1e-3, 30 * 24 * time.Hour}, {1, 30 * 24 * time.Hour},
	} {
		l := usual.Tightened(c.chance)
		require.Less(t, l.Hard, usual.Hard)
		require.Equal(t, usual.PerAddress, l.PerAddress, "that of the settings")
		require.Equal(t, c.bar, l.HardPause, c.chance)
		if c.bar < 30*24*time.Hour {
			require.LessOrEqual(t, l.Yearly(c.chance), 1e-5)
		}
	}
}

// Imported cards are for the partners that were chosen, as ordered ones are.
func TestImportIsForItsPartners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code\nAAAA-aaaa-0001\nAAAA-aaaa-0002\n")
	f := planned("code")
	f.Partners = []string{fmt.Sprint(b.north.ID)}
	i.check(t, f)
	i.run(t)
	_, err := b.redeem(t.Context(), b.carol, "AAAA-aaaa-0001")
	require.ErrorIs(t, err, card.ErrRefused, "a card of North at South")
	_, err = b.redeem(t.Context(), b.anna, "AAAA-aaaa-0001")
	require.NoError(t, err)
	b.sound(t)
}

// The rows of a file find their series by its price: it stays until all are in.
func TestSeriesStaysWhileItIsImported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, many(30_000))
	f := planned("serial", "code", "price")
	f.Decimal = ","
	i.check(t, f)
	require.NoError(t, b.confirm(t.Context(), b.admin, i.id))
	clock := time.Now()
	slow := func() time.Time { clock = clock.Add(time.Minute); return clock }
	require.ErrorIs(t, b.importer().Run(t.Context(), i.id, i.open, slow, noJob), jobqueue.ErrYield)
	first := i.series(t)[0]
	edit := func() error {
		_, err := b.edit(t, first.ID, func(f *card.SeriesEdit) { f.Price = usd(300) })
		return err
	}
	require.ErrorIs(t, edit(), card.ErrSeriesImporting)
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
	require.ErrorIs(t, edit(), card.ErrSeriesImporting, "it may go on")

	// Where it was changed all the same, no row is passed over.
	_, err := b.pool.Exec(t.Context(), `update series set price = price + 7 where id = $1`, first.ID)
	require.NoError(t, err)
	require.NoError(t, b.importer().Resume(t.Context(), b.admin, i.id))
	require.ErrorContains(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob), "whose price no series of it has")
	_, err = b.pool.Exec(t.Context(), `update series set price = price - 7 where id = $1`, first.ID)
	require.NoError(t, err)
	require.NoError(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob))
	for _, s := range i.series(t) {
		require.Equal(t, int32(15_000), s.Made)
	}
	require.NoError(t, edit())
	b.sound(t)
}
