package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/event"
)

// events collects how far the relay and the webhooks are behind.
type events struct {
	pool                 *pgxpool.Pool
	log                  *slog.Logger
	waiting, oldest, lag *prometheus.Desc
	outside              *prometheus.Desc
}

func newEvents(pool *pgxpool.Pool, log *slog.Logger) *events {
	return &events{
		pool: pool, log: log,
		waiting: prometheus.NewDesc("refill_events_waiting", "Entries of the queue of events, at most 10,001.", nil, nil),
		oldest:  prometheus.NewDesc("refill_event_oldest_waiting_seconds", "How long the oldest entry of the queue of events has waited.", nil, nil),
		lag:     prometheus.NewDesc("refill_webhook_lag_seconds", "Age of the oldest event that a webhook endpoint has not got.", []string{"endpoint"}, nil),
		outside: prometheus.NewDesc("refill_outside_unacknowledged", "Redemptions that another system has not acknowledged for more than ten minutes.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *events) Describe(out chan<- *prometheus.Desc) {
	out <- m.waiting
	out <- m.oldest
	out <- m.lag
	out <- m.outside
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (m *events) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	state, err := event.QueueState(ctx, m.pool)
	if err != nil {
		m.log.WarnContext(ctx, "no figures of events", slog.Any("error", err))
		return
	}
	out <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(state.Entries))
	out <- prometheus.MustNewConstMetric(m.oldest, prometheus.GaugeValue, state.Oldest.Seconds())
	open, err := db.New().HandoverOpenCount(ctx, m.pool, db.HandoverOpenCountParams{Age: billing.LateAfter, AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		m.log.WarnContext(ctx, "no figures of values handed over", slog.Any("error", err))
		return
	}
	out <- prometheus.MustNewConstMetric(m.outside, prometheus.GaugeValue, float64(open))
	rows, err := db.New().WebhookLag(ctx, m.pool)
	if err != nil {
		m.log.WarnContext(ctx, "no figures of webhooks", slog.Any("error", err))
		return
	}
	for _, row := range rows {
		out <- prometheus.MustNewConstMetric(m.lag, prometheus.GaugeValue, row.Seconds, strconv.FormatInt(row.ID, 10))
	}
}
