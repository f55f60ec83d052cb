package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// find enters a text into the search and sends it before any result is marked, as Enter does.
func (b *browser) find(text string) {
	b.t.Helper()
	b.until("the search", `document.querySelector("[data-palette]")`)
	script[bool](b, fmt.Sprintf(`(() => {
		document.querySelector("[data-palette]").click();
		const box = document.querySelector("#palette-text");
		box.value = %s;
		box.dispatchEvent(new Event("input", {bubbles: true}));
		box.form.requestSubmit();
		return true;
	})()`, quote(text)))
}

// tick ticks the checkbox with a label, or removes its tick.
func (b *browser) tick(name string) {
	b.t.Helper()
	box := fmt.Sprintf(`[...document.querySelectorAll("input[type=checkbox]")].find(e => e.offsetParent && (e.getAttribute("aria-label") || e.labels[0]?.innerText.trim()) === %s)`, quote(name))
	b.until("the box "+name, box)
	script[bool](b, "("+box+".click(), true)")
}

// dark switches the page to the dark scheme.
func (b *browser) dark() {
	b.t.Helper()
	script[bool](b, `(document.querySelector("[data-theme=dark]").click(), true)`)
	require.Equal(b.t, "dark", script[string](b, `document.documentElement.dataset.bsTheme`))
}

// changes carries out the operation that is filled in above the table: it reads the dry run,
// confirms, and waits for the end without reloading the page.
func (b *browser) changes(what, button, done string) {
	b.t.Helper()
	b.press("Check first")
	b.confirms(what, button, done)
}

// confirms reads the dry run of an operation, carries it out and waits for its end.
func (b *browser) confirms(what, button, done string) {
	b.t.Helper()
	b.sees(what)
	b.looks("cards-check-" + strings.ToLower(strings.Fields(button)[0]))
	b.press(button)
	b.until("the operation", `/\/changes\/\d+$/.test(location.pathname)`)
	script[bool](b, `window.sameDocument = true`)
	b.until("its end", `document.querySelector("#change-live .state").innerText.trim() === "Done" && window.sameDocument`)
	b.sees(done)
}

// result downloads the result file of the operation that is shown.
func (b *browser) result() [][]string {
	b.t.Helper()
	return fetchCSV(b.t, b, script[string](b, `[...document.querySelectorAll("main a")].find(a => a.innerText.trim() === "Download result").href`))
}

// Cards of a series are redeemed, edited, disabled, enabled and deleted, singly and in bulk,
// and are found by the search box.
func TestCards(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	name := fmt.Sprintf("Yolanda Petrov %d", time.Now().UnixNano()%1_000_000)
	admin.open("/admin/customers/new")
	admin.fill("Name", name)
	admin.fill("Partner", "North")
	admin.press("Add customer")
	admin.until("the page of the way in", `location.pathname.endsWith("/access")`)
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "12000")
	admin.fill("Prefix", "Counted")
	admin.fill("Price", "5.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `/\/series\/\d+$/.test(location.pathname) && document.querySelectorAll("table tbody tr").length >= 50 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)
	number := series[strings.LastIndex(series, "/")+1:]
	admin.looks("cards-table")
	admin.press("View")
	admin.until("the form of columns", `document.getElementById("table-view").matches(":popover-open")`)
	admin.looks("cards-view")
	script[bool](admin, `(document.querySelector("#table-view input[value=partner]").checked = true)`)
	admin.fill("Cards on a page", "100")
	admin.press("Show")
	admin.until("the chosen columns", `document.querySelectorAll(".cards-table tbody tr").length === 100 && [...document.querySelectorAll("th")].some(t => t.innerText.trim() === "Partner")`)
	admin.looks("cards-table-wide")

	// One is used by the customer.
	admin.press("Redeem card 7")
	admin.typeIn("Customer", name)
	admin.until("the customer", `document.querySelectorAll("[role=option]").length === 1 && document.querySelector("[role=option]").offsetParent`)
	admin.types(kb.ArrowDown + kb.Enter)
	admin.press("Redeem USD 5.00")
	admin.until("the receipt", `/\/billing\/payments\/\d+$/.test(location.pathname) && document.readyState === "complete"`)
	admin.sees(number + "-7")

	// Several, ticked.
	admin.open(series)
	place := `document.querySelectorAll(".cards-table tbody tr")[9].getBoundingClientRect().top + scrollY`
	before := script[float64](admin, place)
	admin.tick("All cards on this page")
	admin.sees("50 selected")
	require.InDelta(t, before, script[float64](admin, place), 0.5, "no row moves")
	admin.press("Select all 12,000 cards")
	admin.sees("All 12,000 cards of the series selected")
	require.Equal(t, "match", script[string](admin, `document.getElementById("f-which").value`))
	admin.press("Clear the selection")
	admin.until("no bar", `!document.getElementById("bulk-bar").offsetParent && document.getElementById("bulk-bar").hidden`)
	admin.tick("Card 2")
	script[bool](admin, `(document.querySelector("[aria-label='Card 7']").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, shiftKey: true})), true)`)
	admin.sees("6 selected")
	admin.tick("Card 4")
	admin.tick("Card 5")
	admin.tick("Card 6")
	admin.sees("3 selected")
	require.InDelta(t, before, script[float64](admin, place), 0.5, "no row moves")
	admin.looks("cards-selected")
	admin.press("Disable")
	admin.sees("USD 10.00")
	admin.confirms("1 used card stays", "Disable 2 cards", "Changed 2")
	admin.looks("cards-operation")
	require.Equal(t, [][]string{
		{"series", "serial", "status_before", "outcome"},
		{number, "2", "active", "changed"},
		{number, "3", "active", "changed"},
		{number, "7", "used", "used"},
	}, admin.result())

	// All cards that match a filter: the same two, which no longer match it afterwards.
	admin.press("Back to the cards")
	admin.press("Disabled")
	admin.until("the two", `location.search === "?status=disabled" && document.querySelectorAll(".cards-table tbody tr").length === 2`)
	admin.looks("cards-filtered")
	admin.press("Change many cards")
	admin.fill("Cards", "All that match the filter")
	admin.fill("What to do", "Activate (enable)")
	admin.changes("Activate 2 cards that are disabled", "Activate 2 cards", "Changed 2")
	admin.open(series + "?status=disabled")
	admin.sees("No such cards")
	admin.looks("cards-filtered-to-nothing")

	// All on a page.
	admin.press("Show all cards")
	admin.until("all cards", `location.search === "" && document.querySelectorAll(".cards-table tbody tr").length === 50`)
	admin.press("Next")
	admin.sees("Serials 51 to 100")
	admin.press("Change many cards")
	admin.fill("Cards", "All 50 on this page")
	admin.fill("What to do", "Extend: set valid till")
	till := time.Now().AddDate(2, 0, 0)
	admin.fill("New valid till", till.Format(time.DateOnly))
	admin.changes("Set valid till of 50 cards to "+till.Format("2 Jan 2006"), "Change 50 cards", "Changed 50")
	require.Len(t, admin.result(), 51)

	// From serial to serial, mistyped first.
	admin.open(series)
	admin.press("Change many cards")
	admin.fill("Cards", "From serial to serial")
	admin.fill("From serial", "11,001")
	admin.fill("To serial", "50000")
	admin.fill("What to do", "Void (delete)")
	admin.press("Check first")
	admin.refused("change_last")
	admin.looks("cards-range-mistake")
	require.Equal(t, "11,001", script[string](admin, find+`("From serial").value`))
	admin.fill("To serial", "12000")
	admin.changes("Void 1,000 cards worth USD 5,000.00", "Void 1,000 cards", "To breakage USD 5,000.00")

	// All of the series.
	admin.open(series)
	admin.press("Change many cards")
	admin.fill("Cards", "All 12,000 cards of the series")
	admin.fill("What to do", "Set partner")
	admin.fill("New partner", "North")
	admin.changes("Only customers of North can redeem 10,999 cards", "Change 10,999 cards", "Void, stayed 1,000")
	outcomes := map[string]int{}
	for _, row := range admin.result()[1:] {
		outcomes[row[3]]++
	}
	require.Equal(t, map[string]int{"changed": 10_999, "used": 1, "void": 1000}, outcomes)

	// One card: edited with a mistake on the way, disabled and enabled.
	card := series + "/cards/5"
	admin.open(card)
	admin.fill("Valid till", "2020-01-01")
	admin.fill("Remark", "For the fair")
	admin.press("Save")
	admin.refused("card_till_past")
	admin.looks("cards-edit-mistake")
	admin.fill("Valid till", till.Format(time.DateOnly))
	admin.fill("Partner", "South")
	admin.press("Save")
	admin.sees("Card " + number + "-5 is changed.")
	require.Equal(t, "For the fair", script[string](admin, find+`("Remark").value`))
	admin.press("Disable")
	admin.sees("It keeps its value of USD 5.00.")
	admin.looks("cards-disable")
	admin.press("Disable card")
	admin.until("the card disabled", `document.querySelector(".facts .state").innerText.trim() === "Disabled"`)
	admin.press("Enable")
	admin.press("Enable card")
	admin.until("the card enabled", `document.querySelector(".facts .state").innerText.trim() === "Active"`)

	// Its code is shown once, for a reason.
	admin.press("Reveal code")
	admin.fill("Reason", "The strip is damaged")
	admin.looks("cards-reveal")
	admin.press("Reveal code")
	admin.until("the code", `document.querySelector("#revealed")`)
	code := script[string](admin, `document.querySelector("#revealed").innerText.trim()`)
	admin.shot("cards-revealed")
	admin.fits()
	admin.open(card)
	admin.sees("Code revealed: The strip is damaged")
	require.NotContains(t, script[string](admin, `document.documentElement.outerHTML`), code)
	history := script[[]string](admin, `[...document.querySelectorAll(".history li > span")].map(e => e.innerText.trim())`)
	for _, said := range []string{"Code revealed", "Enabled", "Disabled", "Edited", "Partner set to North, with others", "Series activated", "Made"} {
		require.True(t, slices.ContainsFunc(history, func(one string) bool { return strings.HasPrefix(one, said) }), "%s is not in %q", said, history)
	}
	admin.looks("cards-card")

	// A search for a code opens its card. The code is not in the URL.
	admin.open("/admin")
	admin.find(strings.ToLower(code))
	admin.until("the card of the code", `location.pathname === `+quote(card)+` && !location.href.includes("#")`)
	admin.find(number + "-7")
	admin.until("the card of the serial", `location.pathname === `+quote(series+"/cards/7"))
	admin.looks("cards-card-used")
	row := func(serial string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("main table tr")].some(r => r.innerText.replace(/\s+/g, " ").includes(%s))`, quote(number+"-"+serial))
	}
	admin.find("5")
	admin.until("the fifth of each series", `location.pathname === "/admin/find" && `+row("5"))
	admin.looks("cards-found-serial")
	script[bool](admin, `window.before = true`)
	admin.find(code[len(code)-4:]) // of digits alone it may be the serial of others as well
	admin.until("the card of the end of a code", `!window.before && `+row("5"))
	admin.find(name)
	admin.until("the customer and what they used", row("7")+` && document.querySelector(".found").innerText.includes(`+quote(name)+`)`)
	admin.looks("cards-found-customer")
	admin.find("nobody is called so")
	admin.sees("Nothing matches")
	admin.looks("cards-found-nothing")
	wrong := []byte(code)
	wrong[len(wrong)-1] = map[bool]byte{true: 'A', false: 'B'}[wrong[len(wrong)-1] == 'B']
	admin.find(string(wrong))
	admin.refused("find_code_typing")
	admin.looks("cards-found-mistake")

	// Deleted, and still found.
	admin.open(card)
	admin.press("Delete")
	admin.sees("becomes void")
	admin.press("Delete card")
	admin.until("the card void", `document.querySelector(".facts .state").innerText.trim() === "Void" && !document.querySelector("#edit-title")`)
	admin.looks("cards-card-void")

	// The same on a phone.
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open(series)
	phone.looks("cards-phone-series")
	phone.press("Change many cards")
	phone.looks("cards-phone-bulk")
	phone.press("Change many cards")
	phone.tick("Card 4")
	phone.sees("1 selected")
	phone.looks("cards-phone-selected")
	phone.press("Disable")
	phone.sees("Disable 1 card")
	phone.looks("cards-phone-check")
	phone.press("Disable 1 card")
	phone.sees("Changed 1")
	phone.looks("cards-phone-operation")
	phone.open(series + "/cards/4")
	phone.looks("cards-phone-card")
	phone.find("4")
	phone.until("the fourth of each series", row("4"))
	phone.looks("cards-phone-found")
	phone.find(name)
	phone.until("the customer", row("7"))
	phone.looks("cards-phone-found-customer")

	// Screenshots in the dark scheme. The contrast was checked by looks.
	admin.dark()
	phone.dark()
	for _, one := range []struct{ path, file string }{{series + "?after=40#series-cards", "series"}, {series + "/cards/4", "card"}} {
		admin.open(one.path)
		admin.shot("cards-dark-" + one.file)
		phone.open(one.path)
		phone.shot("cards-dark-phone-" + one.file)
	}
}
