package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// If the settings require a reason, no file of codes is made without one. The reason is in
// the audit trail, and is shown to the person who approves the file.
func TestExportReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	series, _ := s.series(6)
	at := adminpages.SeriesURL(series.Number)
	press := func(reason string) url.Values {
		return url.Values{"format": {"csv"}, "key": {uuid.NewString()}, "reason": {reason}}
	}
	admin.get(at).none("#series-exports #f-reason")
	require.Contains(t, admin.get(at+"/export").text("label[for=f-reason]"), "optional")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(at+"/exports", press("x")).Status, "what is given all the same is one")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/exports", press("")).Status)

	form := vouchers(func(f url.Values) { f.Set("export_reason", "on") })
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionVouchers, form).Status)
	admin.get(adminpages.SectionVouchers).one("#f-export_reason[checked]")
	limit := int64(1_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	require.Equal(t, "Reason", strings.TrimSpace(admin.get(at+"/export").text("label[for=f-reason]")))

	for _, reason := range []string{"", "  x ", strings.Repeat("long", 80)} {
		got := admin.post(at+"/exports", press(reason))
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Contains(t, got.text("#f-reason-error"), "3 to 300 characters")
		require.Equal(t, reason, got.one("#series-exports #f-reason").AttrOr("value", "none"))
		got = admin.post(at+"/export", choose("format", "csv", "reason", reason))
		require.Contains(t, got.text("#f-reason-error"), "3 to 300 characters")
	}
	require.Equal(t, 1, s.count(`select count(*) from export`))

	require.Equal(t, http.StatusSeeOther, admin.post(at+"/exports", press(" For the kiosk <North> ")).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/export", choose("format", "pdf", "reason", "Reprint of a lost box")).Status)
	require.Equal(t, 2, s.count(`select count(*) from audit where action = 'export.requested' and detail->>'reason' in ('For the kiosk <North>', 'Reprint of a lost box')`))
	require.Contains(t, admin.get(at).text(".history"), "CSV asked for: For the kiosk <North>")
	require.Contains(t, other.get(adminpages.SectionApprovals).text(".approvals"), "“For the kiosk <North>”")
	require.Empty(t, admin.get(at+"/export").one("#f-reason").AttrOr("value", ""), "the next file has a reason of its own")
}
