package job_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// While the module is off, its jobs wait without using up attempts. They continue when the
// module is on again.
func TestJobsWaitWhileTheModuleIsOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	turn := func(on bool) {
		require.NoError(t, b.set.Change(t.Context(), b.admin, func(s *setting.Settings) { s.RefillCards = on }))
	}
	made := b.order(t, 3)
	turn(false)
	ordered, err := b.cards.Order(t.Context(), audit.System(), card.OrderRequest{ // staff are refused now
		Quantity: 10, Prefix: "Job", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.Equal(t, river.EventKindJobSnoozed, b.await(t, "generate_series").Kind)
	waiting, err := b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateQueued, waiting.State)
	require.Zero(t, waiting.Made)
	require.NoError(t, b.cards.FailStranded(t.Context()), "housekeeping does not take it for lost")

	turn(true)
	e := b.await(t, "generate_series")
	for e.Kind == river.EventKindJobSnoozed {
		e = b.await(t, "generate_series")
	}
	require.Equal(t, river.EventKindJobCompleted, e.Kind)
	require.Empty(t, e.Job.Errors)
	whole, err := b.q.SeriesGet(t.Context(), b.pool, ordered.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateActive, whole.State)
	require.Equal(t, int32(10), whole.Made)
	require.Equal(t, int32(3), made.Made)
}
