package card_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
)

func ref(s db.Series, serial int32) card.Ref { return card.Ref{SeriesID: s.ID, Serial: serial} }

func (b *bundle) card(tb testing.TB, s db.Series, serial int32) db.CardShowRow {
	tb.Helper()
	row, err := b.q.CardShow(tb.Context(), b.pool, db.CardShowParams{SeriesID: s.ID, Serial: serial, AllPartners: true})
	require.NoError(tb, err)
	return row
}

// owner runs a statement that the program has no right to.
func (b *bundle) owner(tb testing.TB, sql string) {
	tb.Helper()
	_, err := dbtest.Owner(tb, b.pool).Exec(tb.Context(), sql)
	require.NoError(tb, err)
}

func inDays(n int) time.Time { return time.Now().UTC().AddDate(0, 0, n) }

func TestOneCardIsDisabledAndDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(5))
	codes := b.codes(t, s)

	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(s, 1)))
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(s, 1)), "twice is once")
	_, err := b.redeem(ctx, b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrRefused)
	require.Equal(t, int64(5000), b.outstanding(t, s.ID), "a disabled card keeps its value")
	b.sound(t)
	require.NoError(t, b.cards.EnableCard(ctx, b.admin, ref(s, 1)))
	_, err = b.redeem(ctx, b.anna, codes[0])
	require.NoError(t, err)

	for _, change := range []func(card.Ref) error{
		func(r card.Ref) error { return b.cards.DisableCard(ctx, b.admin, r) },
		func(r card.Ref) error { return b.cards.EnableCard(ctx, b.admin, r) },
		func(r card.Ref) error { return b.cards.VoidCard(ctx, b.admin, r) },
		func(r card.Ref) error { return b.cards.EditCard(ctx, b.admin, r, card.Edit{Remark: "x"}) },
	} {
		require.ErrorIs(t, change(ref(s, 1)), card.ErrCardUsed)
		require.ErrorIs(t, change(ref(s, 99)), card.ErrNoCard)
	}

	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(s, 2)))
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 2)), "a disabled card can be deleted")
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 3)))
	require.ErrorIs(t, b.cards.EnableCard(ctx, b.admin, ref(s, 3)), card.ErrCardVoid, "void is for good")
	require.Equal(t, int64(2000), b.outstanding(t, s.ID))
	require.Equal(t, int64(2000), b.breakage(t))
	b.sound(t)
}

// What was deleted before the first activation was never outstanding.
func TestDeletedBeforeActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(5)
	f.Activate = false
	s := b.series(t, f)
	require.NoError(t, b.cards.VoidCard(t.Context(), b.admin, ref(s, 2)))
	require.Zero(t, b.breakage(t))
	b.sound(t)
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	require.Equal(t, int64(4000), b.outstanding(t, s.ID))
	b.sound(t)
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.ErrorIs(t, b.cards.DisableCard(t.Context(), b.admin, ref(s, 1)), card.ErrCardsMaking)
}

func TestForeignCardsAreMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(2)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	s := b.series(t, f)
	south := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.south.ID}})
	require.ErrorIs(t, b.cards.VoidCard(t.Context(), south, ref(s, 1)), card.ErrNoSeries)
	_, err := b.cards.Reveal(t.Context(), south, ref(s, 1), "curious")
	require.ErrorIs(t, err, card.ErrNoSeries)
	north := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	require.ErrorIs(t, b.cards.EditCard(t.Context(), north, ref(s, 1), card.Edit{PartnerID: b.south.ID}), card.ErrCardPartner)
}

func TestEditedCard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(3))
	codes := b.codes(t, s)
	require.NoError(t, b.cards.EditCard(ctx, b.admin, ref(s, 1), card.Edit{ValidTill: inDays(3), PartnerID: b.south.ID, Remark: " for the fair "}))
	row := b.card(t, s, 1)
	require.Equal(t, inDays(3).Format(time.DateOnly), row.ValidTill.Format(time.DateOnly))
	require.Equal(t, "for the fair", *row.Remark)
	require.NoError(t, b.cards.EditCard(ctx, b.admin, ref(s, 1), card.Edit{ValidTill: inDays(3), PartnerID: b.south.ID, Remark: "for the fair"}), "the same once more is no edit")
	var noted string
	require.NoError(t, b.pool.QueryRow(ctx, `select string_agg((c->>'what') || ': ' || (c->>'from') || ' → ' || (c->>'to'), '; ')
		from (select detail from audit where action = 'card.edited' order by id desc limit 1) a, jsonb_array_elements(a.detail->'changes') c`).Scan(&noted))
	require.Equal(t, "valid till: as the series → "+row.ValidTill.Format("2 Jan 2006")+"; partner: as the series → South; remark: none → for the fair", noted)
	_, err := b.redeem(ctx, b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrRefused, "it is for South")
	_, err = b.redeem(ctx, b.carol, codes[0])
	require.NoError(t, err)
	b.sound(t)

	for _, c := range []struct {
		edit card.Edit
		want error
	}{
		{card.Edit{ValidTill: day(2020, 1, 1)}, card.ErrTillPast},
		{card.Edit{ValidTill: day(2999, 1, 1)}, card.ErrTillFar},
		{card.Edit{PartnerID: 99}, card.ErrCardPartner},
		{card.Edit{Remark: string(make([]byte, 201))}, card.ErrRemark},
	} {
		require.ErrorIs(t, b.cards.EditCard(ctx, b.admin, ref(s, 2), c.edit), c.want)
		require.ErrorIs(t, b.cards.CheckCardEdit(ctx, b.admin, ref(s, 2), c.edit), c.want)
	}
	err = b.cards.EditCard(ctx, b.admin, ref(s, 2), card.Edit{ValidTill: day(2020, 1, 1), PartnerID: 99})
	require.Len(t, fault.All(err), 2, "both mistakes are said")
	require.NoError(t, b.cards.CheckCardEdit(ctx, b.admin, ref(s, 2), card.Edit{ValidTill: inDays(3), PartnerID: b.south.ID, Remark: "x"}))
	require.Equal(t, fault.Conflict, fault.KindOf(b.cards.CheckCardEdit(ctx, b.admin, ref(s, 1), card.Edit{})), "it is used")
	require.Nil(t, b.card(t, s, 2).ValidTill)
}

// A card with a later date than its series keeps its value, and the value of the
// series with it, until that date has passed too; one with an earlier date can't
// be redeemed any more while the others can.
func TestOwnDates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(3))
	codes := b.codes(t, s)
	require.NoError(t, b.cards.EditCard(ctx, b.admin, ref(s, 1), card.Edit{ValidTill: inDays(30)}))
	b.owner(t, `update series set valid_till = current_date - 10`)
	b.owner(t, `update card set valid_till = current_date - 3 where serial = 2`)

	n, err := b.cards.LapseExpired(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = b.redeem(ctx, b.anna, codes[2])
	require.ErrorIs(t, err, card.ErrRefused)
	require.Equal(t, int64(3000), b.outstanding(t, s.ID))
	_, err = b.redeem(ctx, b.anna, codes[0])
	require.NoError(t, err)
	b.sound(t)

	n, err = b.cards.LapseExpired(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the last late card is used")
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, int64(2000), b.breakage(t))
	require.ErrorIs(t, b.cards.EditCard(ctx, b.admin, ref(s, 3), card.Edit{ValidTill: inDays(9)}), card.ErrTillLapsed)
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 3)), "its value is gone already")
	require.Equal(t, int64(2000), b.breakage(t))
	b.sound(t)
}

func TestRevealedCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(2))
	_, err := b.cards.Reveal(ctx, b.admin, ref(s, 1), "  x ")
	require.ErrorIs(t, err, card.ErrReason)
	code, err := b.cards.Reveal(ctx, b.admin, ref(s, 1), "the strip is scratched off")
	require.NoError(t, err)
	require.Equal(t, b.codes(t, s)[0], code)
	rows, err := b.q.AuditListCard(ctx, b.pool, db.AuditListCardParams{SeriesID: &s.ID, Serial: 1, Size: 9, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Equal(t, "card.revealed", rows[0].Action)
	require.Contains(t, string(rows[0].Detail), "scratched")
	require.NotContains(t, string(rows[0].Detail), code[len(code)-4:])
	b.sound(t)

	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 2)))
	_, err = b.cards.Reveal(ctx, b.admin, ref(s, 2), "printed badly")
	require.ErrorIs(t, err, card.ErrErased)
}

// A card is deleted while it is redeemed: one of the two wins, and the card's
// value goes to one place.
func TestDeleteRacesWithRedemption(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 40
	s := b.series(t, form(n))
	start := make(chan struct{})
	var group sync.WaitGroup
	redeemed, voided := make([]error, n), make([]error, n)
	for i := range int32(n) {
		who := b.customer(t, fmt.Sprintf("racer%d", i), b.north)
		group.Go(func() {
			<-start
			_, redeemed[i] = b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: who.ID, Card: ref(s, i+1), Key: uuid.New()})
		})
		group.Go(func() { <-start; voided[i] = b.cards.VoidCard(t.Context(), b.admin, ref(s, i+1)) })
	}
	close(start)
	group.Wait()
	won := int64(0)
	for i := range n {
		if redeemed[i] == nil {
			won++
			require.ErrorIs(t, voided[i], card.ErrCardUsed)
		} else {
			require.ErrorIs(t, redeemed[i], card.ErrVoid)
			require.NoError(t, voided[i])
		}
	}
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, (n-won)*1000, b.breakage(t))
	b.sound(t)
}

// The database and the program agree on what a card is shown as.
func TestShownStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range db.AllCardStateValues() {
		for _, s := range db.AllSeriesStateValues() {
			for _, expired := range []bool{false, true} {
				var got string
				require.NoError(t, b.pool.QueryRow(t.Context(), `select card_shown($1, $2, $3)`, c, s, expired).Scan(&got))
				require.Equal(t, string(card.StatusOf(c, s, expired)), got, "%s %s %v", c, s, expired)
			}
		}
	}
}

func TestEndOfACode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	f := form(30)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	s := b.series(t, f)
	codes := b.codes(t, s)
	end := codes[6][len(codes[6])-4:]
	find := func(actor audit.Actor) []int32 {
		rows, more, err := b.cards.Codes.FindLastFour(ctx, actor, "••••-"+end)
		require.NoError(t, err)
		require.False(t, more)
		serials := []int32{}
		for _, row := range rows {
			serials = append(serials, row.Serial)
		}
		return serials
	}
	require.Contains(t, find(b.admin), int32(7))
	require.Empty(t, find(audit.System().Within(audit.Scope{PartnerIDs: []int64{b.south.ID}})), "of another partner")

	b.owner(t, `update card set last_four = null`) // as before the upgrade
	require.Empty(t, find(b.admin))
	require.NoError(t, b.cards.Codes.HashLastFour(ctx))
	require.Contains(t, find(b.admin), int32(7))
	_, _, err := b.cards.Codes.FindLastFour(ctx, b.admin, "K-QP")
	require.ErrorIs(t, err, codestore.ErrLastFour)
}

// change orders an operation under a fresh key.
func (b *bundle) change(tb testing.TB, c card.Operation) int64 {
	tb.Helper()
	id, err := b.cards.OrderChange(tb.Context(), b.admin, c, uuid.New())
	require.NoError(tb, err)
	return id
}
