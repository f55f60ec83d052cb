package card_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/guess"
)

// look is a customer who wants to see the value first.
func (b *bundle) look(t *testing.T, c db.Customer, code string) (card.Seen, error) {
	t.Helper()
	return b.cards.Look(t.Context(), asCustomer(c), c.ID, code)
}

// charged is how many attempts stand against a customer.
func (b *bundle) charged(t *testing.T, c db.Customer) int {
	t.Helper()
	var n int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select coalesce(max(n), 0) from guess where scope = $1`, fmt.Sprintf("customer:%d", c.ID)).Scan(&n))
	return n
}

func TestLook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(3))
	code := b.codes(t, s)[1]
	seen, err := b.look(t, b.anna, code)
	require.NoError(t, err)
	require.Equal(t, card.Seen{Series: s.Number, Serial: 2, Amount: 1000, Currency: "USD", ValidTill: s.ValidTill}, seen)
	require.Zero(t, b.charged(t, b.anna), "a good look costs nothing")
	again, err := b.look(t, b.anna, code)
	require.NoError(t, err)
	require.Equal(t, seen, again, "nothing has changed")
	require.Zero(t, b.balance(t, b.anna))

	receipt, err := b.redeem(t.Context(), b.anna, code)
	require.NoError(t, err)
	require.Equal(t, int64(1000), receipt.Balance)
	seen, err = b.look(t, b.anna, b.codes(t, s)[0])
	require.NoError(t, err)
	require.Equal(t, int64(1000), seen.Balance)

	_, err = b.look(t, b.anna, code)
	require.ErrorIs(t, err, card.ErrYours)
	require.Contains(t, fault.All(err)[0].Text(), "You used this card on")
	_, err = b.look(t, b.anna, "2345-6789")
	require.Error(t, err)
	require.NotErrorIs(t, err, card.ErrRefused, "a typing error is said at once")
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// A look is refused in the words of a redemption, is charged like one, and says
// no more to a guesser.
func TestLookRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := func(spoil func(*card.OrderRequest), sql string) string {
		f := form(1)
		if spoil != nil {
			spoil(&f)
		}
		s := b.series(t, f)
		code := b.codes(t, s)[0]
		if sql != "" {
			_, err := b.pool.Exec(t.Context(), sql, s.ID)
			require.NoError(t, err)
		}
		return code
	}
	used := made(nil, "")
	_, err := b.redeem(t.Context(), b.ben, used)
	require.NoError(t, err)
	closed := b.customer(t, "closed", b.south)
	_, err = b.pool.Exec(t.Context(), `update partner set disabled_at = now() where id = $1`, b.south.ID)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		code, reason string
		who          db.Customer
	}{
		"unknown":         {made(nil, `update card set code_index = substr(sha256('gone'), 1, 16) where series_id = $1`), "card_unknown", b.customer(t, "a", b.north)},
		"used":            {used, "card_used", b.customer(t, "b", b.north)},
		"expired":         {made(nil, `update series set valid_till = current_date - 2 where id = $1`), "card_expired", b.customer(t, "c", b.north)},
		"not active":      {made(func(f *card.OrderRequest) { f.Activate = false }, ""), "card_inactive", b.customer(t, "d", b.north)},
		"disabled":        {made(nil, `update card set state = 'disabled' where series_id = $1`), "card_disabled", b.customer(t, "e", b.north)},
		"void":            {made(nil, `update card set state = 'void' where series_id = $1`), "card_void", b.customer(t, "f", b.north)},
		"partner closed":  {made(nil, ""), "partner_disabled", closed},
		"another partner": {made(nil, `update card set partner_id = 0 where series_id = $1`), "card_foreign", b.customer(t, "g", b.north)},
	} {
		_, err := b.look(t, c.who, c.code)
		require.ErrorIs(t, err, card.ErrRefused, name)
		require.Equal(t, card.ErrRefused.Text(), fault.All(err)[0].Text(), name)
		require.Equal(t, 1, b.charged(t, c.who), "%s: a wrong code counts", name)
		var reason string
		require.NoError(t, b.pool.QueryRow(t.Context(), `select detail->>'reason' from audit where action = 'card.refused' order by id desc limit 1`).Scan(&reason))
		require.Equal(t, c.reason, reason, name)
	}
}

// Nor does a look's way through the database tell one reason from another.
func TestLookRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	trace := &statements{}
	config := b.pool.Config()
	config.ConnConfig.Tracer = trace
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	cards := newStill(t, pool, b.keys)
	var want []string
	for reason, code := range refusals(t, b) {
		for range 2 { // the first makes the statements known
			trace.take()
			start := time.Now()
			_, err := cards.Look(t.Context(), asCustomer(b.anna), b.anna.ID, code)
			require.ErrorIs(t, err, card.ErrRefused, reason)
			require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond, reason)
			require.NoError(t, b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, "a test"))
		}
		sent := trace.take()
		if want == nil {
			want = sent
		}
		require.Equal(t, want, sent, reason)
	}
}

// Looking at one good card between guesses must not keep the bar away.
func TestLookDoesNotForgiveGuesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.codes(t, b.series(t, form(1)))[0]
	gone := b.series(t, form(10))
	wrong := b.codes(t, gone)
	_, err := b.pool.Exec(t.Context(), `update card set code_index = substr(sha256(code_index), 1, 16) where series_id = $1`, gone.ID)
	require.NoError(t, err)
	for n := range 4 {
		_, err := b.look(t, b.anna, wrong[n])
		require.ErrorIs(t, err, card.ErrRefused)
		_, err = b.look(t, b.anna, good)
		require.NoError(t, err)
		require.Equal(t, n+1, b.charged(t, b.anna))
	}
	_, err = b.look(t, b.anna, wrong[4])
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.look(t, b.anna, good)
	require.ErrorIs(t, err, guess.ErrBarred)
	_, err = b.redeem(t.Context(), b.anna, good)
	require.ErrorIs(t, err, guess.ErrBarred)
	message := fault.All(err)[0].Text()
	var there string
	require.NoError(t, b.pool.QueryRow(t.Context(), `select to_char((barred_until + interval '59.999999 seconds') at time zone 'Pacific/Kiritimati', 'HH24:MI') from guess where scope = $1`, fmt.Sprintf("customer:%d", b.anna.ID)).Scan(&there))
	require.Contains(t, message, there, "in the customer's zone")
	require.NotContains(t, message, "UTC")
}

// What staff look for costs them no card either, nor does what can't be told while new
// keys are taken over.
func TestFindingDoesNotForgiveGuesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.codes(t, b.series(t, form(1)))[0]
	for range 5 {
		_, err := b.cards.FindByCode(t.Context(), b.admin, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, card.ErrUnknown)
		_, err = b.cards.FindByCode(t.Context(), b.admin, good)
		if err != nil {
			require.ErrorIs(t, err, guess.ErrBarred)
		}
	}
	_, err := b.cards.FindByCode(t.Context(), b.admin, good)
	require.ErrorIs(t, err, guess.ErrBarred)

	for range 3 {
		_, err := b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, card.ErrRefused)
	}
	require.NoError(t, b.q.KeyCanaryCreate(t.Context(), dbtest.Owner(t, b.pool), db.KeyCanaryCreateParams{KeyID: 7, Sealed: []byte("a newer key")}))
	_, err = b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, codestore.ErrKeysBehind)
	_, err = b.look(t, b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, codestore.ErrKeysBehind)
	require.Equal(t, 5, b.charged(t, b.anna), "nor does one that can't say no yet let guesses through for nothing")
	_, err = b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, guess.ErrBarred)
}

// Any number of looks at once while the card is redeemed: one redemption, and
// what is seen is either the card or that it is used.
func TestLookRacesRedeem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	code := b.codes(t, b.series(t, form(1)))[0]
	gate, answers := make(chan struct{}), make(chan error)
	for n := range 8 {
		go func() {
			<-gate
			if n == 4 {
				_, err := b.cards.Redeem(t.Context(), asCustomer(b.anna), card.Redemption{CustomerID: b.anna.ID, Code: code, Key: uuid.New()})
				answers <- err
				return
			}
			_, err := b.cards.Look(t.Context(), asCustomer(b.ben), b.ben.ID, code)
			if err != nil && fault.All(err) != nil && (fault.All(err)[0].Code == card.ErrRefused.Code || fault.All(err)[0].Code == guess.ErrBarred.Code) {
				err = nil
			}
			answers <- err
		}()
	}
	close(gate)
	for range 8 {
		require.NoError(t, <-answers)
	}
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	require.Zero(t, b.balance(t, b.ben))
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}
