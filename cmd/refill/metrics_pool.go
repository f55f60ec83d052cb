package main

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// connections collects the figures of the pool of database connections.
type connections struct {
	pool                       *pgxpool.Pool
	state, most, waited, waits *prometheus.Desc
}

func newConnections(pool *pgxpool.Pool) *connections {
	return &connections{
		pool:   pool,
		state:  prometheus.NewDesc("refill_db_connections", "Database connections of this process by state.", []string{"state"}, nil),
		most:   prometheus.NewDesc("refill_db_connections_max", "Database connections of this process at most.", nil, nil),
		waits:  prometheus.NewDesc("refill_db_waits_total", "How often this process has waited for a database connection.", nil, nil),
		waited: prometheus.NewDesc("refill_db_wait_seconds_total", "How long this process has waited for database connections.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *connections) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.state, m.most, m.waits, m.waited} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *connections) Collect(out chan<- prometheus.Metric) {
	stat := m.pool.Stat()
	out <- prometheus.MustNewConstMetric(m.state, prometheus.GaugeValue, float64(stat.AcquiredConns()), "used")
	out <- prometheus.MustNewConstMetric(m.state, prometheus.GaugeValue, float64(stat.IdleConns()), "idle")
	out <- prometheus.MustNewConstMetric(m.most, prometheus.GaugeValue, float64(stat.MaxConns()))
	out <- prometheus.MustNewConstMetric(m.waits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	out <- prometheus.MustNewConstMetric(m.waited, prometheus.CounterValue, stat.EmptyAcquireWaitTime().Seconds())
}
