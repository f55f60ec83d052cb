package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// figures collects what all processes have done together, from the database. A worker has
// no address of its own for scrapes.
type figures struct {
	pool                       *pgxpool.Pool
	settings                   *setting.Store
	log                        *slog.Logger
	made, exported             *prometheus.Desc
	outstanding, cards         *prometheus.Desc
	bars, unsealed, workerSeen *prometheus.Desc
}

func newFigures(pool *pgxpool.Pool, settings *setting.Store, log *slog.Logger) *figures {
	return &figures{
		pool: pool, settings: settings, log: log,
		made:        prometheus.NewDesc("refill_cards_made_total", "Cards of ordered series that were made.", nil, nil),
		exported:    prometheus.NewDesc("refill_exported_rows_total", "Cards that were written into files.", nil, nil),
		outstanding: prometheus.NewDesc("refill_outstanding_value", "Face value of all cards that can still be redeemed, in whole units of the currency.", []string{"currency"}, nil),
		cards:       prometheus.NewDesc("refill_outstanding_cards", "Cards that can still be redeemed.", nil, nil),
		bars:        prometheus.NewDesc("refill_bars", "People and addresses that must wait after wrong codes.", nil, nil),
		unsealed:    prometheus.NewDesc("refill_audit_unsealed_seconds", "Age of the oldest row of the audit trail that is not sealed yet.", nil, nil),
		workerSeen:  prometheus.NewDesc("refill_worker_seen", "1 where a worker has run within the last minute.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.made, m.exported, m.outstanding, m.cards, m.bars, m.unsealed, m.workerSeen} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (m *figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	q := db.New()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	var failed error
	read := func(err error, send func()) {
		if err != nil {
			failed = errors.Join(failed, err)
			return
		}
		send()
	}
	seen, err := q.JobWorkerSeen(ctx, m.pool)
	read(err, func() {
		if seen {
			gauge(m.workerSeen, 1)
		} else {
			gauge(m.workerSeen, 0)
		}
	})
	unsealed, err := q.MetricsUnsealed(ctx, m.pool)
	read(err, func() { gauge(m.unsealed, unsealed) })
	bars, err := q.MetricsBars(ctx, m.pool)
	read(err, func() { gauge(m.bars, float64(bars)) })
	made, err := q.MetricsMade(ctx, m.pool)
	read(err, func() {
		out <- prometheus.MustNewConstMetric(m.made, prometheus.CounterValue, float64(made.Cards))
		out <- prometheus.MustNewConstMetric(m.exported, prometheus.CounterValue, float64(made.Rows))
	})
	settings, err := m.settings.Get(ctx)
	read(err, func() {
		open, err := q.DashboardOutstanding(ctx, m.pool, db.DashboardOutstandingParams{AllPartners: true, PartnerIds: []int64{}})
		read(err, func() {
			gauge(m.outstanding, float64(open.Value)/math.Pow10(money.Digits(settings.Currency)), settings.Currency)
			gauge(m.cards, float64(open.Cards))
		})
	})
	if failed != nil {
		m.log.WarnContext(ctx, "no figures of cards and workers", slog.Any("error", failed))
	}
}
