package card_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// An import, like an order, is refused if a series would exceed the highest face value.
func TestImportIsHeldAgainstTheFaceValue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var text strings.Builder
	text.WriteString("code\n")
	for n := range 10_001 {
		fmt.Fprintf(&text, "AAAA-aaaa-%06d\n", n)
	}
	f := planned("code")
	f.Price = "1,000,000,000.00" // the highest price of a card: 10,000 of them are the most
	i := b.upload(t, text.String())
	err := i.try(t.Context(), f)
	require.ErrorContains(t, err, "import_face_value")
	require.Contains(t, fault.All(err)[0].Text(), "USD 10,000,000,000,000.00")

	require.NoError(t, b.importer().Fail(t.Context(), i.id, "too much"))

	// Where the report was made before the rule, the domain holds it at the series.
	f.Price = "10"
	i.check(t, f)
	_, err = b.pool.Exec(t.Context(), `update card_import set report = jsonb_set(report, '{groups,0,price}', '100000000000') where id = $1`, i.id)
	require.NoError(t, err)
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, i.id), card.ErrFaceValue)
	b.sound(t)
}

// All series together stay within what a sum can hold.
func TestWorthOfAllSeriesIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.series(t, form(1))
	_, err := b.pool.Exec(t.Context(), `insert into series (number, prefix, price, currency, quantity, any_partner, time_zone, valid_till, activate_when_generated, code_length, code_alphabet, order_key)
		select '9' || lpad(n::text, 7, '0'), '', 100000000000, 'USD', 10000, true, 'UTC', '2099-12-31', false, 16, 'letters', gen_random_uuid() from generate_series(1, 4000) n`)
	require.NoError(t, err)
	f := form(1)
	_, err = b.cards.Order(t.Context(), b.admin, f)
	require.ErrorIs(t, err, card.ErrHouseFull)
	_, err = b.edit(t, first.ID, func(f *card.SeriesEdit) { f.Price = usd(1100) })
	require.ErrorIs(t, err, card.ErrHouseFull)
}

// A million bad rows leave no more than a bounded number behind, and that goes with age.
func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var text strings.Builder
	text.WriteString("code,price\n")
	for n := range 12_000 {
		fmt.Fprintf(&text, "AAAA-aaaa-%06d,ten\n", n)
	}
	text.WriteString("short,10\nAAAA-aaaa-999999,10\n")
	i := b.upload(t, text.String())
	i.check(t, planned("code", "price"))
	var kept, short int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*), count(*) filter (where reason = 'code.shape') from card_import_problem`).Scan(&kept, &short))
	require.Equal(t, 10_001, kept)
	require.Equal(t, 1, short, "a rare reason is shown whatever there is of others")
	imp, err := b.importer().Import(t.Context(), b.admin, i.id)
	require.NoError(t, err)
	require.JSONEq(t, `{"price.bad_amount": 12000, "code.shape": 1}`, string(imp.CardImport.LeftOut))
	series := i.run(t)
	require.Equal(t, int32(1), series[0].Made, "what is not kept is left out all the same")

	dropped := b.upload(t, text.String())
	dropped.check(t, planned("code", "price"))
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, dropped.id))
	require.NoError(t, b.importer().Forget(t.Context()))
	require.NotEmpty(t, dropped.problems(t), "not yet")
	_, err = b.pool.Exec(t.Context(), `update card_import set finished_at = now() - interval '91 days'`)
	require.NoError(t, err)
	require.NoError(t, b.importer().Forget(t.Context()))
	require.Empty(t, dropped.problems(t))
	require.Empty(t, i.problems(t))
	_, err = b.importer().Import(t.Context(), b.admin, dropped.id)
	require.ErrorIs(t, err, cardimport.ErrNoImport, "one that made nothing goes as a whole")
	_, err = b.importer().Import(t.Context(), b.admin, i.id)
	require.NoError(t, err, "one that made cards stays")
	b.sound(t)
}

// One person keeps a few uploads at a time.
func TestUploadsOfOnePersonAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var last *importing
	for range 100 {
		last = b.upload(t, "code\nAAAA-aaaa-0001\n")
	}
	require.ErrorIs(t, b.importer().CheckUpload(t.Context(), b.admin, 1), cardimport.ErrUploadsMany)
	_, err := b.importer().NewImport(t.Context(), b.admin, cardimport.Upload{Kind: db.ImportKindCards, FileName: "cards.csv", Name: cardimport.NewUploadName(), KeyID: b.keys.Current(), Size: 1, SHA256: make([]byte, 32)})
	require.ErrorIs(t, err, cardimport.ErrUploadsMany)
	require.NoError(t, b.importer().CheckUpload(t.Context(), b.foreign(t), 1), "others are not kept out")
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, last.id))
	require.NoError(t, b.importer().CheckUpload(t.Context(), b.admin, 1))
	_, err = b.pool.Exec(t.Context(), `update card_import set size = 400000000 where state = 'uploaded' and id in (select id from card_import where state = 'uploaded' limit 1)`)
	require.NoError(t, err)
	require.ErrorIs(t, b.importer().CheckUpload(t.Context(), b.admin, 150_000_000), cardimport.ErrUploadsLarge)
}

// A whole import is voided in one act: used cards stay used, and nothing else is worth
// anything any more.
func TestVoidImport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, many(20))
	f := planned("serial", "code", "price")
	f.Decimal = ","
	i.check(t, f)
	require.ErrorIs(t, b.importer().Void(t.Context(), b.admin, i.id, "wrong file"), cardimport.ErrState, "there is nothing yet")
	series := i.run(t)
	codes := b.codes(t, series[0])
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)
	worth, err := b.importer().Worth(t.Context(), i.id)
	require.NoError(t, err)
	require.Equal(t, cardimport.Remainder{Cards: 19, Used: 1, Value: 9*550 + 10*650}, worth)
	require.Error(t, b.importer().Void(t.Context(), b.admin, i.id, " "), "a reason is asked for")
	require.ErrorIs(t, b.importer().Void(t.Context(), b.foreign(t), i.id, "mine"), cardimport.ErrNoImport)

	require.NoError(t, b.importer().Void(t.Context(), b.admin, i.id, "wrong file"))
	for _, s := range i.series(t) {
		require.Equal(t, db.SeriesStateVoid, s.State)
		require.Zero(t, b.outstanding(t, s.ID))
		require.NoError(t, b.cards.Erase(t.Context(), s.ID, time.Now, noJob))
	}
	b.use(newService(t, b.pool, b.keys)) // one that remembers no shapes of codes
	_, err = b.redeem(t.Context(), b.ben, codes[1])
	require.ErrorIs(t, err, cardcode.ErrCodeSymbol, "no card looks like this any more")
	require.Positive(t, b.balance(t, b.anna), "what was used stays")
	require.ErrorIs(t, b.importer().Void(t.Context(), b.admin, i.id, "again"), cardimport.ErrState)
	require.Equal(t, 1, b.audits(t, "import.voided"))
	b.sound(t)
}

// One that stopped on its way is voided as well, and never goes on.
func TestVoidStoppedImport(t *testing.T) {
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
	require.ErrorIs(t, b.importer().Void(t.Context(), b.admin, i.id, "too late"), cardimport.ErrState, "it is stopped first")
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, i.id))
	require.NoError(t, b.importer().Void(t.Context(), b.admin, i.id, "wrong file"))
	require.ErrorIs(t, b.importer().Resume(t.Context(), b.admin, i.id), cardimport.ErrState)
	for _, s := range i.series(t) {
		require.Equal(t, db.SeriesStateVoid, s.State)
		err := b.cards.Erase(t.Context(), s.ID, time.Now, noJob)
		require.True(t, err == nil || errors.Is(err, card.ErrNotErasing), err)
	}
	b.sound(t)
}

// A plan that an older version made is refused in words, and makes no card.
func TestImportPlannedByAnOlderVersion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, many(3))
	i.check(t, planned("serial", "code", "price"))
	_, err := b.pool.Exec(t.Context(), `update card_import set plan = '{"columns": {"code": 1}, "currency": "USD", "time_zone": "UTC"}' where id = $1`, i.id)
	require.NoError(t, err)
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, i.id), cardimport.ErrImportOld)
	require.Empty(t, i.series(t))
}
