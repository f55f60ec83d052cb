package web

import (
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
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// change changes a setting in the same way as the program.
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

// With the module off, every one of its routes responds with 404 to everybody. A route with
// refill cards in its URL belongs to the module.
func TestModuleOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, carl := s.as(db.StaffRoleAdministrator), s.asCustomer("carl", s.North)
	made, _ := s.series(2)
	counts := `select (select count(*) from card)::text || ' ' || (select count(*) from ledger_entry)::text`
	var before, after string
	require.NoError(t, s.Pool.QueryRow(t.Context(), counts).Scan(&before))
	require.Contains(t, admin.get(adminpages.SectionModules).text(".effect"), "1 series would be hidden, 1 of them active")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionModules, url.Values{}).Status)
	walked := 0
	for _, r := range s.Server.pages() {
		name := r.method + " " + r.path
		ofModule := strings.Contains(r.path, "/refill-card") || strings.HasPrefix(r.path, "/admin/exports/:id") || r.path == kit.ScanPath || strings.HasPrefix(r.path, kit.ScanPath+"/")
		if ofModule {
			require.True(t, r.who.cardsModule, "%s is not hidden by the module's switch", name)
		}
		if !r.who.cardsModule {
			continue
		}
		walked++
		path := strings.NewReplacer(":number", made.Number, ":serial", "1", ":id", "1").Replace(r.path)
		b := admin
		if r.who.door == kit.DoorCustomer {
			b = carl
		}
		require.Equal(t, http.StatusNotFound, b.do(r.method, samplePath(path), "", "Content-Type", formType).Status, name)
	}
	require.Greater(t, walked, 25)
	admin.get("/admin").none("a[href^='/admin/finance/refill-cards']")
	require.NotContains(t, admin.get("/admin").text("main"), "Outstanding")
	admin.get("/admin/exports/tray").none("a")
	carl.get(portal.SectionHome).none("a[href='" + portal.SectionRedeem + "']")
	carl.get(portal.SectionPayments).none("a[href='" + portal.SectionRedeem + "']")
	require.Contains(t, admin.get(adminpages.SectionModules).text(".effect"), "1 series kept, 1 of them active")

	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionModules, url.Values{"refill_cards": {"on"}}).Status)
	require.Equal(t, http.StatusOK, admin.get(adminpages.SeriesURL(made.Number)).Status)
	require.Equal(t, http.StatusOK, carl.get(portal.SectionRedeem).Status)
	require.NoError(t, s.Pool.QueryRow(t.Context(), counts).Scan(&after))
	require.Equal(t, before, after, "data untouched")
}

// vouchers returns the form with its default values.
func vouchers(edit func(url.Values)) url.Values {
	form := url.Values{
		"code_alphabet": {"letters"}, "code_length": {"16"}, "lock_partners": {"on"}, "activate": {"on"}, "serial_form": {"plain"},
		"file_hours": {"24"}, "code_days": {"400"}, "guesses_daily": {"100,000"}, "wrong_soft": {"5"}, "wrong_hard": {"10"}, "wrong_address": {"30"}, "wrong_partner": {"50"},
	}
	edit(form)
	return form
}

// untouched are the settings of a site that no test has changed.
func (s *site) untouched() setting.Settings {
	v := setting.Default()
	v.CurrencyConfirmed, v.ConfirmedAddress = true, s.URL
	return v
}

func TestConfigVouchers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	page := admin.get(adminpages.SectionVouchers)
	require.Equal(t, "letters", page.one("#f-code_alphabet option[selected]").AttrOr("value", ""))
	require.Contains(t, page.text("#voucher-preview"), "••••-••••-••••-••••")

	form := vouchers(func(f url.Values) {
		f.Set("code_alphabet", "digits")
		f.Set("code_length", "21")
		f.Set("serial_form", "series")
		f.Set("wrong_soft", "3")
		f.Del("lock_partners")
	})
	preview := admin.do(post, adminpages.SectionVouchers+"/preview", form.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Equal(t, http.StatusOK, preview.Status)
	require.Contains(t, preview.text("#voucher-preview"), "••••-••••-••••-••••-•••••")
	require.Contains(t, preview.text("#voucher-preview"), fmt.Sprintf("%d01-0000042", time.Now().Year()))
	preview.none(".notice-warn")
	require.Equal(t, s.untouched(), s.settings(), "a preview changes nothing")

	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionVouchers, form).Status)
	got := s.settings()
	require.Equal(t, []any{cardcode.Digits, 21, false, "series", int32(3)}, []any{got.CodeAlphabet, got.CodeLength, got.LockPartners, got.SerialForm, got.WrongSoft})
	require.Contains(t, s.audits(), "setting.changed")

	form.Set("code_length", "12")
	preview = admin.do(post, adminpages.SectionVouchers+"/preview", form.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Contains(t, preview.text(".notice-warn"), "A million cards would be refused")

	order := admin.do(post, adminpages.SectionGenerate+"/preview", url.Values{
		"quantity": {"10"}, "prefix": {"QUICK"}, "price": {"10"}, "partner": {"any"}, "valid_till": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
	}.Encode(), "Content-Type", formType, "HX-Request", "true")
	require.Contains(t, order.one("#order-preview img").AttrOr("alt", ""), "QUICK-••••-••••-••••-••••-•••••")
	require.Contains(t, order.text("#order-preview"), "Codes of 21 digits.")
	require.Contains(t, admin.get(adminpages.SectionGenerate).text("#f-partner-hint"), "not locked to partners")
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
		got := admin.post(adminpages.SectionVouchers, form)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, name)
		require.NotEmpty(t, got.text("#f-"+name+"-error"), name)
		require.Contains(t, got.one(".notice-bad a").AttrOr("href", ""), "#f-"+name)
		require.Equal(t, "5", admin.post(adminpages.SectionVouchers, vouchers(func(f url.Values) { f.Set("wrong_hard", "2") })).one("#f-wrong_soft").AttrOr("value", ""), "other input is kept")
	}
	require.Equal(t, s.untouched(), s.settings(), "nothing is half done")
}

func TestConfigGeneral(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	form := url.Values{"brand": {"Northlight"}, "currency": {"eur"}, "time_zone": {"Europe/Berlin"}, "check_hours": {"6"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	require.Equal(t, 6, s.settings().CheckHours)
	require.Equal(t, []string{"Northlight", "EUR", "Europe/Berlin"}, []string{s.settings().Brand, s.settings().Currency, s.settings().TimeZone})
	got := admin.post(adminpages.SectionGeneral, url.Values{"brand": {""}, "currency": {"ZZZ"}, "time_zone": {"Mars"}, "check_hours": {"0"}})
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	for _, name := range []string{"brand", "currency", "time_zone", "check_hours"} {
		require.NotEmpty(t, got.text("#f-"+name+"-error"))
	}
	s.change(func(v *setting.Settings) { v.Currency = "USD" })
	s.series(1)
	page := admin.get(adminpages.SectionGeneral)
	page.none("#f-currency")
	require.Contains(t, page.text("main"), "Fixed")
	require.Equal(t, "Northlight", page.text(".topbar .brand-name"))
	got = admin.post(adminpages.SectionGeneral, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status, "also past the page")
	require.Equal(t, "USD", s.settings().Currency)
	form.Del("currency")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).get(adminpages.SectionGeneral).Status)
}

func TestConfigPortal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	anna, carol := s.asCustomer("anna", s.North), s.asCustomer("carol", s.South)
	shown := func() url.Values { // the form as a browser sends it without changes
		form := url.Values{}
		doc := admin.get(adminpages.SectionPortal).doc()
		doc.Find("form[action='" + adminpages.SectionPortal + "'] input[type=hidden]").Each(func(_ int, e *goquery.Selection) {
			form.Set(e.AttrOr("name", ""), e.AttrOr("value", ""))
		})
		doc.Find("form[action='" + adminpages.SectionPortal + "'] input[checked]").Each(func(_ int, e *goquery.Selection) { form.Set(e.AttrOr("name", ""), "on") })
		doc.Find("form[action='" + adminpages.SectionPortal + "'] textarea").Each(func(_ int, e *goquery.Selection) { form.Set(e.AttrOr("name", ""), e.Text()) })
		return form
	}
	north := fmt.Sprintf("partner-%d", s.North.ID)
	form := shown()
	form.Set(north+"-bank_transfer", "on")
	got := admin.post(adminpages.SectionPortal, form)
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	require.Contains(t, got.text("#f-"+north+"-bank_transfer-text-error"), "Say what customers have to do")
	form.Set(north+"-bank_transfer-text", "IBAN DE02 <1203>\nName it")
	stale := shown()
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionPortal, form).Status)
	require.Contains(t, anna.get(portal.SectionPayments).text(".ways"), "Bank transferIBAN DE02 <1203> Name it")
	require.NotContains(t, carol.get(portal.SectionPayments).Body, "IBAN", "of another partner")

	stale.Del(fmt.Sprintf("partner-%d", s.South.ID)) // another person, on an older page, changes another setting
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionPortal, stale).Status)
	carol.get(portal.SectionPayments).none(".ways")
	require.Equal(t, http.StatusNotFound, carol.get(portal.SectionRedeem).Status)
	require.Contains(t, anna.get(portal.SectionPayments).text(".ways"), "IBAN", "what they did not touch stays")

	of := s.as(db.StaffRoleAdministrator, s.South)
	require.Zero(t, of.get(adminpages.SectionPortal).doc().Find("#f-"+north).Length())
	before := shown()
	require.Equal(t, http.StatusSeeOther, of.post(adminpages.SectionPortal, url.Values{"was-" + north: {"on"}, north + "-cash": {"on"}, north + "-cash-text": {"x"}}).Status)
	require.Equal(t, before, shown(), "a foreign partner is not there")
	require.Equal(t, 2, strings.Count(strings.Join(s.audits(), " "), "partner.portal_changed"))
}

// A serial is written in the form of the settings, and read in every form.
func TestSerialForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, anna := s.as(db.StaffRoleAdministrator), s.asCustomer("anna", s.North)
	made, codes := s.series(12)
	s.change(func(v *setting.Settings) { v.SerialForm = cardcode.SerialSeries })
	written := made.Number + "-0000007"
	require.Contains(t, admin.get(adminpages.SeriesURL(made.Number)).text("table"), "0000007")
	require.Contains(t, admin.get(adminpages.SeriesURL(made.Number)+"/cards/7").text("h1"), "Card "+made.Number+"-7", "pages of staff have one name for a card")
	for _, typed := range []string{"7", "0000007", written} {
		found := admin.post(adminpages.SeriesURL(made.Number)+"/find", url.Values{"find": {typed}})
		require.Equal(t, adminpages.SeriesURL(made.Number)+"/cards/7", found.Header.Get("Location"), typed)
	}
	got := anna.post(portal.SectionRedeem, url.Values{"code": {codes[6]}, "key": {uuid.NewString()}})
	require.Equal(t, http.StatusSeeOther, got.Status)
	require.Contains(t, anna.get(got.Header.Get("Location")).text("main"), written)
}
