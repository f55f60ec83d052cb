package e2e_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The main workflow, from the order of cards to the payment, as a new user does it.
func TestMainJob(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)

	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signInByForm("/admin/login", "admin")
	admin.looks("dashboard")

	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "0")
	admin.press("Generate")
	admin.refused("order_quantity")
	admin.looks("generate-mistake")
	admin.fill("Quantity", "1000")
	admin.fill("Prefix", "Journey")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "North")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.looks("generate")
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	series := script[string](admin, `location.pathname.split("/").pop()`)
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 10 && !document.querySelector("progress")`)
	admin.looks("series")

	// A second page that is open while the file is being made is updated by an event.
	elsewhere := newBrowser(t, d.URL, 1280, 900)
	elsewhere.signIn("/admin/login", "admin")
	elsewhere.open("/admin/customers")
	elsewhere.sees("Customers")
	// The link is noted when it comes: it goes after eight seconds, however busy the machine is.
	script[bool](elsewhere, `(() => {
		const tray = document.getElementById("tray");
		new MutationObserver(() => { window.offered ??= [...tray.querySelectorAll("a")].find(a => a.innerText.includes("Download"))?.href; }).observe(tray, {childList: true, subtree: true});
		return true;
	})()`)

	admin.fill("Format", "CSV")
	script[bool](admin, `window.sameDocument = true`)
	admin.press("Export")
	admin.until("the Download link", downloadLink)
	require.True(t, script[bool](admin, `window.sameDocument === true`), "the link came without a reload")
	admin.looks("series-exported")
	elsewhere.until("the Download link on another page", `window.offered`)
	elsewhere.looks("tray")

	rows := fetchCSV(t, admin, script[string](admin, downloadLink+`.href`))
	require.Equal(t, []string{"serial", "code", "price", "currency", "valid_till", "series", "status"}, rows[0])
	require.Len(t, rows, 1001)
	require.Equal(t, series, rows[1][5])

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signInByForm("/portal/login", "customer1")
	phone.looks("portal-home")
	phone.open("/portal/finance/refill-card")
	phone.fill("Code", "2345-6789")
	phone.press("Redeem")
	phone.refused("code_short")
	phone.looks("portal-mistake")
	phone.fill("Code", strings.ToLower(rows[7][1]))
	phone.looks("portal-redeem")
	phone.press("Redeem")
	phone.sees("USD 10.00")
	phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)
	phone.looks("portal-receipt")
	phone.open("/portal/finance/payments")
	phone.sees("Refill card")
	phone.sees("serial 7")
	phone.looks("portal-payments")

	// Another customer of the partner gets the generic answer.
	other := newBrowser(t, d.URL, 360, 740)
	other.signIn("/portal/login", "customer2")
	other.open("/portal/finance/refill-card")
	other.fill("Code", rows[7][1])
	other.press("Redeem")
	other.refused("card_refused")

	// A card's QR code opens the form filled in, also when the customer has to sign
	// in on the way.
	other = newBrowser(t, d.URL, 360, 740)
	other.open("/r#" + rows[8][1])
	other.until("the sign-in", `location.pathname === "/portal/login"`)
	other.fill("Username", "customer2")
	other.fill("Password", "refill-demo")
	other.press("Sign in")
	other.until("the code in the form", fmt.Sprintf(`%s("Code") && %s("Code").value.replaceAll("-", "").endsWith(%s)`, find, find, quote(strings.ReplaceAll(rows[8][1][len(rows[8][1])-19:], "-", ""))))
	require.NotContains(t, script[string](other, `location.href`), "#")
	other.press("Redeem")
	other.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)

	admin.open("/admin/customers?q=customer1")
	admin.looks("customers")
	admin.open("/admin/finance/refill-cards/series/" + series)
	admin.sees("Used")
	admin.looks("series-used")
	for _, path := range []string{"/admin/finance/refill-cards/series", "/admin/jobs", "/admin/config/modules", "/admin/config/portal", "/admin/config/vouchers"} {
		admin.open(path)
		admin.looks(strings.ReplaceAll(strings.TrimPrefix(path, "/admin/"), "/", "-"))
	}

	small := newBrowser(t, d.URL, 360, 740)
	small.signIn("/admin/login", "admin")
	for _, path := range []string{
		"/admin", "/admin/finance/refill-cards/series", "/admin/finance/refill-cards/series/" + series,
		"/admin/finance/refill-cards/generate", "/admin/customers", "/admin/jobs",
	} {
		small.open(path)
		small.looks("phone-" + strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"))
	}
}

// downloadLink finds the link to the file that the page shows; the tray beside it shows
// those of other pages too.
const downloadLink = `[...document.querySelectorAll("main a")].find(a => a.offsetParent && a.innerText.trim() === "Download" && a.href.includes("/exports/"))`

// fetchCSV downloads a file with the browser's cookies.
func fetchCSV(t *testing.T, b *browser, url string) [][]string {
	t.Helper()
	text := script[string](b, `fetch(`+quote(url)+`).then(r => r.text())`)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, "nobody fetches it without signing in")
	return rows
}
