package main

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"refill/internal/card"
	"refill/internal/web"
)

// meter counts requests and redemptions of this process.
type meter struct {
	redeemed prometheus.Counter
	refused  *prometheus.CounterVec
	requests *prometheus.HistogramVec
	open     *prometheus.Desc
	streams  atomic.Pointer[func() int] // the number of open event streams
}

var _ card.Meter = (*meter)(nil)

func newMeter() *meter {
	m := &meter{
		redeemed: prometheus.NewCounter(prometheus.CounterOpts{Name: "refill_redemptions_total", Help: "Redemptions that this process has made."}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "refill_refusals_total", Help: "Codes that this process has refused, by class of the reason."}, []string{"reason"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "refill_http_request_seconds", Help: "Duration of requests by route, method and class of the status. Event streams are left out.",
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		open: prometheus.NewDesc("refill_event_streams", "Open event streams of pages of staff in this process.", nil, nil),
	}
	for _, class := range refusalClasses() {
		m.refused.WithLabelValues(class)
	}
	return m
}

// refusalClasses returns the values of the label reason, so that a rate has a beginning.
func refusalClasses() []string {
	return []string{"unknown", "form", "used", "state", "partner", "tampered", "barred", "failed", "other"}
}

// refusalClass returns the class of a reason. The classes are few and fixed, so that no
// figure tells which card was tried.
func refusalClass(reason string) string {
	switch reason {
	case "card_unknown", "card_unknown_here":
		return "unknown"
	case "card_used", "card_yours":
		return "used"
	case "card_expired", "card_inactive", "card_disabled", "card_void", "card_reserved":
		return "state"
	case "card_foreign":
		return "partner"
	case "card_tampered":
		return "tampered"
	case "barred", "failed":
		return reason
	}
	if strings.HasPrefix(reason, "code_") { // a text that no code can be
		return "form"
	}
	return "other"
}

// Redeemed implements card.Meter.
func (m *meter) Redeemed() { m.redeemed.Inc() }

// Refused implements card.Meter.
func (m *meter) Refused(reason string) { m.refused.WithLabelValues(refusalClass(reason)).Inc() }

// observe is web.Deps.Observe.
func (m *meter) observe(r web.Request) {
	m.requests.WithLabelValues(r.Route, r.Method, fmt.Sprintf("%dxx", r.Status/100)).Observe(r.Took.Seconds())
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) {
	m.redeemed.Describe(out)
	m.refused.Describe(out)
	m.requests.Describe(out)
	out <- m.open
}

// Collect implements prometheus.Collector.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	m.redeemed.Collect(out)
	m.refused.Collect(out)
	m.requests.Collect(out)
	if streams := m.streams.Load(); streams != nil {
		out <- prometheus.MustNewConstMetric(m.open, prometheus.GaugeValue, float64((*streams)()))
	}
}
