package card_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
)

// statements records the SQL that a pool sends.
type statements struct {
	mu   sync.Mutex
	sent []string
}

// TraceQueryStart implements pgx.QueryTracer.
func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	name, _, _ := strings.Cut(q.SQL, "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, name)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer: statements that are sent together are one.
func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	var names []string
	for _, q := range data.Batch.QueuedQueries {
		name, _, _ := strings.Cut(q.SQL, "\n")
		names = append(names, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, strings.Join(names, "; "))
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *statements) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// refusals makes one code for every reason that a customer must not be able to
// tell from the others.
func refusals(t *testing.T, b *bundle) map[string]string {
	t.Helper()
	one := func() (string, db.Series) {
		s := b.series(t, form(1))
		return b.codes(t, s)[0], s
	}
	codes := map[string]string{"unknown": card.DrawForTest().Reveal("")}
	used, _ := one()
	_, err := b.redeem(t.Context(), b.ben, used)
	require.NoError(t, err)
	codes["used by another"] = used
	locked, series := one()
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, series.ID))
	codes["locked"] = locked
	void, series := one()
	require.NoError(t, b.cards.Void(t.Context(), b.admin, series.ID, "a test"))
	codes["void"] = void
	inactive := form(1)
	inactive.Activate = false
	codes["inactive"] = b.codes(t, b.series(t, inactive))[0]
	foreign := form(1)
	foreign.Partners = card.Partners{IDs: []int64{b.south.ID}}
	codes["foreign"] = b.codes(t, b.series(t, foreign))[0]
	expired, series := one()
	_, err = b.pool.Exec(t.Context(), `update series set valid_till = current_date - 3 where id = $1`, series.ID)
	require.NoError(t, err)
	codes["expired"] = expired
	disabled, series := one()
	_, err = b.pool.Exec(t.Context(), `update card set state = 'disabled' where series_id = $1`, series.ID)
	require.NoError(t, err)
	codes["disabled"] = disabled
	return codes
}

// Whatever the reason of a refusal, the answer is the same and so is what was
// asked of the database for it: a guesser learns nothing from words or from time.
func TestRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := refusals(t, b)
	trace := &statements{}
	config := b.pool.Config()
	config.ConnConfig.Tracer = trace
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	traced := *b
	traced.use(newStill(t, pool, b.keys))
	ask := func(code string) error {
		_, err := traced.redeem(t.Context(), b.anna, code)
		require.NoError(t, b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, "a test"))
		return err
	}
	_ = ask(codes["unknown"]) // settings and statements are known from here on
	trace.take()
	wantErr := ask(codes["unknown"])
	require.ErrorIs(t, wantErr, card.ErrRefused)
	want := trace.take()
	require.Greater(t, len(want), 5)
	for reason, code := range codes {
		err := ask(code)
		require.ErrorIs(t, err, card.ErrRefused, reason)
		require.Equal(t, fault.All(wantErr)[0].Text(), fault.All(err)[0].Text(), reason)
		require.Equal(t, want, trace.take(), reason)
	}
}

// Over 10,000 tries the medians of refusals for different reasons lie within 5 % of one
// another.
func TestChaosRefusalsTakeAsLong(t *testing.T) { //nolint:paralleltest // measures
	if os.Getenv("REFILL_CHAOS") == "" { //nolint:forbidigo // a test binary has no main that could read it
		t.Skip("set REFILL_CHAOS=1: it measures for minutes, and nothing else may run")
	}
	b := setup(t)
	codes := refusals(t, b)
	took := map[string][]time.Duration{}
	for range 10_000 / len(codes) {
		for reason, code := range codes {
			start := time.Now()
			_, err := b.redeem(t.Context(), b.anna, code)
			took[reason] = append(took[reason], time.Since(start))
			require.ErrorIs(t, err, card.ErrRefused)
			_, err = b.pool.Exec(t.Context(), `delete from guess`)
			require.NoError(t, err)
		}
	}
	var medians []time.Duration
	for reason, times := range took {
		slices.Sort(times)
		medians = append(medians, times[len(times)/2])
		t.Logf("%s: median %s", reason, times[len(times)/2])
	}
	require.Less(t, float64(slices.Max(medians)), 1.05*float64(slices.Min(medians)))
}
