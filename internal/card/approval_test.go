package card_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// second is a bundle whose settings ask for a second person above USD 50.00, and
// that person.
func second(t *testing.T) (*bundle, audit.Actor) {
	t.Helper()
	b := setup(t)
	b.above(t, 50_00)
	return b, b.colleague(t, "second")
}

// above changes the value above which a second person decides.
func (b *bundle) above(t *testing.T, minor int64) {
	t.Helper()
	store := setting.NewStore(b.pool, time.Now)
	require.NoError(t, store.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.ApproveAbove = &minor }))
	b.use(newService(t, b.pool, b.keys))
}

// colleague is another administrator, whose password nobody else knows.
func (b *bundle) colleague(t *testing.T, username string) audit.Actor {
	t.Helper()
	id := peopletest.Staff(t, b.pool, staff.New{Username: username, Role: db.StaffRoleAdministrator, AllPartners: true})
	return audit.ByStaff(id, audit.Everything())
}

// inactive makes a series of cards of USD 10.00 that is not activated.
func (b *bundle) inactive(t *testing.T, quantity int) db.Series {
	t.Helper()
	f := form(quantity)
	f.Activate = false
	return b.series(t, f)
}

// waiting returns the only request that waits.
func (b *bundle) waiting(t *testing.T) db.Approval {
	t.Helper()
	rows, err := b.q.ApprovalList(t.Context(), b.pool, db.ApprovalListParams{Waiting: true, Cards: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0].Approval
}

// importedActive imports cards that are to be active at once.
func (b *bundle) importedActive(t *testing.T, quantity int) db.Series {
	t.Helper()
	i := b.upload(t, many(quantity))
	i.check(t, planned("serial", "code"))
	made := i.run(t)
	require.Len(t, made, 1)
	return made[0]
}

func (b *bundle) none(t *testing.T) {
	t.Helper()
	rows, err := b.q.ApprovalList(t.Context(), b.pool, db.ApprovalListParams{Waiting: true, Cards: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestActivationTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	small := b.inactive(t, 5) // USD 50.00, which is not above
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, small.ID))
	require.Equal(t, db.SeriesStateActive, b.read(t, small.ID).State)
	b.none(t)

	s := b.inactive(t, 6)
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	require.ErrorIs(t, b.cards.Activate(t.Context(), other, s.ID), card.ErrActivationWaits, "asked for already")
	a := b.waiting(t)
	require.Equal(t, []int64{60_00, 6, b.admin.ID}, []int64{a.Value, a.Cards, a.RequestedBy})
	require.Equal(t, db.SeriesStateReady, b.read(t, s.ID).State)
	require.Zero(t, b.outstanding(t, s.ID))

	require.ErrorIs(t, b.cards.Approve(t.Context(), b.admin, a.ID, "because"), approval.ErrOwn)
	require.Error(t, b.cards.Approve(t.Context(), other, a.ID, ""), "no reason")
	require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)
	require.Equal(t, int64(60_00), b.outstanding(t, s.ID))
	require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrDone)

	// Locked and activated again is an activation too.
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, s.ID))
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	require.NoError(t, b.cards.Refuse(t.Context(), other, b.waiting(t).ID, "not now"))
	require.Equal(t, db.SeriesStateLocked, b.read(t, s.ID).State)
	b.none(t)
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits, "may be asked again")
	b.sound(t)
}

// Neither what is activated when it is made, nor cards that become dear later, lead
// around the second person; see TestEveryWayIntoUseIsWeighed for the rest.
func TestEveryActivationTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.series(t, form(6)) // activate when generated
	require.Equal(t, db.SeriesStateReady, b.read(t, s.ID).State)
	a := b.waiting(t)
	require.Equal(t, b.admin.ID, a.RequestedBy, "who ordered is who asks")
	require.ErrorIs(t, b.cards.Approve(t.Context(), b.admin, a.ID, "because"), approval.ErrOwn)
	require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)

	// Cheap cards that become dear once they are in use, or once they are known.
	cheap := form(6)
	cheap.Price = usd(100)
	s = b.series(t, cheap)
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)
	raise := card.SeriesEdit{Prefix: s.Prefix, Price: usd(900), Partners: card.Partners{Any: true}, ValidTill: s.ValidTill, Version: s.Version}
	_, err := b.cards.Edit(t.Context(), b.admin, s.ID, raise)
	require.ErrorIs(t, err, card.ErrPriceNeedsSecond)
	raise.Price = usd(800)
	_, err = b.cards.Edit(t.Context(), b.admin, s.ID, raise)
	require.NoError(t, err, "USD 48.00 together")
	cheap = form(6)
	cheap.Price, cheap.Activate = usd(100), false
	s = b.series(t, cheap)
	_, err = b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	raise = card.SeriesEdit{Prefix: s.Prefix, Price: usd(900), Partners: card.Partners{Any: true}, ValidTill: s.ValidTill, Version: s.Version}
	_, err = b.cards.Edit(t.Context(), b.admin, s.ID, raise)
	require.ErrorIs(t, err, card.ErrPriceNeedsSecond, "its codes have left the house")

	// Disabled cards count: they can be enabled one by one.
	s = b.inactive(t, 6)
	require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 1}))
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	b.sound(t)
}

func TestExportTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.inactive(t, 6)
	key := uuid.New()
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, key)
	require.NoError(t, err)
	again, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, key)
	require.NoError(t, err)
	require.Equal(t, id, again)
	state := func(id int64) db.ExportState {
		e, err := b.exports().Get(t.Context(), b.admin, id)
		require.NoError(t, err)
		return e.Export.State
	}
	require.Equal(t, db.ExportState("waiting"), state(id))
	err = b.begin(t.Context(), id)
	require.ErrorIs(t, err, card.ErrApprovalNeeded, "not even by a job that somebody made by hand")
	require.ErrorIs(t, b.exports().Retry(t.Context(), b.admin, id), cardfile.ErrState)

	a := b.waiting(t)
	require.ErrorIs(t, b.cards.Approve(t.Context(), b.admin, a.ID, "because"), approval.ErrOwn)
	require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
	require.Equal(t, db.ExportStateQueued, state(id))
	require.NoError(t, b.begin(t.Context(), id))
	e, err := b.exports().Get(t.Context(), b.admin, id)
	require.NoError(t, err)
	require.NotNil(t, e.Export.JobID, "a worker was asked")

	// A failed one may be tried again, but not once its cards have become dearer.
	require.NoError(t, b.exports().Fail(t.Context(), id, "a test"))
	require.NoError(t, b.exports().Retry(t.Context(), b.admin, id))
	require.NoError(t, b.exports().Fail(t.Context(), id, "a test"))
	_, err = b.pool.Exec(t.Context(), `update series set price = price + 1 where id = $1`, s.ID)
	require.NoError(t, err)
	require.ErrorIs(t, b.exports().Retry(t.Context(), b.admin, id), card.ErrApprovalNeeded)
	_, err = b.pool.Exec(t.Context(), `update series set price = price - 1 where id = $1`, s.ID)
	require.NoError(t, err)

	// Refused, cancelled, and asked for while it was cheap and queued since.
	id, err = b.exports().Request(t.Context(), b.admin, s.ID, "pdf", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.Refuse(t.Context(), other, b.waiting(t).ID, "no need"))
	require.Equal(t, db.ExportStateCancelled, state(id))
	id, err = b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.exports().Cancel(t.Context(), b.admin, id))
	b.none(t)
	b.above(t, 60_00)
	id, err = b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.Equal(t, db.ExportStateQueued, state(id))
	b.above(t, 59_99)
	err = b.begin(t.Context(), id)
	require.ErrorIs(t, err, card.ErrApprovalNeeded)
	b.none(t)
}

// What was asked for is what is done, or nothing is.
func TestApprovalIsOfWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	for name, spoil := range map[string]func(s db.Series){
		"another price": func(s db.Series) {
			_, err := b.cards.Edit(t.Context(), b.admin, s.ID, card.SeriesEdit{
				Prefix: s.Prefix, Price: usd(1100), Partners: card.Partners{Any: true}, ValidTill: s.ValidTill, Version: s.Version,
			})
			require.NoError(t, err)
		},
		"fewer cards": func(s db.Series) {
			require.NoError(t, b.cards.VoidCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 3}))
		},
	} {
		s := b.inactive(t, 8)
		require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits, name)
		spoil(b.read(t, s.ID))
		a := b.waiting(t)
		require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrOutdated, name)
		require.Equal(t, db.SeriesStateReady, b.read(t, s.ID).State, name)
		b.none(t)
		require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits, name)
		require.NoError(t, b.cards.Approve(t.Context(), other, b.waiting(t).ID, "because"), name)
	}
	s := b.inactive(t, 8)
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	b.above(t, 1000_00) // one person may delete it
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	b.none(t)
	b.sound(t)
}

func TestApprovalExpires(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.inactive(t, 6)
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	a := b.waiting(t)
	require.NoError(t, b.cards.ExpireApprovals(t.Context()))
	require.Equal(t, a.ID, b.waiting(t).ID, "a day has not passed")
	_, err = b.pool.Exec(t.Context(), `update approval set expires_at = now() - interval '1 second'`)
	require.NoError(t, err)
	require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrExpired)
	require.NoError(t, b.cards.ExpireApprovals(t.Context()))
	b.none(t)
	e, err := b.exports().Get(t.Context(), b.admin, id)
	require.NoError(t, err)
	require.Equal(t, db.ExportStateCancelled, e.Export.State)
}

// No person approves their own request, whatever account or role they use.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.inactive(t, 6)
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	a := b.waiting(t)

	// An account that they made for themselves.
	id, err := staff.Create(t.Context(), b.pool, b.admin, staff.New{Username: "puppet", Password: "correct horse", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	puppet := audit.ByStaff(id, audit.Everything())
	require.ErrorIs(t, b.cards.Approve(t.Context(), puppet, a.ID, "because"), approval.ErrShared)
	require.ErrorIs(t, b.cards.Refuse(t.Context(), puppet, a.ID, "because"), approval.ErrShared)

	// Who sees other partners, or nothing.
	south := audit.ByStaff(b.colleague(t, "south").ID, audit.Scope{PartnerIDs: []int64{b.south.ID}})
	require.ErrorIs(t, b.cards.Approve(t.Context(), south, a.ID, "because"), approval.ErrUnknown)
	require.ErrorIs(t, b.cards.Approve(t.Context(), audit.System(), a.ID, "because"), approval.ErrNoPerson)
	require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID+99, "because"), approval.ErrUnknown)

	_, err = b.pool.Exec(t.Context(), `update staff set disabled_at = now() where id = $1`, b.admin.ID)
	require.NoError(t, err)
	require.ErrorIs(t, b.cards.Approve(t.Context(), other, a.ID, "because"), approval.ErrGone)
	require.Equal(t, db.SeriesStateReady, b.read(t, s.ID).State)
	require.NoError(t, b.cards.Refuse(t.Context(), other, a.ID, "left the house"))
}

// Two who approve at once approve once.
func TestApproversRace(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	var approvers []audit.Actor
	for i := range 4 {
		approvers = append(approvers, b.colleague(t, fmt.Sprintf("second-%d", i)))
	}
	for range 5 {
		s := b.inactive(t, 6)
		require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
		a := b.waiting(t)
		errs := make([]error, len(approvers))
		gate := make(chan struct{})
		var all sync.WaitGroup
		for i, who := range approvers {
			all.Go(func() {
				<-gate
				errs[i] = b.cards.Approve(context.WithoutCancel(t.Context()), who, a.ID, "because")
			})
		}
		close(gate)
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				require.ErrorIs(t, err, approval.ErrDone)
			}
		}
		require.Equal(t, 1, won)
		require.Equal(t, int64(60_00), b.outstanding(t, s.ID), "posted once")
	}
	b.sound(t)
}

// Approving races with what is asked for being taken away.
func TestApprovalRacesWithVoid(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	for range 5 {
		b.above(t, 50_00)
		s := b.inactive(t, 6)
		require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
		a := b.waiting(t)
		b.above(t, 1000_00) // one person may delete it
		gate := make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() { <-gate; _ = b.cards.Approve(context.WithoutCancel(t.Context()), other, a.ID, "because") })
		all.Go(func() { <-gate; _ = b.cards.Void(context.WithoutCancel(t.Context()), b.admin, s.ID, "a test") })
		close(gate)
		all.Wait()
		b.none(t)
	}
	b.sound(t)
}

// Without the setting nothing waits, whatever it is worth.
func TestOnePersonIsEnoughByDefault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(5000))
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)
	id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	err = b.begin(t.Context(), id)
	require.NoError(t, err)
	b.none(t)
}
