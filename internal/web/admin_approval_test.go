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

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// A request of one person waits on the series page and in the list until another person
// decides. The count in the menu only includes requests that the person may decide.
func TestApprovalsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	admin.get("/admin").none("#menu-count")
	require.Contains(t, other.get(adminpages.SectionApprovals).text(".empty-state"), "Nothing waits")
	form := vouchers(func(f url.Values) { f.Set("approve_above", "1,000.00") })
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionVouchers, form).Status)
	require.Equal(t, int64(1000_00), *s.settings().ApproveAbove)
	require.Equal(t, "1000.00", admin.get(adminpages.SectionVouchers).one("#f-approve_above").AttrOr("value", ""))
	limit := int64(30_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })

	made, _ := s.series(4) // of USD 10.00, to be activated when generated, by another person
	page := admin.get(adminpages.SeriesURL(made.Number))
	require.Contains(t, page.text("#series-live > .notice-warn"), "Waiting for approval by somebody else: Activate 4 cards worth USD 40.00")
	page.none("#activate")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(made.Number)+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}}).Status)
	page = admin.get(adminpages.SeriesURL(made.Number))
	require.Contains(t, page.text("#series-files"), "Waits for approval")
	page.none("a[href$='/download']")

	require.Contains(t, admin.get("/admin").text("#menu-count"), "1", "their own does not count")
	page = other.get(adminpages.SectionApprovals)
	require.Contains(t, page.text("#menu-count"), "2")
	require.Equal(t, 2, page.doc().Find(".approvals > li").Length())
	require.Contains(t, admin.get(adminpages.SectionApprovals).text("main"), "You asked for this: somebody else has to decide.")
	require.Contains(t, other.htmx(adminpages.SectionApprovals+"/count").text("#menu-count"), "2")

	var activation, export int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval where kind = 'activate'`).Scan(&activation))
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval where kind = 'export'`).Scan(&export))
	at := func(id int64, verb string) string {
		return fmt.Sprintf("%s/%d/%s", adminpages.SectionApprovals, id, verb)
	}
	refused := other.post(at(activation, "approve"), url.Values{"reason": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.NotEmpty(t, refused.text(fmt.Sprintf("#f-reason-%d-error", activation)))
	require.Equal(t, "x", refused.one(fmt.Sprintf("#f-reason-%d", activation)).AttrOr("value", ""))
	require.Equal(t, adminpages.SectionApprovals, admin.post(at(export, "approve"), url.Values{"reason": {"because"}}).Header.Get("Location"))
	require.Contains(t, admin.get(adminpages.SectionApprovals).text("#notice .notice-warn"), "You asked for this yourself", "not as a success")

	// Staff of other partners do not see it, and responses do not reveal that it exists.
	south := s.as(db.StaffRoleAdministrator, s.South)
	require.Contains(t, south.get(adminpages.SectionApprovals).text(".empty-state"), "Nothing waits")
	require.Contains(t, south.get("/admin").text("#menu-count"), "0")
	for _, reason := range []string{"because", ""} {
		foreign := south.post(at(activation, "approve"), url.Values{"reason": {reason}})
		missing := south.post(at(999999, "approve"), url.Values{"reason": {reason}})
		require.Equal(t, []int{http.StatusNotFound, http.StatusNotFound}, []int{foreign.Status, missing.Status})
	}
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).post(at(activation, "approve"), url.Values{"reason": {"because"}}).Status)

	require.Equal(t, adminpages.SectionApprovals, other.post(at(activation, "approve"), url.Values{"reason": {"the boxes are here"}}).Header.Get("Location"))
	require.Equal(t, adminpages.SectionApprovals, other.post(at(export, "refuse"), url.Values{"reason": {"printed already"}}).Header.Get("Location"))
	series, err := db.New().SeriesGet(t.Context(), s.Pool, made.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateActive, series.State)
	page = other.get(adminpages.SectionApprovals)
	require.Contains(t, page.text("table"), "the boxes are here")
	require.Contains(t, page.text("table"), "Refused")
	require.Contains(t, admin.get(adminpages.SeriesURL(made.Number)).text("#series-files"), "Cancelled")
	admin.get(adminpages.SeriesURL(made.Number)).none("#series-live > .notice-warn")
	for _, action := range []string{"approval.asked", "approval.approved", "approval.refused"} {
		require.Contains(t, s.audits(), action)
	}
}

// A page says that another person will have to approve, before anything is requested.
func TestApprovalIsForetold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	made, _ := s.series(4) // of USD 10.00
	order := url.Values{"quantity": {"4"}, "price": {"10"}, "partner": {"any"}, "valid_till": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}, "activate": {"on"}}
	told := func(says, text string) {
		t.Helper()
		if says == "" {
			require.NotContains(t, text, "second person")
			return
		}
		require.Contains(t, text, says)
	}
	for _, limit := range []int64{-1, 40_00, 39_99} {
		if limit >= 0 {
			s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
		}
		activates, later, file := "", "", ""
		if limit == 39_99 {
			activates, later = "until somebody else approves their activation", "will have to approve the activation of these cards, and each file"
			file = "worth USD 40.00 together, so each file of them takes a second person"
		}
		order.Set("activate", "on")
		told(activates, admin.post(adminpages.SectionGenerate+"/preview", order).text("#order-preview"))
		order.Del("activate")
		told(later, admin.post(adminpages.SectionGenerate+"/preview", order).text("#order-preview"))
		told(file, admin.get(adminpages.SeriesURL(made.Number)+"/export").text("#export-form"))
		told(file, admin.get(adminpages.SeriesURL(made.Number)).text("#series-exports"))
		hint := admin.get(adminpages.SectionGenerate).text("#f-activate-hint") // also without script
		require.Equal(t, limit >= 0, strings.Contains(hint, "wait until somebody else approves"), hint)
	}

	// Enabling disabled cards above that value needs a second person.
	for serial := range 4 {
		require.Equal(t, http.StatusSeeOther, admin.post(fmt.Sprintf("%s/cards/%d/disable", adminpages.SeriesURL(made.Number), serial+1), nil).Status)
	}
	refused := admin.post(adminpages.SeriesURL(made.Number)+"/changes/check", url.Values{"which": {"ticked"}, "serial": {"1"}, "operation": {"enable"}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status, refused.Body)
	require.Contains(t, refused.text("#f-operation-error"), "Lock the series, enable them, and ask for its activation")
	for serial, says := range []string{"is enabled", "is enabled", "is enabled", "lock the series, change the cards, and ask for its activation"} {
		one := fmt.Sprintf("%s/cards/%d", adminpages.SeriesURL(made.Number), serial+1)
		require.Equal(t, http.StatusSeeOther, admin.post(one+"/enable", nil).Status)
		require.Contains(t, admin.get(one).text("#notice"), says)
	}
}

// The button Activate above the limit requests approval, and the page says so.
func TestActivatingAsksForApproval(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	made, _ := s.series(4)
	s.change(func(v *setting.Settings) { v.ApproveAbove = new(int64) })
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(made.Number)+"/lock", nil).Status)
	require.Contains(t, admin.get(adminpages.SeriesURL(made.Number)).text("#activate"), "Ask for the activation")
	admin.post(adminpages.SeriesURL(made.Number)+"/activate", nil)
	page := admin.get(adminpages.SeriesURL(made.Number))
	require.Contains(t, page.text("#notice"), card.ErrActivationWaits.Text())
	require.Contains(t, page.text("#series-live > .notice-warn"), "Activate 4 cards")
	page.none("#series-live > .notice-warn a")
}
