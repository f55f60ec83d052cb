package card_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
)

// Codes that are revealed one by one count as an export of them: above the limit each
// waits, and what was approved is revealed once, by the person who asked.
func TestRevealsAreAsAnExport(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	ctx := t.Context()
	s := b.inactive(t, 40) // of USD 10.00
	ref := func(serial int32) card.Ref { return card.Ref{SeriesID: s.ID, Serial: serial} }
	for serial := range int32(5) {
		_, err := b.cards.Reveal(ctx, b.admin, ref(serial+1), "a customer calls")
		require.NoError(t, err)
	}
	_, err := b.cards.Reveal(ctx, b.admin, ref(1), "a customer calls again")
	require.NoError(t, err, "the same card counts once")
	code, err := b.cards.Reveal(ctx, b.admin, ref(6), "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits)
	require.Empty(t, code)
	_, err = b.cards.Reveal(ctx, b.admin, ref(6), "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits, "asked for already")
	a := b.waiting(t)
	require.Equal(t, []int64{10_00, 50_00, 6}, []int64{a.Value, a.Before, int64(*a.Serial)})
	require.Equal(t, db.ExportState("waiting"), b.exportState(t, b.export(t, b.admin, s)), "nor by a file")
	require.NoError(t, b.cards.Refuse(ctx, other, b.waitingOf(t, db.ApprovalKindExport).ID, "because"))

	require.NoError(t, b.cards.Approve(ctx, other, a.ID, "because"))
	_, err = b.cards.Reveal(ctx, b.admin, ref(7), "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits, "that card, not another")
	until, err := b.cards.RevealUntil(ctx, b.admin.ID, ref(6))
	require.NoError(t, err)
	require.False(t, until.IsZero())
	until, err = b.cards.RevealUntil(ctx, other.ID, ref(6))
	require.NoError(t, err)
	require.True(t, until.IsZero(), "the person who asked, not another")
	code, err = b.cards.Reveal(ctx, b.admin, ref(6), "a customer calls")
	require.NoError(t, err)
	require.NotEmpty(t, code)
	_, err = b.cards.Reveal(ctx, b.admin, ref(6), "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits, "once")
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindExport), "what was approved counts for no one")

	// What was approved holds for a day.
	sixth := b.waitingFor(t, 6)
	require.NoError(t, b.cards.Approve(ctx, other, sixth.ID, "because"))
	_, err = b.pool.Exec(ctx, `update approval set decided_at = decided_at - interval '24 hours' where id = $1`, sixth.ID)
	require.NoError(t, err)
	_, err = b.cards.Reveal(ctx, b.admin, ref(6), "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits)
	seventh := b.waitingFor(t, 7)
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(7)))
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(7)))
	require.ErrorIs(t, b.cards.Approve(ctx, other, seventh.ID, "because"), approval.ErrOutdated)

	// A card that holds no value costs nothing.
	require.NoError(t, b.cards.Refuse(ctx, other, b.waitingFor(t, 6).ID, "because"))
	b.above(t, 400_00)
	require.NoError(t, b.cards.Activate(ctx, other, s.ID))
	_, err = b.redeem(ctx, b.anna, b.codes(t, s)[0])
	require.NoError(t, err)
	b.above(t, 0)
	_, err = b.cards.Reveal(ctx, other, ref(1), "which card was it")
	require.NoError(t, err)
	b.sound(t)
}

// Reveals by one person at the same moment don't slip past the limit together, and what
// was approved is used once.
func TestRevealsRace(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.inactive(t, 12)
	reveal := func(serials ...int32) int {
		var shown atomic.Int32
		gate := make(chan struct{})
		var all sync.WaitGroup
		for _, serial := range serials {
			all.Go(func() {
				<-gate
				_, err := b.cards.Reveal(context.WithoutCancel(t.Context()), b.admin, card.Ref{SeriesID: s.ID, Serial: serial}, "because")
				if err == nil {
					shown.Add(1)
				}
			})
		}
		close(gate)
		all.Wait()
		return int(shown.Load())
	}
	require.Equal(t, 5, reveal(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
	_, err := b.cards.Reveal(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 12}, "because")
	if err == nil { // it was one of the five: another one is asked for below
		b.aDayLater(t)
		return
	}
	require.NoError(t, b.cards.Approve(t.Context(), other, b.waitingFor(t, 12).ID, "because"))
	require.Equal(t, 1, reveal(12, 12, 12, 12))
}

// export asks for a file of a series.
func (b *bundle) export(t *testing.T, who audit.Actor, s db.Series) int64 {
	t.Helper()
	id, err := b.exports().Request(t.Context(), who, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	return id
}

// waitingOf returns the only request of a kind that waits.
func (b *bundle) waitingOf(t *testing.T, kind db.ApprovalKind) db.Approval {
	t.Helper()
	rows, err := b.q.ApprovalList(t.Context(), b.pool, db.ApprovalListParams{Kind: string(kind), Waiting: true, Cards: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0].Approval
}

// waitingFor returns the request about one card that waits.
func (b *bundle) waitingFor(t *testing.T, serial int32) db.Approval {
	t.Helper()
	rows, err := b.q.ApprovalList(t.Context(), b.pool, db.ApprovalListParams{Waiting: true, Cards: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	for _, row := range rows {
		if row.Approval.Serial != nil && *row.Approval.Serial == serial {
			return row.Approval
		}
	}
	require.Fail(t, "no request about the card waits")
	return db.Approval{}
}
