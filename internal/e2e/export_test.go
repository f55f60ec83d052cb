package e2e_test

import (
	"testing"
	"time"
)

// A person chooses how a file looks, sees its first sheet with made-up codes, and
// gets the file; at the desk and on a phone.
func TestExportIsChosen(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "70")
	admin.fill("Prefix", "Printed")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 10 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)

	const drawn = `[...document.querySelectorAll("#export-preview img")].length > 0 && [...document.querySelectorAll("#export-preview img")].every(i => i.complete && i.naturalWidth > 100)`
	admin.press("Choose layout, cards and format…")
	admin.until("the preview", drawn)
	admin.sees("70 cards on 7 sheets")
	admin.looks("export-form")
	admin.fill("Layout", "Labels Avery L7160, A4")
	admin.fill("Last serial", "40")
	admin.press("Preview")
	admin.sees("40 cards on 2 sheets")
	admin.until("the preview", drawn)
	admin.looks("export-labels")
	admin.fill("Sides", "Both sides, code on the back")
	admin.press("Preview")
	admin.sees("printed on one side")
	admin.looks("export-mistake")
	admin.fill("Layout", "One card a page, for a print shop")
	admin.press("Preview")
	admin.until("both sides", drawn+` && document.querySelectorAll("#export-preview img").length === 2`)
	admin.looks("export-both-sides")

	admin.fill("Format", "CSV, a table for programs")
	admin.press("Preview")
	admin.sees("A table has one line for each card")
	admin.looks("export-table")
	admin.fill("Format", "PDF, cards to print")

	keys := newBrowser(t, d.URL, 1280, 900)
	keys.signIn("/admin/login", "admin")
	keys.open("/admin/config/print-shops")
	keys.fill("Name", "Printhouse")
	keys.fill("Public key", "age1nonsense")
	keys.press("Add print shop")
	keys.sees("Paste an age recipient")
	keys.looks("print-shops-mistake")
	keys.fill("Public key", "age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm") // of age's own tests
	keys.press("Add print shop")
	keys.sees("Remove")
	keys.looks("print-shops")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open(series + "/export")
	phone.until("the preview", drawn)
	phone.looks("phone-export-form")
	phone.sees("Encrypt for")
	phone.fill("Move right", "far")
	phone.press("Preview")
	phone.sees("Type millimetres")
	phone.looks("phone-export-mistake")

	phone.open("/admin/config/print-shops")
	phone.looks("phone-print-shops")
	admin.press("Export")
	admin.until("the file", `[...document.querySelectorAll(".files li")].some(li => li.innerText.includes("One card a page") && li.innerText.includes("Download"))`)
	admin.sees("up to serial 40")
	admin.looks("export-made")
	phone.open(series + "/export")
	phone.until("what was chosen last", `document.querySelector("#f-layout").value === "id-1" && document.querySelector("#f-sides").value === "both"`)
}
