package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/web"
)

// monitoring is the folder of the alarms and the dashboard.
const monitoring = "../../packaging/monitoring"

// described returns the names of our metrics.
func described() map[string]bool {
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	names := map[string]bool{}
	for _, c := range append(ownCollectors(nil, nil, nil), newMeter()) {
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		close(descs)
		for d := range descs {
			names[name.FindStringSubmatch(d.String())[1]] = true
		}
	}
	return names
}

// Every metric that the alarms and the dashboard name exists, every alarm has its section in
// the documents, and each section its alarm.
func TestMonitoringNamesWhatExists(t *testing.T) {
	t.Parallel()
	names := described()
	require.Contains(t, names, "refill_worker_seen")
	named := regexp.MustCompile(`refill_[a-z_]+`)
	for _, file := range []string{"rules.yml", "rules_test.yml", "dashboard.json"} {
		text, err := os.ReadFile(filepath.Join(monitoring, file))
		require.NoError(t, err)
		if strings.HasSuffix(file, ".json") {
			require.True(t, json.Valid(text))
		}
		found := named.FindAllString(string(text), -1)
		require.NotEmpty(t, found)
		for _, name := range found {
			base := regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
			require.True(t, names[name] || names[base], "%s names %s", file, name)
		}
	}
	rules, err := os.ReadFile(filepath.Join(monitoring, "rules.yml"))
	require.NoError(t, err)
	tests, err := os.ReadFile(filepath.Join(monitoring, "rules_test.yml"))
	require.NoError(t, err)
	doc, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	var alarms, sections []string
	for _, found := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		alarms = append(alarms, found[1])
		require.Contains(t, string(rules), "runbook: docs/operations.md#"+strings.ToLower(found[1])+"\n")
		require.Contains(t, string(tests), "- name: "+found[1]+"\n", "no test")
	}
	for _, found := range regexp.MustCompile(`(?m)^## (Refill\w+)$`).FindAllStringSubmatch(string(doc), -1) {
		sections = append(sections, found[1])
	}
	require.Equal(t, alarms, sections)
}

// Prometheus accepts the alarms, and each fires on its figures.
func TestMonitoringRules(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool on this machine: the alarms for Prometheus are not tested; install the package prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = monitoring
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// A scrape has the figures of the process and of the database.
func TestMetricsOfFigures(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), `insert into guess (scope, n, since, allowed, barred_until) select 'customer:' || n, 9, now(), false, now() + (n - 1) * interval '1 hour' from generate_series(1, 3) n`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `insert into audit (action, at) values ('staff.signed_in', now() - interval '1 hour')`)
	require.NoError(t, err)
	m := newMeter()
	streams := func() int { return 4 }
	m.streams.Store(&streams)
	m.Redeemed()
	m.Refused("card_used")
	m.Refused("code_short")
	m.Refused("a code that no class names")
	m.observe(web.Request{Method: "POST", Route: "/portal/finance/refill-card", Status: 303, Took: 30 * time.Millisecond})
	text := scrape(t, metrics(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler), m))
	for _, line := range []string{
		`refill_redemptions_total 1`, `refill_refusals_total{reason="used"} 1`, `refill_refusals_total{reason="form"} 1`, `refill_refusals_total{reason="other"} 1`, `refill_refusals_total{reason="unknown"} 0`,
		`refill_http_request_seconds_bucket{method="POST",route="/portal/finance/refill-card",status="3xx",le="0.025"} 0`,
		`refill_http_request_seconds_bucket{method="POST",route="/portal/finance/refill-card",status="3xx",le="0.05"} 1`,
		`refill_event_streams 4`, `refill_bars 2`, `refill_worker_seen 0`, `refill_cards_made_total 0`, `refill_exported_rows_total 0`,
		`refill_outstanding_value{currency="USD"} 0`, `refill_outstanding_cards 0`, `refill_db_connections_max `, `refill_db_wait_seconds_total `, `refill_db_waits_total `,
	} {
		require.Contains(t, text, "\n"+line)
	}
	require.Regexp(t, `\nrefill_audit_unsealed_seconds 3600`, text)
}
