package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/db"
)

// checks collects the result of the last check of the invariants.
type checks struct {
	pool                   *pgxpool.Pool
	log                    *slog.Logger
	violations, last, took *prometheus.Desc
	changed, walked        *prometheus.Desc
}

func newChecks(pool *pgxpool.Pool, log *slog.Logger) *checks {
	return &checks{
		pool: pool, log: log,
		violations: prometheus.NewDesc("refill_check_violations", "Rows that broke an invariant when the books were last checked.", []string{"invariant"}, nil),
		last:       prometheus.NewDesc("refill_check_last_success_timestamp_seconds", "When the books were last checked to the end, whatever was found.", nil, nil),
		took:       prometheus.NewDesc("refill_check_duration_seconds", "How long that took.", nil, nil),
		changed:    prometheus.NewDesc("refill_cards_tampered", "Cards whose code is not the one that they are found by, as a redemption or the walk through all cards found.", nil, nil),
		walked:     prometheus.NewDesc("refill_code_walk_last_round_timestamp_seconds", "When the codes of all cards had been looked at last.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *checks) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.violations, m.last, m.took, m.changed, m.walked} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (m *checks) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	q := db.New()
	m.collectWalk(ctx, out)
	last, found, err := db.Found(q.CheckRunLast(ctx, m.pool))
	if err == nil && !found {
		return
	}
	var results []db.CheckResultListRow
	if err == nil {
		results, err = q.CheckResultList(ctx, m.pool, last.ID)
	}
	if err != nil {
		m.log.WarnContext(ctx, "no figures of the checks", slog.Any("error", err))
		return
	}
	out <- prometheus.MustNewConstMetric(m.last, prometheus.GaugeValue, float64(last.EndedAt.UnixMilli())/1000)
	out <- prometheus.MustNewConstMetric(m.took, prometheus.GaugeValue, last.EndedAt.Sub(last.StartedAt).Seconds())
	for _, r := range results {
		out <- prometheus.MustNewConstMetric(m.violations, prometheus.GaugeValue, float64(r.Found), fmt.Sprint(r.Number))
	}
}

// collectWalk sends the figures of the walk through the codes of all cards. They do not
// depend on the invariants.
func (m *checks) collectWalk(ctx context.Context, out chan<- prometheus.Metric) {
	walk, err := db.New().CodeWalkGet(ctx, m.pool)
	if err != nil {
		m.log.WarnContext(ctx, "no figures of the walk through all cards", slog.Any("error", err))
		return
	}
	out <- prometheus.MustNewConstMetric(m.changed, prometheus.GaugeValue, float64(walk.Faults))
	if walk.RoundAt != nil {
		out <- prometheus.MustNewConstMetric(m.walked, prometheus.GaugeValue, float64(walk.RoundAt.UnixMilli())/1000)
	}
}
