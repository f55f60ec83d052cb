package job

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
)

// Alive detects dead workers. Each worker holds an advisory lock under its id on a
// connection of its own, which Postgres releases as soon as the process dies. A worker
// that finds another's lock free returns that worker's running jobs to the queue. This
// takes seconds, where River alone would wait for the timeout of the jobs.
//
// When a worker merely loses its connection, its job may run a second time elsewhere. Jobs
// are written to allow that.
type Alive struct {
	id   string
	url  string
	pool *pgxpool.Pool
	log  *slog.Logger
}

// NewAlive returns the watch for the worker with this id. url is that of the database, for
// the connection that holds the lock.
func NewAlive(id, url string, pool *pgxpool.Pool, log *slog.Logger) *Alive {
	return &Alive{id: id, url: url, pool: pool, log: log}
}

const (
	aliveLook  = 5 * time.Second // interval of the search for dead workers
	aliveRetry = time.Second     // pause after a lost connection
)

// Start takes the worker's lock, releases the jobs of dead workers and keeps watching
// until ctx ends, when it closes the channel. Call it before the River client starts, so
// that no job runs without the lock.
func (a *Alive) Start(ctx context.Context) (<-chan struct{}, error) {
	conn, err := a.hold(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.releaseDead(ctx); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.watch(ctx, conn)
	}()
	return done, nil
}

// hold takes the lock on a connection of its own.
func (a *Alive) hold(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, a.url)
	if err != nil {
		return nil, fmt.Errorf("connect to hold the worker's lock: %w", err)
	}
	if err := db.New().WorkerHold(ctx, conn, a.id); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("take the worker's lock: %w", err)
	}
	return conn, nil
}

// watch keeps the lock and looks for dead workers at every tick.
func (a *Alive) watch(ctx context.Context, conn *pgx.Conn) {
	tick := time.NewTicker(aliveLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = conn.Close(closing)
			return
		case <-tick.C:
		}
		if err := conn.Ping(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "the worker's lock was lost with its connection", slog.Any("error", err))
			_ = conn.Close(ctx)
			if conn = a.holdAgain(ctx); conn == nil {
				return
			}
		}
		if err := a.releaseDead(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "could not look for dead workers", slog.Any("error", err))
		}
	}
}

// holdAgain takes the lock again; nil where ctx ended first.
func (a *Alive) holdAgain(ctx context.Context) *pgx.Conn {
	tick := time.NewTicker(aliveRetry)
	defer tick.Stop()
	for {
		if conn, err := a.hold(ctx); err == nil {
			return conn
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// releaseDead returns the jobs of dead workers to their queues.
func (a *Alive) releaseDead(ctx context.Context) error {
	q := db.New()
	workers, err := q.JobListWorkers(ctx, a.pool)
	if err != nil {
		return fmt.Errorf("list the workers: %w", err)
	}
	for _, worker := range workers {
		if worker == a.id {
			continue
		}
		err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
			dead, err := q.JobTryWorker(ctx, tx, worker)
			if err != nil || !dead {
				return err
			}
			n, err := q.JobRelease(ctx, tx, worker)
			if err == nil && n > 0 {
				a.log.WarnContext(ctx, "a worker died; its jobs go back to the queue", slog.String("worker", worker), slog.Int64("jobs", n))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("release the jobs of worker %s: %w", worker, err)
		}
	}
	return nil
}
