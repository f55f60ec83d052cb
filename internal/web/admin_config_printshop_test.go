package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

func TestPrintShops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	at := adminpages.SeriesURL(series.Number) + "/export"
	admin.get(at).none("#f-shop")

	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	add := url.Values{"name": {" Printhouse "}, "key": {identity.Recipient().String()}}
	require.Equal(t, adminpages.SectionPrintShops, admin.post(adminpages.SectionPrintShops, add).Header.Get("Location"))
	page := admin.get(adminpages.SectionPrintShops)
	require.Contains(t, page.text("tbody tr"), "Printhouse")
	require.Contains(t, page.text("tbody tr"), identity.Recipient().String())
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'setting.changed' and detail -> 'print_shops' ->> 0 like 'Printhouse (age1%'`))

	// A file for the print shop can be chosen, is marked as such, and is the default the
	// next time.
	shop := admin.get(at).one("#f-shop option:last-child").AttrOr("value", "")
	require.NotEmpty(t, shop)
	require.Equal(t, http.StatusSeeOther, admin.post(at, choose("format", "csv", "shop", shop)).Status)
	require.Contains(t, admin.get(adminpages.SeriesURL(series.Number)+"/exports").text(".files li"), "encrypted for Printhouse")
	require.Equal(t, shop, admin.get(at).one("#f-shop option[selected]").AttrOr("value", ""))
	id := s.count(`select id from export where options ->> 'sealed_as' = 'age'`)
	s.file(int64(id), "sealed")
	got := admin.get(fmt.Sprintf("/admin/exports/%d/download", id))
	require.Regexp(t, `\.csv\.age$`, got.Header.Get("Content-Disposition"))
	require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))

	// Errors are shown at their fields, and a secret key is never shown again.
	for _, tc := range []struct{ name, key, field, says string }{
		{"Other", "age1nonsense", "key", "Paste an age recipient"},
		{"Other", identity.String(), "key", "This is a secret key"},
		{"", identity.Recipient().String(), "name", "1 to 80"},
		{"printhouse", identity.Recipient().String(), "name", "There is a print shop of this name"},
	} {
		got := admin.post(adminpages.SectionPrintShops, url.Values{"name": {tc.name}, "key": {tc.key}})
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Contains(t, got.text("#f-"+tc.field+"-error"), tc.says)
		require.Equal(t, tc.name, got.one("#f-name").AttrOr("value", ""))
		require.NotContains(t, got.Body, identity.String())
	}
	require.NotContains(t, s.Log.String(), identity.String())

	// A removed print shop can't be chosen.
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionPrintShops+"/remove", url.Values{"id": {shop}}).Status)
	admin.get(adminpages.SectionPrintShops).none("tbody tr")
	refused := admin.post(at, choose("format", "csv", "shop", shop))
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.text("#f-shop-error"), "was removed")

	// The recipients of encrypted codes are set for the whole installation.
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).post(adminpages.SectionPrintShops, add).Status)
	require.NotEqual(t, http.StatusSeeOther, s.as(db.StaffRoleAdministrator, s.North).post(adminpages.SectionPrintShops, add).Status)
	admin.get(adminpages.SectionPrintShops).none("tbody tr")
}
