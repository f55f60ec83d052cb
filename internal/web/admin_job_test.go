package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
)

// waiting orders a series that no worker makes, and returns it.
func (s *site) waiting() db.Series {
	s.t.Helper()
	id := s.newStaff(fmt.Sprintf("orderer-%d", s.people.Add(1)), db.StaffRoleAdministrator)
	ordered, err := s.Server.admin.Cards.Order(s.t.Context(), audit.ByStaff(id, audit.Everything()), card.OrderRequest{
		Quantity: 10, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: testClock().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(s.t, err)
	series, err := db.New().SeriesGet(s.t.Context(), s.Pool, ordered.ID)
	require.NoError(s.t, err)
	return series
}

// working is a worker that is seen.
func (s *site) working() {
	s.exec(`insert into river_leader (leader_id, elected_at, expires_at) values ('a worker', now(), now() + interval '1 minute')`)
}

func TestJobsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.as(db.StaffRoleOperator)
	require.Contains(t, operator.get(adminpages.SectionJobs).text(".notice-bad"), "No worker is running", "of a first installation")
	s.working()
	require.Contains(t, operator.get(adminpages.SectionJobs).text(".notice-good"), "Nothing is wrong.")
	s.exec(`insert into river_queue (name, updated_at) values ('generate', now()), ('export', now())`)
	series := s.waiting()
	page := operator.get(adminpages.SectionJobs)
	require.Contains(t, page.text("#job-"+fmt.Sprint(*series.JobID)), "Series "+series.Number)
	require.Contains(t, page.text("#job-"+fmt.Sprint(*series.JobID)), "Waiting")

	s.exec(`update river_job set scheduled_at = now() - interval '2 minutes'`)
	require.Contains(t, operator.get(adminpages.SectionJobs).text(".notice-bad"), "No worker takes jobs")
	s.exec(`update river_job set state = 'discarded', finalized_at = now(), errors = array['{"error": "the disk is full"}'::jsonb]`)
	require.NoError(t, s.Server.admin.Cards.Fail(t.Context(), series.ID))
	page = operator.get(adminpages.SectionJobs)
	require.Contains(t, page.text(".notice-bad"), "1 failed for good")
	require.Equal(t, "There was no room left on a disk.", page.text(".job-error"))
	require.NotContains(t, page.Body, "the disk is full", "the text of the error is on the page of the job")
	require.Contains(t, operator.get(adminpages.SectionJobs+"?state=completed").text(".empty-state"), "No jobs here")
}

// Cancelling or retrying a job also cancels or retries the order behind it.
func TestJobsAreCancelledAndRetried(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.as(db.StaffRoleOperator)
	state := func(id int64) db.SeriesState {
		series, err := db.New().SeriesGet(t.Context(), s.Pool, id)
		require.NoError(t, err)
		return series.State
	}
	failed, doomed := s.waiting(), s.waiting()
	require.NoError(t, s.Server.admin.Cards.Fail(t.Context(), failed.ID))
	require.Equal(t, adminpages.SectionJobs, operator.post(fmt.Sprintf("%s/%d/retry", adminpages.SectionJobs, *failed.JobID), nil).Header.Get("Location"))
	require.Equal(t, db.SeriesStateQueued, state(failed.ID))
	operator.post(fmt.Sprintf("%s/%d/cancel", adminpages.SectionJobs, *doomed.JobID), nil)
	require.Equal(t, db.SeriesStateCancelled, state(doomed.ID))
	operator.post(fmt.Sprintf("%s/%d/cancel", adminpages.SectionJobs, *doomed.JobID), nil)
	require.Contains(t, operator.get(adminpages.SectionJobs).text("#notice"), "has changed meanwhile")
	require.Equal(t, http.StatusNotFound, operator.post(adminpages.SectionJobs+"/999999/cancel", nil).Status)
	require.Contains(t, s.audits(), "job.cancelled")

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.SectionJobs).Status)
}

func TestQueuesArePaused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.as(db.StaffRoleOperator)
	s.working()
	s.exec(`insert into river_queue (name, updated_at) values ('export', now())`)
	require.Equal(t, adminpages.SectionJobs, operator.post("/admin/queues/export/pause", nil).Header.Get("Location"))
	page := operator.get(adminpages.SectionJobs)
	require.Contains(t, page.text("#queue-export"), "Paused")
	require.Contains(t, page.text(".notice-bad"), "Paused: export.")
	operator.post("/admin/queues/export/resume", nil)
	require.NotContains(t, operator.get(adminpages.SectionJobs).text("#queue-export"), "Paused")
	require.Equal(t, http.StatusNotFound, operator.post("/admin/queues/none/pause", nil).Status)
}

func TestRiverUIIsGuarded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.Server.admin.Start(t.Context()))
	require.Equal(t, http.StatusSeeOther, s.browser().get(adminpages.RiverUIPath+"/").Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.RiverUIPath+"/").Status)
	operator := s.as(db.StaffRoleOperator)
	page := operator.get(adminpages.RiverUIPath + "/")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "style-src 'self' 'unsafe-inline'")
	require.Equal(t, adminpages.SectionJobs, page.one("body > .refill-bar a").AttrOr("href", ""), "the way back")
	require.NotContains(t, operator.get(adminpages.RiverUIPath+"/api/jobs?state=available").Body, "refill-bar")
	require.NotContains(t, operator.get("/admin").Header.Get("Content-Security-Policy"), "unsafe-inline")
	require.Contains(t, operator.get(adminpages.SectionJobs).text("#river-note"), "It is read-only: cancel, retry, delete, pause and resume on this page")
	series := s.waiting()
	list := operator.get(adminpages.RiverUIPath + "/api/jobs?state=available")
	require.Equal(t, http.StatusOK, list.Status)
	require.Contains(t, list.Body, fmt.Sprintf(`series_id\": %d`, series.ID))
}

// The pages of River UI are read-only. Any request of theirs that writes is refused, even
// if a route admits it.
func TestRiverUIOnlyReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.Server.admin.Start(t.Context()))
	s.exec(`insert into river_queue (name, updated_at) values ('export', now()), ('seal', now())`)
	operator := s.as(db.StaffRoleOperator)
	series := s.waiting()
	body := fmt.Sprintf(`{"ids": ["%d"]}`, *series.JobID)
	paths := []string{"", "/", "/api/jobs/cancel", "/api/jobs/retry", "/api/jobs/delete", "/api/queues/export/pause", "/api/queues/seal/pause", "/api/queues/*/pause", "/api/queues/export/resume", "/api/queues/export"}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "PURGE"} {
		for _, path := range paths {
			got := operator.do(method, adminpages.RiverUIPath+path, body, "Content-Type", "application/json", "X-HTTP-Method-Override", method)
			require.Contains(t, []int{http.StatusMethodNotAllowed, http.StatusNotFound}, got.Status, method+path)
			recorder := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(recorder)
			c.Request = httptest.NewRequest(method, adminpages.RiverUIPath+path, strings.NewReader(body))
			require.ErrorIs(t, s.Server.admin.RiverUI(c), kit.ErrMethod, method+path)
		}
	}
	for _, r := range s.Server.routes {
		if strings.HasPrefix(r.path, adminpages.RiverUIPath) {
			require.Equal(t, get, r.method)
		}
	}
	require.Equal(t, http.StatusOK, operator.do(http.MethodHead, adminpages.RiverUIPath+"/", "").Status)
	for _, path := range paths[2:] { // nor by GET
		operator.get(adminpages.RiverUIPath + path)
	}
	var untouched bool
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select (select state = 'available' from river_job where id = $1) and not exists (select from river_queue where paused_at is not null)`, *series.JobID).Scan(&untouched))
	require.True(t, untouched)
}

// Every kind of job has a page where it can be cancelled, retried or deleted. Only the job
// that seals the audit trail can't be.
func TestJobPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator, cashier := s.as(db.StaffRoleOperator), s.as(db.StaffRoleCashier)
	s.exec(`insert into river_job (kind, queue, state, args, max_attempts, errors, finalized_at) values
		('housekeep', 'maintenance', 'available', '{}', 1, null, null),
		('housekeep', 'maintenance', 'discarded', '{}', 1, array['{"at": "2026-11-30T10:00:00Z", "attempt": 1, "error": "the disk is full"}'::jsonb], now()),
		('seal_audit', 'seal', 'available', '{}', 1, null, null)`)
	var live, ended, seal int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select min(id), min(id) + 1, max(id) from river_job`).Scan(&live, &ended, &seal))
	at := func(id int64, act string) string { return fmt.Sprintf("%s/%d%s", adminpages.SectionJobs, id, act) }

	page := operator.get(at(live, ""))
	require.Equal(t, at(live, "/cancel"), page.one("#cancel-job form").AttrOr("action", ""))
	page.none("#delete-job")
	page = operator.get(at(ended, ""))
	require.Contains(t, page.text(".job-errors .job-error"), "There was no room left on a disk.")
	require.Contains(t, page.text(".job-errors details"), "the disk is full")
	page.one("#delete-job form")
	page.none("#cancel-job")
	page = operator.get(at(seal, ""))
	page.none("#cancel-job")
	require.Contains(t, page.text("main"), "can’t be cancelled or deleted")
	require.Equal(t, http.StatusForbidden, cashier.get(at(live, "")).Status)
	require.Equal(t, http.StatusForbidden, cashier.post(at(ended, "/delete"), nil).Status)
	require.Equal(t, http.StatusNotFound, operator.get(at(999_999, "")).Status)
	require.Equal(t, http.StatusNotFound, operator.get(adminpages.SectionJobs+"/-1").Status)

	list := operator.get(adminpages.SectionJobs + "?queue=maintenance")
	list.one(fmt.Sprintf("#job-%d", live))
	list.none(fmt.Sprintf("#job-%d", seal))
	operator.post(at(ended, "/delete"), nil)
	require.Contains(t, operator.get(adminpages.SectionJobs).text("#notice"), "is deleted")
	require.Equal(t, http.StatusNotFound, operator.get(at(ended, "")).Status)
	operator.post(at(live, "/cancel"), nil)
	operator.get(adminpages.SectionJobs)
	operator.post(at(seal, "/cancel"), nil)
	require.Contains(t, operator.get(adminpages.SectionJobs).text("#notice"), "can’t be paused, cancelled or deleted")
	require.Subset(t, s.audits(), []string{"job.deleted", "job.cancelled"})
	s.exec(`insert into river_queue (name, updated_at) values ('seal', now()), ('export', now())`)
	queues := operator.get(adminpages.SectionJobs)
	queues.one("#pause-export form")
	queues.none("#pause-seal")
	operator.post("/admin/queues/seal/pause", nil)
	require.NotContains(t, operator.get(adminpages.SectionJobs).text("#queue-seal"), "Paused")
}

// A list of more than one page shows every job.
func TestJobsOfAllPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`insert into river_job (kind, queue, state, args, max_attempts) select 'housekeep', 'maintenance', 'available', '{}', 1 from generate_series(1, 120)`)
	operator, path, seen := s.as(db.StaffRoleOperator), adminpages.SectionJobs, map[string]bool{}
	for path != "" {
		page := operator.get(path)
		page.doc().Find("tr[id^=job-]").Each(func(_ int, row *goquery.Selection) { seen[row.AttrOr("id", "")] = true })
		path = page.doc().Find(".pager a[rel=next]").AttrOr("href", "")
	}
	require.Len(t, seen, 120)
}

// Pages that concern every partner are closed to staff of some partners.
func TestWholeHousePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north := s.as(db.StaffRoleAdministrator, s.North)
	for _, path := range []string{adminpages.SectionJobs, adminpages.RiverUIPath + "/", adminpages.SectionModules, adminpages.SectionVouchers} {
		require.Equal(t, http.StatusForbidden, north.get(path).Status, path)
	}
	require.Equal(t, http.StatusForbidden, north.post(adminpages.SectionModules, nil).Status)
	portal := north.get(adminpages.SectionPortal)
	portal.one("#f-" + adminpages.PartnerField(s.North.ID))
	portal.none("#f-" + adminpages.PartnerField(s.South.ID))
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleOperator).get(adminpages.SectionVouchers).Status)

	admin.get(adminpages.SectionVouchers).one("#f-activate[checked]")
	refused := admin.post(adminpages.SectionVouchers, vouchers(func(f url.Values) {
		f.Set("file_hours", "0")
		f.Set("guesses_daily", "many")
	}))
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.NotEmpty(t, refused.text("#f-file_hours-error"))
	require.NotEmpty(t, refused.text("#f-guesses_daily-error"))
	require.Equal(t, "many", refused.one("#f-guesses_daily").AttrOr("value", ""))
	require.Equal(t, adminpages.SectionVouchers, admin.post(adminpages.SectionVouchers, vouchers(func(f url.Values) {
		f.Set("file_hours", "48")
		f.Del("activate")
	})).Header.Get("Location"))
	page := admin.get(adminpages.SectionVouchers)
	require.Contains(t, page.text("#notice"), "Saved.")
	require.Equal(t, "48", page.one("#f-file_hours").AttrOr("value", ""))
	admin.get(adminpages.SectionGenerate).none("#f-activate[checked]")

	admin.post(adminpages.SectionPortal, url.Values{
		adminpages.PartnerField(s.North.ID): {"on"}, adminpages.WasField(adminpages.PartnerField(s.North.ID)): {"on"}, adminpages.WasField(adminpages.PartnerField(s.South.ID)): {"on"},
	})
	page = admin.get(adminpages.SectionPortal)
	page.one("#f-" + adminpages.PartnerField(s.North.ID) + "[checked]")
	page.none("#f-" + adminpages.PartnerField(s.South.ID) + "[checked]")
	require.Contains(t, s.audits(), "partner.portal_changed")

	admin.post(adminpages.SectionModules, nil)
	admin.get("/admin").none("nav a[href='" + adminpages.SectionSeries + "']")
	require.Equal(t, http.StatusNotFound, admin.get(adminpages.SectionSeries).Status)
	admin.post(adminpages.SectionModules, url.Values{"refill_cards": {"on"}})
	require.Equal(t, http.StatusOK, admin.get(adminpages.SectionSeries).Status)
}
