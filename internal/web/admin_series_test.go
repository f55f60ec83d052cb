package web

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// order returns a valid form for an order of cards.
func order() url.Values {
	return url.Values{
		"quantity": {"1,000"}, "prefix": {"QuickAccess"}, "price": {"10.00"}, "partner": {"any"},
		"valid_till": {testClock().AddDate(1, 0, 0).Format(time.DateOnly)}, "activate": {"on"}, "key": {uuid.NewString()},
	}
}

func TestGenerateOrdersOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	shown := admin.get(adminpages.SectionGenerate)
	require.Equal(t, http.StatusOK, shown.Status)
	require.Equal(t, "Generate", shown.text("#generate-form button"))
	for _, label := range []string{"Quantity", "Prefix", "Price", "Partner", "Valid till"} {
		require.Equal(t, 1, shown.doc().Find("label.form-label").FilterFunction(func(_ int, l *goquery.Selection) bool { return l.Text() == label }).Length(), label)
	}
	form := order()
	form.Set("key", shown.one("input[name=key]").AttrOr("value", ""))

	first := admin.post(adminpages.SectionGenerate, form)
	require.Equal(t, http.StatusSeeOther, first.Status, first.Body)
	again := admin.post(adminpages.SectionGenerate, form)
	require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"), "a double click orders once")
	page := admin.get(first.Header.Get("Location"))
	require.Equal(t, "Queued", page.text("#series-head .state"))
	require.Contains(t, page.text("#series-live"), "0 of 1,000")
	require.Contains(t, page.one("#series-live").AttrOr("hx-trigger", ""), "series-")
	list := admin.get(adminpages.SectionSeries)
	list.one("tbody tr")
	require.Contains(t, list.text("tbody"), "USD 10.00")
}

func TestGenerateRefusesAtTheField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	north := s.as(db.StaffRoleAdministrator, s.North)
	for _, c := range []struct{ field, value string }{
		{"quantity", "0"},
		{"quantity", "-1"},
		{"quantity", "1e9"},
		{"quantity", "ten"},
		{"prefix", "two words"},
		{"prefix", "🎁"},
		{"prefix", strings.Repeat("x", 300)},
		{"price", "1.234"},
		{"price", "9223372036854775808"},
		{"valid_till", "2020-01-01"},
		{"valid_till", "99999-01-01"},
		{"partner", "99"},
	} {
		form := order()
		form.Set(c.field, c.value)
		got := admin.post(adminpages.SectionGenerate, form)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, c)
		require.NotEmpty(t, got.text("#f-"+c.field+"-error"), c)
		require.Equal(t, "true", got.one("#f-"+c.field).AttrOr("aria-invalid", ""), c)
		got.one(".notice-bad a[href='#f-" + c.field + "']")
		if c.field != "price" {
			require.Equal(t, "10.00", got.one("#f-price").AttrOr("value", ""), "the rest is kept")
		}
	}
	form := order()
	form.Set("partner", fmt.Sprint(s.South.ID))
	got := north.post(adminpages.SectionGenerate, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status, "a partner that is not yours")
	require.NotEmpty(t, got.text("#f-partner-error"))
	got = north.get(adminpages.SectionGenerate)
	require.NotContains(t, got.text("#f-partner"), "Any")

	var n int
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select count(*) from series`).Scan(&n))
	require.Zero(t, n)
}

func TestGenerateForSeveralPartners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	form := order()
	form.Set("partner", "several")
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(adminpages.SectionGenerate, form).Status, "none is ticked")
	form["partners"] = []string{fmt.Sprint(s.North.ID), fmt.Sprint(s.South.ID)}
	got := admin.post(adminpages.SectionGenerate, form)
	require.Equal(t, http.StatusSeeOther, got.Status, got.Body)
	require.Contains(t, admin.get(got.Header.Get("Location")).text(".head"), "for North, South")
}

func TestGeneratePreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	got := admin.post(adminpages.SectionGenerate+"/preview", order())
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.text("#order-preview"), "1,000 cards of USD 10.00: USD 10,000.00 face value, serials 1 to 1,000.")
	require.Contains(t, got.text("#order-preview .security"), "Somebody guesses one once in")
	require.Equal(t, " 1,000 cards", got.one("hx-partial[hx-target='#generate-count']").Text(), "the button says what it does")
	single := order()
	single.Set("quantity", "1")
	require.Contains(t, admin.post(adminpages.SectionGenerate+"/preview", single).text("#order-preview"), "1 card of USD 10.00: USD 10.00 face value, serial 1.")
	got = admin.post(adminpages.SectionGenerate+"/preview", url.Values{"quantity": {"x"}})
	require.Empty(t, got.one("hx-partial[hx-target='#generate-count']").Text())
	require.Equal(t, http.StatusOK, got.Status, "what is not finished is no mistake")
}

func TestSeriesPageTurnsIntoItsCards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, codes := s.series(120)
	url := adminpages.SeriesURL(series.Number)
	page := admin.get(url)
	require.Equal(t, "Active", page.text("#series-head .state"))
	require.Equal(t, 50, page.doc().Find("#series-cards tbody tr").Length())
	require.Contains(t, page.text("#series-cards .pager"), "Serials 1 to 50")
	require.NotContains(t, page.Body, codes[0][5:19], "codes are masked")
	require.Contains(t, page.Body, "••••-••••-••••-"+codes[0][len(codes[0])-4:])
	_, live := page.one("#series-live").Attr("hx-trigger")
	require.False(t, live, "nothing moves any more")

	next := page.one("#series-cards .pager a[rel=next]").AttrOr("href", "")
	second := admin.get(next)
	require.Contains(t, second.text("#series-cards .pager"), "Serials 51 to 100")
	third := admin.get(second.one("#series-cards .pager a[rel=next]").AttrOr("href", ""))
	require.Contains(t, third.text("#series-cards .pager"), "Serials 101 to 120")
	third.none("#series-cards .pager a[rel=next]")
	back := admin.get(third.one("#series-cards .pager a[rel=prev]").AttrOr("href", ""))
	require.Contains(t, back.text("#series-cards .pager"), "Serials 51 to 100")
	require.Contains(t, admin.get(url+"?status=used").text("#series-cards .empty-state"), "No such cards")

	found := admin.post(url+"/find", map[string][]string{"find": {"77"}})
	require.Equal(t, url+"/cards/77", found.Header.Get("Location"))
	found = admin.post(url+"/find", map[string][]string{"find": {strings.ToLower(codes[41])}})
	require.Equal(t, url+"/cards/42", found.Header.Get("Location"))
	found = admin.post(url+"/find", map[string][]string{"find": {"121"}})
	require.Equal(t, http.StatusUnprocessableEntity, found.Status)
	require.Contains(t, found.text(".notice-bad"), "serials 1 to 120")
	found = admin.post(url+"/find", map[string][]string{"find": {codes[0][:10]}})
	require.Equal(t, http.StatusUnprocessableEntity, found.Status)
	require.NotContains(t, s.Log.String(), codes[41][5:])
}

func TestSeriesActions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(10)
	url := adminpages.SeriesURL(series.Number)
	page := admin.get(url)
	require.Contains(t, page.text("#delete"), "Delete 10 cards worth USD 100.00: nobody can redeem them any more, and their value goes from outstanding to breakage.")
	require.Contains(t, page.text("#delete"), "its used cards, the ledger and the audit trail stay. This can’t be undone.")
	require.Equal(t, url, admin.post(url+"/lock", nil).Header.Get("Location"))
	page = admin.get(url)
	require.Equal(t, "Locked", page.text("#series-head .state"))
	require.Contains(t, page.text("#notice"), "is locked")
	require.Contains(t, page.text(".history"), "Locked")
	admin.post(url+"/activate", nil)
	admin.post(url+"/delete", deletes(series.Number))
	require.Equal(t, "Deleting", admin.get(url).text("#series-head .state"))
	require.Equal(t, url, admin.post(url+"/lock", nil).Header.Get("Location"))
	require.Contains(t, admin.get(url).text("#notice"), "has changed meanwhile", "somebody was quicker")
	admin.get(url).none("#delete")

	cashier := s.as(db.StaffRoleCashier)
	require.Equal(t, http.StatusForbidden, cashier.post(url+"/delete", nil).Status)
	cashier.get(url).none("#series-exports")
}

// A series with partners outside a person's scope responds exactly like a missing series,
// to the byte.
func TestForeignSeriesIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	foreign, _ := s.series(3, s.South)
	s.series(3, s.North)
	north := s.as(db.StaffRoleAdministrator, s.North)
	for _, path := range []string{"", "/edit", "/live", "/exports", "/cards/1"} {
		there, missing := north.get(adminpages.SeriesURL(foreign.Number)+path), north.get(adminpages.SeriesURL("209912")+path)
		require.Equal(t, http.StatusNotFound, there.Status, path)
		require.Equal(t, missing.Body, there.Body, path)
	}
	for _, path := range []string{"/delete", "/edit", "/find", "/exports", "/cards/1/redeem"} {
		form := url.Values{"key": {uuid.NewString()}}
		there, missing := north.post(adminpages.SeriesURL(foreign.Number)+path, form), north.post(adminpages.SeriesURL("209912")+path, form)
		require.Equal(t, http.StatusNotFound, there.Status, path)
		require.Equal(t, missing.Body, there.Body, path)
	}
	north.get(adminpages.SectionSeries).one("tbody tr")
}

// file makes the file of an export as the worker does, and then replaces its content.
func (s *site) file(id int64, content string) {
	s.t.Helper()
	require.NoError(s.t, s.Server.admin.Exports.Make(s.t.Context(), id, noJob))
	f, err := s.Server.admin.Files.Create(s.t.Context(), fmt.Sprintf("export-%d.csv", id))
	require.NoError(s.t, err)
	_, err = f.Write([]byte(content))
	require.NoError(s.t, err)
	info, err := f.Commit()
	require.NoError(s.t, err)
	_, err = s.Pool.Exec(s.t.Context(), `update export set file = $2, size = $3, sha256 = $4 where id = $1`, id, info.Name, info.Size, info.SHA256[:])
	require.NoError(s.t, err)
}

func TestExportIsAskedForAndFetched(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	url := adminpages.SeriesURL(series.Number)
	page := admin.get(url)
	page.one("#series-exports label[for=f-format]")
	form := map[string][]string{"format": {"csv"}, "key": {page.one("#series-exports input[name=key]").AttrOr("value", "")}}
	require.Equal(t, http.StatusSeeOther, admin.post(url+"/exports", form).Status)
	admin.post(url+"/exports", form)
	panel := admin.get(url + "/exports")
	panel.none("form.export-form") // the form stays while the list is refreshed
	require.Contains(t, panel.text("hx-partial[hx-target='#series-happened']"), "CSV asked for")
	require.Equal(t, 1, panel.doc().Find(".files li").Length(), "a double click asks once")
	require.Contains(t, panel.text(".files"), "Queued")
	refused := admin.post(url+"/exports", map[string][]string{"format": {"docx"}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.NotEmpty(t, refused.text("#f-format-error"))
	second, _ := s.series(3)
	again := admin.do(http.MethodPost, adminpages.SeriesURL(second.Number)+"/exports", "format=pdf&key="+uuid.NewString(), "Content-Type", formType, "HX-Request", "true")
	require.Equal(t, "pdf", again.one("#f-format option[selected]").AttrOr("value", ""), "the choice is kept")
	require.Equal(t, 1, again.doc().Find(".files li").Length())

	var id int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from export where format = 'csv'`).Scan(&id))
	download := fmt.Sprintf("/admin/exports/%d/download", id)
	require.Equal(t, http.StatusNotFound, admin.get(download).Status, "not before it is ready")
	const content = "serial,code\n1,secret\n"
	s.file(id, content)
	require.Equal(t, "Download", admin.get(url+"/exports").text("a[href='"+download+"']"))
	require.Contains(t, admin.get("/admin/exports/tray").text(".toast-card"), "CSV of series "+series.Number+" is ready")
	other.get("/admin/exports/tray").none(".toast-card")
	require.Empty(t, strings.TrimSpace(admin.get("/admin/exports/tray", "HX-Request", "true", "HX-Current-URL", s.URL+url).Body), "the page with the list needs no reminder")

	got := admin.get(download)
	require.Equal(t, http.StatusOK, got.Status)
	require.Equal(t, content, got.Body)
	require.Regexp(t, fmt.Sprintf(`^attachment; filename=refill-%s-Test-\d{8}-\d{4}\.csv$`, series.Number), got.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", got.Header.Get("Cache-Control"))
	require.Equal(t, fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(content))), got.Header.Get("ETag"))
	part := admin.get(download, "Range", "bytes=7-")
	require.Equal(t, http.StatusPartialContent, part.Status)
	require.Equal(t, content[7:], part.Body)
	require.Contains(t, s.audits(), "export.downloaded")
	admin.get("/admin/exports/tray").none(".toast-card")

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(download).Status)
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.North).get(download).Status)
	s.exec(`update export set expires_at = now()`)
	gone := admin.get(download)
	require.Equal(t, http.StatusNotFound, gone.Status)
	require.Contains(t, gone.text("main"), "no longer kept")
	require.Contains(t, admin.get(url+"/exports").text(".files"), "Expired")
}

// The chart of a series shows its redemptions to those who may see payments.
func TestSeriesChart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, codes := s.series(3)
	at := adminpages.SeriesURL(series.Number)
	admin.get(at).none("#series-chart-place")
	require.Equal(t, http.StatusSeeOther, s.asCustomer("anna", s.North).redeem(codes[0]).Status)
	chart := admin.get(admin.get(at).one("#series-chart-place").AttrOr("hx-get", ""))
	require.Equal(t, 1, chart.doc().Find("[data-bar]").Length())
	require.Contains(t, chart.one("[data-bar]").AttrOr("data-bar", ""), "USD 10.00, 1 card")
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.North).get(at+"/redemptions").Status, "of all partners")
}

func TestExportIsDismissedAndCancelled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(5)
	actor := audit.ByStaff(admin.ID, audit.Everything())
	first, err := s.Server.admin.Exports.Request(t.Context(), actor, series.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	s.file(first, "x")
	admin.get("/admin/exports/tray").one(".toast-card")
	admin.post(fmt.Sprintf("/admin/exports/%d/dismiss", first), nil)
	admin.get("/admin/exports/tray").none(".toast-card")
	for range 3 {
		file, err := s.Server.admin.Exports.Request(t.Context(), actor, series.ID, "csv", cardfile.Options{}, uuid.New())
		require.NoError(t, err)
		s.file(file, "x")
	}
	require.Equal(t, 1, admin.get("/admin/exports/tray").doc().Find(".toast-card").Length(), "one at most")

	second, err := s.Server.admin.Exports.Request(t.Context(), actor, series.ID, "pdf", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, admin.post(fmt.Sprintf("/admin/exports/%d/cancel", second), nil).Status)
	require.Contains(t, admin.get(adminpages.SeriesURL(series.Number)+"/exports").text(".files li:first-child"), "Cancelled")
	require.Equal(t, http.StatusConflict, admin.post(fmt.Sprintf("/admin/exports/%d/cancel", second), nil).Status)
}

func TestCardIsRedeemedForACustomer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cashier := s.as(db.StaffRoleCashier, s.North)
	series, _ := s.series(5, s.North)
	anna, carol := s.newCustomer("anna.north", s.North), s.newCustomer("carol.south", s.South)
	url := adminpages.SeriesURL(series.Number) + "/cards/2"
	require.Contains(t, cashier.get(url+"?q=an").text("#f-customer-hint"), "at least 3 characters")
	require.Contains(t, cashier.get(url+"?q=carol").text("#f-customer-hint"), "Nobody is called that", "a customer of another partner")
	require.Equal(t, fmt.Sprint(anna), cashier.htmx(url+"/customers?q=anna").one("[role=option]").AttrOr("data-value", ""))
	found := cashier.get(url + "?q=anna") // without script: search, choose, redeem
	require.Equal(t, fmt.Sprint(anna), found.one("input[type=radio][name=customer]").AttrOr("value", ""))
	form := map[string][]string{"key": {found.one("input[name=key]").AttrOr("value", "")}, "q": {"anna"}}
	refused := cashier.post(url+"/redeem", form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.text("#customer-choices .form-error"), "Choose the customer")
	form["customer"] = []string{fmt.Sprint(carol)}
	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(url+"/redeem", form).Status)

	form["customer"] = []string{fmt.Sprint(anna)}
	done := cashier.post(url+"/redeem", form)
	require.Equal(t, adminpages.StaffReceiptURL(anna, 1), done.Header.Get("Location"), done.Body)
	require.Equal(t, done.Header.Get("Location"), cashier.post(url+"/redeem", form).Header.Get("Location"), "a double click redeems once")
	page := cashier.get(url)
	require.Contains(t, page.text(".facts"), "Used")
	require.Contains(t, page.text(".facts"), "Test anna.north")
	require.Contains(t, page.text(".history"), "Redeemed by Test anna.north")
	page.none("#customer-choices")
	require.Contains(t, cashier.get(adminpages.SeriesURL(series.Number)+"?status=used").text("#series-cards tbody"), "Test anna.north")
}

func TestRefillCardsSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(2)
	require.NoError(t, s.Server.Settings.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.RefillCards = false }))
	for _, path := range []string{adminpages.SectionGenerate, adminpages.SectionSeries, adminpages.SeriesURL(series.Number)} {
		require.Equal(t, http.StatusNotFound, admin.get(path).Status, path)
	}
	admin.get("/admin").none("nav a[href='" + adminpages.SectionSeries + "']")
}
