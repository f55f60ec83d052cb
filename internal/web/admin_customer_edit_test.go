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
	"refill/internal/card"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

func TestCustomerList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 60 {
		s.newCustomer(fmt.Sprintf("kim%02d", i), []db.Partner{s.North, s.South}[i%2])
	}
	s.exec(`update customer set name = '100%_sure' where id = $1`, s.newCustomer("sure", s.North))
	s.exec(`update customer set disabled_at = now() where username = 'kim07'`)
	admin := s.as(db.StaffRoleAdministrator)
	first := admin.get(adminpages.SectionCustomers)
	require.Equal(t, 50, first.doc().Find("tbody tr").Length())
	older := admin.get(first.one("a[rel=next]").AttrOr("href", ""))
	require.Equal(t, 11, older.doc().Find("tbody tr").Length())
	older.none("a[rel=next]")
	back := admin.get(older.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, first.doc().Find("tbody").Text(), back.doc().Find("tbody").Text(), "and back again")
	require.Equal(t, 31, len(admin.get(adminpages.SectionCustomers+"?format=csv&partner="+fmt.Sprint(s.North.ID)).rows())-1)

	count := func(query string) int {
		return admin.get(adminpages.SectionCustomers + query).doc().Find("tbody tr").Length()
	}
	require.Equal(t, 1, count("?status=disabled"))
	require.Equal(t, 1, count("?q=KIM07"))
	require.Equal(t, 1, count("?q=%25_"), "what LIKE reads otherwise is text")
	require.Equal(t, 10, count("?q=kim0"))
	require.Equal(t, 5, count(fmt.Sprintf("?q=kim0&partner=%d", s.South.ID)))
	require.Equal(t, 50, count("?q=test+kim"))
	found := admin.get(adminpages.SectionCustomers + "?q=test+kim")
	require.Equal(t, 10, admin.get(found.one("a[rel=next]").AttrOr("href", "")).doc().Find("tbody tr").Length())
	require.Len(t, s.as(db.StaffRoleCashier, s.South).get(adminpages.SectionCustomers+"?format=csv").rows(), 31, "30 of theirs")
	for _, query := range []string{"?before=x", "?after=-1", "?partner=x&status=x", "?after=99999999"} {
		require.Equal(t, http.StatusOK, admin.get(adminpages.SectionCustomers+query).Status, query)
	}
}

func TestCustomerIsEntered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cashier := s.as(db.StaffRoleCashier, s.North)
	page := cashier.get(adminpages.CustomerNew)
	require.Equal(t, 1, page.doc().Find("#f-partner option").Length(), "only their own")
	form := url.Values{"name": {""}, "username": {"two words"}, "partner": {fmt.Sprint(s.South.ID)}, "email": {"x"}, "phone": {"call"}, "key": {uuid.NewString()}}
	wrong := cashier.post(adminpages.CustomerNew, form)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Equal(t, 5, wrong.doc().Find("[role=alert] li a").Length())
	require.Equal(t, "two words", wrong.one("#f-username").AttrOr("value", ""))
	form = url.Values{"name": {"Zoë North"}, "username": {""}, "partner": {fmt.Sprint(s.North.ID)}, "key": {uuid.NewString()}}
	made := cashier.post(adminpages.CustomerNew, form)
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	access := cashier.get(made.Header.Get("Location"))
	require.Contains(t, access.text("#notice"), "with the username zoe.north")
	url1 := strings.TrimSuffix(made.Header.Get("Location"), "/access")

	form.Set("name", "Zoë South")
	form.Set("username", "zoe")
	require.Equal(t, url1, cashier.post(url1+"/edit", form).Header.Get("Location"))
	form.Set("partner", fmt.Sprint(s.South.ID))
	require.Contains(t, cashier.post(url1+"/edit", form).text("#f-partner-error"), "Choose a partner")
	require.Equal(t, http.StatusSeeOther, s.as(db.StaffRoleAdministrator).post(url1+"/edit", form).Status)
	require.Equal(t, http.StatusNotFound, cashier.get(url1).Status, "she has moved away")
	require.Equal(t, []string{"customer.edited", "customer.edited"}, s.acts("customer."))
}

func TestCustomerIsDisabled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	cashier := s.as(db.StaffRoleCashier, s.North)
	path := adminpages.CustomerURL(anna.ID)
	require.Contains(t, cashier.get(path).text("#disable"), "signed out of the portal at once")
	require.Equal(t, http.StatusSeeOther, cashier.post(path+"/disable", nil).Status)
	require.Equal(t, "/portal/login", anna.get("/portal").Header.Get("Location"), "signed out at once")
	page := cashier.get(path)
	page.none("#redeem-title")
	require.Equal(t, http.StatusSeeOther, cashier.post(path+"/enable", nil).Status)
	require.Equal(t, "/portal/login", anna.get("/portal").Header.Get("Location"), "a session of before is over")
}

func TestSignInLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	cashier := s.as(db.StaffRoleCashier, s.North)
	made := cashier.post(adminpages.CustomerURL(anna)+"/access/link", url.Values{"lifetime": {"24"}})
	require.Equal(t, http.StatusOK, made.Status)
	require.Contains(t, made.text("[role=status]"), "works once, for 24 hours")
	link := made.one(".secret .mono").Text()
	path := strings.TrimPrefix(link, s.URL)
	require.True(t, strings.HasPrefix(path, kit.WelcomePath), link)
	cashier.get(adminpages.CustomerURL(anna) + "/access").none(".secret")
	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(adminpages.CustomerURL(anna)+"/access/link", url.Values{"lifetime": {"9000"}}).Status)

	phone := s.browser()
	for range 3 { // a mail scanner looks, and nothing happens
		page := phone.get(path)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.text("h1"), "Test anna")
		require.Equal(t, "strict-origin", page.Header.Get("Referrer-Policy"))
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	}
	for _, short := range []string{"", "short"} {
		wrong := phone.post(path, url.Values{"with": {"password"}, "password": {short}})
		require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
		wrong.one("#f-password-error")
	}
	require.Equal(t, portal.SectionHome, phone.post(path, url.Values{"with": {"password"}, "password": {"correct horse"}}).Header.Get("Location"))
	require.Contains(t, phone.get(portal.SectionHome).text("#notice"), "Your password is set")
	require.Equal(t, http.StatusNotFound, s.browser().get(path).Status, "once")
	require.Equal(t, http.StatusNotFound, s.browser().post(path, nil).Status)
	require.NotContains(t, s.Log.String(), strings.TrimPrefix(path, kit.WelcomePath), "no log has the token")

	again := cashier.post(adminpages.CustomerURL(anna)+"/access/link", url.Values{"lifetime": {"1"}}).one(".secret .mono").Text()
	require.Equal(t, portal.SectionHome, s.browser().post(strings.TrimPrefix(again, s.URL), nil).Header.Get("Location"), "without a password")

	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(adminpages.CustomerURL(anna)+"/access/password", url.Values{"password": {"x"}}).Status)
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.CustomerURL(anna)+"/access/password", url.Values{"password": {testPassword}}).Status)
	require.Equal(t, "/portal/login", phone.get(portal.SectionHome).Header.Get("Location"), "the old session is over")
	s.browser().signIn(kit.DoorCustomer, "anna")
}

func TestBarIsLifted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.newCustomer("anna", s.North)
	code := s.unknownCode()
	for range 6 {
		_, _ = s.Server.admin.Cards.Redeem(t.Context(), audit.ByCustomer(anna, audit.Everything()), card.Redemption{CustomerID: anna, Code: code, Key: uuid.New()})
	}
	cashier := s.as(db.StaffRoleCashier, s.North).get(adminpages.CustomerURL(anna))
	require.Contains(t, cashier.text("#barred"), "Too many wrong codes. Test anna can’t try a code before")
	cashier.none("#clear")
	admin := s.as(db.StaffRoleAdministrator)
	require.Contains(t, admin.post(adminpages.CustomerURL(anna)+"/clear-guesses", url.Values{"reason": {""}}).text("#clear #f-reason-error"), "Give a reason")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.CustomerURL(anna)+"/clear-guesses", url.Values{"reason": {"she called"}}).Status)
	admin.get(adminpages.CustomerURL(anna)).none("#barred")
}

// The form of a new customer creates one customer, even if the button is pressed twice or
// the form is sent again after a lost connection.
func TestCustomerIsEnteredOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cashier := s.as(db.StaffRoleCashier, s.North)
	page := cashier.get(adminpages.CustomerNew)
	key := page.one("#customer-form input[name=key]").AttrOr("value", "")
	form := url.Values{"name": {"Zoë North"}, "username": {""}, "partner": {fmt.Sprint(s.North.ID)}, "email": {""}, "phone": {""}, "key": {key}}
	count := func() (n int) {
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select count(*) from customer`).Scan(&n))
		return n
	}
	wrong := url.Values{"name": {""}, "partner": {fmt.Sprint(s.North.ID)}, "key": {key}}
	require.Equal(t, key, cashier.post(adminpages.CustomerNew, wrong).one("#customer-form input[name=key]").AttrOr("value", ""), "nothing was entered under it")
	made := cashier.post(adminpages.CustomerNew, form)
	require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
	require.Equal(t, made.Header.Get("Location"), cashier.post(adminpages.CustomerNew, form).Header.Get("Location"), "the same customer")
	require.Equal(t, 1, count())

	form.Set("name", "Zoë South")
	other := cashier.post(adminpages.CustomerNew, form)
	require.Equal(t, http.StatusConflict, other.Status)
	require.Contains(t, other.text("#customer-form [role=alert]"), "This form was sent before")
	require.Equal(t, 1, count())
	form.Set("key", other.one("#customer-form input[name=key]").AttrOr("value", ""))
	require.NotEqual(t, key, form.Get("key"))
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.CustomerNew, form).Status)
	require.Equal(t, 2, count())

	// The idempotency key does not reveal the customer to staff of another partner.
	form.Set("key", key)
	form.Set("name", "Zoë North")
	form.Set("partner", fmt.Sprint(s.South.ID))
	foreign := s.as(db.StaffRoleCashier, s.South).post(adminpages.CustomerNew, form)
	require.Equal(t, http.StatusConflict, foreign.Status)
	require.NotContains(t, foreign.Body, made.Header.Get("Location"))
	page.none("#f-key")
}
