package web

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/setting"
)

// change alters a setting as the program does.
func (s *site) change(edit func(*setting.Settings)) {
	s.t.Helper()
	require.NoError(s.t, s.Server.Settings.Change(s.t.Context(), audit.System(), edit))
}

func (s *site) settings() setting.Settings {
	s.t.Helper()
	v, err := s.Server.Settings.Get(s.t.Context())
	require.NoError(s.t, err)
	return v
}

// wraps reports whether a route's handler is one that refillCards made. The
// router's own table holds nothing but functions, and a closure's name says where
// it was made.
func wraps(h handler) bool {
	return strings.Contains(runtime.FuncForPC(reflect.ValueOf(h).Pointer()).Name(), ".refillCards.")
}

// With the module off every route of it is gone, for everybody; whatever speaks of
// refill cards in its address belongs to it.
func TestModuleOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, carl := s.as(db.StaffRoleAdministrator), s.asCustomer("carl", s.North)
	made, _ := s.series(2)
	counts := `select (select count(*) from card)::text || ' ' || (select count(*) from ledger_entry)::text`
	var before, after string
	require.NoError(t, s.Pool.QueryRow(t.Context(), counts).Scan(&before))
	require.Contains(t, admin.get(sectionModules).text(".effect"), "1 series would be hidden, 1 of them active")
	require.Equal(t, http.StatusSeeOther, admin.post(sectionModules, url.Values{}).Status)
	walked := 0
	for _, r := range s.Server.routes {
		name := r.method + " " + r.path
		ofModule := strings.Contains(r.path, "/refill-card") || strings.HasPrefix(r.path, "/admin/exports/:id") || r.path == "/r"
		if ofModule {
			require.True(t, wraps(r.do), "%s is not guarded by the module's switch", name)
		}
		if !wraps(r.do) {
			continue
		}
		walked++
		path := strings.NewReplacer(":number", made.Number, ":serial", "1", ":id", "1").Replace(r.path)
		b := admin
		if r.who.door == doorCustomer {
			b = carl
		}
		require.Equal(t, http.StatusNotFound, b.do(r.method, samplePath(path), "", "Content-Type", formType).Status, name)
	}
	require.Greater(t, walked, 25)
	admin.get("/admin").none("a[href^='/admin/finance/refill-cards']")
	require.NotContains(t, admin.get("/admin").text("main"), "Outstanding")
	admin.get("/admin/exports/tray").none("a")
	carl.get(sectionHome).none("a[href='" + sectionRedeem + "']")
	carl.get(sectionPayments).none("a[href='" + sectionRedeem + "']")
	require.Contains(t, admin.get(sectionModules).text(".effect"), "1 series kept, 1 of them active")

	require.Equal(t, http.StatusSeeOther, admin.post(sectionModules, url.Values{"refill_cards": {"on"}}).Status)
	require.Equal(t, http.StatusOK, admin.get(seriesURL(made.Number)).Status)
	require.Equal(t, http.StatusOK, carl.get(sectionRedeem).Status)
	require.NoError(t, s.Pool.QueryRow(t.Context(), counts).Scan(&after))
	require.Equal(t, before, after, "data untouched")
}

// vouchers is the form as it stands by default.
func vouchers(edit func(url.Values)) url.Values {
	form := url.Values{
		"code_alphabet": {"letters"}, "code_length": {"16"}, "lock_partners": {"on"}, "activate": {"on"}, "serial_form": {"plain"},
		"file_hours": {"24"}, "code_days": {"400"}, "guesses_daily": {"100,000"}, "wrong_soft": {"5"}, "wrong_hard": {"10"}, "wrong_address": {"30"}, "wrong_partner": {"50"},
	}
	edit(form)
	return form
}

func TestConfigVouchers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(sectionVouchers)
	require.Equal(t, "letters", page.one("#f-code_alphabet option[selected]").AttrOr("value", ""))
	require.Contains(t, page.text("#voucher-preview"), "••••-••••-••••-••••")

	form := vouchers(func(f url.Values) {
		f.Set("code_alphabet", "digits")
		f.Set("code_length", "21")
		f.Set("serial_form", "series")
		f.Set("wrong_soft", "3")
		f.Del("lock_partners")
	})
	preview := admin.do(post, sectionVouchers+"/preview", form.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Equal(t, http.StatusOK, preview.Status)
	require.Contains(t, preview.text("#voucher-preview"), "••••-••••-••••-••••-•••••")
	require.Contains(t, preview.text("#voucher-preview"), fmt.Sprintf("%d01-0000042", time.Now().Year()))
	preview.none(".notice-warn")
	require.Equal(t, setting.Default(), s.settings(), "a preview changes nothing")

	require.Equal(t, http.StatusSeeOther, admin.post(sectionVouchers, form).Status)
	got := s.settings()
	require.Equal(t, []any{"digits", 21, false, "series", int32(3)}, []any{got.CodeAlphabet, got.CodeLength, got.LockPartners, got.SerialForm, got.WrongSoft})
	require.Contains(t, s.audits(), "setting.changed")

	form.Set("code_length", "12")
	preview = admin.do(post, sectionVouchers+"/preview", form.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Contains(t, preview.text(".notice-warn"), "A million cards would be refused")

	order := admin.do(post, sectionGenerate+"/preview", url.Values{
		"quantity": {"10"}, "prefix": {"QUICK"}, "price": {"10"}, "partner": {"any"}, "valid_till": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
	}.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Contains(t, order.text(".paper-code"), "QUICK-••••-••••-••••-••••-•••••")
	require.Contains(t, order.text("#order-preview"), "Codes of 21 digits.")
	require.Contains(t, admin.get(sectionGenerate).text("#f-partner-hint"), "not locked to partners")
}

func TestConfigVouchersRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	for name, value := range map[string]string{
		"code_alphabet": "runes", "code_length": "13", "serial_form": "roman", "file_hours": "x", "code_days": "7", "guesses_daily": "0",
		"wrong_soft": "1", "wrong_hard": "4", "wrong_address": "9999999999999", "wrong_partner": "0", "approve_above": "much",
	} {
		form := vouchers(func(f url.Values) { f.Set(name, value) })
		got := admin.post(sectionVouchers, form)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, name)
		require.NotEmpty(t, got.text("#f-"+name+"-error"), name)
		require.Contains(t, got.one(".notice-bad a").AttrOr("href", ""), "#f-"+name)
		require.Equal(t, "5", admin.post(sectionVouchers, vouchers(func(f url.Values) { f.Set("wrong_hard", "2") })).one("#f-wrong_soft").AttrOr("value", ""), "other input is kept")
	}
	require.Equal(t, setting.Default(), s.settings(), "nothing is half done")
}

func TestConfigGeneral(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	form := url.Values{"brand": {"Northlight"}, "currency": {"eur"}, "time_zone": {"Europe/Berlin"}, "check_hours": {"6"}}
	require.Equal(t, http.StatusSeeOther, admin.post(sectionGeneral, form).Status)
	require.Equal(t, 6, s.settings().CheckHours)
	require.Equal(t, []string{"Northlight", "EUR", "Europe/Berlin"}, []string{s.settings().Brand, s.settings().Currency, s.settings().TimeZone})
	got := admin.post(sectionGeneral, url.Values{"brand": {""}, "currency": {"ZZZ"}, "time_zone": {"Mars"}, "check_hours": {"0"}})
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	for _, name := range []string{"brand", "currency", "time_zone", "check_hours"} {
		require.NotEmpty(t, got.text("#f-"+name+"-error"))
	}
	s.change(func(v *setting.Settings) { v.Currency = "USD" })
	s.series(1)
	page := admin.get(sectionGeneral)
	page.none("#f-currency")
	require.Contains(t, page.text("main"), "Fixed")
	require.Equal(t, "Northlight", page.text(".topbar .brand-name"))
	got = admin.post(sectionGeneral, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status, "also past the page")
	require.Equal(t, "USD", s.settings().Currency)
	form.Del("currency")
	require.Equal(t, http.StatusSeeOther, admin.post(sectionGeneral, form).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).get(sectionGeneral).Status)
}

func TestConfigPortal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	anna, carol := s.asCustomer("anna", s.North), s.asCustomer("carol", s.South)
	shown := func() url.Values { // the form as a browser would send it untouched
		form := url.Values{}
		doc := admin.get(sectionPortal).doc()
		doc.Find("form[action='" + sectionPortal + "'] input[type=hidden]").Each(func(_ int, e *goquery.Selection) {
			form.Set(e.AttrOr("name", ""), e.AttrOr("value", ""))
		})
		doc.Find("form[action='" + sectionPortal + "'] input[checked]").Each(func(_ int, e *goquery.Selection) { form.Set(e.AttrOr("name", ""), "on") })
		doc.Find("form[action='" + sectionPortal + "'] textarea").Each(func(_ int, e *goquery.Selection) { form.Set(e.AttrOr("name", ""), e.Text()) })
		return form
	}
	north := fmt.Sprintf("partner-%d", s.North.ID)
	form := shown()
	form.Set(north+"-bank_transfer", "on")
	got := admin.post(sectionPortal, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Contains(t, got.text("#f-"+north+"-bank_transfer-text-error"), "Say what customers have to do")
	form.Set(north+"-bank_transfer-text", "IBAN DE02 <1203>\nName it")
	stale := shown()
	require.Equal(t, http.StatusSeeOther, admin.post(sectionPortal, form).Status)
	require.Contains(t, anna.get(sectionPayments).text(".ways"), "Bank transferIBAN DE02 <1203> Name it")
	require.NotContains(t, carol.get(sectionPayments).Body, "IBAN", "of another partner")

	stale.Del(fmt.Sprintf("partner-%d", s.South.ID)) // somebody else, on a page from before, switches another thing
	require.Equal(t, http.StatusSeeOther, admin.post(sectionPortal, stale).Status)
	carol.get(sectionPayments).none(".ways")
	require.Equal(t, http.StatusNotFound, carol.get(sectionRedeem).Status)
	require.Contains(t, anna.get(sectionPayments).text(".ways"), "IBAN", "what they did not touch stays")

	of := s.as(db.StaffRoleAdministrator, s.South)
	require.Zero(t, of.get(sectionPortal).doc().Find("#f-"+north).Length())
	before := shown()
	require.Equal(t, http.StatusSeeOther, of.post(sectionPortal, url.Values{"was-" + north: {"on"}, north + "-cash": {"on"}, north + "-cash-text": {"x"}}).Status)
	require.Equal(t, before, shown(), "a foreign partner is not there")
	require.Equal(t, 2, strings.Count(strings.Join(s.audits(), " "), "partner.portal_changed"))
}

// A serial is written as the settings say, and read in every form.
func TestSerialForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, anna := s.as(db.StaffRoleAdministrator), s.asCustomer("anna", s.North)
	made, codes := s.series(12)
	s.change(func(v *setting.Settings) { v.SerialForm = setting.SerialSeries })
	written := made.Number + "-0000007"
	require.Contains(t, admin.get(seriesURL(made.Number)).text("table"), "0000007")
	require.Contains(t, admin.get(seriesURL(made.Number)+"/cards/7").text("h1"), "Card 0000007")
	for _, typed := range []string{"7", "0000007", written} {
		found := admin.post(seriesURL(made.Number)+"/find", url.Values{"find": {typed}})
		require.Equal(t, seriesURL(made.Number)+"/cards/7", found.Header.Get("Location"), typed)
	}
	got := anna.post(sectionRedeem, url.Values{"code": {codes[6]}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusSeeOther, got.Status)
	require.Contains(t, anna.get(got.Header.Get("Location")).text("main"), written)
}
