package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// A person is told of everything that finished in the background for them, until they have
// seen it; nobody is told of what others started.
func TestNotifications(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	bell := func(b *browser) string {
		return b.get(adminpages.SectionNotifications+"/bell").one("button").AttrOr("aria-label", "")
	}
	require.Equal(t, "Notifications", bell(admin))
	require.Contains(t, admin.get(adminpages.SectionNotifications).text(".empty-state"), "Nothing yet")

	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGenerate, order()).Status)
	var made int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from series`).Scan(&made))
	series, err := db.New().SeriesGet(t.Context(), s.Pool, made)
	require.NoError(t, err)
	require.Equal(t, "Notifications", bell(admin), "it is not made yet")
	require.NoError(t, s.Server.admin.Cards.Generate(t.Context(), series.ID, time.Now, noJob))
	file, err := s.Server.admin.Exports.Request(t.Context(), audit.ByStaff(admin.ID, audit.Everything()), series.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	s.file(file, "x")
	s.exec(`insert into card_change (series_id, operation, first_serial, last_serial, total, cursor, state, finished_at, request_key, created_by)
		values ($1, 'disable', 1, 2, 2, 2, 'failed', now(), gen_random_uuid(), $2)`, series.ID, admin.ID)
	s.exec(`insert into card_import (kind, state, finished_at, created_by, file_name, file, key_id, size, sha256, preview) values ('customers', 'done', now(), $1, 'old.csv', 'x', 1, 1, '', '{}')`, admin.ID)
	limit := int64(1)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(series.Number)+"/exports", url.Values{"format": {"pdf"}, "key": {uuid.NewString()}}).Status)
	var request int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval`).Scan(&request))
	require.Equal(t, http.StatusSeeOther, other.post(fmt.Sprintf("%s/%d/refuse", adminpages.SectionApprovals, request), url.Values{"reason": {"not now"}}).Status)

	require.Equal(t, "Notifications, 5 new", bell(admin))
	require.Equal(t, "Notifications", bell(other))
	list := admin.get(adminpages.SectionNotifications)
	for _, text := range []string{
		"Series " + series.Number + " is generated", "CSV of series " + series.Number + " is ready", "The change of cards of series " + series.Number + " failed",
		"The import of old.csv is done", "Your request for series " + series.Number + " was refused",
	} {
		require.Contains(t, list.text(".notifications"), text)
	}
	for _, link := range list.doc().Find(".notifications a").EachIter() {
		require.Equal(t, http.StatusOK, admin.get(strings.Split(link.AttrOr("href", ""), "#")[0]).Status, link.AttrOr("href", ""))
	}
	until := url.Values{"until": {list.one("main input[name=until]").AttrOr("value", "")}}
	require.Equal(t, adminpages.SectionNotifications, admin.post(adminpages.SectionNotifications+"/seen", until).Header.Get("Location"))
	require.Equal(t, "Notifications", bell(admin))
	admin.post(adminpages.SectionNotifications+"/seen", url.Values{"until": {"1999-01-01T00:00:00Z"}})
	require.Equal(t, "Notifications", bell(admin), "no mark is taken back")
	admin.post(adminpages.SectionNotifications+"/seen", url.Values{"until": {"2999-01-01T00:00:00Z"}})
	s.exec(`update card_import set finished_at = now() + interval '1 minute'`)
	require.Equal(t, "Notifications, 1 new", bell(admin), "the future can't be marked as seen")
}
