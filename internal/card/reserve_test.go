package card_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/fault"
)

// billing is the actor of an API client of the administrator.
func (b *bundle) billing() audit.Actor {
	return audit.ByClient(7, b.admin.ID, b.admin.ID, audit.Everything()).On(audit.Terms{WrongCodesHour: 300})
}

// reserve reserves the card of a code for a customer.
func (b *bundle) reserve(t *testing.T, c db.Customer, code string, edit ...func(*card.Hold)) (card.Reservation, error) {
	t.Helper()
	h := card.Hold{CustomerID: c.ID, Code: code, Key: uuid.New(), TTL: card.UsualHold, Reference: "inv-1"}
	for _, e := range edit {
		e(&h)
	}
	return b.cards.Reserve(t.Context(), b.billing(), h)
}

// over lets the time of all reservations pass.
func (b *bundle) over(t *testing.T) {
	t.Helper()
	b.owner(t, `update reservation set held_at = held_at - interval '40 minutes', held_until = held_until - interval '40 minutes'`)
	b.owner(t, `update card set reserved_until = reserved_until - interval '40 minutes' where reserved_until is not null`)
}

func (b *bundle) requireSound(t *testing.T) {
	t.Helper()
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// A reserved card is out of play for everyone else, until it is committed, once, or released.
func TestReserve(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(3)))
	held, err := b.reserve(t, b.anna, codes[0])
	require.NoError(t, err)
	require.Equal(t, int64(1000), held.Amount)
	require.Zero(t, b.charged(t, b.anna), "a good code costs nothing")

	_, err = b.redeem(ctx, b.ben, codes[0])
	require.ErrorIs(t, err, card.ErrRefused, "a customer is not told why")
	_, err = b.redeem(ctx, b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrRefused, "nor is the customer whom it is reserved for")
	_, err = b.look(t, b.ben, codes[0])
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.reserve(t, b.ben, codes[0])
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: b.ben.ID, Code: codes[0], Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrReserved, "staff are")

	done, err := b.cards.Commit(ctx, b.billing(), held.ID)
	require.NoError(t, err)
	require.Equal(t, int64(1000), done.Balance)
	again, err := b.cards.Commit(ctx, b.billing(), held.ID)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, done.PaymentID, again.PaymentID)
	require.ErrorIs(t, b.cards.Release(ctx, b.billing(), held.ID), card.ErrHoldCommitted)
	require.Equal(t, int64(1000), b.balance(t, b.anna))

	held, err = b.reserve(t, b.anna, codes[1])
	require.NoError(t, err)
	require.NoError(t, b.cards.Release(ctx, b.billing(), held.ID))
	require.NoError(t, b.cards.Release(ctx, b.billing(), held.ID), "once more")
	_, err = b.cards.Commit(ctx, b.billing(), held.ID)
	require.ErrorIs(t, err, card.ErrHoldReleased)
	_, err = b.redeem(ctx, b.carol, codes[1])
	require.NoError(t, err)

	other := audit.ByClient(8, b.admin.ID, b.admin.ID, audit.Everything())
	held, err = b.reserve(t, b.anna, codes[2])
	require.NoError(t, err)
	_, err = b.cards.Commit(ctx, other, held.ID)
	require.ErrorIs(t, err, card.ErrNoReservation, "another client")
	_, err = b.cards.Commit(ctx, b.billing(), uuid.New())
	require.ErrorIs(t, err, card.ErrNoReservation)
	_, err = b.cards.Reserve(ctx, b.admin, card.Hold{CustomerID: b.anna.ID, Code: codes[2], Key: uuid.New(), TTL: card.UsualHold})
	require.ErrorIs(t, err, card.ErrHoldByClient)
	b.requireSound(t)
}

// The same key reserves once, and nothing else.
func TestReserveIsRepeatable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(2)))
	key := uuid.New()
	with := func(h *card.Hold) { h.Key = key }
	first, err := b.reserve(t, b.anna, codes[0], with)
	require.NoError(t, err)
	again, err := b.reserve(t, b.anna, codes[0], with)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.ID, again.ID)
	for name, c := range map[string]struct {
		who  db.Customer
		code string
		edit func(*card.Hold)
	}{
		"another card":      {b.anna, codes[1], with},
		"another customer":  {b.ben, codes[0], with},
		"another reference": {b.anna, codes[0], func(h *card.Hold) { h.Key, h.Reference = key, "inv-2" }},
	} {
		_, err = b.reserve(t, c.who, c.code, c.edit)
		require.ErrorIs(t, err, card.ErrHoldKey, name)
	}
	for _, ttl := range []time.Duration{0, card.MinHold - 1, card.MaxHold + 1} {
		_, err = b.reserve(t, b.anna, codes[1], func(h *card.Hold) { h.TTL = ttl })
		require.ErrorIs(t, err, card.ErrHoldTime)
	}
}

// After its time a reservation is still committed while nobody else has the card, and is lost
// once somebody has.
func TestReservationAfterItsTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(3)))
	late, err := b.reserve(t, b.anna, codes[0])
	require.NoError(t, err)
	lost, err := b.reserve(t, b.anna, codes[1])
	require.NoError(t, err)
	taken, err := b.reserve(t, b.anna, codes[2])
	require.NoError(t, err)
	b.over(t)
	require.NoError(t, b.cards.ExpireReservations(ctx))
	_, err = b.cards.Commit(ctx, b.billing(), late.ID)
	require.NoError(t, err)
	_, err = b.redeem(ctx, b.ben, codes[1])
	require.NoError(t, err, "the clock has freed the card")
	_, err = b.cards.Commit(ctx, b.billing(), lost.ID)
	require.ErrorIs(t, err, card.ErrReservationLost)
	_, err = b.reserve(t, b.ben, codes[2])
	require.NoError(t, err)
	_, err = b.cards.Commit(ctx, b.billing(), taken.ID)
	require.ErrorIs(t, err, card.ErrReservationLost)
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	b.requireSound(t)
}

// What staff do to a reserved card waits for the reservation; what stops theft does not.
func TestReservedCardAndStaff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(4))
	codes := b.codes(t, s)
	held, err := b.reserve(t, b.anna, codes[0])
	require.NoError(t, err)
	ref := card.Ref{SeriesID: s.ID, Serial: held.Serial}
	require.ErrorIs(t, b.cards.DisableCard(ctx, b.admin, ref), card.ErrCardHeld)
	require.ErrorIs(t, b.cards.VoidCard(ctx, b.admin, ref), card.ErrCardHeld)
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(2000) })
	require.ErrorIs(t, err, card.ErrSeriesHeld)

	require.Error(t, b.cards.ReleaseCard(ctx, b.admin, ref, ""), "a reason is needed")
	require.NoError(t, b.cards.ReleaseCard(ctx, b.admin, ref, "the till crashed"))
	require.ErrorIs(t, b.cards.ReleaseCard(ctx, b.admin, ref, "the till crashed"), card.ErrNotHeld)
	_, err = b.cards.Commit(ctx, b.billing(), held.ID)
	require.ErrorIs(t, err, card.ErrHoldReleased)

	held, err = b.reserve(t, b.anna, codes[1])
	require.NoError(t, err)
	require.NoError(t, b.cards.Lock(ctx, b.admin, s.ID))
	_, err = b.cards.Commit(ctx, b.billing(), held.ID)
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.Zero(t, b.balance(t, b.anna))
	b.requireSound(t)
}

// Of a commit and a release at once one wins, and the books agree with it.
func TestCommitRacesRelease(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(12)))
	redeemed := int64(0)
	for _, code := range codes {
		held, err := b.reserve(t, b.anna, code)
		require.NoError(t, err)
		var wait sync.WaitGroup
		var committed, released error
		start := make(chan struct{})
		wait.Go(func() { <-start; _, committed = b.cards.Commit(ctx, b.billing(), held.ID) })
		wait.Go(func() { <-start; released = b.cards.Release(ctx, b.billing(), held.ID) })
		close(start)
		wait.Wait()
		require.NotEqual(t, committed == nil, released == nil, "%v, %v", committed, released)
		if committed == nil {
			redeemed += 1000
		}
	}
	require.Equal(t, redeemed, b.balance(t, b.anna))
	b.requireSound(t)
}

// Of many requests for one card one reserves it.
func TestReservationsRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	code := b.codes(t, b.series(t, form(1)))[0]
	var wait sync.WaitGroup
	errs := make([]error, 8)
	customers := []db.Customer{b.anna, b.ben}
	for i := range errs {
		wait.Go(func() { _, errs[i] = b.reserve(t, customers[i%2], code) })
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.Contains(t, []fault.Kind{fault.Invalid, fault.Limited}, fault.KindOf(err))
	}
	require.Equal(t, 1, won)
	b.requireSound(t)
}

// told returns the types and the cards of the events about reservations, in order.
func (b *bundle) told(t *testing.T) (list []string) {
	t.Helper()
	r := event.NewRelay(b.pool, nil, slog.New(slog.DiscardHandler))
	for more := true; more; {
		var err error
		_, more, err = r.Step(t.Context())
		require.NoError(t, err)
	}
	rows, err := b.pool.Query(t.Context(), `select type || ' ' || (data->>'card') || ' ' || (data->'customer'->>'username') || ' ' || (partner_ids = array[(select partner_id from customer where id = customer_id)])
		from event where type like 'reservation.%' order by seq`)
	require.NoError(t, err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

// Each act upon a reservation tells other systems once, and a repetition tells nothing.
func TestReservationsTell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.owner(t, `update event_switch set wanted = true, since = now()`)
	s := b.series(t, form(4))
	codes := b.codes(t, s)
	held := make([]card.Reservation, 4)
	for i, code := range codes {
		var err error
		held[i], err = b.reserve(t, b.anna, code)
		require.NoError(t, err)
	}
	for range 2 {
		_, err := b.cards.Commit(ctx, b.billing(), held[0].ID)
		require.NoError(t, err)
		require.NoError(t, b.cards.Release(ctx, b.billing(), held[1].ID))
	}
	b.over(t)
	_, err := b.redeem(ctx, b.ben, codes[2])
	require.NoError(t, err)
	for range 2 {
		_, err = b.cards.Commit(ctx, b.billing(), held[2].ID)
		require.ErrorIs(t, err, card.ErrReservationLost)
		require.NoError(t, b.cards.ExpireReservations(ctx))
	}
	line := func(what string, h card.Reservation) string {
		return fmt.Sprintf("reservation.%s %s-%d anna true", what, h.Series, h.Serial)
	}
	told := b.told(t)
	require.ElementsMatch(t, []string{
		line("held", held[0]), line("held", held[1]), line("held", held[2]), line("held", held[3]),
		line("committed", held[0]), line("released", held[1]), line("broken", held[2]), line("expired", held[2]), line("expired", held[3]),
	}, told)
	require.Equal(t, 1, b.written(t, "reservation.broken"))
	b.requireSound(t)
}

// Housekeeping marks what is over and nothing else: no reservation in time, none that ended
// otherwise. The card of one that is marked can still be committed.
func TestExpireReservations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	codes := b.codes(t, b.series(t, form(4)))
	var held [4]card.Reservation
	for i, code := range codes[:3] {
		var err error
		held[i], err = b.reserve(t, b.anna, code)
		require.NoError(t, err)
	}
	_, err := b.cards.Commit(ctx, b.billing(), held[0].ID)
	require.NoError(t, err)
	require.NoError(t, b.cards.Release(ctx, b.billing(), held[1].ID))
	b.over(t)
	held[3], err = b.reserve(t, b.anna, codes[3])
	require.NoError(t, err)
	state := func() (states []string) {
		for _, h := range held {
			var state string
			require.NoError(t, b.pool.QueryRow(ctx, `select state from reservation where id = $1`, h.ID).Scan(&state))
			states = append(states, state)
		}
		return states
	}
	for range 2 {
		require.NoError(t, b.cards.ExpireReservations(ctx))
		require.Equal(t, []string{"committed", "released", "expired", "held"}, state())
	}
	require.Equal(t, 1, b.written(t, "reservation.expired"))
	_, err = b.cards.Commit(ctx, b.billing(), held[2].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"committed", "released", "committed", "held"}, state())
	b.requireSound(t)
}
