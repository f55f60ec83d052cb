package admin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/notify"
	"refill/internal/staff"
)

func TestManyEventsOfOneKindAreOne(t *testing.T) {
	t.Parallel()
	more := make(chan notify.Event, 3)
	for range 3 {
		more <- notify.Event{Kind: notify.KindSeries, ID: 5}
	}
	anna := staff.Person{ID: 1, Scope: audit.Everything()}
	require.Equal(t, []string{"series", "series-5"}, eventNames(drain(notify.Event{Kind: notify.KindSeries, ID: 5}, more), anna))
	require.Empty(t, eventNames(drain(notify.Event{Kind: "unheard of"}, more), anna))
}
