package e2e_test

import (
	"testing"
	"time"
)

// A series is ordered and printed once, and its codes are shredded; on a phone too.
func TestPrintedOnce(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "20")
	admin.fill("Prefix", "Once")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.tick("Print once")
	admin.looks("generate-print-once")
	admin.press("Generate")
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length > 10 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)
	admin.sees("Printed once: one file is made")
	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.until("the Download link", downloadLink)
	fetchCSV(t, admin, script[string](admin, downloadLink+`.href`))
	admin.sees("Did the file arrive?") // by itself, once it is fetched
	admin.looks("print-once-asks")
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open(series)
	phone.sees("Did the file arrive?")
	phone.looks("phone-print-once-asks")
	phone.press("It arrived: shred the codes")
	phone.sees("The codes were shredded")
	phone.looks("phone-print-once-shredded")
	admin.open(series)
	admin.sees("erased")
	admin.looks("print-once-shredded")
}
