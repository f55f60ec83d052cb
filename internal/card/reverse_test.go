package card_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

func TestReverseRedemption(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(3))
	codes := b.codes(t, s)
	receipt, err := b.redeem(t.Context(), b.anna, codes[1])
	require.NoError(t, err)
	r := billing.Reversal{CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "sold twice", Key: uuid.New()}

	_, err = b.cards.Reverse(t.Context(), audit.System().Within(audit.Scope{PartnerIDs: []int64{b.south.ID}}), r)
	require.ErrorIs(t, err, customer.ErrUnknown, "another partner's customer is missing")
	unsaid := r
	unsaid.Reason = "  "
	_, err = b.cards.Reverse(t.Context(), b.admin, unsaid)
	require.Equal(t, "reason", fault.All(err)[0].Field)

	back, err := b.cards.Reverse(t.Context(), b.admin, r)
	require.NoError(t, err)
	require.Zero(t, back.Balance)
	again, err := b.cards.Reverse(t.Context(), b.admin, r)
	require.NoError(t, err)
	require.Equal(t, back.ID, again.ID)
	require.True(t, again.Replayed)
	r.Key = uuid.New()
	_, err = b.cards.Reverse(t.Context(), b.admin, r)
	require.ErrorIs(t, err, billing.ErrReversed)

	require.Zero(t, b.balance(t, b.anna))
	require.Equal(t, int64(2000), b.outstanding(t, s.ID), "the value went to breakage, not back to the series")
	show, err := b.cards.Series(t.Context(), b.admin, s.ID)
	require.NoError(t, err)
	require.Zero(t, show.Used)
	require.Equal(t, int64(1), show.Void)
	_, err = b.redeem(t.Context(), b.ben, codes[1])
	require.ErrorIs(t, err, card.ErrRefused, "the card is void")
	b.sound(t)

	// What was spent before is owed: the balance becomes negative. The series may
	// be void by then.
	receipt, err = b.redeem(t.Context(), b.ben, codes[0])
	require.NoError(t, err)
	spent := customer.Payment{CustomerID: b.ben.ID, Type: db.PaymentTypeCorrection, Comment: "spent", Key: uuid.New()}
	spent.Amount.Minor, spent.Amount.Currency = -600, "USD"
	_, err = customer.Pay(t.Context(), b.pool, b.admin, spent)
	require.NoError(t, err)
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.NoError(t, b.cards.Erase(t.Context(), s.ID, time.Now, noJob))
	back, err = b.cards.Reverse(t.Context(), b.admin, billing.Reversal{CustomerID: b.ben.ID, PaymentID: receipt.PaymentID, Reason: "stolen box", Key: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, int64(-600), back.Balance)
	b.sound(t)
}

// Of several reversals at once, one goes through.
func TestReverseRedemptionRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const rounds, racers = 5, 4
	codes := b.codes(t, b.series(t, form(rounds)))
	for round := range rounds {
		receipt, err := b.redeem(t.Context(), b.anna, codes[round])
		require.NoError(t, err)
		var warmed []*pgxpool.Conn
		for range racers {
			conn, err := b.pool.Acquire(t.Context())
			require.NoError(t, err)
			warmed = append(warmed, conn)
		}
		for _, conn := range warmed {
			conn.Release()
		}
		start, errs := make(chan struct{}), make([]error, racers)
		var group sync.WaitGroup
		for i := range racers {
			group.Go(func() {
				<-start
				_, errs[i] = b.cards.Reverse(t.Context(), b.admin, billing.Reversal{
					CustomerID: b.anna.ID, PaymentID: receipt.PaymentID, Reason: "raced", Key: uuid.New(),
				})
			})
		}
		close(start)
		group.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				require.ErrorIs(t, err, billing.ErrReversed)
			}
		}
		require.Equal(t, 1, done)
	}
	require.Zero(t, b.balance(t, b.anna))
	b.sound(t)
}

// Staff of another partner can't lift a bar. Lifting a bar needs a reason.
func TestClearGuesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 6 {
		_, _ = b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	}
	until, err := b.cards.Guesses.BarredUntil(t.Context(), b.anna.ID)
	require.NoError(t, err)
	require.False(t, until.IsZero())
	foreign := audit.System().Within(audit.Scope{PartnerIDs: []int64{b.south.ID}})
	require.ErrorIs(t, b.cards.Guesses.ClearCustomer(t.Context(), foreign, b.anna.ID, "called us"), customer.ErrUnknown)
	require.Equal(t, "reason", fault.All(b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, ""))[0].Field)
	require.NoError(t, b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, "called us"))
	until, err = b.cards.Guesses.BarredUntil(t.Context(), b.anna.ID)
	require.NoError(t, err)
	require.True(t, until.IsZero())
}
