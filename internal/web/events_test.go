package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/notify"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// listening returns a site whose hub listens to its database.
func listening(t *testing.T, edit ...func(*Deps)) *site {
	t.Helper()
	s := newSite(t, edit...)
	config := s.Pool.Config().ConnConfig
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	heard, stop := s.Hub.Subscribe()
	go func() {
		defer close(done)
		_ = s.Hub.Run(ctx, fmt.Sprintf("postgres://%s:%s@%s:%d/%s", config.User, config.Password, config.Host, config.Port, config.Database))
	}()
	t.Cleanup(func() { cancel(); <-done })
	require.Equal(t, notify.KindResync, (<-heard).Kind)
	stop()
	return s
}

// stream is an open event stream of a browser.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (b *browser) stream() *stream {
	b.site.t.Helper()
	t := b.site.t
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.URL+kit.EventsPath, nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Encoding", "gzip") // a stream is never compressed
	response, err := b.client.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() }) //nolint:errcheck // the test is over
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Empty(t, response.Header.Get("Content-Encoding"))
	s := &stream{t: t, lines: bufio.NewScanner(response.Body)}
	require.Equal(t, "resync", s.next(), "the page is older than its stream")
	return s
}

// next returns the name of the next event; "" at the end of the stream.
func (s *stream) next() string {
	s.t.Helper()
	for s.lines.Scan() {
		if name, ok := strings.CutPrefix(s.lines.Text(), "event: "); ok {
			return name
		}
	}
	return ""
}

func TestEventsReachTheirReaders(t *testing.T) {
	t.Parallel()
	s := listening(t)
	anna, bert := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleOperator)
	forAnna, forBert := anna.stream(), bert.stream()

	tell := func(kind string, id, series, staffID int64) {
		s.exec(`select pg_notify('refill', json_build_object('kind', $1::text, 'id', $2::bigint, 'series', $3::bigint, 'staff', $4::bigint)::text)`,
			kind, id, series, staffID)
	}
	tell("export", 7, 12, anna.ID)
	require.Equal(t, "export-series-12", forAnna.next())
	require.Equal(t, "export", forAnna.next())
	tell("series", 12, 0, 0)
	require.Equal(t, "series", forAnna.next())
	require.Equal(t, "series-12", forAnna.next())
	require.Equal(t, []string{"export-series-12", "series", "series-12"},
		[]string{forBert.next(), forBert.next(), forBert.next()}, "another's file is none of his business")
	s.exec(`select pg_notify('refill', 'no json')`)
	tell("jobs", 0, 0, 0)
	require.Equal(t, "jobs", forBert.next())
}

func TestEventsEndWithTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Admin.PingEvery = 20 * time.Millisecond })
	b := s.as(db.StaffRoleAdministrator)
	events := b.stream()
	s.exec(`update staff set disabled_at = now() where id = $1`, b.ID)
	require.Equal(t, "signed-out", events.next())
	require.Empty(t, events.next())
}

// An open page without activity sends no requests. Its stream neither keeps the session
// alive nor outlives it.
func TestStreamsDoNotKeepASessionAwake(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Admin.PingEvery = 20 * time.Millisecond })
	b := s.as(db.StaffRoleAdministrator)
	events := b.stream()
	s.exec(`update session set seen_at = now() - interval '1 hour'`)
	for pings := 0; pings < 3 && events.lines.Scan(); {
		if strings.HasPrefix(events.lines.Text(), ": ping") {
			pings++
		}
	}
	var asleep bool
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select every(seen_at < now() - interval '59 minutes') from session`).Scan(&asleep))
	require.True(t, asleep)
	s.exec(`update session set seen_at = now() - interval '2 hours 1 minute'`)
	require.Equal(t, "signed-out", events.next())
}

// Nor do the refreshes in the background that events trigger.
func TestPagesDoNotKeepASessionAwake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleAdministrator)
	s.series(3, s.North)
	awake := func() (yes bool) {
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select every(seen_at > now() - interval '1 minute') from session`).Scan(&yes))
		return yes
	}
	s.exec(`update session set seen_at = now() - interval '1 hour'`)
	b.stream() // again, after a broken connection
	require.False(t, awake())
	for path, source := range map[string]string{
		"/admin/exports/tray": "div#tray", admin.SectionApprovals + "/count": "span#menu-count", admin.SectionJobs: "div#jobs-live",
		admin.SectionChecks: "div#checks-live", admin.SectionSeries: "div#series-rows",
	} {
		got := b.get(path, "HX-Request", "true", "HX-Source", source)
		require.Equal(t, http.StatusOK, got.Status, path)
		require.False(t, awake(), path)
	}
	require.Equal(t, http.StatusOK, b.get(admin.SectionSeries, "HX-Request", "true", "HX-Source", "form#series-filter").Status)
	require.True(t, awake(), "what a person does keeps it")

	s.exec(`update session set seen_at = now() - interval '2 hours 1 minute'`)
	over := b.get("/admin/exports/tray", "HX-Request", "true", "HX-Source", "div#tray")
	require.Equal(t, http.StatusNoContent, over.Status, "what is typed on the page stays there")
	require.Equal(t, "signed-out", over.Header.Get("HX-Trigger"))
	require.Equal(t, http.StatusUnauthorized, b.get(admin.SectionSeries, "HX-Request", "true", "HX-Source", "form#series-filter").Status)
}

func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	events := s.as(db.StaffRoleAdministrator).stream()
	require.Equal(t, 1, s.Hub.Subscribers())
	s.Server.CloseStreams()
	require.Empty(t, events.next())
}

func TestEventsAreForStaff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.Equal(t, http.StatusSeeOther, s.browser().get(kit.EventsPath).Status)
	require.Equal(t, http.StatusSeeOther, s.asCustomer("carl", s.North).get(kit.EventsPath).Status)
}
