package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An administrator changes settings: codes of digits, payment methods, and the whole module
// off and on. They concern the whole installation, so the test has a demo of its own.
func TestSettings(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer1")

	admin.open("/admin/config/vouchers")
	admin.looks("config-vouchers")
	admin.fill("Characters", "Digits only")
	admin.until("what is wrong with it, as it is chosen", `document.querySelector("#voucher-preview").innerText.includes("0123456789")`)
	admin.until("the warning", `document.querySelector("#voucher-preview").innerText.includes("would be refused")`)
	admin.looks("config-vouchers-refused")
	admin.fill("Code length", "21")
	admin.until("the odds of the longer codes", `!document.querySelector("#voucher-preview").innerText.includes("would be refused")`)
	admin.fill("Serial format", "202611-0000042")
	admin.fill("Guesses a day", "many")
	admin.press("Save")
	admin.refused("setting_guesses")
	admin.looks("config-vouchers-mistake")
	admin.fill("Guesses a day", "100,000")
	admin.press("Save")
	admin.sees("Saved.")

	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "10")
	admin.fill("Prefix", "Keypad")
	admin.fill("Price", "5.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.until("the form of the codes", `document.querySelector("#order-preview").textContent.includes("Codes of 21 digits")`)
	admin.looks("generate-digits")
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	series := script[string](admin, `location.pathname.split("/").pop()`)
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length >= 10 && !document.querySelector("progress")`)
	admin.sees("0000007")
	admin.looks("series-digits")

	admin.open("/admin/config/portal")
	script[bool](admin, `(document.querySelector("[type=checkbox][name$='-bank_transfer']").click(), true)`)
	admin.fill("Bank transfer: what to do", "IBAN DE02 1203 0000 0000 2020 51\nGive your customer name.")
	admin.looks("config-portal")
	admin.press("Save")
	admin.sees("Saved.")
	phone.open("/portal/finance/payments")
	phone.sees("How to pay")
	phone.sees("IBAN DE02 1203 0000 0000 2020 51")
	script[bool](phone, `(document.querySelector(".ways").scrollIntoView(), true)`)
	phone.looks("portal-how-to-pay")

	// Cards in Arabic: the words, and what they look like before anything is made.
	const drawn = `[...document.querySelectorAll("img.paper, img.card-picture")].length > 0 && [...document.querySelectorAll("img.paper, img.card-picture")].every(i => i.complete && i.naturalWidth > 100)`
	admin.open("/admin/config/cards")
	admin.until("the card", drawn)
	admin.looks("config-cards")
	admin.fill("What it is", "بطاقة شحن 🚀")
	admin.fill("Serial", "الرقم")
	admin.fill("Series", "السلسلة")
	admin.fill("Valid till", "صالحة حتى")
	admin.fill("The last day is written", "31/12/2027")
	admin.fill("First line on cards", "امسح الرمز أو سجّل الدخول إلى البوابة")
	admin.fill("Second line on cards", "ثم افتح المالية، بطاقة الشحن.")
	admin.press("Save")
	admin.refused("export_glyph_emoji")
	admin.looks("config-cards-mistake")
	admin.fill("What it is", "بطاقة شحن")
	admin.press("Save")
	admin.sees("Saved.")
	admin.until("the card", drawn)
	admin.looks("config-cards-arabic")
	desk := newBrowser(t, d.URL, 360, 740)
	desk.signIn("/admin/login", "admin")
	desk.open("/admin/config/cards")
	desk.until("the card", drawn)
	desk.looks("phone-config-cards")
	desk.open("/admin/finance/refill-cards/series/" + series + "/export?format=pdf&layout=id-1&sides=both&cards=unused")
	desk.until("the card", drawn)
	script[bool](desk, `(document.querySelector("#export-preview").scrollIntoView(), true)`)
	desk.looks("phone-export-arabic")
	desk.press("Export") // the worker finds the fonts as the page does
	desk.until("the file", `[...document.querySelectorAll(".files li")].some(li => li.innerText.includes("One card a page") && li.innerText.includes("Download"))`)
	desk.open("/portal/login") // the field is hidden there while cards are refused

	admin.open("/admin/config/general")
	admin.sees("Fixed")
	admin.looks("config-general")

	admin.open("/admin/config/modules")
	admin.sees("would be hidden")
	admin.looks("config-modules")
	script[bool](admin, `(document.querySelector("#f-refill_cards").click(), true)`)
	admin.press("Save")
	admin.sees("kept,")
	require.False(t, script[bool](admin, `!!document.querySelector("nav a[href*='refill-cards']")`), "the menu")
	phone.open("/portal")
	require.False(t, script[bool](phone, `!!document.querySelector("a[href*='refill-card']")`), "the portal's form")
	admin.open("/admin/config/modules")
	admin.looks("config-modules-off")
	script[bool](admin, `(document.querySelector("#f-refill_cards").click(), true)`)
	admin.press("Save")
	admin.sees("would be hidden")
	admin.open("/admin/finance/refill-cards/series/" + series)
	admin.sees("0000007")
	phone.open("/portal/finance/refill-card")
	phone.sees("Code")

	narrow := newBrowser(t, d.URL, 360, 740)
	narrow.signIn("/admin/login", "admin")
	for _, page := range []string{"vouchers", "portal", "general", "modules"} {
		narrow.open("/admin/config/" + page)
		narrow.looks("config-" + page + "-phone")
	}

	// Last, for nothing else is open from then on: staff must use a second factor.
	narrow.open("/admin/config/general")
	script[bool](narrow, find+`("Staff must use a second factor").click() === undefined`)
	narrow.press("Save")
	narrow.sees("Set yours up, then you can go on.")
	narrow.looks("second-factor-must-phone")
	admin.open("/admin/jobs")
	admin.sees("Set yours up, then you can go on.")
	admin.looks("second-factor-must")
}
