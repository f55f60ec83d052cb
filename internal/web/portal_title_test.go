package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// requireTitle checks that the title of a page is its heading, with the word for an error
// before it where the page says what is wrong.
func requireTitle(t *testing.T, name string, page *got) {
	t.Helper()
	want := page.text("h1") + " · " + page.text(".brand")
	if page.Status >= http.StatusBadRequest {
		want = "Error: " + want
	}
	require.Equal(t, want, page.text("title"), name)
}

// Each state of the portal has one title, which is also its heading.
func TestPortalTitles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, nobody := s.asCustomer("anna", s.North), s.browser()
	_, codes := s.series(3)
	form := func(code string) url.Values { return url.Values{"code": {code}, "key": {uuid.NewString()}} }
	fresh := anna.redeem(codes[0]).Header.Get("Location")
	anna.look(codes[1])
	pages := map[string]*got{
		"redeemed": anna.get(fresh), "look": anna.get(portal.SectionRedeem + "/check"),
		"wrong": anna.post(portal.SectionRedeem, form("no")), "wrong look": anna.post(portal.SectionRedeem+"/check", form("no")),
		"wrong sign-in":  nobody.post("/portal/login", url.Values{"username": {"anna"}, "password": {"wrong"}}),
		"wrong password": anna.post(portal.SectionPassword, url.Values{}), "dead link": nobody.get("/portal/welcome/none"),
		"signed out": nobody.post(portal.SectionRedeem, form("no")),
	}
	for _, path := range []string{portal.SectionHome, portal.SectionPayments, portal.SectionRedeem, portal.SectionPassword, portal.SectionDevices, "/portal/none", portal.ReceiptURL(0)} {
		pages[path] = anna.get(path)
	}
	for _, path := range []string{"/", "/r", "/portal/login", "/none"} {
		pages["out "+path] = nobody.get(path)
	}
	anna.redeem(codes[1])
	pages["old receipt"] = anna.get(fresh)
	titles := map[string]string{}
	for name, page := range pages {
		requireTitle(t, name, page)
		titles[page.text("title")] = name
	}
	require.Greater(t, len(titles), len(pages)-8, "states differ by their titles")

	part := anna.sendHTMX(portal.SectionRedeem, form("no"))
	require.Equal(t, "Error: Redeem a refill card · North", part.text("title"))
	require.Equal(t, "Error: Page not found · North", anna.sendHTMX("/portal/none", form("")).text("title"))
}

// Every form of the portal that is shown again says on top that there is a problem, and leads to
// the field.
func TestPortalProblemSummary(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, nobody := s.asCustomer("anna", s.North), s.browser()
	token, err := customer.NewLink(t.Context(), s.Pool, audit.System(), s.newCustomer("ben", s.North), 24*3600e9)
	require.NoError(t, err)
	form := url.Values{"code": {"no"}, "key": {uuid.NewString()}}
	for name, page := range map[string]*got{
		"sign-in": nobody.post("/portal/login", url.Values{"username": {"anna"}, "password": {"wrong"}}),
		"help":    nobody.post(portal.HelpPath, url.Values{}), "welcome": nobody.post(kit.WelcomePath+token, url.Values{"with": {"password"}}),
		"password": anna.post(portal.SectionPassword, url.Values{}), "redeem": anna.post(portal.SectionRedeem, form),
		"look": anna.post(portal.SectionRedeem+"/check", form), "part": anna.sendHTMX(portal.SectionRedeem, form),
	} {
		require.Contains(t, page.text("main .notice-bad, #redeem .notice-bad"), "There is a problem", name)
		links := page.doc().Find(".notice-bad a[href^='#']")
		if name != "sign-in" { // its mistake is of both fields
			require.NotZero(t, links.Length(), name)
		}
		links.Each(func(_ int, link *goquery.Selection) { page.one(link.AttrOr("href", "")) })
	}
}

// What the cookie of a code that was looked at holds is of use to no one else, and not for
// ever.
func TestPortalLookIsPrivate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, ben := s.asCustomer("anna", s.North), s.asCustomer("ben", s.North)
	_, codes := s.series(1)
	require.Equal(t, http.StatusSeeOther, anna.look(codes[0]).Status)
	var kept *http.Cookie //nolint:gosec // the jar's
	for _, c := range anna.client.Jar.Cookies(s.origin()) {
		if strings.Contains(c.Name, "look") {
			kept = c
		}
	}
	require.NotNil(t, kept)
	require.Equal(t, http.StatusOK, anna.get(portal.SectionRedeem+"/check").Status)
	for _, value := range []string{kept.Value, kept.Value[:8], "", "%", strings.ToUpper(kept.Value)} {
		kept.Value = value
		ben.client.Jar.SetCookies(s.origin(), []*http.Cookie{kept})
		require.Equal(t, http.StatusSeeOther, ben.get(portal.SectionRedeem+"/check").Status)
	}
}

// A sign-in link that does not work says what became of it, in the look of the partner, and
// whom to ask.
func TestPortalDeadLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update partner set slug = 'north', brand = 'Northlight', help = 'Call 555 0100.' where id = $1`, s.North.ID)
	id := s.newCustomer("anna", s.North)
	link := func() string {
		token, err := customer.NewLink(t.Context(), s.Pool, audit.System(), id, 24*3600e9)
		require.NoError(t, err)
		return kit.WelcomePath + token
	}
	used := link()
	live := s.browser().get(used)
	require.Equal(t, "Northlight", live.text(".brand"))
	require.Equal(t, http.StatusSeeOther, s.browser().post(used, url.Values{}).Status)
	late := link()
	s.exec(`update customer_link set created_at = created_at - interval '3 days', expires_at = now() - interval '1 day' where used_at is null`)
	for path, says := range map[string]string{used: "It was used on ", late: "It ended on "} {
		for _, page := range []*got{s.browser().get(path), s.browser().post(path, url.Values{"with": {"password"}, "password": {"correct horse"}})} {
			require.Equal(t, http.StatusNotFound, page.Status)
			require.Equal(t, "link_dead", page.fault(""))
			require.Contains(t, page.text("main"), says)
			require.Contains(t, page.text("main"), "ask Northlight for a new link")
			require.Contains(t, page.text("main"), "Call 555 0100.")
			require.Equal(t, "Northlight", page.text(".brand"))
		}
	}
	unknown := s.browser().get(kit.WelcomePath + "none")
	require.NotContains(t, unknown.Body, "Northlight")
	require.Contains(t, unknown.text("main"), "a newer link took its place")
	require.Equal(t, "/portal/login?partner=north", s.browser().get(used).one(".problem-ways a[href^='/portal/login']").AttrOr("href", ""), fmt.Sprint(used))
}
