package coalesce_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"refill/internal/coalesce"
)

// Calls that come while a run goes on share the next one. A call never shares a run that
// began before it.
func TestCallsShareTheNextRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs [][]int
		gate := make(chan struct{})
		group := coalesce.New(func(_ context.Context, _ string, items []int) (int, error) {
			<-gate
			runs = append(runs, items)
			return len(runs), nil
		})
		results := make([]coalesce.Shared[int], 4)
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				var err error
				results[n], err = group.Do(t.Context(), "key", n)
				require.NoError(t, err)
			})
			synctest.Wait()
		}
		close(gate)
		all.Wait()
		require.Equal(t, [][]int{{0}, {1, 2, 3}}, runs)
		require.Equal(t, []coalesce.Shared[int]{{1, 0, 1}, {2, 0, 3}, {2, 1, 3}, {2, 2, 3}}, results)
	})
}

// Runs of different keys do not wait for each other.
func TestKeysDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		group := coalesce.New(func(_ context.Context, key string, _ []int) (string, error) {
			if key == "slow" {
				<-gate
			}
			return key, nil
		})
		go func() { _, _ = group.Do(t.Context(), "slow", 1) }()
		synctest.Wait()
		shared, err := group.Do(t.Context(), "quick", 1)
		require.NoError(t, err)
		require.Equal(t, "quick", shared.Result)
		close(gate)
	})
}

// A caller that gives up does not take the result from those who share its run, and an error
// of the work reaches each of them.
func TestGivingUpLeavesTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		errWork := errors.New("work")
		group := coalesce.New(func(ctx context.Context, _ string, _ []int) (int, error) {
			<-gate
			return 0, errors.Join(errWork, ctx.Err())
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := group.Do(ctx, "key", 1)
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, errWork)
		})
		synctest.Wait()
		all.Go(func() {
			_, err := group.Do(t.Context(), "key", 2)
			require.ErrorIs(t, err, errWork)
			require.NotErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(gate)
		all.Wait()
	})
}
