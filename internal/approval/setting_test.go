package approval_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// bundle is a desk for the limit, and two administrators.
type bundle struct {
	pool       *pgxpool.Pool
	store      *setting.Store
	desk       *approval.Desk
	one, other audit.Actor
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.Pool(t)}
	b.store = setting.NewStore(b.pool, time.Now)
	b.desk = approval.NewDesk(b.pool, approval.LimitKind(b.store), approval.ProtectionKind(b.store))
	for name, who := range map[string]*audit.Actor{"one": &b.one, "other": &b.other} {
		id := peopletest.Staff(t, b.pool, staff.New{Username: name, Role: db.StaffRoleAdministrator, AllPartners: true})
		*who = audit.ByStaff(id, audit.Everything())
	}
	return b
}

func (b *bundle) change(t *testing.T, who audit.Actor, edit func(*setting.Settings)) error {
	t.Helper()
	return approval.ChangeSettings(t.Context(), b.pool, b.store, who, edit)
}

func limited(minor int64) func(*setting.Settings) {
	return func(v *setting.Settings) { v.ApproveAbove = &minor }
}

func unlimited(v *setting.Settings) { v.ApproveAbove = nil }

func (b *bundle) limit(t *testing.T) int64 {
	t.Helper()
	settings, err := b.store.Get(t.Context())
	require.NoError(t, err)
	if settings.ApproveAbove == nil {
		return -1
	}
	return *settings.ApproveAbove
}

func (b *bundle) waiting(t *testing.T) int64 {
	t.Helper()
	rows, err := db.New().ApprovalList(t.Context(), b.pool, db.ApprovalListParams{Waiting: true, AllPartners: true, PartnerIds: []int64{}})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0].Approval.ID
}

// Setting or lowering the limit takes one person, raising or removing it two, for every
// way to change it and for every combination with other settings.
func TestLimitTakesTwo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	require.NoError(t, b.change(t, b.one, limited(100_00)), "the first one")
	require.NoError(t, b.change(t, b.one, limited(50_00)), "a lower one")
	for name, edit := range map[string]func(*setting.Settings){"higher": limited(50_01), "none": unlimited} {
		require.ErrorIs(t, b.store.Change(ctx, b.one, edit), setting.ErrLimitGuarded, "%s, by another door", name)
		require.ErrorIs(t, b.change(t, b.one, func(v *setting.Settings) { v.FileHours++; edit(v) }), approval.ErrLimitWaits, name)
		require.Equal(t, int64(50_00), b.limit(t), name)
		id := b.waiting(t)
		require.ErrorIs(t, b.change(t, b.other, edit), approval.ErrLimitAsked, name)
		require.ErrorIs(t, b.desk.Approve(ctx, b.one, id, "because"), approval.ErrOwn)
		require.NoError(t, b.desk.Refuse(ctx, b.other, id, "because"))
		require.Equal(t, int64(50_00), b.limit(t), name)
	}
	settings, err := b.store.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, setting.Default().FileHours+2, settings.FileHours, "the rest of the form is kept")

	require.ErrorIs(t, b.change(t, b.one, func(v *setting.Settings) { v.Currency = "JPY" }), setting.ErrCurrencyGuarded, "it would mean another worth")

	require.ErrorIs(t, b.change(t, b.one, limited(80_00)), approval.ErrLimitWaits)
	require.NoError(t, b.desk.Approve(ctx, b.other, b.waiting(t), "because"))
	require.Equal(t, int64(80_00), b.limit(t))
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	id := b.waiting(t)
	require.NoError(t, b.change(t, b.other, limited(10_00)))
	require.ErrorIs(t, b.desk.Approve(ctx, b.other, id, "because"), approval.ErrOutdated, "it was asked for from another one")
	require.Equal(t, int64(10_00), b.limit(t))
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	require.ErrorIs(t, b.desk.Withdraw(ctx, b.other, b.waiting(t)), approval.ErrNotOwn)
	require.NoError(t, b.desk.Withdraw(ctx, b.one, b.waiting(t)))
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	require.NoError(t, b.desk.Approve(ctx, b.other, b.waiting(t), "because"))
	require.Equal(t, int64(-1), b.limit(t))

	// The host may do what no one person may in the browser.
	require.NoError(t, b.change(t, b.one, limited(10_00)))
	require.NoError(t, b.store.Change(ctx, audit.System(), limited(20_00)))
	require.Equal(t, int64(20_00), b.limit(t))

	// Staff of some partners do not see what concerns all.
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	some := audit.ByStaff(b.other.ID, audit.Scope{PartnerIDs: []int64{1}})
	require.ErrorIs(t, b.desk.Approve(ctx, some, b.waiting(t), "because"), approval.ErrUnknown)
}

// Of several concurrent requests and decisions, one decision takes effect.
func TestLimitRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.change(t, b.one, limited(10_00)))
	for range 5 {
		require.ErrorIs(t, b.change(t, b.one, limited(90_00)), approval.ErrLimitWaits)
		id := b.waiting(t)
		gate := make(chan struct{})
		var all sync.WaitGroup
		ctx := context.WithoutCancel(t.Context())
		all.Go(func() { <-gate; _ = b.desk.Approve(ctx, b.other, id, "because") })
		all.Go(func() { <-gate; _ = b.desk.Withdraw(ctx, b.one, id) })
		all.Go(func() { <-gate; _ = approval.ChangeSettings(ctx, b.pool, b.store, b.other, limited(5_00)) })
		close(gate)
		all.Wait()
		require.Contains(t, []int64{5_00, 90_00}, b.limit(t))
		require.NoError(t, b.store.Change(ctx, audit.System(), limited(10_00)))
	}
}

// A request of a kind that is not registered can't be decided.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.change(t, b.one, limited(10_00)))
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	require.ErrorIs(t, approval.NewDesk(b.pool).Approve(t.Context(), b.other, b.waiting(t), "because"), approval.ErrUnknown)
	require.Panics(t, func() { b.desk.Register(approval.LimitKind(b.store)) }, "twice")
}

// A kind can't be registered after the first decision, because requests of this kind could
// not have been decided before.
func TestKindsAreRegisteredBeforeDecisions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	late := approval.Kind{
		Name:    db.ApprovalKindExport,
		Needs:   func(db.Approval) ([]string, error) { return nil, nil },
		Approve: func(context.Context, pgx.Tx, audit.Actor, db.Approval) error { return nil },
	}
	require.NotPanics(t, func() { approval.NewDesk(b.pool).Register(late) })

	require.NoError(t, b.change(t, b.one, limited(10_00)))
	require.ErrorIs(t, b.change(t, b.one, unlimited), approval.ErrLimitWaits)
	require.NoError(t, b.desk.Approve(t.Context(), b.other, b.waiting(t), "because"))
	require.PanicsWithValue(t, "approval: kind export is registered after a request was decided", func() { b.desk.Register(late) })
}
