// Package coalesce runs one piece of work for several callers at once, where each of them
// would otherwise wait for the same row of the database.
package coalesce

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// limit bounds one run: its wait for a connection, and its statement.
const limit = 10 * time.Second

// Group runs work by key. At most one run of a key goes on at a time. Calls that come
// meanwhile share the next run, so that the work always begins after the call. The zero
// value is not ready; see New. A Group is safe for concurrent use.
type Group[K comparable, T, R any] struct {
	work func(ctx context.Context, key K, items []T) (R, error)

	mu   sync.Mutex
	next map[K]*run[T, R] // the next run of a key; it has not begun
	busy map[K]bool       // the keys with a run that goes on
}

// run is one piece of work and those who wait for it.
type run[T, R any] struct {
	items  []T
	done   chan struct{}
	result R
	err    error
}

// New returns a Group that does work.
func New[K comparable, T, R any](work func(ctx context.Context, key K, items []T) (R, error)) *Group[K, T, R] {
	return &Group[K, T, R]{work: work, next: map[K]*run[T, R]{}, busy: map[K]bool{}}
}

// Shared is the result of a run for one of its callers.
type Shared[R any] struct {
	Result R
	Place  int // of the call among those of the run, from 0
	Calls  int // in the run
}

// Do adds an item to the next run of a key and waits for its result. If ctx ends before, Do
// returns its error, and the item is worked nevertheless.
func (g *Group[K, T, R]) Do(ctx context.Context, key K, item T) (Shared[R], error) {
	r, place := g.join(ctx, key, item)
	select {
	case <-r.done:
		return Shared[R]{r.result, place, len(r.items)}, r.err
	case <-ctx.Done():
		return Shared[R]{}, fmt.Errorf("wait for shared work: %w", ctx.Err())
	}
}

// Waiting returns how many calls wait for runs that have not begun.
func (g *Group[K, T, R]) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, r := range g.next {
		n += len(r.items)
	}
	return n
}

// join adds an item to the next run of a key, which it starts if none goes on.
func (g *Group[K, T, R]) join(ctx context.Context, key K, item T) (joined *run[T, R], place int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	joined = g.next[key]
	if joined == nil {
		joined = &run[T, R]{done: make(chan struct{})}
		g.next[key] = joined
	}
	joined.items = append(joined.items, item)
	if !g.busy[key] {
		g.busy[key] = true
		go g.runAll(context.WithoutCancel(ctx), key) // a run is for all who join it
	}
	return joined, len(joined.items) - 1
}

// runAll runs the runs of a key, one after another, until no call waits.
func (g *Group[K, T, R]) runAll(ctx context.Context, key K) {
	for r := g.take(key); r != nil; r = g.take(key) {
		g.runOne(ctx, key, r)
	}
}

// take begins the next run of a key; after it no call can join that run. It returns nil if no
// call waits.
func (g *Group[K, T, R]) take(key K) *run[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.next[key]
	delete(g.next, key)
	if r == nil {
		delete(g.busy, key)
	}
	return r
}

func (g *Group[K, T, R]) runOne(ctx context.Context, key K, r *run[T, R]) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer close(r.done)
	r.result, r.err = g.work(ctx, key, r.items)
}
