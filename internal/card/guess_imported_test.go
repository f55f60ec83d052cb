package card_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/guess"
)

// forward lets the short pauses between wrong codes pass, not the bars of a day or more.
func (b *bundle) forward(tb testing.TB) {
	tb.Helper()
	_, err := b.pool.Exec(tb.Context(), `update guess set barred_until = null where barred_until < now() + interval '2 hours'`)
	require.NoError(tb, err)
}

// counted is how many attempts are charged in scopes that end so.
func (b *bundle) counted(tb testing.TB, scope string) (n int) {
	tb.Helper()
	require.NoError(tb, b.pool.QueryRow(tb.Context(), `select coalesce(sum(n), 0) from guess where scope like $1`, scope).Scan(&n))
	return n
}

// With foreign codes in use, what might be one is charged; five wrong ones bar, however
// many good cards are redeemed, looked at or found between them.
func TestImportedCodesAreThrottledHarder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.redeem(t.Context(), b.anna, "P1-Old-aaaaaaaaaaa1")
	require.ErrorIs(t, err, cardcode.ErrCodeSymbol, "without imported cards it can only be a typing error")
	i := b.upload(t, many(20))
	f := planned("serial", "code", "price")
	f.Decimal = ","
	i.check(t, f)
	good := b.codes(t, i.run(t)[0])
	ours := b.codes(t, b.series(t, form(20)))
	wrong := 0
	for n := range 48 {
		_, err := b.redeem(t.Context(), b.anna, fmt.Sprintf("P1-Old-aaaaaaaaaa%02d", n))
		if errors.Is(err, guess.ErrBarred) {
			break
		}
		require.ErrorIs(t, err, card.ErrRefused)
		wrong++
		b.forward(t)
		if n < len(ours) { // a cheap card between
			_, err = b.redeem(t.Context(), b.anna, ours[n])
			require.NoError(t, err)
		}
		if wrong < 5 {
			_, err = b.redeem(t.Context(), b.anna, good[n])
			require.NoError(t, err)
			b.forward(t)
			_, err = b.look(t, b.anna, good[6])
			require.NoError(t, err)
			b.forward(t)
		}
		require.Equal(t, wrong, b.counted(t, fmt.Sprintf("customer:%d:imported:%%", b.anna.ID)))
	}
	require.Equal(t, 5, wrong)
	_, err = b.redeem(t.Context(), b.anna, good[7])
	require.ErrorIs(t, err, guess.ErrBarred)
	_, err = b.redeem(t.Context(), b.anna, ours[19])
	require.NoError(t, err, "a card of ours is paid whatever was tried of others")
	until, err := b.cards.Guesses.BarredUntil(t.Context(), b.anna.ID)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), until, time.Hour)
	require.NoError(t, b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, "called us"))
	_, err = b.redeem(t.Context(), b.anna, good[7])
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.ben, "P1-Old")
	require.ErrorIs(t, err, cardcode.ErrCodeShort, "too short to be one: nothing is looked up or charged")
	require.Zero(t, b.counted(t, fmt.Sprintf("customer:%d%%", b.ben.ID)))
	b.sound(t)
}

// Parallel attempts at imported codes do not slip past the limit.
func TestImportedGuessesAreCharged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "12345678", "87654321")
	start := make(chan struct{})
	var looked sync.Map
	var group sync.WaitGroup
	for n := range 60 {
		group.Go(func() {
			<-start
			if _, err := b.redeem(t.Context(), b.anna, fmt.Sprintf("111111%02d", n)); errors.Is(err, card.ErrRefused) {
				looked.Store(n, true)
			}
		})
	}
	close(start)
	group.Wait()
	n := 0
	looked.Range(func(_, _ any) bool { n++; return true })
	require.Equal(t, 3, n)
}

// One weak import does not bar anybody for typing errors in strong codes, and each text
// is held to the limits of codes of its length.
func TestWeakImportDoesNotTightenStrongCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "777123", "777456", "777789")
	b.imported(t, "K7QP-aa8Z-Mx4T-9wRv-3Hn", "Xr4P-bb2Y-Ny5U-8vQz-7Jm")
	bar := func(code string) time.Duration {
		for range 5 {
			_, err := b.redeem(t.Context(), b.anna, code)
			require.ErrorIs(t, err, card.ErrRefused, code)
			b.forward(t)
		}
		until, err := b.cards.Guesses.BarredUntil(t.Context(), b.anna.ID)
		require.NoError(t, err)
		b.unbar(t)
		return time.Until(until).Round(time.Hour)
	}
	require.Equal(t, 30*24*time.Hour, bar("777000"), "three digits are soon tried")
	require.Equal(t, 24*time.Hour, bar("Xr4P-bb2Y-Ny5U-8vQz-7Jn"))
	odds, err := b.importer().Odds(t.Context(), cardimport.Report{})
	require.NoError(t, err)
	require.InDelta(t, 3.0/1000, odds.Chance, 1e-9)
	require.InDelta(t, 5*365.0/30*3/1000, odds.Person, 1e-3)
	require.Equal(t, 30*24*time.Hour, odds.Limits.HardPause)
}

// A wrong code is charged if it has the shape of an imported card that can be redeemed. A
// typing error in a code of ours is free again when no imported card can be redeemed any
// more.
func TestTypingErrorsAreFreeOfDeadImports(t *testing.T) {
	t.Parallel()
	b := setup(t)
	live := strings.TrimPrefix(b.codes(t, b.series(t, form(1)))[0], "QuickAccess-")
	typo := wrongCheck(live) // fails our check symbol
	_, err := b.redeem(t.Context(), b.anna, typo)
	require.ErrorIs(t, err, cardcode.ErrCodeTyping)

	_, series := b.imported(t, "H8KQ-2T9W-P4RX-7MNB", "J9LR-3U2X-Q5SY-8NPC")
	attempt := func() error {
		b.use(newService(t, b.pool, b.keys)) // which has not just looked
		_, err := b.redeem(t.Context(), b.anna, typo)
		return err
	}
	require.ErrorIs(t, attempt(), card.ErrRefused, "it has the shape of a live imported code")
	require.Equal(t, 1, b.counted(t, fmt.Sprintf("customer:%d:imported:16", b.anna.ID)))
	require.Zero(t, b.counted(t, fmt.Sprintf("customer:%d", b.anna.ID)))
	_, err = b.redeem(t.Context(), b.anna, "77123")
	require.ErrorIs(t, err, cardcode.ErrCodeShort)
	_, err = b.redeem(t.Context(), b.anna, "H8KQ-2T9W-P4RX-7MNБ")
	require.ErrorIs(t, err, cardcode.ErrCodeScript, "a letter that no imported code has")
	require.Equal(t, 1, b.counted(t, "customer:%"), "what is refused at once is not charged")

	for name, sql := range map[string]string{
		"expired":   `update series set valid_till = current_date - 3 where id = $1`,
		"void":      `update series set state = 'void' where id = $1`,
		"cancelled": `update series set state = 'cancelled' where id = $1`,
	} {
		tx, err := b.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), sql, series.ID)
		require.NoError(t, err)
		shapes, err := b.q.ShapeList(t.Context(), tx)
		require.NoError(t, err)
		for _, shape := range shapes {
			require.False(t, shape.Known, name)
			require.Zero(t, shape.Chance, name)
		}
		require.NoError(t, tx.Rollback(t.Context()))
	}
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, series.ID))
	shapes, err := b.q.ShapeList(t.Context(), b.pool)
	require.NoError(t, err)
	require.True(t, shapes[0].Known, "a locked card may be unlocked")
	require.Zero(t, shapes[0].Chance, "but no guess hits it now")
	_, err = b.pool.Exec(t.Context(), `update series set valid_till = current_date - 3 where id = $1`, series.ID)
	require.NoError(t, err)
	require.ErrorIs(t, attempt(), cardcode.ErrCodeTyping)
	_, err = b.pool.Exec(t.Context(), `update card set valid_till = current_date + 30 where series_id = $1 and serial = 2`, series.ID)
	require.NoError(t, err)
	require.ErrorIs(t, attempt(), card.ErrRefused, "one card of the series was extended")
}

// wrongCheck changes the last symbol of a code of ours.
func wrongCheck(code string) string {
	last := "2"
	if code[len(code)-1] == '2' {
		last = "3"
	}
	return code[:len(code)-1] + last
}

// The limit of an address is the setting's for imported codes as well, in a count of
// their own.
func TestImportedGuessesFromOneAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(t, "12345678", "87654321")
	address := netip.MustParseAddr("192.0.2.7")
	looked := 0
	for n := range 40 {
		c := b.customer(t, fmt.Sprintf("guesser%d", n), b.north)
		_, err := b.cards.Redeem(t.Context(), audit.ByCustomer(c.ID, audit.Everything()).From(address, ""),
			card.Redemption{CustomerID: c.ID, Code: fmt.Sprintf("111111%02d", n), Key: uuid.New()})
		if errors.Is(err, card.ErrRefused) {
			looked++
		}
	}
	require.Equal(t, 30, looked)
	ours := b.codes(t, b.series(t, form(1)))[0]
	_, err := b.cards.Redeem(t.Context(), audit.ByCustomer(b.anna.ID, audit.Everything()).From(address, ""),
		card.Redemption{CustomerID: b.anna.ID, Code: ours, Key: uuid.New()})
	require.NoError(t, err, "nobody is kept from a card of ours")
}

// What staff looked for in vain is in the audit trail and counts for the alarm; so does a
// code that was tried under a key which another form used at the same moment.
func TestRefusalsInTheTrail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stranger := b.stranger(t)
	_, err := b.cards.FindByCode(t.Context(), stranger, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, card.ErrUnknown)
	for range 2 {
		_, err = b.cards.FindByCode(t.Context(), b.admin, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, card.ErrUnknown)
	}
	theirs := b.codes(t, b.series(t, form(1)))[0]
	_, err = b.cards.FindByCode(t.Context(), stranger, theirs)
	require.ErrorIs(t, err, card.ErrUnknown)
	require.Equal(t, 4, b.written(t, "card.refused"))
	var reason, trace string
	require.NoError(t, b.pool.QueryRow(t.Context(), `select detail->>'reason', detail->>'trace' from audit where action = 'card.refused' order by id desc limit 1`).Scan(&reason, &trace))
	require.Equal(t, "card_foreign", reason)
	require.Len(t, trace, 12)

	rows, err := b.q.GuessCountUnknown(t.Context(), b.pool, db.GuessCountUnknownParams{AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	counts := map[string]int64{}
	for _, row := range rows {
		counts[row.Name] = row.Unknown
	}
	require.Equal(t, map[string]int64{"North": 0, "South": 1, "All partners": 2}, counts)
	rows, err = b.q.GuessCountUnknown(t.Context(), b.pool, db.GuessCountUnknownParams{PartnerIds: []int64{b.north.ID}})
	require.NoError(t, err)
	require.Len(t, rows, 1, "what staff of all partners do is for those alone")

	good := b.codes(t, b.series(t, form(1)))[0]
	_, err = b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, card.ErrRefused)
	before := b.written(t, "card.refused")
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from guess where scope = $1 for update`, fmt.Sprintf("customer:%d", b.anna.ID))
	require.NoError(t, err)
	key, answers := uuid.New(), make(chan error, 1)
	go func() { // has seen that the key is fresh, and waits to be charged
		_, err := b.redeemKey(t.Context(), b.anna, card.DrawForTest().Reveal(""), key)
		answers <- err
	}()
	b.waits(t, func() bool { return len(answers) > 0 })
	_, err = b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: b.anna.ID, Code: good, Key: key})
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorIs(t, <-answers, card.ErrKeyReused)
	require.Equal(t, before+1, b.written(t, "card.refused"))
	require.NoError(t, b.pool.QueryRow(t.Context(), `select detail->>'reason', detail->>'trace' from audit where action = 'card.refused' order by id desc limit 1`).Scan(&reason, &trace))
	require.Equal(t, "card_unknown", reason)
	require.Len(t, trace, 12)
}
