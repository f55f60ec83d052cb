package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/staff/peopletest"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// unlike blanks the parts in which two responses may differ: numbers from the request
// itself, the keys of forms, and how long ago events were.
func unlike(body string, named ...string) string {
	for _, one := range named {
		body = strings.ReplaceAll(body, one, "named")
	}
	body = regexp.MustCompile(`>(just now|\d+ (s|min) ago)<`).ReplaceAllString(body, ">lately<")
	return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).ReplaceAllString(body, "key")
}

// same fails the test if two responses differ.
func (g *got) same(other *got, name string, named ...string) {
	g.t.Helper()
	require.Equal(g.t, other.Status, g.Status, name)
	require.Equal(g.t, unlike(other.Body, named...), unlike(g.Body, named...), name)
	mine, others := maps.Clone(g.Header), maps.Clone(other.Header)
	for _, h := range []http.Header{mine, others} {
		for _, own := range []string{"Date", "X-Request-Id", "Content-Length"} {
			h.Del(own)
		}
		if to := h.Get("Location"); to != "" {
			h.Set("Location", unlike(to, named...))
		}
	}
	require.Equal(g.t, others, mine, name)
}

// state returns a digest of all tables, which changes with any row. The time of the last
// request of a session or a key is left out.
func (s *site) state() map[string]string {
	s.t.Helper()
	prints := map[string]string{}
	for _, table := range []string{
		"partner", "partner_address", "partner_logo", "partner_method", "customer", "customer_link", "sign_in_help", "staff_mail", "series", "series_partner", "card", "account",
		"ledger_tx", "ledger_entry", "payment", "export", "approval", "theft_alarm", "reservation", "api_client", "api_client_partner", "api_key", "card_change", "card_import", "setting", "role", "staff", "staff_partner", "webhook_endpoint", "webhook_delivery",
	} {
		var print string
		require.NoError(s.t, s.Pool.QueryRow(s.t.Context(),
			`select coalesce(md5(string_agg(t, '|' order by t)), '') from (select (to_jsonb(x) - array['seen_at', 'last_used_at', 'last_used_from'])::text as t from `+table+` x) y`).Scan(&print))
		prints[table] = print
	}
	return prints
}

// distinct starts the sequences of ids at large numbers that occur in no other text.
func (s *site) distinct() {
	s.t.Helper()
	_, err := dbtest.Owner(s.t, s.Pool).Exec(s.t.Context(), `select setval(format('%I.%I', schemaname, sequencename)::regclass, 700000)
		from pg_sequences where schemaname = 'public' and sequencename !~ '^(river|goose)'`)
	require.NoError(s.t, err)
}

// For every role, another partner's item responds exactly like a missing one, and is not
// changed. The routes come from the router itself. A route that this test does not know
// fails it.
func TestForeignIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	mine, theirs := s.holds(s.partner("Mine")), s.holds(s.partner("Theirs"))
	own := db.Partner{ID: mine.partner}
	forms := matrixForms()
	people := map[db.StaffRole]*browser{}
	for _, role := range db.AllStaffRoleValues() {
		people[role] = s.as(role, own)
	}
	before := s.state()
	for _, r := range s.Server.pages() {
		if r.who.door != kit.DoorStaff || !strings.ContainsAny(r.path, ":*") {
			continue
		}
		name := r.method + " " + r.path
		if slices.ContainsFunc(ofTheHouse(), func(prefix string) bool { return strings.HasPrefix(r.path, prefix) }) {
			continue
		}
		var form url.Values
		if r.method == post {
			of, known := forms[r.path]
			require.True(t, known, "%s is not in the matrix: give it a form in matrixForms", name)
			form = of(mine)
		}
		pairs := [][2]holding{{theirs, absent()}}
		if strings.Count(r.path, ":") > 1 { // another partner's item below one's own
			here, nowhere := mine, mine
			here.payment, here.change, here.key, here.delivery = theirs.payment, theirs.change, theirs.key, theirs.delivery
			nowhere.payment, nowhere.change, nowhere.key, nowhere.delivery = absent().payment, absent().change, absent().key, absent().delivery
			if !strings.Contains(r.path, ":serial") {
				pairs = append(pairs, [2]holding{here, nowhere})
			}
		}
		for _, pair := range pairs {
			foreign, known := pair[0].fill(r.path)
			require.True(t, known, "%s is not in the matrix: give it a line in holding.fill or ofTheHouse", name)
			missing, _ := pair[1].fill(r.path)
			for role, b := range people {
				there := b.do(r.method, foreign, form.Encode(), "Content-Type", formType)
				nowhere := b.do(r.method, missing, form.Encode(), "Content-Type", formType)
				who := fmt.Sprintf("%s as %s", name, role)
				require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, there.Status, who)
				there.same(nowhere, who)
			}
		}
	}
	require.Equal(t, before, s.state(), "nobody changed anything")
}

// With the same forms the owner succeeds, so TestForeignIsMissing does not pass for another
// reason.
func TestOwnIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	forms := matrixForms()
	mine := s.holds(s.partner("Mine"))
	admin := mine.uploader
	routes := slices.Clone(s.Server.pages())
	// Routes that only read come first, and routes that end an item last.
	weight := func(r route) int {
		for i, last := range []string{"/cancel", "/delete", "/disable", "/enable", "/erase"} {
			if r.method == post && strings.HasSuffix(r.path, last) {
				return 2 + i
			}
		}
		return map[string]int{get: 0, post: 1}[r.method]
	}
	slices.SortStableFunc(routes, func(a, b route) int { return weight(a) - weight(b) })
	for _, r := range routes {
		path, known := mine.fill(r.path)
		if r.who.door != kit.DoorStaff || !known {
			continue
		}
		var form url.Values
		if of := forms[r.path]; of != nil && r.method == post {
			form = of(mine)
		}
		got := admin.do(r.method, path, form.Encode(), "Content-Type", formType)
		name := r.method + " " + r.path
		require.NotContains(t, []int{http.StatusNotFound, http.StatusForbidden, http.StatusMethodNotAllowed}, got.Status, name)
		require.Less(t, got.Status, http.StatusInternalServerError, name)
	}
}

// A form that names another partner's item responds like a form that names a missing one.
func TestForeignInFormsIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	mine, theirs := s.holds(s.partner("Mine")), s.holds(s.partner("Theirs"))
	gone := absent()
	gone.code = s.unknownCode()
	admin := mine.uploader
	id := func(n int64) []string { return []string{fmt.Sprint(n)} }
	at := func(path string) string {
		filled, known := mine.fill(path)
		require.True(t, known, path)
		return filled
	}
	rows := map[string]struct {
		path string
		form func(h holding) url.Values
	}{
		"a customer moves": {at(adminpages.OneCustomer + "/edit"), func(h holding) url.Values {
			return url.Values{"name": {"Renamed"}, "username": {"renamed"}, "partner": id(h.partner)}
		}},
		"a customer is entered": {adminpages.CustomerNew, func(h holding) url.Values {
			return url.Values{"name": {"New"}, "username": {"new"}, "partner": id(h.partner)}
		}},
		"a card is redeemed for a customer": {at(adminpages.OneCard + "/redeem"), func(h holding) url.Values {
			return url.Values{"customer": id(h.customer), "key": {uuid.NewString()}}
		}},
		"a card's code": {at(adminpages.OneCustomer + "/redeem"), func(h holding) url.Values {
			return url.Values{"code": {h.code}, "key": {uuid.NewString()}}
		}},
		"a card goes to a partner": {at(adminpages.OneCard + "/edit"), func(h holding) url.Values {
			return url.Values{"valid_till": {""}, "partner": id(h.partner), "remark": {"a remark"}}
		}},
		"cards go to a partner": {at(adminpages.OneSeries + "/changes/check"), func(h holding) url.Values {
			return url.Values{"which": {"range"}, "first": {"1"}, "last": {"2"}, "operation": {"set_partner"}, "partner": id(h.partner)}
		}},
		"a series goes to a partner": {at(adminpages.OneSeries + "/edit"), func(h holding) url.Values {
			return url.Values{"prefix": {"Other"}, "price": {"10.00"}, "partner": id(h.partner), "version": {"1"}}
		}},
		"an order": {adminpages.SectionGenerate, func(h holding) url.Values {
			form := order()
			form["partner"] = id(h.partner)
			return form
		}},
		"an order for several": {adminpages.SectionGenerate, func(h holding) url.Values {
			form := order()
			form["partner"], form["partners"] = []string{adminpages.SeveralPartners}, id(h.partner)
			return form
		}},
		"an import": {at(adminpages.OneImport + "/plan"), func(h holding) url.Values {
			return url.Values{"partner": id(h.partner), "code": {"1"}, "default_price": {"10"}, "default_valid_till": {"2099-12-31"}, "headings": {"on"}}
		}},
		"payment methods": {adminpages.SectionPortal, func(h holding) url.Values {
			return url.Values{"partner": id(h.partner)}
		}},
		"find a customer": {"/admin/find", func(h holding) url.Values { return url.Values{"find": id(h.customer)} }},
		"search a customer": {adminpages.SectionCustomers, func(h holding) url.Values {
			return url.Values{"q": {"nobody"}, "partner": id(h.partner)}
		}},
		"suggest a customer": {adminpages.SectionFind + "/suggest", func(h holding) url.Values { return url.Values{"find": id(h.customer)} }},
		"suggest a series":   {adminpages.SectionFind + "/suggest", func(h holding) url.Values { return url.Values{"find": {h.series}} }},
		"suggest a card":     {adminpages.SectionFind + "/suggest", func(h holding) url.Values { return url.Values{"find": {h.series + "-1"}} }},
		"find a series":      {"/admin/find", func(h holding) url.Values { return url.Values{"find": {h.series}} }},
		"find a code":        {"/admin/find", func(h holding) url.Values { return url.Values{"find": {h.code}} }},
		"find a card":        {at(adminpages.OneSeries + "/find"), func(h holding) url.Values { return url.Values{"find": {h.code}} }},
	}
	before := s.state()
	named := []string{
		fmt.Sprint(theirs.partner), fmt.Sprint(theirs.customer), theirs.series, theirs.code, fmt.Sprint(absent().partner), gone.series, gone.code,
	}
	for name, row := range rows {
		first := func(h holding) *got { // each is a first attempt and leaves no notice
			s.exec(`delete from guess`)
			g := admin.post(row.path, row.form(h))
			admin.get(adminpages.SectionAccount)
			return g
		}
		there, nowhere := first(theirs), first(gone)
		require.Less(t, there.Status, http.StatusInternalServerError, name)
		there.same(nowhere, name, named...)
	}
	for _, path := range []string{
		adminpages.SectionSeries + "?partner=%d", adminpages.SectionCustomers + "?partner=%d", adminpages.SectionStatistics + "?partner=%d",
		adminpages.SectionStatistics + "/redemptions?partner=%d", adminpages.SectionCustomers + "?q=%d",
		adminpages.SectionFind + "?q=%d",
	} {
		there, nowhere := admin.get(fmt.Sprintf(path, theirs.partner)), admin.get(fmt.Sprintf(path, gone.partner))
		require.Equal(t, http.StatusOK, there.Status, path)
		there.same(nowhere, path, named...)
	}
	require.Equal(t, before, s.state(), "nothing was changed")
}

// Customers see only their own payments: no payment of another partner's customer, nor of
// another customer of their partner.
func TestPaymentsOfOthersAreMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	mine, neighbour, foreign := s.holds(s.North), s.holds(s.North), s.holds(s.South)
	b := s.browser()
	s.exec(`update customer set username = 'me', password_hash = $2 where id = $1`, mine.customer, peopletest.Hash)
	b.signIn(kit.DoorCustomer, "me")
	for _, r := range s.Server.pages() {
		if r.who.door != kit.DoorCustomer || !strings.Contains(r.path, ":") || strings.HasPrefix(r.path, portal.SectionDevices) {
			continue // see TestOwnSessions
		}
		name := r.method + " " + r.path
		own, known := mine.fill(r.path)
		require.True(t, known, "%s is not in the matrix: give it a line in holding.fill", name)
		require.Equal(t, http.StatusOK, b.do(r.method, own, "").Status, name)
		missing, _ := absent().fill(r.path)
		for _, other := range []holding{neighbour, foreign} {
			path, _ := other.fill(r.path)
			there := b.do(r.method, path, "")
			require.Equal(t, http.StatusNotFound, there.Status, name)
			there.same(b.do(r.method, missing, ""), name)
		}
	}
}
