package card_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// imported imports a file of codes of one price, and returns the series.
func (b *bundle) imported(tb testing.TB, codes ...string) (*importing, db.Series) {
	tb.Helper()
	i := b.upload(tb, "code\n"+strings.Join(codes, "\n")+"\n")
	i.check(tb, ticked(planned("code"), len(codes)))
	series := i.run(tb)
	require.Len(tb, series, 1)
	return i, series[0]
}

// stranger is a member of staff of South alone.
func (b *bundle) stranger(tb testing.TB) audit.Actor {
	tb.Helper()
	var id int64
	require.NoError(tb, b.pool.QueryRow(tb.Context(), `insert into staff (username, name, password_hash, role_id)
		select 'south' || count(*), 'South', 'x', (select id from role where key = 'cashier') from staff returning id`).Scan(&id))
	_, err := b.pool.Exec(tb.Context(), `insert into staff_partner (staff_id, partner_id) values ($1, $2)`, id, b.south.ID)
	require.NoError(tb, err)
	return audit.ByStaff(id, audit.Scope{PartnerIDs: []int64{b.south.ID}})
}

// written is how many lines of the audit trail have an action.
func (b *bundle) written(tb testing.TB, action string) (n int) {
	tb.Helper()
	require.NoError(tb, b.pool.QueryRow(tb.Context(), `select count(*) from audit where action = $1`, action).Scan(&n))
	return n
}

// unbar lets everybody try again at once.
func (b *bundle) unbar(tb testing.TB) {
	tb.Helper()
	_, err := b.pool.Exec(tb.Context(), `delete from guess`)
	require.NoError(tb, err)
}

// Phones capitalise and people type as they like: an imported code is found in any case
// where one card alone fits.
func TestImportedCodesInAnyCase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "lowercase7a", "UPPERCASE7B", "MiXeD7cAsE", "twinCARD01", "TWINcard01", "Straße-ÄÖ7")
	for _, typed := range []string{"Lowercase7a", "uppercase7b", "MIXED7CASE", "STRASSE-äö7", "straße-Äö7"} {
		b.unbar(t)
		_, err := b.redeem(t.Context(), b.anna, typed)
		if typed == "STRASSE-äö7" {
			require.Error(t, err, "another spelling, not another case")
			continue
		}
		require.NoError(t, err, typed)
	}
	b.unbar(t)
	for _, typed := range []string{"twincard01", "TWINCARD01", "Twincard01"} { // fits two
		_, err := b.redeem(t.Context(), b.anna, typed)
		require.Equal(t, refused(err), refused(card.ErrRefused), typed)
		b.unbar(t)
		_, err = b.look(t, b.anna, typed)
		require.Equal(t, refused(err), refused(card.ErrRefused), typed)
		b.unbar(t)
		_, err = b.cards.FindByCode(t.Context(), b.admin, typed)
		require.ErrorIs(t, err, card.ErrUnknown)
		b.unbar(t)
	}
	for _, typed := range []string{"twinCARD01", "TWINcard01"} { // exact case decides
		_, err := b.redeem(t.Context(), b.anna, typed)
		require.NoError(t, err, typed)
	}
	_, err := b.redeem(t.Context(), b.ben, "twincard01")
	require.ErrorIs(t, err, card.ErrRefused, "used cards fit as well: no other customer's card is spent by a wrong case")
	b.sound(t)
}

func refused(err error) string {
	if err == nil || len(fault.All(err)) == 0 {
		return fmt.Sprint(err)
	}
	return fault.All(err)[0].Text()
}

// A file with full and short codes: a card is found by either, by the short one where
// that is unique.
func TestShortCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, strings.Join([]string{
		"short,code,status",
		"irfUPbEZ,202402-INTERNET-irfUPbEZ,active",
		"Zq8LmN2p,202402-INTERNET-Zq8LmN2p,used",
		"aB3dE9xQ,202402-INTERNET-aB3dE9xQ,active",
		"aB3dE9xQ,202403-INTERNET-aB3dE9xQ,active",
		"QQ7xY2wz,202402-INTERNET-QQ7xY2wz,active",
		"qq7Xy2WZ,202402-INTERNET-qq7Xy2WZ,active",
		"tiny,202402-INTERNET-uuuuuuu5,active",
	}, "\n"))
	i.check(t, planned("short_code", "code", "status"))
	require.Empty(t, i.problems(t), "cards may share a short code")
	i.run(t)
	got, err := b.redeem(t.Context(), b.anna, "irfUPbEZ")
	require.NoError(t, err)
	require.Equal(t, int32(1), got.Serial)
	got, err = b.redeem(t.Context(), b.anna, "qq7Xy2WZ")
	require.NoError(t, err)
	require.Equal(t, int32(6), got.Serial, "exact case decides")
	for _, typed := range []string{"aB3dE9xQ", "ab3de9xq", "QQ7XY2WZ", "tiny-202402"} {
		b.unbar(t)
		_, err = b.redeem(t.Context(), b.anna, typed)
		require.Error(t, err, typed)
	}
	b.unbar(t)
	got, err = b.redeem(t.Context(), b.anna, "202403-internet-AB3DE9XQ")
	require.NoError(t, err)
	require.Equal(t, int32(4), got.Serial)

	again := b.upload(t, "code\nirfUPbEZ\naB3dE9xQ\n202402-INTERNET-uuuuuuu5\n")
	again.check(t, ticked(planned("code"), 3))
	require.Equal(t, []string{"2  known", "3  known", "4  known"}, again.problems(t), "the short code of a card is no other card")
	b.sound(t)
	b.noCodesInClear(t, "irfUPbEZ", "aB3dE9xQ")
}

// A form that is sent again answers with its receipt, in whatever case it was typed.
func TestReadingsReplay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "MiXeD7cAsE", "OTHER7code")
	key := uuid.New()
	first, err := b.redeemKey(t.Context(), b.anna, "mixed7case", key)
	require.NoError(t, err)
	again, err := b.redeemKey(t.Context(), b.anna, "mixed7case", key)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.PaymentID, again.PaymentID)
	_, err = b.redeemKey(t.Context(), b.anna, "other7code", key)
	require.ErrorIs(t, err, card.ErrKeyReused)
}

// Codes as they are printed, in the digits and letters of the keyboard that is on.
func TestImportedCodesFromOtherKeyboards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, series := b.imported(t, "٧٧١١٣٤٥٦", "KMX-20304050", "КОД-ЖЩ-778899", "АВС-99887766", "ABC-99887766")
	require.Equal(t, int32(5), series.Made)
	for typed, serial := range map[string]int32{
		"77113456": 1, "КМХ-20304050": 2, "код-жщ-778899": 3, "АВС-99887766": 4, "ABC-99887766": 5,
	} {
		b.unbar(t)
		got, err := b.redeem(t.Context(), b.anna, typed)
		require.NoError(t, err, typed)
		require.Equal(t, serial, got.Serial, typed)
	}
	b.unbar(t)
	_, err := b.redeem(t.Context(), b.anna, "۷۷۱۱۳۴۵۶")
	require.ErrorIs(t, err, card.ErrYours)
	b.sound(t)
}

// Whatever an imported code is refused for, the answer, the questions to the database
// and the least time are the same: a text that fits two cards is like one that fits none.
func TestImportedRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "usedCARD01", "twinCARD01", "TWINcard01", "goodCARD01")
	_, err := b.redeem(t.Context(), b.ben, "usedCARD01")
	require.NoError(t, err)
	trace := &statements{}
	config := b.pool.Config()
	config.ConnConfig.Tracer = trace
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	traced := *b
	traced.use(newStill(t, pool, b.keys))
	stranger := b.stranger(t)
	for name, ask := range map[string]func(code string) error{
		"redeem": func(code string) error { _, err := traced.redeem(t.Context(), b.anna, code); return err },
		"look":   func(code string) error { _, err := traced.look(t, b.anna, code); return err },
		"find": func(code string) error {
			_, err := traced.cards.FindByCode(t.Context(), stranger, code)
			return err
		},
	} {
		_ = ask("nobody7777")
		b.unbar(t)
		trace.take()
		var want []string
		var said string
		for _, code := range []string{"nobody7777", "usedCARD01", "USEDcard01", "twincard01"} {
			start := time.Now()
			err := ask(code)
			require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond, "%s %s", name, code)
			sent := trace.take()
			if want == nil {
				want, said = sent, refused(err)
			}
			require.Equal(t, said, refused(err), "%s %s", name, code)
			require.Equal(t, want, sent, "%s %s", name, code)
			b.unbar(t)
		}
	}
}

// A reading that was changed directly in the database leads to no card.
func TestForgedReadingFindsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cheap, _ := b.imported(t, "cheapCARD01", "cheapCARD02")
	_, dear := b.imported(t, "dearCARD0001", "dearCARD0002")
	tag, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `update card_reading set series_id = $1 where series_id = $2 and kind = 'folded'`, dear.ID, cheap.series(t)[0].ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, tag.RowsAffected())
	_, err = b.redeem(t.Context(), b.anna, "CHEAPcard01")
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.redeem(t.Context(), b.anna, "cheapCARD01")
	require.NoError(t, err, "the code itself is as it was")
	b.sound(t)
}

// Cards imported before there were readings get theirs from a job that may be killed
// anywhere, and then are found and known like others. Codes that were hashed by more
// than a screen shows lose that.
func TestIndexReadings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	code := card.DrawForTest().Reveal("")
	_, series := b.imported(t, "MiXeD7cAsE", strings.ReplaceAll(code, "-", ""), "aBcDeF12")
	own := b.series(t, form(1))
	_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `truncate card_reading, series_reading, series_shape`)
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, "MIXED7CASE")
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.pool.Exec(t.Context(), `update card set last_four = 7 where series_id = $1`, series.ID)
	require.NoError(t, err)

	require.NoError(t, b.cards.Codes.AskReadings(t.Context()))
	require.NoError(t, b.cards.Codes.AskReadings(t.Context()))
	var jobs int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from river_job where kind = 'index_readings'`).Scan(&jobs))
	require.Equal(t, 1, jobs)
	ctx, kill := context.WithCancel(t.Context())
	clock := func() time.Time { kill(); return time.Now() }
	require.Error(t, b.cards.Codes.IndexReadings(ctx, clock, noJob))
	hours := 0
	slow := func() time.Time { hours++; return time.Now().Add(time.Duration(hours) * time.Hour) }
	for {
		err := b.cards.Codes.IndexReadings(t.Context(), slow, noJob)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, jobqueue.ErrYield)
	}
	require.Equal(t, 1, b.written(t, "readings.written"))
	var hashed int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where series_id = $1 and last_four is not null`, series.ID).Scan(&hashed))
	require.Zero(t, hashed)

	b.unbar(t)
	_, err = b.redeem(t.Context(), b.anna, "MIXED7CASE")
	require.NoError(t, err)
	again := b.upload(t, "code\n"+code+"\naBcDeF12\n")
	again.check(t, ticked(planned("code"), 3))
	require.Len(t, again.problems(t), 2, "known in any spelling")
	require.Equal(t, int32(1), own.Made)
	b.sound(t)
}
