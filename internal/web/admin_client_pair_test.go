package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
)

// A person switches the calls of Splynx on for a client, makes a pair, which is shown once and
// works, sees it in the list, and switches the calls off, which ends it.
func TestAdminClientPair(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	off := admin.newClient(with(clientEntries(staff.RedeemFor), "name", "Without"))
	admin.get(off).none("#pairs")
	refused := admin.post(off+"/pairs", url.Values{"newest": {"0"}, "pair_overlap": {"0"}})
	require.Equal(t, http.StatusSeeOther, refused.Status)
	require.Contains(t, admin.get(off).text("main"), "are off for this API client")

	at := admin.newClient(with(clientEntries(staff.RedeemFor), "splynx", "on"))
	page := admin.get(at)
	require.Contains(t, page.text("#pairs"), "It has no pair yet")
	require.Equal(t, "/api/docs/splynx", page.one("#pairs a").AttrOr("href", ""))
	shown := admin.post(at+"/pairs", url.Values{"newest": {"0"}, "pair_overlap": {"0"}})
	require.Equal(t, http.StatusOK, shown.Status, shown.Body)
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	a := &addon{program: &program{browser: s.browser()}, Pair: client.Pair{Key: shown.one("#pair-key .mono").Text(), Secret: shown.one("#pair-secret .mono").Text()}}
	require.Equal(t, http.StatusOK, a.ask(http.MethodGet, "admin/api/check", "").Status)
	other := admin.post(at+"/pairs", with(admin.get(at).filled("#pair-form"), "pair_overlap", "1h"))
	require.Contains(t, admin.get(other.Header.Get("Location")).Body, "Choose how long the key before goes on working.")
	require.Equal(t, http.StatusOK, a.ask(http.MethodGet, "admin/api/check", "").Status, "the pair goes on working")
	again := admin.post(at+"/pairs", url.Values{"newest": {"0"}, "pair_overlap": {"0"}}) // the form was sent twice
	require.Equal(t, http.StatusSeeOther, again.Status)
	require.Equal(t, 1, s.count(`select count(*) from api_key where splynx_key is not null`))
	page = admin.get(at)
	require.Contains(t, page.text("#pairs"), a.Pair.Key[:8])
	require.NotContains(t, page.Body, a.Pair.Secret)
	require.Equal(t, 1, page.doc().Find("[id=f-pair_overlap]").Length())
	require.Contains(t, page.text("main"), "It has no key yet", "a pair is no key of the API")
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'client_pair.made'`))

	require.Equal(t, 1, admin.get(at+"/edit").one("input[name=splynx]").Filter("[checked]").Length())
	saved := admin.post(at+"/edit", with(clientEntries(staff.RedeemFor), "owner", fmt.Sprint(admin.ID), "version", "1"))
	require.Equal(t, http.StatusSeeOther, saved.Status, saved.Body)
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	require.Zero(t, s.count(`select count(*) from api_key where splynx_secret is not null`))
}
