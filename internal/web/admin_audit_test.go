package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

func TestAdminAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	admin := s.as(db.StaffRoleAdministrator)
	any1, _ := s.series(1)
	south, _ := s.series(1, s.South)
	sue := s.newCustomer("sue", s.South)
	require.NoError(t, audit.Write(ctx, s.Pool, audit.ByStaff(admin.ID, audit.Scope{}), audit.Row{
		Action: "series.touched", SeriesID: south.ID, Detail: []byte(`{"prefix": "New", "prefix_before": "Old", "price": 5, "price_before": 5}`),
	}))

	page := admin.get(adminpages.SectionAudit)
	first := strings.Join(strings.Fields(page.doc().Find("tbody tr").First().Text()), " ")
	require.Contains(t, first, south.Number+" Touched")
	require.Contains(t, first, "PrefixOld → New")
	require.NotContains(t, first, "Price", "what did not change is left out")

	count := func(query string) int {
		got := admin.get(adminpages.SectionAudit + "?" + query)
		require.Equal(t, http.StatusOK, got.Status, query)
		return got.doc().Find("tbody tr").Length()
	}
	require.Equal(t, 1, count("what=series.touched"))
	require.Equal(t, 1, count("what=series.touched&series="+south.Number))
	require.Zero(t, count("what=series.touched&series="+any1.Number))
	require.Zero(t, count("series=none-such"))
	require.Equal(t, 1, count("customer="+fmt.Sprint(sue)))
	require.Positive(t, count("what=series.&who="+fmt.Sprint(admin.ID)))
	require.Zero(t, count("what=payment."))
	require.Equal(t, 1, count("address=127.0.0.1"), "the sign-in; the rest had no browser")
	require.Zero(t, count("from=2001-01-01&to=2001-02-01"))
	require.Positive(t, count("from=2001-01-01"))
	for _, query := range []string{"from=yesterday", "customer=x", "address=home", "serial=1", "series=1&serial=one"} {
		require.Equal(t, http.StatusUnprocessableEntity, admin.get(adminpages.SectionAudit+"?"+query).Status, query)
	}
	require.Contains(t, admin.get(adminpages.SectionAudit+"?what=payment.").text(".empty-title"), "Nothing matches")

	file := admin.get(adminpages.SectionAudit + "?what=series.touched&format=csv")
	require.Contains(t, file.Header.Get("Content-Disposition"), "refill-audit.csv")
	require.Contains(t, file.Body, "Prefix: Old → New")
	require.Equal(t, 2, strings.Count(strings.TrimSpace(file.Body), "\n")+1, file.Body)
	require.Equal(t, http.StatusOK, admin.get(adminpages.SectionAudit+"?format=xlsx").Status)
}

// Staff of some partners see their own acts, acts on their customers, and acts on series of
// their partners. They never see a customer of another partner, not even through a series
// for any partner.
func TestAdminAuditOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north := s.as(db.StaffRoleAdministrator, s.North)
	anybody, codes := s.series(1)
	southern, _ := s.series(1, s.South)
	northern, _ := s.series(1, s.North)
	s.newCustomer("nora", s.North)
	sue := s.asCustomer("sue", s.South)
	redeemed := sue.post(portal.SectionRedeem, url.Values{"code": {codes[0]}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusSeeOther, redeemed.Status, redeemed.Body)

	body := north.get(adminpages.SectionAudit).text("#main")
	require.Contains(t, body, anybody.Number)
	require.Contains(t, body, northern.Number)
	require.Contains(t, body, "Test nora")
	require.Contains(t, body, "Signed in", "their own")
	require.NotContains(t, body, southern.Number)
	require.NotContains(t, body, "sue")
	require.NotContains(t, body, "Redeemed")
	require.Contains(t, s.as(db.StaffRoleAdministrator).get(adminpages.SectionAudit).text("#main"), "Redeemed")
	require.NotContains(t, north.get(adminpages.SectionAudit+"?format=csv").Body, "sue")
}

func TestAdminAuditPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.exec(`insert into audit (action, detail) select 'thing.counted', jsonb_build_object('n', n) from generate_series(1, 2100) n`)
	page := admin.get(adminpages.SectionAudit + "?what=thing.")
	require.Equal(t, adminpages.AuditPerPage, page.doc().Find("tbody tr").Length())
	page.none("a[rel=prev]")
	next := admin.get(page.one("a[rel=next]").AttrOr("href", ""))
	require.Contains(t, next.doc().Find("tbody tr").First().Text(), "2050")
	require.Equal(t, adminpages.SectionAudit+"?what=thing.", next.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, 2101, strings.Count(admin.get(adminpages.SectionAudit+"?what=thing.&format=csv").Body, "\n"))
}

// Every page shows an API client or a dealer's user as the actor of their own acts, not the
// owner of the client and not the portal.
func TestAdminAuditOfClients(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(1)
	var name string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select name from staff where id = $1`, admin.ID).Scan(&name))
	acme := s.program(nil)
	s.exec(`update api_client set name = 'Acme' where id = $1`, acme.ID)
	for kind, c := range map[string]struct {
		actor audit.Actor
		who   string
	}{
		"client": {audit.ByClient(acme.ID, admin.ID, admin.ID, audit.Everything()), "Acme (API), owner " + name},
		"dealer": {audit.ByDealer(5, audit.Everything()), "Dealer user 5"},
		"staff":  {audit.ByStaff(admin.ID, audit.Everything()), name},
	} {
		require.NoError(t, audit.Write(t.Context(), s.Pool, c.actor, audit.Row{Action: "series.seen_by_" + kind, SeriesID: series.ID, Detail: []byte(`{}`)}))
		page := admin.get(adminpages.SectionAudit + "?what=series.seen_by_" + kind)
		row := strings.Join(strings.Fields(page.doc().Find("tbody tr").First().Text()), " ")
		require.Contains(t, row, c.who)
		require.Equal(t, kind == "staff", !strings.Contains(row, "(API)") && !strings.Contains(row, "Dealer"))
		require.Contains(t, admin.get(adminpages.SeriesURL(series.Number)).Body, c.who)
	}
}

// The page of a series, card, customer, partner or member of staff links to its audit trail.
// That trail lists all entries about it, and no others.
func TestAdminAuditOfEachThing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	made, codes := s.series(2)
	s.series(1)
	anna := s.asCustomer("anna", s.North)
	require.Equal(t, http.StatusSeeOther, anna.post(portal.SectionRedeem, url.Values{"code": {codes[1]}, "key": {uuid.NewString()}}).Status)
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.PartnerURL(s.North.ID)+"/disable", nil).Status)
	other := s.newStaff("other", db.StaffRoleCashier)
	require.Equal(t, http.StatusSeeOther, admin.post(fmt.Sprintf("%s/%d/disable", adminpages.SectionStaff, other), nil).Status)

	for path, expected := range map[string][]string{
		adminpages.SeriesURL(made.Number):                    {"Redeemed", "Activated", "Generated 2 cards", "Ordered 2 cards"},
		adminpages.SeriesURL(made.Number) + "/cards/2":       {"Redeemed"},
		adminpages.CustomerURL(anna.ID):                      {"Redeemed", "Signed in to the portal", "Customer created"},
		adminpages.PartnerURL(s.North.ID):                    {"Disabled"},
		fmt.Sprintf("%s/%d", adminpages.SectionStaff, other): {"Member of staff disabled"},
	} {
		link := admin.get(path).doc().Find(".trail-link a").Last().AttrOr("href", "")
		trail := admin.get(link)
		require.Equal(t, http.StatusOK, trail.Status, link)
		var did []string
		opened := trail.doc().Find("tbody details.audit-more")
		for i := range opened.Length() {
			did = append(did, strings.TrimSpace(opened.Eq(i).Find("summary").Text()))
			require.Positive(t, opened.Eq(i).Find("dl dd").Length(), "the facts of the entry")
		}
		require.Equal(t, expected, did, link)
	}
	cashier := s.as(db.StaffRoleCashier)
	cashier.get(adminpages.CustomerURL(anna.ID)).none(".trail-link")
}
