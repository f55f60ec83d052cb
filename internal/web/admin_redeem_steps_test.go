package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// Staff see the value of a typed card and the balance afterwards before they redeem it.
func TestRedeemInTwoSteps(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cashier := s.as(db.StaffRoleCashier, s.North)
	anna := s.newCustomer("anna", s.North)
	_, codes := s.series(2)
	at := adminpages.CustomerURL(anna)
	page := cashier.get(at)
	require.Equal(t, "redeem-title", page.one(".split-redeem > :first-child").AttrOr("aria-labelledby", ""), "on a phone redeeming comes first")
	require.Equal(t, "look", page.one("button[name=step]").AttrOr("value", ""))
	key := page.one("input[name=key]").AttrOr("value", "")

	wrong := cashier.post(at+"/redeem", url.Values{"key": {key}, "code": {s.unknownCode()}, "step": {"look"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.NotEmpty(t, wrong.text("#f-code-error"))
	seen := cashier.post(at+"/redeem", url.Values{"key": {key}, "code": {codes[0]}, "step": {"look"}})
	require.Equal(t, http.StatusOK, seen.Status)
	text := seen.text("#redeem-seen")
	require.Contains(t, text, "Value USD 10.00")
	require.Contains(t, text, "New balanceUSD 10.00")
	require.Contains(t, text, "Redeem USD 10.00")
	require.Contains(t, cashier.get(at).text(".big"), "USD 0.00", "nothing is redeemed yet")

	form := url.Values{}
	for _, name := range []string{"key", "code"} {
		form.Set(name, seen.one("#redeem-seen input[name="+name+"]").AttrOr("value", ""))
	}
	require.Equal(t, adminpages.StaffReceiptURL(anna, 1), cashier.post(at+"/redeem", form).Header.Get("Location"))
	require.Contains(t, cashier.get(at).text(".big"), "USD 10.00")
	used := cashier.post(at+"/redeem", url.Values{"key": {key}, "code": {codes[0]}, "step": {"look"}})
	require.Equal(t, "card_yours", used.fault("code"))
}
