package card_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/setting"
)

// Races of two operations, each made to happen: one waits for a lock that the other
// holds.

// waits returns when a session waits for a lock, or when ended reports true.
func (b *bundle) waits(t *testing.T, ended func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waits bool
		err := b.pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&waits)
		return err == nil && (waits || ended())
	}, 20*time.Second, 10*time.Millisecond)
}

type answer struct {
	receipt card.Receipt
	err     error
}

// A customer who is moved to another partner while they redeem does so as a
// customer of the one or of the other, never a card of the old as one of the new.
func TestRedeemWhileTheCustomerMoves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(2)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	codes := b.codes(t, b.series(t, f))

	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = b.q.CustomerGetForUpdate(t.Context(), tx, b.anna.ID) // as customer.Edit
	require.NoError(t, err)
	redeemed := make(chan answer, 1)
	go func() {
		receipt, err := b.redeem(t.Context(), b.anna, codes[0])
		redeemed <- answer{receipt, err}
	}()
	b.waits(t, func() bool { return len(redeemed) > 0 })
	require.NoError(t, b.q.CustomerUpdate(t.Context(), tx, db.CustomerUpdateParams{ID: b.anna.ID, PartnerID: b.south.ID, Username: "anna", Name: "anna"}))
	require.NoError(t, tx.Commit(t.Context()))
	got := <-redeemed
	require.ErrorIs(t, got.err, card.ErrRefused, "the card is not for South's customers")
	require.Zero(t, b.balance(t, b.anna))
	b.sound(t)

	// Moved back, and disabled meanwhile.
	details := customer.Details{PartnerID: b.north.ID, Username: "anna", Name: "anna"}
	require.NoError(t, customer.Edit(t.Context(), b.pool, b.admin, b.anna.ID, details))
	tx, err = b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = b.q.CustomerGetForUpdate(t.Context(), tx, b.anna.ID)
	require.NoError(t, err)
	go func() {
		receipt, err := b.redeem(t.Context(), b.anna, codes[0])
		redeemed <- answer{receipt, err}
	}()
	b.waits(t, func() bool { return len(redeemed) > 0 })
	require.NoError(t, b.q.CustomerDisable(t.Context(), tx, b.anna.ID))
	require.NoError(t, tx.Commit(t.Context()))
	got = <-redeemed
	require.ErrorIs(t, got.err, card.ErrRefused)
	require.Zero(t, b.balance(t, b.anna), "nobody is credited after they were disabled")
	b.sound(t)
}

// A redemption that waits for its card sees what became of it.
func TestRedeemWhileTheCardChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(2))
	codes := b.codes(t, s)
	for serial, partner := range map[int32]*int64{1: nil, 2: &b.south.ID} {
		tx, err := b.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = b.q.CardGetForUpdate(t.Context(), tx, db.CardGetForUpdateParams{SeriesID: s.ID, Serial: serial}) // as EditCard
		require.NoError(t, err)
		redeemed := make(chan answer, 1)
		go func() {
			receipt, err := b.redeem(t.Context(), b.anna, codes[serial-1])
			redeemed <- answer{receipt, err}
		}()
		b.waits(t, func() bool { return len(redeemed) > 0 })
		require.NoError(t, b.q.CardEdit(t.Context(), tx, db.CardEditParams{SeriesID: s.ID, Serial: serial, PartnerID: partner}))
		require.NoError(t, tx.Commit(t.Context()))
		got := <-redeemed
		if partner == nil {
			require.NoError(t, got.err)
		} else {
			require.ErrorIs(t, got.err, card.ErrRefused)
		}
	}
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	b.sound(t)
}

// stalling lets a redemption begin its transaction and then blocks it.
type stalling struct {
	*pgxpool.Pool
	begun, on chan struct{}
}

// SendBatch implements db.BatchSender.
func (s stalling) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return stalled{s.Pool.SendBatch(ctx, b), s}
}

// stalled are the answers to statements that may have begun a transaction.
type stalled struct {
	pgx.BatchResults
	on stalling
}

// Close blocks if a transaction has begun.
func (s stalled) Close() error {
	err := s.BatchResults.Close()
	if s.Tx() != nil {
		s.on.begun <- struct{}{}
		<-s.on.on
	}
	return err
}

// A redemption that began before its series was activated would stand in the books
// as one from before the activation.
func TestRedeemBegunBeforeTheActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(1)
	f.Activate = false
	s := b.series(t, f)
	code := b.codes(t, s)[0]
	slow := *b
	stall := stalling{b.pool, make(chan struct{}), make(chan struct{})}
	slow.use(card.New(stall, b.keys, jobs(t, b.pool), setting.NewStore(b.pool, time.Now), slog.New(slog.DiscardHandler)))
	redeemed := make(chan answer, 1)
	go func() {
		receipt, err := slow.redeem(t.Context(), b.anna, code)
		redeemed <- answer{receipt, err}
	}()
	<-stall.begun
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	stall.on <- struct{}{}
	got := <-redeemed
	b.sound(t)
	require.ErrorIs(t, got.err, card.ErrRefused)
	_, err := b.redeem(t.Context(), b.anna, code)
	require.NoError(t, err)
	b.sound(t)
}

// A key is not retired while cards are being sealed under it, because they could never be
// redeemed. A worker that has not loaded the new key makes no cards under a retired key.
func TestKeyOfCardsInTheMakingIsNotRetired(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys = old
	b.use(newService(t, b.pool, old))
	announce(t, b.pool, old)
	ahead := newService(t, b.pool, both)
	announce(t, b.pool, both)
	keyID, err := ahead.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.NoError(t, ahead.Codes.Reseal(t.Context(), keyID, time.Now, noJob))

	ordered, err := b.cards.Order(t.Context(), b.admin, form(3))
	require.NoError(t, err)
	retired := make(chan error, 1)
	retiring := asOwner(t, b.pool, both)
	err = b.cards.Generate(t.Context(), ordered.ID, time.Now, func(ctx context.Context, _ pgx.Tx) error {
		go func() { retired <- retiring.Codes.RetireKey(ctx, audit.System(), 1) }()
		b.waits(t, func() bool { return len(retired) > 0 }) //nolint:contextcheck // the test's own
		return nil
	})
	require.NoError(t, err)
	require.ErrorContains(t, <-retired, "3 cards are still sealed under key 1")
	b.keys = both
	b.use(ahead)
	require.Len(t, b.codes(t, b.read(t, ordered.ID)), 3)
	_, err = b.pool.Exec(t.Context(), `update key_rotation set finished_at = null`)
	require.NoError(t, err)
	require.NoError(t, ahead.Codes.Reseal(t.Context(), keyID, time.Now, noJob))
	require.NoError(t, retiring.Codes.RetireKey(t.Context(), audit.System(), 1))

	behind := newService(t, b.pool, old)
	ordered, err = b.cards.Order(t.Context(), b.admin, form(3))
	require.NoError(t, err)
	require.ErrorContains(t, behind.Generate(t.Context(), ordered.ID, time.Now, noJob), "retired meanwhile")
	require.Zero(t, b.read(t, ordered.ID).Made)
	require.NoError(t, ahead.Generate(t.Context(), ordered.ID, time.Now, noJob))
	codes := b.codes(t, b.read(t, ordered.ID))
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	i := b.upload(t, "code\nAAAA-aaaa-0001\n")
	i.check(t, planned("code"))
	require.NoError(t, b.confirm(t.Context(), b.admin, i.id))
	require.ErrorIs(t, newImports(t, b.pool, old, behind).Run(t.Context(), i.id, i.open, time.Now, noJob), codestore.ErrKeysBehind)
	require.NoError(t, b.importer().Run(t.Context(), i.id, i.open, time.Now, noJob))
	b.sound(t)
}

// A code that is sent with a used idempotency key is not looked up. The attempt is not
// charged, so a lookup would allow unlimited guesses.
func TestUsedKeyLooksNothingUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(2)))
	trace := &statements{}
	config := b.pool.Config()
	config.ConnConfig.Tracer = trace
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	traced := *b
	traced.use(newService(t, pool, b.keys))
	key := uuid.New()
	_, err = traced.redeemKey(t.Context(), b.anna, codes[0], key)
	require.NoError(t, err)
	trace.take()
	for _, code := range []string{codes[1], card.DrawForTest().Reveal("")} {
		_, err = traced.redeemKey(t.Context(), b.anna, code, key)
		require.ErrorIs(t, err, card.ErrKeyReused)
		require.NotContains(t, trace.take(), "-- name: CardFind :one")
	}
	again, err := traced.redeemKey(t.Context(), b.anna, codes[0], key)
	require.NoError(t, err)
	require.True(t, again.Replayed)
}

// Retry waits while the series of the file is being voided. Neither operation ends in a
// deadlock.
func TestExportEndsWhileTheSeriesIsVoided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(2))
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.exports().Fail(t.Context(), id, "the disk is full"))
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = b.q.SeriesGetForUpdate(t.Context(), tx, s.ID) // as Void
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- b.exports().Retry(t.Context(), b.admin, id) }()
	b.waits(t, func() bool { return len(done) > 0 })
	require.NoError(t, b.q.ExportEndSeries(t.Context(), tx, s.ID))
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorIs(t, <-done, cardfile.ErrState)
}

// A form that is sent again with other entries is not answered as if they had been
// ordered.
func TestKeyOfAnotherOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(3)
	first, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	again, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	require.Equal(t, first, again)
	f.Price = usd(2000)
	_, err = b.cards.Order(t.Context(), b.admin, f)
	require.ErrorIs(t, err, card.ErrOrderKeyUsed)

	s, other, key := b.series(t, form(2)), b.series(t, form(2)), uuid.New()
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, key)
	require.NoError(t, err)
	same, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, key)
	require.NoError(t, err)
	require.Equal(t, id, same)
	_, err = b.exports().Request(t.Context(), b.admin, s.ID, "pdf", cardfile.Options{}, key)
	require.ErrorIs(t, err, cardfile.ErrKey)
	_, err = b.exports().Request(t.Context(), b.admin, other.ID, "csv", cardfile.Options{}, key)
	require.ErrorIs(t, err, cardfile.ErrKey)

	change := card.Operation{SeriesID: s.ID, Operation: db.CardOperationDisable, First: 1, Last: 2}
	queued, err := b.cards.OrderChange(t.Context(), b.admin, change, key)
	require.NoError(t, err)
	twice, err := b.cards.OrderChange(t.Context(), b.admin, change, key)
	require.NoError(t, err)
	require.Equal(t, queued, twice)
	change.Operation = db.CardOperationVoid
	_, err = b.cards.OrderChange(t.Context(), b.admin, change, key)
	require.ErrorIs(t, err, card.ErrChangeKey, "nobody is told that they are deleted")
}

// A key that did other work than is asked now is refused, and said to be.
func TestKeyOfOtherWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(2)))
	first, second := uuid.New(), uuid.New()
	receipt, err := b.redeemKey(t.Context(), b.anna, codes[0], first)
	require.NoError(t, err)
	back := billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "sold twice", Key: first}
	_, err = b.cards.Reverse(t.Context(), b.admin, back)
	require.ErrorIs(t, err, billing.ErrReversalKey, "nothing was reversed")
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	back.Key = second
	_, err = b.cards.Reverse(t.Context(), b.admin, back)
	require.NoError(t, err)
	_, err = b.redeemKey(t.Context(), b.anna, codes[0], second)
	require.ErrorIs(t, err, card.ErrKeyReused, "a reversal is no receipt")
	b.sound(t)
}

// A balance has an end; what would go past it is refused, and the card stays good.
func TestRedeemPastTheBalance(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(1))
	code := b.codes(t, s)[0]
	_, err := b.pool.Exec(t.Context(), `update account set balance = 999999999999999 where customer_id = $1`, b.anna.ID)
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, code)
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: b.anna.ID, Card: card.Ref{SeriesID: s.ID, Serial: 1}, Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrBalance)
	_, err = b.pool.Exec(t.Context(), `update account set balance = 0 where customer_id = $1`, b.anna.ID)
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, code)
	require.NoError(t, err)
	b.sound(t)
}
