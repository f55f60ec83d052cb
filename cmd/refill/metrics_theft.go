package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/db"
	"refill/internal/theft"
)

// alarms collects the number of alarms about theft, raised and open, by rule.
type alarms struct {
	pool         *pgxpool.Pool
	log          *slog.Logger
	open, raised *prometheus.Desc
}

func newAlarms(pool *pgxpool.Pool, log *slog.Logger) *alarms {
	return &alarms{
		pool: pool, log: log,
		open:   prometheus.NewDesc("refill_theft_alarms_open", "Open alarms about theft.", []string{"rule"}, nil),
		raised: prometheus.NewDesc("refill_theft_alarms_total", "Alarms about theft that were raised.", []string{"rule"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *alarms) Describe(out chan<- *prometheus.Desc) {
	out <- m.open
	out <- m.raised
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (m *alarms) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	rows, err := db.New().TheftAlarmCounts(ctx, m.pool)
	if err != nil {
		m.log.WarnContext(ctx, "no figures of alarms about theft", slog.Any("error", err))
		return
	}
	counts := map[string]db.TheftAlarmCountsRow{}
	for _, row := range rows {
		counts[row.Rule] = row
	}
	for _, rule := range theft.Rules() { // a rule without alarms sends 0, which alerting needs
		row := counts[string(rule)]
		out <- prometheus.MustNewConstMetric(m.open, prometheus.GaugeValue, float64(row.Open), string(rule))
		out <- prometheus.MustNewConstMetric(m.raised, prometheus.CounterValue, float64(row.Raised), string(rule))
	}
}
