package card_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
)

// once makes a series that is printed once.
func (b *bundle) once(t *testing.T, quantity int) db.Series {
	t.Helper()
	f := form(quantity)
	f.PrintOnce = true
	return b.series(t, f)
}

// printed asks for a file of a series and has it made, with so many bytes.
func (b *bundle) printed(t *testing.T, s db.Series, size int64) db.ExportGetRow {
	t.Helper()
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.exports().Make(t.Context(), id, noJob))
	_, err = b.pool.Exec(t.Context(), `update export set size = $2 where id = $1`, id, size)
	require.NoError(t, err)
	return b.file(t, id)
}

func (b *bundle) file(t *testing.T, id int64) db.ExportGetRow {
	t.Helper()
	e, err := b.exports().Get(t.Context(), b.admin, id)
	require.NoError(t, err)
	return e
}

// sent fetches some bytes of a file.
func (b *bundle) sent(t *testing.T, e db.ExportGetRow, from, to int64) {
	t.Helper()
	require.NoError(t, b.exports().Fetched(t.Context(), b.admin, e.Export.ID))
	require.NoError(t, b.exports().Sent(t.Context(), b.admin, e, from, to))
}

func (b *bundle) number(t *testing.T, sql string) int {
	t.Helper()
	var n int
	require.NoError(t, b.pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// Two people who fetched a half each have no file: only what one person has counts.
func TestPrintOnceOfHalves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.colleague(t, "second")
	e := b.printed(t, b.once(t, 10), 1000)
	b.sent(t, e, 0, 600)
	require.NoError(t, b.exports().Sent(t.Context(), other, e, 600, 1000))
	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0), cardfile.ErrNotSentWhole)
	b.sent(t, e, 600, 1000)
	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0), cardfile.ErrNotSentWhole, "the other fetched last, so the first half counts no more")
	b.sent(t, e, 0, 600)
	require.NoError(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0))
}

// A file that is sent in pieces is complete when no byte is missing. After a person confirms
// that it arrived, the codes are erased. The cards can still be redeemed.
func TestPrintOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys = old
	b.use(newService(t, b.pool, old))
	s := b.once(t, 20_500) // more than a chunk
	codes := b.codes(t, s)
	require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 7}))
	e := b.printed(t, s, 1000)
	require.EqualValues(t, 20_500, e.Export.RowsTotal, "a disabled card can be enabled again: it is in the file too")

	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0), cardfile.ErrNotSentWhole)
	for _, part := range [][2]int64{{0, 400}, {700, 1000}, {0, 699}, {300, 300}} {
		b.sent(t, e, part[0], part[1])
		require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0), cardfile.ErrNotSentWhole, "byte 699 is missing")
		require.Nil(t, b.read(t, s.ID).ShredAt)
	}
	b.sent(t, e, 699, 1000)
	s = b.read(t, s.ID)
	require.WithinDuration(t, time.Now().Add(3*24*time.Hour), *s.ShredAt, time.Hour)
	require.WithinDuration(t, *s.ShredAt, *b.file(t, e.Export.ID).Export.ExpiresAt, time.Minute, "kept until the codes go")
	b.sent(t, e, 0, 1000) // once more: nothing moves
	require.Equal(t, s.ShredAt, b.read(t, s.ID).ShredAt)
	require.NoError(t, b.cards.ShredDue(t.Context()))
	require.Nil(t, b.read(t, s.ID).ShreddingAt, "nothing happens before somebody says so, or the time is up")
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'export.sent_whole'`))

	require.NoError(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0))
	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0), cardfile.ErrState)
	require.ErrorIs(t, b.exports().Discard(t.Context(), b.admin, e.Export.ID), cardfile.ErrState, "too late")
	require.Equal(t, 1, b.number(t, `select count(*) from river_job where kind = 'shred_series' and state = 'available'`))
	gone, err := b.exports().Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{e.Export.File}, gone, "the file goes with the codes")
	_, err = b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.ErrorIs(t, err, cardfile.ErrOnceShredded)

	// A run that is killed goes on where it was.
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)
	boom := errors.New("killed")
	require.ErrorIs(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, func(context.Context, pgx.Tx) error { return boom }), boom)
	require.Less(t, b.read(t, s.ID).ShreddedTo, int32(20_500))
	require.NotZero(t, b.read(t, s.ID).ShreddedTo)
	b.sound(t)
	require.NoError(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, noJob))
	require.ErrorIs(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, noJob), card.ErrNotShredding)
	require.Zero(t, b.number(t, `select count(*) from card where octet_length(code_sealed) > 0`))
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'series.shredded'`))
	b.sound(t)

	// No code can be shown or exported any more. Cards can be redeemed and found as before.
	_, err = b.cards.Reveal(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 5}, "a reason")
	require.ErrorIs(t, err, card.ErrErased)
	require.Error(t, b.cards.EachUnused(t.Context(), s, func([]card.Unsealed) error { return nil }))
	for _, code := range codes[1:4] {
		_, err = b.redeem(t.Context(), b.anna, code)
		require.NoError(t, err)
	}
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrYours)
	_, err = b.redeem(t.Context(), b.ben, codes[6])
	require.ErrorIs(t, err, card.ErrRefused, "the disabled one")
	found, err := b.cards.FindByCode(t.Context(), b.admin, codes[9])
	require.NoError(t, err)
	require.Equal(t, int32(10), found.Serial)
	rows, _, err := b.cards.Codes.FindLastFour(t.Context(), b.admin, codes[9][len(codes[9])-4:])
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	require.Equal(t, int32(10), rows[0].Serial)
	require.NoError(t, b.cards.Codes.HashLastFour(t.Context()))

	// Rotation passes them by: they are found under an index key, which stays.
	announce(t, b.pool, both)
	b.keys = both
	b.use(newService(t, b.pool, both))
	keyID, err := b.cards.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.NoError(t, b.cards.Codes.Reseal(t.Context(), keyID, time.Now, noJob))
	require.NoError(t, asOwner(t, b.pool, both).Codes.RetireKey(t.Context(), audit.System(), 1))
	_, err = b.redeem(t.Context(), b.anna, codes[10])
	require.NoError(t, err)
	b.sound(t)

	// Deleting the series still ends them.
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.NoError(t, b.cards.Erase(t.Context(), s.ID, time.Now, noJob))
	_, err = b.redeem(t.Context(), b.anna, codes[11])
	require.ErrorIs(t, err, card.ErrRefused)
	b.sound(t)
}

// There is one file at a time, of all cards, and none once the codes are shredded.
func TestPrintOnceIsOneFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.once(t, 10)
	for _, o := range []cardfile.Options{
		{First: 2}, {Last: 5}, {States: []db.CardState{db.CardStateDisabled}}, {States: []db.CardState{db.CardStateUsed}},
	} {
		_, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", o, uuid.New())
		require.ErrorIs(t, err, cardfile.ErrOnceWhole)
	}
	// Of many who press at once, one gets it.
	var group sync.WaitGroup
	errs, start := make(chan error, 8), make(chan struct{})
	for range cap(errs) {
		group.Go(func() {
			<-start
			_, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
			errs <- err
		})
	}
	close(start)
	group.Wait()
	close(errs)
	made := 0
	for err := range errs {
		if err == nil {
			made++
			continue
		}
		require.ErrorIs(t, err, cardfile.ErrOnceOutstanding)
	}
	require.Equal(t, 1, made)
	var id int64
	require.NoError(t, b.pool.QueryRow(t.Context(), `select id from export`).Scan(&id))
	require.NoError(t, b.exports().Fail(t.Context(), id, "full"))
	e := b.printed(t, s, 100)
	require.ErrorIs(t, b.exports().Retry(t.Context(), b.admin, id), cardfile.ErrOnceOutstanding, "there is another one by now")
	err := b.begin(t.Context(), id)
	require.ErrorIs(t, err, cardfile.ErrOnceOutstanding, "also where its job is put back by hand")

	// A file that did not arrive is discarded: the codes stay, and another is made.
	b.sent(t, e, 0, 100)
	require.NotNil(t, b.read(t, s.ID).ShredAt)
	require.NoError(t, b.exports().Discard(t.Context(), b.admin, e.Export.ID))
	require.Nil(t, b.read(t, s.ID).ShredAt)
	e = b.printed(t, s, 100)

	// Without a confirmation the codes are erased after three days.
	b.sent(t, e, 0, 100)
	_, err = b.pool.Exec(t.Context(), `update series set shred_at = now() - interval '1 second'`)
	require.NoError(t, err)
	require.NoError(t, b.cards.ShredDue(t.Context()))
	require.NotNil(t, b.read(t, s.ID).ShreddingAt)
	err = b.begin(t.Context(), id)
	require.ErrorIs(t, err, cardfile.ErrOnceShredded)
	require.NoError(t, b.cards.ShredDue(t.Context()))
	require.Equal(t, 1, b.number(t, `select count(*) from river_job where kind = 'shred_series'`))
	_, err = b.pool.Exec(t.Context(), `update river_job set state = 'cancelled', finalized_at = now() where kind = 'shred_series'`)
	require.NoError(t, err)
	require.NoError(t, b.cards.ShredDue(t.Context()))
	require.Equal(t, 2, b.number(t, `select count(*) from river_job where kind = 'shred_series'`), "a job that was lost is put back")
	require.NoError(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, noJob))
	b.sound(t)
}

// What is said or sent of a file after it was discarded changes nothing: neither do
// the codes go, nor does it come back beside the next one, nor does that one end.
func TestDiscardedFileIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.once(t, 10)
	first := b.printed(t, s, 100)
	b.sent(t, first, 0, 99) // the last byte is still on its way
	require.NoError(t, b.exports().Discard(t.Context(), b.admin, first.Export.ID))
	b.sent(t, first, 99, 100)
	require.Nil(t, b.read(t, s.ID).ShredAt)

	second := b.printed(t, s, 100)
	b.sent(t, second, 0, 100)
	require.NoError(t, b.exports().Discard(t.Context(), b.admin, second.Export.ID))
	third := b.printed(t, s, 100)
	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, second.Export.ID, 0), cardfile.ErrState)
	require.Nil(t, b.read(t, s.ID).ShreddingAt)
	require.ErrorIs(t, b.exports().Discard(t.Context(), b.admin, second.Export.ID), cardfile.ErrState)
	require.Equal(t, 1, b.number(t, `select count(*) from export where state = 'ready' and expires_at > now()`))
	b.sent(t, third, 0, 100)
	require.NoError(t, b.exports().Arrived(t.Context(), b.admin, third.Export.ID, 0))
	b.sound(t)
}

// Whether a series is printed once can be changed until a file is asked for.
func TestPrintOnceIsEdited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	edit := func(once bool) error {
		_, err := b.edit(t, s.ID, func(f *card.SeriesEdit) { f.PrintOnce = once })
		return err
	}
	require.NoError(t, edit(true))
	require.True(t, b.read(t, s.ID).PrintOnce)
	require.ErrorIs(t, edit(true), card.ErrNothingEdited)
	e := b.printed(t, s, 10)
	require.ErrorIs(t, edit(false), card.ErrOnceFixed)
	require.ErrorIs(t, b.exports().Discard(t.Context(), audit.ByStaff(b.admin.ID, audit.Scope{}), e.Export.ID), cardfile.ErrUnknown, "another partner's")
	require.ErrorIs(t, b.exports().Arrived(t.Context(), audit.ByStaff(b.admin.ID, audit.Scope{}), e.Export.ID, 0), cardfile.ErrUnknown)

	other := b.series(t, form(3))
	f := b.printed(t, other, 10)
	b.sent(t, f, 0, 10)
	require.ErrorIs(t, b.exports().Arrived(t.Context(), b.admin, f.Export.ID, 0), cardfile.ErrState, "of a series that isn't printed once nothing is shredded")
	require.Nil(t, b.read(t, other.ID).ShredAt)
}
