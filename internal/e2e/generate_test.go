package e2e_test

import (
	"testing"
	"time"
)

// On Generate a mistake goes when its field is changed, the sum of the order and the picture
// follow the form, and the last order is repeated by a link; at the desk and on a phone.
func TestGenerateForm(t *testing.T) {
	t.Parallel()
	d := ownDemo(t) // the link repeats what its person ordered last, in any test
	for name, width := range map[string]int64{"desk": 1280, "phone": 360} {
		b := newBrowser(t, d.URL, width, 800)
		b.signIn("/admin/login", "admin")
		b.open("/admin/finance/refill-cards/generate")
		b.fill("Quantity", "20")
		b.fill("Prefix", "a b")
		b.fill("Price", "10.00")
		b.fill("Partner", "Any")
		b.fill("Valid till", time.Now().AddDate(0, 0, 90).Format(time.DateOnly))
		b.press("Generate")
		b.until("the mistake", `document.querySelector("#f-prefix-error") && document.querySelector(".notice-bad a[href='#f-prefix']")`)
		b.looks("generate-mistake-" + name)
		b.fill("Prefix", "Again")
		b.until("no mistake", `!document.querySelector("#f-prefix-error, .notice-bad, [aria-invalid]") && !document.querySelector("#f-prefix").getAttribute("aria-describedby").includes("error")`)
		b.until("the sum", `document.querySelector("#order-sum").innerText === "20 cards × USD 10.00 = USD 200.00"`)
		b.until("the card", `(img => img.complete && img.naturalWidth > 100 && img.alt.includes("code Again-••••"))(document.querySelector("#order-preview img"))`)
		b.looks("generate-mended-" + name)
		b.dark()
		b.looks("generate-mended-dark-" + name)
		b.press("Generate")
		b.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)

		b.open("/admin/finance/refill-cards/generate")
		b.press("As last time")
		b.until("the last order", `document.querySelector("#f-quantity").value === "20" && document.querySelector("#f-prefix").value === "Again" && document.querySelector("#f-price").value === "10.00" && document.querySelector("#f-partner").value === "any"`)
		b.until("the sum", `document.querySelector("#order-sum").innerText === "20 cards × USD 10.00 = USD 200.00"`)
	}
}
