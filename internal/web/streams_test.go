package web

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// An event is sent only to people who may see its subject. The stream of a member of staff
// never contains the number of another partner's series, file or import.
func TestEventsAreScoped(t *testing.T) {
	t.Parallel()
	s := listening(t)
	house, north := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator, s.North)
	mine, _ := s.series(1, s.North)
	theirs, _ := s.series(1, s.South)
	both, _ := s.series(1, s.North, s.South)
	anybody, _ := s.series(1)
	s.exec(`insert into card_import (created_by, file_name, file, key_id, size, sha256, preview) values ($1, 'x.csv', 'x', 1, 1, '', '{}')`, house.ID)
	forHouse, forNorth := house.stream(), north.stream()
	tell := func(kind string, id, series, staffID int64) {
		s.exec(`select pg_notify('refill', json_build_object('kind', $1::text, 'id', $2::bigint, 'series', $3::bigint, 'staff', $4::bigint)::text)`, kind, id, series, staffID)
	}
	// heard returns the names of the events before the approval event, which marks the end.
	heard := func(on *stream) (names []string) {
		for name := on.next(); name != "approval"; name = on.next() {
			require.NotEmpty(t, name)
			names = append(names, name)
		}
		return names
	}
	tell("approval", 3, 0, 0)
	heard(forNorth) // skips late events of the series' generation
	heard(forHouse)
	for _, series := range []db.Series{theirs, both, anybody} {
		tell("series", series.ID, 0, 0)
		tell("export", 1, series.ID, house.ID)
		tell("export", 1, series.ID, north.ID)
	}
	tell("series", 999_999, 0, 0)
	tell("import", 1, 0, 0)
	tell("jobs", 0, 0, 0)
	tell("check", 1, 0, 0)
	tell("approval", 1, 0, 0)
	require.Empty(t, heard(forNorth))
	of := heard(forHouse)
	for _, series := range []db.Series{theirs, both, anybody} {
		require.Subset(t, of, []string{fmt.Sprintf("series-%d", series.ID), fmt.Sprintf("export-series-%d", series.ID)})
	}
	require.Subset(t, of, []string{"import-1", "jobs", "check", "export"})

	tell("series", mine.ID, 0, 0)
	tell("export", 1, mine.ID, north.ID)
	tell("approval", 2, 0, 0)
	require.Equal(t, []string{"series", fmt.Sprintf("series-%d", mine.ID), fmt.Sprintf("export-series-%d", mine.ID), "export"}, heard(forNorth))
}

// opens requests a stream, keeps it open and returns the status.
func (b *browser) opens(ctx context.Context) int {
	t := b.site.t
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.URL+kit.EventsPath, nil)
	require.NoError(t, err)
	response, err := b.client.Do(request)
	require.NoError(t, err)
	if response.StatusCode != http.StatusOK {
		require.NoError(t, response.Body.Close())
	} else {
		t.Cleanup(func() { response.Body.Close() }) //nolint:errcheck // the test is over
	}
	return response.StatusCode
}

// Each session and each person can open only a few streams. That does not limit the streams
// of others, and a closed stream frees its place.
func TestStreamsAreCapped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleOperator)
	b.client.Timeout, other.client.Timeout = 0, 0
	ctx, leave := context.WithTimeout(t.Context(), time.Minute)
	defer leave()
	got := map[int]int{}
	for range 1500 {
		got[b.opens(ctx)]++
	}
	require.Equal(t, map[int]int{http.StatusOK: admin.SessionStreams, http.StatusTooManyRequests: 1500 - admin.SessionStreams}, got)
	require.Equal(t, admin.SessionStreams, s.Hub.Subscribers())
	require.Equal(t, http.StatusOK, other.opens(ctx))

	s.exec(`update staff set username = 'anna' where id = $1`, b.ID)
	for range 5 {
		again := s.browser()
		again.client.Timeout = 0
		again.signIn(kit.DoorStaff, "anna")
		for range admin.SessionStreams {
			again.opens(ctx)
		}
	}
	require.Equal(t, admin.PersonStreams+1, s.Hub.Subscribers(), "of one person, and one of somebody else")
	leave()
	s.comes("all are closed", func() bool { return s.Hub.Subscribers() == 0 })
	fresh, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	require.Equal(t, http.StatusOK, b.opens(fresh))
}
