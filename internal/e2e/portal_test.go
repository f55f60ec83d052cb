package e2e_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// makeSeries orders cards for one partner as staff do and returns their codes.
func makeSeries(t *testing.T, admin *browser, partner, quantity string) (codes []string) {
	t.Helper()
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", quantity)
	admin.fill("Prefix", "Look")
	admin.fill("Price", "10.00")
	admin.fill("Partner", partner)
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 4 && !document.querySelector("progress")`)
	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.until("the Download link", downloadLink)
	for _, row := range fetchCSV(t, admin, script[string](admin, downloadLink+`.href`))[1:] {
		codes = append(codes, row[1])
	}
	return codes
}

// A partner is created with its branding, which its customers see, and is then disabled.
func TestPartner(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/partners")
	admin.looks("partners")
	admin.press("New partner")
	admin.fill("Name", "Café Éclair")
	admin.fill("Time zone", "Moon/Base")
	admin.fill("Colour", "yellow")
	admin.press("Enter partner")
	admin.refused("partner_time_zone")
	require.Equal(t, "Café Éclair", script[string](admin, find+`("Name").value`))
	admin.looks("partner-mistakes")
	admin.fill("Time zone", "Europe/Paris")
	admin.fill("Colour", "#ffd400")
	admin.fill("Name in addresses", "eclair")
	admin.fill("Brand name", "Éclair Connect")
	admin.fill("Help and contact", "Call 555 0199.")
	logo := filepath.Join(t.TempDir(), "logo.png")
	require.NoError(t, os.WriteFile(logo, wordmark(t), 0o600))
	admin.choose("#f-logo", logo)
	admin.press("Enter partner")
	admin.sees("Café Éclair is entered.")
	admin.looks("partner")
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open("/admin/partners")
	phone.looks("phone-partners")
	phone.open(script[string](admin, `location.pathname`))
	phone.looks("phone-partner")

	customer := newBrowser(t, d.URL, 360, 740)
	customer.open("/portal/login?partner=eclair")
	customer.until("the logo", `document.querySelector("img.brand-logo")?.naturalWidth > 0`)
	customer.looks("portal-signin-eclair")

	admin.press("Disable")
	admin.sees("0 customers will be signed out at once")
	admin.shot("partner-disable")
	admin.press("Disable Café Éclair")
	admin.sees("Café Éclair is disabled.")
	customer.open("/portal/login?partner=eclair")
	require.False(t, script[bool](customer, `Boolean(document.querySelector("img.brand-logo"))`), "a closed partner shows nothing")
}

// wordmark is a wide dark picture.
func wordmark(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 240, 60))
	for y := range 60 {
		for x := range 240 {
			if (x/30+y/30)%2 == 0 {
				m.SetNRGBA(x, y, color.NRGBA{R: 90, G: 50, B: 20, A: 255})
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// The portal on a small touch screen. A customer sees the value of a card before redeeming
// it, enters an own used card, scans a code, mistypes one, and changes the password.
func TestPortal(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	codes := makeSeries(t, admin, "South", "12")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.touch()
	phone.open("/portal/login?partner=south")
	phone.looks("portal-signin")
	phone.signInByForm("/portal/login?partner=south", "customer3")
	phone.sees("Karibu!")
	phone.looks("portal-home-south")
	phone.press("Redeem a refill card")
	phone.until("the form", find+`("Code")`)
	phone.typeIn("Code", strings.ToLower(strings.ReplaceAll(codes[0], "-", "")))
	grouped := script[string](phone, find+`("Code").value`)
	require.Equal(t, codes[0][len(codes[0])-19:], strings.ToUpper(grouped)[len(grouped)-19:], "grouped as it was typed")
	phone.looks("portal-code")
	phone.press("Check value first")
	phone.sees("This card is worth USD 10.00")
	phone.looks("portal-check")
	phone.press("Redeem USD 10.00")
	phone.sees("Card redeemed")
	phone.looks("portal-receipt-south")

	phone.open("/portal/finance/refill-card")
	phone.fill("Code", codes[0])
	phone.press("Check value first")
	phone.refused("card_yours")
	phone.looks("portal-own")
	phone.open("/portal/finance/payments?period=month")
	phone.sees("Totals, this month")
	phone.looks("portal-payments-month")
	wide := newBrowser(t, d.URL, 1280, 900)
	wide.signIn("/portal/login", "customer3")
	for path, name := range map[string]string{
		"/portal": "wide-portal", "/portal/finance/payments": "wide-payments", "/portal/finance/refill-card": "wide-redeem", "/portal/password": "wide-password",
	} {
		wide.open(path)
		wide.looks(name)
	}

	// A form whose response was lost is sent again with the same key. It redeems once, and
	// shows the receipt.
	wide.open("/portal/finance/refill-card")
	key := script[string](wide, `document.querySelector("#redeem-form [name=key]").value`)
	wide.fill("Code", codes[1])
	script[bool](wide, `(async () => {
		const form = document.getElementById("redeem-form");
		sessionStorage.setItem("refill-sent", form.elements.key.value);
		await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual"});
		return true;
	})()`)
	wide.open("/portal/finance/refill-card")
	require.Equal(t, key, script[string](wide, `document.querySelector("#redeem-form [name=key]").value`), "a reload keeps the key")
	wide.fill("Code", codes[1])
	wide.press("Redeem")
	wide.sees("Card redeemed")
	wide.open("/portal/finance/refill-card")
	require.NotEqual(t, key, script[string](wide, `document.querySelector("#redeem-form [name=key]").value`), "the receipt forgets it")

	// The page reports a broken connection, and keeps the typed text.
	wide.fill("Code", codes[3])
	script[bool](wide, `(window.realFetch = window.fetch, window.fetch = () => Promise.reject(new TypeError("no line")), true)`)
	wide.press("Redeem")
	wide.sees("No answer came.")
	wide.looks("wide-no-line")
	script[bool](wide, `(window.fetch = window.realFetch, true)`)
	wide.press("Redeem")
	wide.sees("Card redeemed")

	// A signed-in customer scans a card: the form is filled, and neither the address nor
	// the history keeps the code.
	phone.open("/r#" + codes[2])
	phone.until("the code in the form", find+`("Code") && location.pathname === "/portal/finance/refill-card" && `+find+`("Code").value !== ""`)
	require.Empty(t, script[string](phone, `location.hash`))
	phone.press("Redeem")
	phone.sees("Card redeemed")
	script[bool](phone, `(history.back(), true)`)
	phone.until("the form again", `location.pathname === "/portal/finance/refill-card" && document.readyState === "complete"`)
	require.Empty(t, script[string](phone, `location.hash`))

	other := newBrowser(t, d.URL, 320, 640)
	other.signIn("/portal/login", "customer14")
	other.open("/portal/password")
	other.fill("Current password", "refill-demo")
	other.fill("New password", "short")
	other.fill("New password again", "short")
	other.press("Change password")
	other.refused("password_length")
	other.looks("portal-password")
	other.fill("Current password", "refill-demo")
	other.fill("New password", "a longer one")
	other.fill("New password again", "a longer one")
	other.press("Change password")
	other.sees("Your password is changed.")
	for _, path := range []string{"/portal", "/portal/finance/payments", "/portal/finance/refill-card", "/portal/password", "/portal/sessions"} {
		other.open(path)
		script[bool](other, `(document.documentElement.style.fontSize = "200%", true)`)
		if wide := script[string](other, `document.documentElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.tagName + "." + e.className + " " + e.innerText.slice(0, 20)).join("; ")`); wide != "" {
			t.Errorf("%s with large text is too wide: %s", path, wide)
		}
		other.shot("large" + fmt.Sprint(len(path)))
	}
}
