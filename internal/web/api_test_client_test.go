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
	"refill/internal/client"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

// sandbox makes a test partner and a test client for all test partners, by their forms.
func (s *site) sandbox(admin *browser) (db.Partner, *program) {
	s.t.Helper()
	made := admin.postLogo(adminpages.SectionPartners, map[string]string{"name": "Sandbox", "time_zone": "Europe/Berlin", "test": "on"}, nil)
	require.Equal(s.t, http.StatusSeeOther, made.Status, made.Body)
	at := admin.newClient(with(clientEntries(client.Scopes()...), "test", "on"))
	page := admin.get(at)
	require.Equal(s.t, "Test", page.text("h1 ~ .state-warn"))
	require.Contains(s.t, page.text("main"), "All test partners")
	shown := admin.post(at+"/keys", url.Values{"newest": {"0"}, "overlap": {"0"}, "password": {testPassword}})
	require.Equal(s.t, http.StatusOK, shown.Status, shown.text("main"))
	id := int64(s.count(`select id from partner where test`))
	return db.Partner{ID: id, Name: "Sandbox"}, &program{browser: s.browser(), Key: shown.one("#api-key .mono").Text()}
}

// orderTest orders three active test cards through the API, and returns the series with its
// codes.
func (p *program) orderTest(t *testing.T, partnerID int64) (number string, codes []string) {
	t.Helper()
	made := p.send("/series", uuid.NewString(), fmt.Sprintf(`{"quantity":3,"price":{"amount":"10.00","currency":"XTS"},"partner_ids":["%d"],"valid_till":%q,"activate":true}`,
		partnerID, testClock().AddDate(1, 0, 0).Format(time.DateOnly)))
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	number = fmt.Sprint(made.json()["number"])
	p.site.generated(number)
	row, err := db.New().SeriesShow(t.Context(), p.site.Pool, db.SeriesShowParams{Number: number, AllPartners: true})
	require.NoError(t, err)
	require.NoError(t, p.site.Server.Cards.EachUnused(t.Context(), row.Series, func(page []card.Unsealed) error {
		for _, one := range page {
			codes = append(codes, one.Code.Reveal(row.Series.Prefix))
		}
		return nil
	}))
	return number, codes
}

// A test client works on test partners like any other on its own, and finds nothing else;
// nothing of theirs is found by another client.
func TestAPITestClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	box, tried := s.sandbox(admin)
	live := s.program(nil)
	me := tried.call(http.MethodGet, "/me", "").json()
	require.Equal(t, []any{true, "XTS", false, []any{fmt.Sprint(box.ID)}}, []any{me["test"], me["currency"], me["all_partners"], me["partner_ids"]})
	me = live.call(http.MethodGet, "/me", "").json()
	require.Equal(t, []any{false, "USD", true}, []any{me["test"], me["currency"], me["all_partners"]})

	anna := s.newCustomer("anna", s.North)
	open, openCodes := s.series(2)
	tess := tried.send("/customers", "c1", `{"name":"Tess","username":"tess","external_id":"K-1"}`)
	require.Equal(t, http.StatusCreated, tess.Status, tess.Body)
	s.exec(`update customer set external_id = 'K-1' where id = $1`, anna)
	require.Equal(t, []string{"/partner_id"}, tried.send("/customers", "c2", fmt.Sprintf(`{"name":"X","partner_id":"%d"}`, s.North.ID)).pointers())
	require.Equal(t, []string{"/partner_id"}, live.send("/customers", "c3", fmt.Sprintf(`{"name":"X","partner_id":"%d"}`, box.ID)).pointers())
	tried.send("/series", "s1", seriesBody(fmt.Sprintf(`"partner_ids":["%d"]`, box.ID), true)).problem(t, http.StatusUnprocessableEntity, "amount_currency")
	require.Equal(t, []string{"/partner_ids"}, live.send("/series", "s2", seriesBody(fmt.Sprintf(`"partner_ids":["%d"]`, box.ID), true)).pointers())
	number, codes := tried.orderTest(t, box.ID)

	redeem := func(p *program, code, who string) *got {
		return p.send("/redemptions", uuid.NewString(), fmt.Sprintf(`{"code":%q,"customer":{%s},"reference":"inv-1"}`, code, who))
	}
	done := redeem(tried, codes[0], `"username":"tess"`)
	require.Equal(t, http.StatusCreated, done.Status, done.Body)
	require.Equal(t, map[string]any{"amount": "10.00", "currency": "XTS"}, done.json()["amount"])
	unknown := redeem(tried, s.unknownCode(), `"username":"tess"`).json()
	foreign := redeem(tried, openCodes[0], `"username":"tess"`).json()
	require.Equal(t, unknown["code"], foreign["code"], "a real card is answered like no card")
	unknown, foreign = redeem(live, s.unknownCode(), `"username":"anna"`).json(), redeem(live, codes[1], `"username":"anna"`).json()
	require.Equal(t, unknown["code"], foreign["code"], "and so is a test card elsewhere")
	hold := live.send("/reservations", "r1", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[1]))
	require.Equal(t, unknown["code"], hold.json()["code"], hold.Body)
	require.Equal(t, http.StatusCreated, redeem(live, openCodes[0], `"external_id":"K-1"`).Status, "the external id of a test customer is not in the way")
	require.Equal(t, int64(1000), s.balanceOf("anna"))
	require.Equal(t, int64(1000), s.balanceOf("tess"))

	tessPath, annaPath := fmt.Sprint("/customers/", tess.json()["id"]), fmt.Sprint("/customers/", anna)
	for path, of := range map[string][2]*program{
		tessPath: {tried, live}, tessPath + "/payments": {tried, live}, "/series/" + number: {tried, live}, "/cards/" + number + "-1": {tried, live},
		"/redemptions/" + fmt.Sprint(done.json()["id"]): {tried, live},
		annaPath: {live, tried}, annaPath + "/payments": {live, tried}, "/series/" + open.Number: {live, tried},
	} {
		require.Equal(t, http.StatusOK, of[0].call(http.MethodGet, path, "").Status, path)
		require.Equal(t, http.StatusNotFound, of[1].call(http.MethodGet, path, "").Status, path)
	}
	s.relay()
	for path, in := range map[string][2]string{"/customers": {"tess", "anna"}, "/series": {number, open.Number}, "/redemptions": {"tess", "anna"}, "/events": {"tess", "anna"}} {
		own, other := tried.call(http.MethodGet, path, "").Body, live.call(http.MethodGet, path, "").Body
		for _, one := range []struct{ body, has, lacks string }{{own, in[0], in[1]}, {other, in[1], in[0]}} {
			require.Contains(t, one.body, `"`+one.has+`"`, path)
			require.NotContains(t, one.body, `"`+one.lacks+`"`, path)
		}
	}
	require.NotContains(t, tried.call(http.MethodGet, "/events", "").Body, open.Number, "a series for any partner is not for a test client")
	require.Equal(t, map[string]any{"amount": "20.00", "currency": "XTS"}, tried.call(http.MethodGet, "/reports/outstanding", "").json()["outstanding"])
	require.NotContains(t, live.call(http.MethodGet, "/reports/outstanding", "").Body, "XTS")
}

// Pages say Test, and neither the dashboard nor the reports count test money.
func TestTestPartnerPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.series(2)
	anna := s.asCustomer("anna", s.North)
	home := func() string {
		t.Helper()
		text, _, found := strings.Cut(admin.get("/admin").text("main"), "Recent activity") // which tells of everything
		require.True(t, found)
		return text
	}
	before, figures := home(), admin.get(adminpages.SectionStatistics).text("main")
	box, tried := s.sandbox(admin)
	number, codes := tried.orderTest(t, box.ID)
	tess := s.asCustomer("tess", box)
	shown := tess.get(portal.SectionRedeem)
	require.Contains(t, shown.text("#test"), "worth nothing")
	receipt := tess.redeem(codes[0])
	require.Equal(t, http.StatusSeeOther, receipt.Status, receipt.Body)
	require.Contains(t, tess.get(receipt.Header.Get("Location")).text("main"), "XTS 10.00")
	anna.get(portal.SectionHome).none("#test")

	payment := strings.TrimPrefix(receipt.Header.Get("Location"), portal.SectionPayments)
	customerURL := adminpages.CustomerURL(tess.ID)
	for _, path := range []string{
		adminpages.SectionPartners, adminpages.PartnerURL(box.ID), customerURL, customerURL + "/billing/payments" + payment,
		adminpages.SeriesURL(number), adminpages.SeriesURL(number) + "/cards/1", adminpages.SectionIntegrations,
	} {
		page := admin.get(path)
		require.Equal(t, http.StatusOK, page.Status, path)
		require.Positive(t, page.doc().Find(".state-warn:contains(Test)").Length(), path)
	}
	preview := admin.post(adminpages.SectionGenerate+"/preview", url.Values{"quantity": {"2"}, "price": {"10"}, "partner": {fmt.Sprint(box.ID)}, "valid_till": {testClock().AddDate(1, 0, 0).Format(time.DateOnly)}})
	require.Contains(t, preview.Body, "XTS 20.00")
	require.Contains(t, preview.Body, "TEST 10.00", "so is it printed")

	require.Equal(t, figures, admin.get(adminpages.SectionStatistics).text("main"))
	require.Equal(t, before, home())

	refused := admin.post(adminpages.SectionClients, with(clientEntries(client.Scopes()...), "name", "Other", "owner", fmt.Sprint(admin.ID), "all_partners", "", adminpages.PartnerField(box.ID), "on"))
	require.Equal(t, "client_no_test_partners", refused.fault("partners"), refused.Status)
	refused = admin.post(adminpages.SectionClients, with(clientEntries(client.Scopes()...), "name", "Other", "owner", fmt.Sprint(admin.ID), "all_partners", "", "test", "on", adminpages.PartnerField(s.North.ID), "on"))
	require.Equal(t, "client_test_partners", refused.fault("partners"))
	refused.one("#f-test[checked]")
}
