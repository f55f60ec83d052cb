package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// A series is ordered for printing once. Its file is downloaded in two pieces. Then the
// page asks whether the file has arrived, and the codes are deleted only after a
// confirmation.
func TestPrintedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.SectionGenerate)
	page.one("input[type=checkbox][name=print_once]")
	order := url.Values{
		"quantity": {"5"}, "price": {"10"}, "partner": {"any"}, "valid_till": {testClock().AddDate(1, 0, 0).Format(time.DateOnly)},
		"activate": {"on"}, "print_once": {"on"}, "key": {page.one("input[name=key]").AttrOr("value", "")},
	}
	at := admin.post(adminpages.SectionGenerate, order).Header.Get("Location")
	require.NotEmpty(t, at)
	series, err := db.New().SeriesGet(t.Context(), s.Pool, int64(s.count(`select id from series`)))
	require.NoError(t, err)
	require.NoError(t, s.Server.admin.Cards.Generate(t.Context(), series.ID, time.Now, noJob))

	// The choice can be changed until a file is requested, and the form shows the current
	// one.
	edit := admin.get(at + "/edit")
	edit.one("input[name=print_once][checked]")
	require.Contains(t, admin.get(at).text("#series-exports"), "Printed once: one file")

	content := strings.Repeat("1,Test-AAAA-BBBB-CCCC-DDDD,10.00\n", 300_000)
	download, _ := s.readyFile(admin, series, content)
	base := strings.TrimSuffix(download, "/download")
	second := admin.post(at+"/exports", url.Values{"format": {"pdf"}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusUnprocessableEntity, second.Status)
	require.Contains(t, second.Body, "there is a file of it already")
	admin.get(at).none(".export-form")
	fixed := admin.post(at+"/edit", url.Values{"version": {edit.one("input[name=version]").AttrOr("value", "")}, "price": {"10.00"}, "partner": {"any"}, "valid_till": {series.ValidTill.Format(time.DateOnly)}})
	require.Equal(t, http.StatusUnprocessableEntity, fixed.Status)
	require.Contains(t, fixed.text("#f-print_once-error"), "can't be changed any more")

	// A link from another site only leads to the page of files.
	for _, site := range []string{"cross-site", "same-site"} {
		led := admin.get(download, "Sec-Fetch-Site", site, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		require.Equal(t, http.StatusSeeOther, led.Status)
		require.Equal(t, at+"#series-exports", led.Header.Get("Location"))
	}
	require.Zero(t, s.count(`select count(*) from audit where action = 'export.downloaded'`))

	// An interrupted download, several ranges at once, and HEAD do not count as a complete
	// download.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+download, nil)
	require.NoError(t, err)
	answer, err := admin.client.Do(request)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, answer.Body, 1000)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusPartialContent, admin.get(download, "Range", fmt.Sprintf("bytes=0-9,10-%d", len(content)-1)).Status)
	require.Equal(t, http.StatusOK, admin.do(http.MethodHead, download, "").Status)
	early := admin.post(base+"/arrived", nil)
	require.Equal(t, http.StatusConflict, early.Status)
	require.Contains(t, early.text("main"), "Not all of this file has been fetched")
	require.NotContains(t, admin.get(at).Body, "Did the file arrive?")

	// The remaining ranges complete it.
	require.Equal(t, content[5_000_000:], admin.get(download, "Range", "bytes=5000000-").Body)
	require.Equal(t, content[:5_000_000], admin.get(download, "Range", "bytes=0-4999999").Body)
	s.eventually(`select count(*) from series where shred_at is not null`)
	asked := admin.get(at)
	require.Contains(t, asked.text("#series-exports .notice"), "Did the file arrive?")
	require.Equal(t, "It arrived: shred the codes", asked.text("form[action='"+base+"/arrived'] button"))
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).post(base+"/arrived", nil).Status)
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.North).post(base+"/arrived", nil).Status)

	// The page shows another person who downloaded the file, so that they confirm with that
	// knowledge.
	boss := s.as(db.StaffRoleAdministrator)
	told := boss.get(at)
	require.Contains(t, told.text("#series-exports"), "fetched it. Ask them first")
	fetchedBy := told.one("input[name=fetched_by]").AttrOr("value", "")
	require.Equal(t, 1, s.count(`select count(*) from export where sent_whole_to = `+fetchedBy))
	untold := boss.post(base+"/arrived", nil)
	require.Equal(t, http.StatusConflict, untold.Status)
	require.Contains(t, untold.text("main"), "Another person fetched this file")

	require.Equal(t, at+"#series-exports", admin.post(base+"/arrived", nil).Header.Get("Location"))
	require.Equal(t, http.StatusNotFound, admin.get(download).Status, "no copy is given out any more")
	require.Contains(t, admin.get(at).text("#series-exports"), "being shredded")
	require.NoError(t, s.Server.admin.Cards.ShredSeries(t.Context(), series.ID, time.Now, noJob))
	require.Contains(t, admin.get(at).text("#series-exports"), "The codes were shredded")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(at+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}}).Status)
	require.Contains(t, admin.get(at).text("#series-happened"), "Codes shredded, the cards stay good")
	admin.get(at + "/cards/2").none("a[href*=reveal], form[action*=reveal]")
}

// A file that did not arrive is discarded, and another one is made.
func TestPrintedOnceAndDiscarded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	s.exec(`update series set print_once = true`)
	at := adminpages.SeriesURL(series.Number)
	download, _ := s.readyFile(admin, series, "serial,code\n1,x\n")
	require.Equal(t, http.StatusOK, admin.get(download).Status)
	s.eventually(`select count(*) from series where shred_at is not null`)
	require.Equal(t, at+"#series-exports", admin.post(strings.TrimSuffix(download, "/download")+"/discard", nil).Header.Get("Location"))
	require.Equal(t, http.StatusNotFound, admin.get(download).Status)
	require.Zero(t, s.count(`select count(*) from series where shred_at is not null`))
	admin.get(at).one(".export-form")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}}).Status)
}

// eventually waits until a query returns one. The program records a download after it is
// sent.
func (s *site) eventually(sql string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.count(sql) == 1 }, 20*time.Second, 10*time.Millisecond, sql)
}
