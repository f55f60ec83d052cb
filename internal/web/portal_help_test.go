package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
	"refill/internal/web/portal"
)

// A customer who can't sign in finds whom to ask, and sends a request that staff of their
// partner see until they make a link. Nobody learns which usernames exist.
func TestPortalHelp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update partner set slug = 'north', brand = 'Northlight', help = 'Call 555 0100.' where id = $1`, s.North.ID)
	id := s.newCustomer("anna", s.North)
	s.exec(`update customer set disabled_at = now() where id = $1`, s.newCustomer("dora", s.North))
	b := s.browser()
	page := b.get(b.get("/portal/login?partner=north").one("a[href^='"+portal.HelpPath+"']").AttrOr("href", ""))
	require.Equal(t, "Can’t sign in?", page.text("h1"))
	require.Equal(t, "Northlight", page.text(".brand"))
	require.Contains(t, page.text("main"), "Call 555 0100.")
	ask := func(username string) *got {
		return s.browser().post(portal.HelpPath, url.Values{"username": {username}, "partner": {"north"}})
	}
	require.Equal(t, "help_username", ask(" ").fault("username"))
	first := ask(" Anna ")
	require.Equal(t, http.StatusSeeOther, first.Status)
	for _, username := range []string{"anna", "nobody", "dora", "ünknown"} {
		other := ask(username)
		require.Equal(t, first.Status, other.Status, username)
		require.Equal(t, first.Header.Get("Location"), other.Header.Get("Location"), username)
		require.Equal(t, first.Header.Get("Set-Cookie"), other.Header.Get("Set-Cookie"), username)
	}

	staff, elsewhere := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleCashier, s.South)
	customerURL := admin.CustomerURL(id)
	require.Contains(t, staff.get(admin.SectionCustomers).text("#help-asked"), "Test anna")
	require.NotContains(t, staff.get(admin.SectionCustomers).text("#help-asked"), "dora")
	elsewhere.get(admin.SectionCustomers).none("#help-asked")
	require.Contains(t, staff.get(customerURL).text("#help-asked"), "from 127.0.0.1")
	require.Equal(t, http.StatusOK, staff.post(customerURL+"/access/link", url.Values{"lifetime": {"24"}}).Status)
	staff.get(customerURL).none("#help-asked")
	staff.get(admin.SectionCustomers).none("#help-asked")

	ask("anna")
	closing := staff.get(customerURL).one("#help-asked form").AttrOr("action", "")
	require.Equal(t, http.StatusNotFound, elsewhere.post(closing, nil).Status)
	require.Equal(t, http.StatusSeeOther, staff.post(closing, nil).Status)
	require.Equal(t, http.StatusSeeOther, staff.post(closing, nil).Status)
	staff.get(customerURL).none("#help-asked")
	for i := 6; i < 10; i++ {
		require.Equal(t, http.StatusSeeOther, ask(fmt.Sprintf("name%d", i)).Status)
	}
	require.Equal(t, http.StatusTooManyRequests, ask("anna").Status, "so many from one address")
	require.Contains(t, s.audits(), "customer.help_asked")
	require.Contains(t, s.audits(), "customer.help_closed")
	require.NotContains(t, s.Log.String(), "nobody@")
}

// Before a pause the last try is announced, and while it lasts its end is said and counted down
// to, whether or not an account has the username.
func TestTriesLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newCustomer("anna", s.North)
	for _, username := range []string{"anna", "nobody"} {
		b := s.browser()
		try := func() *got { return b.post("/portal/login", credentials(username, "not-this-one")) }
		for range 3 {
			require.Equal(t, "sign_in_wrong", try().fault(""), username)
		}
		last := try()
		require.Equal(t, "sign_in_wrong_last", last.fault(""))
		require.Contains(t, last.text(`[role="alert"]`), "1 try left")
		last.none("[data-wait]")
		for _, paused := range []*got{try(), try()} {
			require.Regexp(t, `You can try again at \d\d:\d\d:\d\d UTC\.`, paused.text(`[role="alert"]`))
			seconds, err := strconv.Atoi(paused.one("[data-wait]").AttrOr("data-wait", ""))
			require.NoError(t, err)
			require.InDelta(t, 30, seconds, 10)
		}
	}
	require.Equal(t, "f-password", s.browser().get("/portal/login").one("[data-shows]").AttrOr("data-shows", ""))
}
