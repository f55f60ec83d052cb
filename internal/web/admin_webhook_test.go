package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// An endpoint from the form to the page of a delivery. The secret is in one answer only.
func TestWebhookPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	admin.get(adminpages.SectionWebhooks).one(".empty-state")
	form := url.Values{
		"key": {uuid.NewString()}, "name": {"Acme"}, "url": {"http://169.254.169.254/"}, adminpages.TypeField("customer.created"): {"on"},
		adminpages.PartnerField(s.North.ID): {"on"},
	}
	refused := admin.post(adminpages.SectionWebhooks, form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "REFILL_WEBHOOK_NETWORKS")
	form.Set("url", "http://127.0.0.1:9/hook")
	made := admin.post(adminpages.SectionWebhooks, form)
	require.Equal(t, http.StatusOK, made.Status, made.Body)
	require.Contains(t, made.Body, "whsec_")
	require.Contains(t, made.Header.Get("Cache-Control"), "no-store")
	again := admin.post(adminpages.SectionWebhooks, form)
	require.Equal(t, http.StatusSeeOther, again.Status)
	page := again.Header.Get("Location")
	require.NotContains(t, admin.get(page).Body, "whsec_")

	s.newCustomer("anna", s.North)
	s.newCustomer("sam", s.South)
	s.relay()
	shown := admin.get(page)
	require.Equal(t, 1, shown.doc().Find("tbody tr").Length(), "an event of South is not for it")
	delivery := admin.get(shown.one("tbody a").AttrOr("href", ""))
	require.Contains(t, delivery.Body, "&#34;username&#34;: &#34;anna&#34;")
	counted := admin.post(page+"/replay", url.Values{"since": {"2020-01-01"}})
	require.Contains(t, counted.text("#replay [role=status]"), "1 event")
	require.Equal(t, 0, s.count(`select count(*) from webhook_endpoint where replay_seq is not null`))
	require.Equal(t, http.StatusSeeOther, admin.post(page+"/replay", url.Values{"since": {"2020-01-01"}, "confirmed": {"on"}}).Status)
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(page+"/replay", url.Values{"since": {"x"}}).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(page+"/disable", nil).Status)
	require.Equal(t, http.StatusConflict, admin.post(page+"/test", nil).Status)

	// The dashboard tells of an endpoint that was switched off by its failures.
	s.exec(`update webhook_endpoint set disabled_why = 'failing'`)
	require.Contains(t, admin.get("/admin").Body, "is off after three days of failures")
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.South).get(page).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.SectionWebhooks).Status)
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'webhook.created' and detail->>'host' = '127.0.0.1:9'`))
}
