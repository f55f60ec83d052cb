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

// Alive lets workers know of each other's death. Each holds an advisory lock
// under its id on a connection of its own, which Postgres gives back the moment
// the process is gone. A worker that finds another's lock free returns that
// one's running jobs to the queue: within seconds, where River alone would wait
// until the jobs' time is up.
//
// A worker that only lost its connection may see its job run a second time
// elsewhere; jobs are made for that.
type Alive struct {
	id   string
	url  string
	pool *pgxpool.Pool
	log  *slog.Logger
}

// NewAlive returns the watch of the worker with this id. url is the database's,
// for the connection that holds the lock.
func NewAlive(id, url string, pool *pgxpool.Pool, log *slog.Logger) *Alive {
	return &Alive{id: id, url: url, pool: pool, log: log}
}

const (
	aliveLook  = 5 * time.Second // how often the dead are looked for
	aliveRetry = time.Second     // how long to wait after a lost connection
)

// Start takes the worker's lock, releases what dead workers left, and goes on
// watching until ctx is over; the channel is closed then. Call it before the
// River client starts, so that no job runs without the lock.
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
	if _, err := conn.Exec(ctx, `select pg_advisory_lock(2, hashtext($1))`, a.id); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("take the worker's lock: %w", err)
	}
	return conn, nil
}

// watch keeps the lock, and looks for the dead at every tick.
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

// holdAgain takes the lock back; nil when ctx ended first.
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
