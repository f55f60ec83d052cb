package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// types sends keys to the focused element, as a keyboard does.
func (b *browser) types(keys string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// media sets the medium of the page: "print", or "" for the screen.
func (b *browser) media(medium string) {
	b.t.Helper()
	require.NoError(b.t, look(b.ctx, medium, ""))
}

// Staff create a customer, make a sign-in link, redeem a card by keyboard, enter a payment,
// reverse it, and disable the customer.
func TestCustomers(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	name := fmt.Sprintf("Quentin Zimmer %d", time.Now().UnixNano()%1_000_000)

	// A new customer, with a mistake on the way.
	admin.open("/admin/customers")
	admin.looks("customers-list")
	admin.press("Add customer")
	admin.fill("Name", name)
	admin.fill("E-mail", "quentin")
	admin.press("Add customer")
	admin.sees("Write the e-mail address like name@example.com.")
	admin.looks("customers-new-mistake")
	admin.fill("E-mail", "quentin@example.com")
	admin.fill("Phone", "+1 555 0199")
	admin.fill("Partner", "North")
	admin.press("Add customer")
	admin.until("the page of the way in", `/\/admin\/customers\/\d+\/access$/.test(location.pathname)`)
	home := script[string](admin, `location.pathname.replace("/access", "")`)

	// The customer signs in with the link, and chooses a password.
	admin.press("Make a sign-in link")
	admin.sees("The link works once, for 24 hours.")
	admin.looks("customers-link")
	link := script[string](admin, `document.querySelector(".secret .mono").textContent`)
	phone := newBrowser(t, d.URL, 360, 740)
	phone.open(strings.TrimPrefix(link, d.URL))
	phone.sees("Welcome, " + name)
	phone.looks("customers-welcome")
	phone.fill("New password", "a good long password")
	phone.press("Set password and sign in")
	phone.until("the portal", `location.pathname === "/portal"`)
	phone.sees("Your password is set")

	// A series of their own; one card of it is redeemed by keyboard alone.
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "5")
	admin.fill("Prefix", "Counter")
	admin.fill("Price", "20.00")
	admin.fill("Partner", "North")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `/\/series\/\d+$/.test(location.pathname) && document.querySelectorAll("table tbody tr").length >= 5 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)
	admin.open(series + "/cards/3")
	admin.until("the box", find+`("Customer").getAttribute("role") === "combobox"`)
	script[bool](admin, find+`("Customer").focus() || true`)
	admin.types("qu")
	admin.sees("Type at least 3 characters")
	admin.types("entin z")
	admin.until("the list", `document.querySelector("[role=option]")?.offsetParent`)
	require.Equal(t, "true", script[string](admin, find+`("Customer").getAttribute("aria-expanded")`))
	require.Contains(t, script[string](admin, `document.querySelector(".combobox [role=status]").textContent`), "found")
	admin.types(kb.ArrowDown)
	admin.until("an active option", find+`("Customer").getAttribute("aria-activedescendant")`)
	admin.looks("customers-combobox")
	admin.types(kb.Escape)
	require.Equal(t, "false", script[string](admin, find+`("Customer").getAttribute("aria-expanded")`))
	script[bool](admin, find+`("Customer").select() || true`)
	admin.types(name[len(name)-8:])
	admin.until("the one of the name", `document.querySelectorAll("[role=option]").length === 1 && document.querySelector("[role=option]").offsetParent`)
	admin.types(kb.ArrowDown + kb.Enter)
	admin.until("who was chosen", `document.querySelector("#customer-chosen:not([hidden]) strong").textContent === `+quote(name))
	admin.looks("customers-chosen")
	admin.types(kb.Tab)
	require.Contains(t, script[string](admin, `document.activeElement.textContent`), "Redeem USD 20.00")
	admin.types(kb.Enter)
	receipt := `/\/billing\/payments\/\d+$/.test(location.pathname)`
	admin.until("the receipt", receipt)
	redeemed := script[string](admin, `location.pathname`)
	admin.until("the name of the card", `/\d{6}-3\b/.test(document.querySelector(".receipt .facts").innerText)`)
	admin.looks("customers-receipt")
	admin.media("print")
	require.Equal(t, "none", script[string](admin, `getComputedStyle(document.querySelector(".menu")).display`), "only the receipt is printed")
	require.NotEqual(t, "none", script[string](admin, `getComputedStyle(document.querySelector(".receipt")).display`))
	admin.shot("customers-receipt-print")
	admin.media("")

	// A manual payment, with a mistyped amount at first.
	admin.open(home + "/billing/payments")
	admin.press("Add payment")
	admin.fill("Amount", "5000")
	admin.press("Add payment")
	admin.sees("USD 5,000.00 is right")
	admin.looks("customers-payment-sure")
	admin.fill("Amount", "50.00")
	admin.fill("Comment", "Paid at the counter")
	admin.press("Add payment")
	admin.until("the receipt", receipt)
	admin.sees("USD 50.00 entered. New balance USD 70.00.")

	// The card is taken back.
	admin.open(redeemed)
	admin.press("Reverse")
	admin.sees("becomes void: nobody can redeem it again")
	admin.looks("customers-reverse")
	admin.fill("Reason", "Sold twice by mistake")
	admin.press("Reverse USD 20.00")
	admin.until("the reversal", receipt+` && location.pathname !== `+quote(redeemed))
	admin.sees("New balance USD 50.00.")
	admin.open(home + "/billing/payments")
	admin.sees("Reversed by")
	admin.looks("customers-payments")
	admin.fill("Payment type", "Cash")
	admin.press("Show")
	admin.until("the cash alone", `location.search.includes("type=cash") && document.readyState === "complete" && !document.body.innerText.includes("Sold twice")`)
	rows := fetchCSV(t, admin, script[string](admin, `[...document.querySelectorAll("a")].find(a => a.innerText.trim() === "CSV").href`))
	require.Len(t, rows, 2)
	require.Equal(t, "50.00", rows[1][3])
	phone.open("/portal/finance/payments")
	phone.sees("Reversal")
	phone.looks("customers-portal-payments")

	// The same on a phone, and out.
	small := newBrowser(t, d.URL, 360, 740)
	small.signIn("/admin/login", "admin")
	for _, path := range []string{"", "/edit", "/access", "/billing/payments", "/billing/payments/add"} {
		small.open(home + path)
		small.looks("customers-phone" + map[string]string{"": "", "/edit": "-edit", "/access": "-access", "/billing/payments": "-payments", "/billing/payments/add": "-add"}[path])
	}
	small.open(redeemed)
	small.looks("customers-phone-receipt")
	small.open("/admin/customers?q=quentin")
	small.looks("customers-phone-list")
	admin.open(home)
	admin.looks("customers-show")
	admin.press("Disable")
	admin.sees("signed out of the portal at once")
	admin.press("Disable customer")
	admin.sees("is disabled and signed out")
	phone.open("/portal")
	phone.until("the door", `location.pathname === "/portal/login"`)
}
