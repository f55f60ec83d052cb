package e2e_test

import (
	"testing"
	"time"
)

// The life of a series after generation: it is found, edited after the consequences were
// shown, and deleted while another page watches.
func TestSeriesIsEditedAndDeleted(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "60000")
	admin.fill("Prefix", "Lifelong")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	number := script[string](admin, `location.pathname.split("/").pop()`)
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 10 && !document.querySelector("progress")`)

	const list = "/admin/finance/refill-cards/series"
	admin.open(list + "?sort=-outstanding")
	admin.sees("Lifelong")
	admin.looks("series-list-sorted")
	admin.press("View")
	admin.until("the form of columns", `document.getElementById("table-view").matches(":popover-open")`)
	admin.looks("series-list-view")
	script[bool](admin, `document.querySelector("#table-view input[value=quantity]").checked = true`)
	admin.press("Show")
	admin.until("the chosen column", `[...document.querySelectorAll("th")].some(t => t.innerText.trim().startsWith("Quantity"))`)
	admin.sees("60,000")

	admin.open(list + "/" + number + "/edit")
	admin.looks("series-edit")
	admin.fill("Price", "1.234")
	admin.press("Continue")
	admin.refused("order_price_decimals")
	admin.looks("series-edit-mistake")
	admin.fill("Price", "12.00")
	admin.fill("Partner", "North")
	admin.press("Continue")
	admin.sees("outstanding value rises by USD 120,000.00")
	admin.looks("series-edit-plan")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open(list + "?sort=-outstanding")
	phone.looks("phone-series-list")
	phone.open(list + "/" + number + "/edit")
	phone.looks("phone-series-edit")
	phone.fill("Prefix", "Phone")
	phone.press("Continue")
	phone.sees("only a label")
	phone.looks("phone-series-edit-plan")

	admin.press("Save changes")
	admin.sees("60,000 cards are worth USD 12.00 each now.")
	admin.sees("Edited: price USD 10.00 → USD 12.00; partners any → North")
	admin.looks("series-edited")
	phone.press("Save changes")
	phone.refused("series_edited")

	admin.press("Delete")
	admin.sees("Delete 60,000 cards worth USD 720,000.00")
	admin.looks("series-delete")
	admin.press("Delete 60,000 cards")
	admin.until("the end of the erasing", `document.querySelector("#series-head .state").innerText.trim() === "Deleted" && !document.querySelector("progress")`)
	admin.sees("Codes erased")
	admin.looks("series-deleted")
	admin.open(list + "?q=" + number)
	admin.sees("No series matches")
	admin.open(list + "?status=void&q=" + number)
	admin.sees("Lifelong")
	admin.looks("series-list-deleted")
}
