package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"refill/internal/db"
	"refill/internal/setting"
)

// metrics returns the handler of scrapes: figures of Go, the process, the pool and the
// queues. No label names a card or a customer.
func metrics(pool *pgxpool.Pool, settings *setting.Store, log *slog.Logger, more ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(more...)
	registry.MustRegister(ownCollectors(pool, settings, log)...)
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// ownCollectors returns the collectors of our own figures that are read at each scrape.
func ownCollectors(pool *pgxpool.Pool, settings *setting.Store, log *slog.Logger) []prometheus.Collector {
	return []prometheus.Collector{
		newConnections(pool), newFigures(pool, settings, log), newChecks(pool, log), newGuesses(pool, settings, log), newAlarms(pool, log), newEvents(pool, log),
		&queues{
			pool: pool, log: log,
			jobs:   prometheus.NewDesc("refill_jobs", "Jobs by queue and state.", []string{"queue", "state"}, nil),
			oldest: prometheus.NewDesc("refill_job_oldest_waiting_seconds", "How long the job that waits longest has waited.", []string{"queue"}, nil),
			paused: prometheus.NewDesc("refill_queue_paused", "1 where the queue is paused.", []string{"queue"}, nil),
		},
	}
}

// queues collects the figures of the queues at each scrape.
type queues struct {
	pool                 *pgxpool.Pool
	log                  *slog.Logger
	jobs, oldest, paused *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (q *queues) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{q.jobs, q.oldest, q.paused} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (q *queues) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	rows, err := db.New().JobCounts(ctx, q.pool)
	if err != nil {
		q.log.WarnContext(ctx, "no figures of the queues", slog.Any("error", err))
		return
	}
	for _, r := range rows {
		gauge(q.jobs, float64(r.Waiting), r.Queue, "waiting")
		gauge(q.jobs, float64(r.Running), r.Queue, "running")
		gauge(q.jobs, float64(r.Retrying), r.Queue, "retrying")
		gauge(q.jobs, float64(r.Failed), r.Queue, "failed")
		gauge(q.oldest, float64(r.OldestSeconds), r.Queue)
		paused := 0.0
		if r.Paused {
			paused = 1
		}
		gauge(q.paused, paused, r.Queue)
	}
}
