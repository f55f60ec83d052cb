package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/db"
	"refill/internal/setting"
)

// guesses collects the number of unknown codes that were tried, by partner.
type guesses struct {
	pool           *pgxpool.Pool
	settings       *setting.Store
	log            *slog.Logger
	unknown, alarm *prometheus.Desc
	imports        *prometheus.Desc
}

func newGuesses(pool *pgxpool.Pool, settings *setting.Store, log *slog.Logger) *guesses {
	return &guesses{
		pool: pool, settings: settings, log: log,
		unknown: prometheus.NewDesc("refill_guesses_unknown", "Codes that no card has, tried within the last hour by customers of the partner, or by staff.", []string{"partner"}, nil),
		alarm:   prometheus.NewDesc("refill_guesses_alarm", "1 where that is more than the settings allow.", []string{"partner"}, nil),
		imports: prometheus.NewDesc("refill_import_alarms", "Files that were stopped within the last day because they named cards that are here already.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *guesses) Describe(out chan<- *prometheus.Desc) {
	out <- m.unknown
	out <- m.alarm
	out <- m.imports
}

// Collect implements prometheus.Collector. A scrape has no context of its own.
func (m *guesses) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	settings, err := m.settings.Get(ctx)
	var rows []db.GuessCountUnknownRow
	if err == nil {
		rows, err = db.New().GuessCountUnknown(ctx, m.pool, db.GuessCountUnknownParams{AllPartners: true, PartnerIds: []int64{}})
	}
	var probed []db.ImportAlarmsRow
	if err == nil {
		probed, err = db.New().ImportAlarms(ctx, m.pool)
	}
	if err != nil {
		m.log.WarnContext(ctx, "no figures of guesses", slog.Any("error", err))
		return
	}
	out <- prometheus.MustNewConstMetric(m.imports, prometheus.GaugeValue, float64(len(probed)))
	for _, row := range rows {
		alarm := 0.0
		if row.Unknown > int64(settings.WrongPartner) {
			alarm = 1
		}
		out <- prometheus.MustNewConstMetric(m.unknown, prometheus.GaugeValue, float64(row.Unknown), row.Name)
		out <- prometheus.MustNewConstMetric(m.alarm, prometheus.GaugeValue, alarm, row.Name)
	}
}
