package notify

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

type testBundle struct {
	hub  *Hub
	pool *pgxpool.Pool // as the owner of the database
}

// setup starts a hub that hears a database of its own.
func setup(t *testing.T) *testBundle {
	t.Helper()
	url := dbtest.URL(t)
	pool, err := db.Open(t.Context(), url, db.Options{Name: "test", MaxConns: 2, AsOwner: true})
	require.NoError(t, err)
	b := &testBundle{hub: NewHub(slog.New(slog.DiscardHandler)), pool: pool}
	heard, stop := b.hub.Subscribe()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.hub.Run(ctx, url) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		pool.Close()
	})
	require.Equal(t, Event{Kind: KindResync}, receive(t, heard))
	stop()
	return b
}

func receive(t *testing.T, from <-chan Event) Event {
	t.Helper()
	select {
	case e := <-from:
		return e
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no event")
	}
	return Event{}
}

func (b *testBundle) say(t *testing.T, payload string) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), `select pg_notify('refill', $1)`, payload)
	require.NoError(t, err)
}

func TestHubFansOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, stopOne := b.hub.Subscribe()
	defer stopOne()
	two, stopTwo := b.hub.Subscribe()
	b.say(t, `{"kind":"export","id":1,"series":2,"staff":3}`)
	want := Event{Kind: KindExport, ID: 1, SeriesID: 2, StaffID: 3}
	require.Equal(t, want, receive(t, one))
	require.Equal(t, want, receive(t, two))

	stopTwo()
	b.say(t, `nonsense`)
	b.say(t, `{"kind":"series","id":9}`)
	require.Equal(t, Event{Kind: KindSeries, ID: 9}, receive(t, one), "what nobody understands is passed over")
	require.Empty(t, two)
	require.Equal(t, 1, b.hub.Subscribers())
}

func TestHubConnectsAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	heard, stop := b.hub.Subscribe()
	defer stop()
	var cut bool
	err := b.pool.QueryRow(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'refill notify' and datname = current_database()`).Scan(&cut)
	require.NoError(t, err)
	require.True(t, cut)
	require.Equal(t, Event{Kind: KindResync}, receive(t, heard), "what was said meanwhile is unknown")
	b.say(t, `{"kind":"jobs"}`)
	require.Equal(t, Event{Kind: KindJobs}, receive(t, heard))
}

func TestSlowSubscriberHoldsUpNobody(t *testing.T) {
	t.Parallel()
	hub := NewHub(slog.New(slog.DiscardHandler))
	slow, stopSlow := hub.Subscribe()
	defer stopSlow()
	for i := range int64(backlog + 10) {
		hub.publish(Event{Kind: KindSeries, ID: i})
	}
	quick, stopQuick := hub.Subscribe()
	defer stopQuick()
	for range backlog {
		require.Equal(t, KindSeries, (<-slow).Kind)
	}
	hub.publish(Event{Kind: KindJobs})
	require.Equal(t, KindJobs, (<-quick).Kind)
	require.Equal(t, KindResync, (<-slow).Kind, "it has missed something and is told so")
	require.Equal(t, KindJobs, (<-slow).Kind)
}

func TestRunStopsWithoutADatabase(t *testing.T) {
	t.Parallel()
	hub := NewHub(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- hub.Run(ctx, "postgres://refill@127.0.0.1:1/refill") }()
	cancel()
	require.NoError(t, <-done)
}
