package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// signInWith signs in with a browser that has a given User-Agent.
func (b *browser) signInWith(d kit.Door, username, agent string) {
	b.site.t.Helper()
	path := "/admin/login"
	if d == kit.DoorCustomer {
		path = "/portal/login"
	}
	got := b.do(http.MethodPost, path, credentials(username, testPassword).Encode(), "Content-Type", formType, "User-Agent", agent)
	require.Equal(b.site.t, http.StatusSeeOther, got.Status)
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	s.newStaff("bert", db.StaffRoleAdministrator)
	s.newCustomer("carl", s.North)
	s.newCustomer("cora", s.North)
	for _, one := range []struct {
		door         kit.Door
		me, other    string
		at, home     string
		row          string
		ended, event string
	}{
		{kit.DoorStaff, "anna", "bert", admin.SectionSessions, "/admin", "tbody tr", "staff.session_ended", "staff.sessions_ended"},
		{kit.DoorCustomer, "carl", "cora", portal.SectionDevices, "/portal", ".facts > li", "customer.session_ended", "customer.sessions_ended"},
	} {
		here, phone, third, foreign := s.browser(), s.browser(), s.browser(), s.browser()
		foreign.signIn(one.door, one.other)
		phone.signInWith(one.door, one.me, iphone)
		third.signInWith(one.door, one.me, "")
		here.signInWith(one.door, one.me, firefox)

		page := here.get(one.at)
		require.Equal(t, http.StatusOK, page.Status)
		rows := page.doc().Find(one.row)
		require.Equal(t, 3, rows.Length(), "only one's own")
		require.Contains(t, rows.First().Text(), "Firefox on Windows")
		require.Contains(t, rows.First().Text(), "This one")
		require.Contains(t, rows.First().Text(), "127.0.0.1")
		require.Zero(t, rows.First().Find("form").Length())
		require.Equal(t, "Sign out Safari on iPhone at 127.0.0.1", page.one(`button[aria-label*="iPhone"]`).AttrOr("aria-label", ""))
		end := page.one(`form:has(button[aria-label*="iPhone"])`).AttrOr("action", "")

		// The session of another person can't be ended, and responds like a missing one.
		theirs := foreign.post(end, nil)
		require.Equal(t, http.StatusNotFound, theirs.Status)
		theirs.same(foreign.post(one.at+"/999999/end", nil), one.at)
		require.Equal(t, http.StatusOK, phone.get(one.home).Status)
		require.NotContains(t, s.audits(), one.ended)

		require.Equal(t, one.at, here.post(end, nil).Header.Get("Location"))
		require.Equal(t, http.StatusSeeOther, phone.get(one.home).Status)
		require.Equal(t, http.StatusOK, third.get(one.home).Status)
		require.Equal(t, one.at, here.post(one.at+"/others/end", nil).Header.Get("Location"))
		require.Equal(t, http.StatusSeeOther, third.get(one.home).Status)
		require.Equal(t, http.StatusOK, here.get(one.home).Status)
		require.Equal(t, http.StatusOK, foreign.get(one.home).Status)
		require.Contains(t, here.get(one.at).text("main"), "nowhere else")
		require.Subset(t, s.audits(), []string{one.ended, one.event})
	}
}

// An ended session is not listed. An open page without activity does not keep its session
// alive.
func TestIdleSessionsAreNotListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	here, idle := s.browser(), s.browser()
	idle.signInWith(kit.DoorStaff, "anna", iphone)
	here.signInWith(kit.DoorStaff, "anna", firefox)
	s.exec(`update session set seen_at = now() - interval '2 hours 1 minute' where user_agent like '%iPhone%'`)
	require.Equal(t, 1, here.get(admin.SectionSessions).doc().Find("tbody tr").Length())
}

// A change of password gives the session a new token, at both doors.
func TestPasswordsRenewTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	b := s.browser()
	b.signIn(kit.DoorStaff, "anna")
	before := b.token()
	form := url.Values{"current": {testPassword}, "new": {"correct-horse"}, "repeat": {"correct-horse"}}
	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionAccount+"/password", form).Status)
	require.Equal(t, http.StatusOK, b.get("/admin").Status)
	thief := s.browser()
	thief.plant(before)
	require.Equal(t, http.StatusSeeOther, thief.get("/admin").Status)

	carl := s.asCustomer("carl", s.North)
	cookie := func() string { return carl.client.Jar.Cookies(s.origin())[0].Value }
	before = cookie()
	require.Equal(t, http.StatusSeeOther, carl.post(portal.SectionPassword, form).Status)
	require.Equal(t, http.StatusOK, carl.get(portal.SectionHome).Status)
	require.NotEqual(t, before, cookie())
}

// User agents of two browsers.
const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
