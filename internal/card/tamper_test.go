package card_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/db"
)

// swap exchanges what cards 1 and 2 are found by, as who can write to the database but has
// no key does.
func (b *bundle) swap(t *testing.T, macsToo bool) {
	t.Helper()
	macs := ""
	if macsToo {
		macs = ", code_mac = was.code_mac"
	}
	b.owner(t, `create temporary table was as select serial, code_index, code_mac from card where serial in (1, 2);
		update card set code_index = substr(sha256(code_index), 1, 16) where serial in (1, 2);
		update card c set code_index = was.code_index`+macs+` from was where (c.serial, was.serial) in ((1, 2), (2, 1))`)
}

// fetch makes the file of a series that is printed once and says that it arrived.
func (b *bundle) fetch(t *testing.T, s db.Series) {
	t.Helper()
	e := b.printed(t, s, 1000)
	b.sent(t, e, 0, 1000)
	require.NoError(t, b.exports().Arrived(t.Context(), b.admin, e.Export.ID, 0))
}

// shredded does so, and shreds the codes.
func (b *bundle) shredded(t *testing.T, s db.Series) {
	t.Helper()
	b.fetch(t, s)
	require.NoError(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, noJob))
}

func (b *bundle) faults(t *testing.T) (n int64) {
	t.Helper()
	n, err := b.q.CodeFaultCount(t.Context(), b.pool)
	require.NoError(t, err)
	return n
}

func (b *bundle) audited(t *testing.T, action string) (n int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from audit where action = $1`, action).Scan(&n))
	return n
}

// A card whose index was swapped with another card's is refused in every operation, and
// is recorded as tampered. After the index is restored, the card can be redeemed.
func TestSwappedIndexIsNotPaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(3)))
	b.swap(t, false)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrRefused)
	require.ErrorIs(t, err, codestore.ErrTampered)
	require.Zero(t, b.balance(t, b.anna))
	require.EqualValues(t, 1, b.faults(t))
	require.Equal(t, 1, b.audited(t, "card.tampered"))
	_, err = b.look(t, b.anna, codes[1])
	require.ErrorIs(t, err, codestore.ErrTampered)
	_, err = b.cards.FindByCode(t.Context(), b.admin, codes[0])
	require.ErrorIs(t, err, codestore.ErrTampered)
	require.EqualValues(t, 2, b.faults(t))
	require.Equal(t, 2, b.audited(t, "card.tampered"), "one line for each card")
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Len(t, broken, 1)
	require.Equal(t, 16, broken[0].Number)

	b.swap(t, false)
	require.NoError(t, b.cards.Codes.WalkCodes(t.Context()))
	require.Zero(t, b.faults(t), "what is sound again is no longer reported")
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)
}

// A swapped index is also detected where the sealed codes are shredded, by the MAC of the
// index that replaces them. Swapping or removing the MAC as well does not help.
func TestSwappedIndexOfShreddedCardsIsNotPaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.once(t, 6)
	codes := b.codes(t, s)
	b.shredded(t, s)
	require.NoError(t, b.cards.Codes.FillMACs(t.Context()))
	b.sound(t)
	_, err := b.redeem(t.Context(), b.ben, codes[2])
	require.NoError(t, err)
	for _, macsToo := range []bool{false, true} {
		b.swap(t, macsToo)
		_, err := b.redeem(t.Context(), b.anna, codes[0])
		require.ErrorIs(t, err, codestore.ErrTampered, "MACs moved along: %v", macsToo)
		b.swap(t, macsToo)
	}
	b.owner(t, `update card set code_mac = null where serial = 4`)
	_, err = b.redeem(t.Context(), b.anna, codes[3])
	require.ErrorIs(t, err, codestore.ErrTampered)
	b.owner(t, `update card set code_sealed = '', shredded = true where serial = 6`)
	require.Zero(t, b.balance(t, b.anna))
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)
}

// Cards that were shredded before there were MACs get theirs once; until then they stay
// good, and afterwards none without one is.
func TestMACsOfCardsShreddedBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.once(t, 4)
	codes := b.codes(t, s)
	b.shredded(t, s)
	b.owner(t, `update card set code_mac = null`)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err, "before the upgrade has come to it")
	require.NoError(t, b.cards.Codes.FillMACs(t.Context()))
	require.Equal(t, 1, b.audited(t, "keys.macs_kept"))
	var without int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where code_mac is null`).Scan(&without))
	require.Zero(t, without)
	b.swap(t, false)
	require.NoError(t, b.cards.Codes.FillMACs(t.Context()))
	_, err = b.redeem(t.Context(), b.anna, codes[1])
	require.ErrorIs(t, err, codestore.ErrTampered)
	b.owner(t, `update card set code_mac = null where serial = 3`)
	require.NoError(t, b.cards.Codes.FillMACs(t.Context()))
	_, err = b.redeem(t.Context(), b.anna, codes[2])
	require.ErrorIs(t, err, codestore.ErrTampered, "a MAC that is taken away is not made anew")
}

// A card that does not match its index is not shredded: nothing could tell any more.
func TestSwappedIndexIsNotShredded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.once(t, 4)
	b.fetch(t, s)
	b.swap(t, false)
	require.ErrorIs(t, b.cards.ShredSeries(t.Context(), s.ID, time.Now, noJob), codestore.ErrTampered)
	require.Zero(t, b.read(t, s.ID).ShreddedTo)
	require.EqualValues(t, 1, b.faults(t))
}

// The walk comes to every card of every series, a slice a run, finds what does not open or
// does not match, begins again a day later, and rests in between.
func TestWalkComesToEveryCard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.series(t, form(1700)), b.series(t, form(700))
	b.owner(t, `update card set code_sealed = set_byte(code_sealed, 20, get_byte(code_sealed, 20) # 1) where (series_id, serial) = (`+strconv.FormatInt(first.ID, 10)+`, 1699);
		update card set code_index = substr(sha256(code_index), 1, 16) where (series_id, serial) = (`+strconv.FormatInt(second.ID, 10)+`, 700)`)
	walk := func() (seen, round int64, under bool) {
		t.Helper()
		require.NoError(t, b.cards.Codes.WalkCodes(t.Context()))
		w, err := b.q.CodeWalkGet(t.Context(), b.pool)
		require.NoError(t, err)
		require.EqualValues(t, 2400, w.Cards)
		return w.Seen, w.RoundCards, w.AfterSeries > 0
	}
	seen, _, under := walk()
	require.EqualValues(t, 1000, seen)
	require.True(t, under)
	require.Zero(t, b.faults(t))
	seen, _, _ = walk()
	require.EqualValues(t, 2000, seen)
	require.EqualValues(t, 1, b.faults(t))
	_, round, under := walk()
	require.EqualValues(t, 2400, round)
	require.False(t, under)
	require.EqualValues(t, 2, b.faults(t))
	_, _, under = walk()
	require.False(t, under, "it rests")
	b.owner(t, `update code_walk set started_at = started_at - interval '25 hours'`)
	seen, _, under = walk()
	require.True(t, under)
	require.EqualValues(t, 1000, seen)
	require.Equal(t, 2, b.audited(t, "card.tampered"), "one line for each card, however often it is found")
}
