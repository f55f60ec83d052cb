package e2e_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Above the value of the settings two people put cards into use: one asks, another
// decides, and each sees at once what the other did. The setting is of the
// installation, so the demo is this test's own.
func TestApprovals(t *testing.T) {
	t.Parallel()
	d := startDemo(t, freeAddr(t), filepath.Join(t.TempDir(), "data"))
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/vouchers")
	admin.fill("A second person approves exports and activations above", "100.00")
	admin.press("Save")
	admin.sees("Saved.")
	admin.open("/admin/config/roles")
	admin.until("the role", `[...document.querySelectorAll("a")].find(a => a.innerText.trim() === "Operator")`)
	script[bool](admin, `([...document.querySelectorAll("a")].find(a => a.innerText.trim() === "Operator").click(), true)`)
	admin.until("its permissions", find+`("Approve what others ask to activate or export")`)
	script[bool](admin, `(`+find+`("Approve what others ask to activate or export").click(), true)`)
	admin.press("Save")
	admin.sees("Saved. It holds from now on.")

	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "20")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the series page", `/\/refill-cards\/series\/\d+$/.test(location.pathname)`)
	admin.sees("Waiting for approval by somebody else: Activate 20 cards worth USD 200.00")
	admin.looks("approval-asked")

	second := newBrowser(t, d.URL, 1280, 900)
	second.signIn("/admin/login", "operator")
	second.until("how many wait", `document.querySelector("#menu-count").innerText.trim().startsWith("1")`)
	second.open("/admin/finance/refill-cards/approvals")
	second.sees("Activate 20 cards worth USD 200.00")
	second.looks("approvals")
	decide := func(button string) {
		t.Helper()
		second.until("the form", `document.querySelector(".approval-form")`)
		script[bool](second, `(document.querySelector(".approval-form input").value = "the boxes are here", true)`)
		script[bool](second, `([...document.querySelectorAll(".approval-form button")].find(b => b.innerText.trim().startsWith("`+button+`")).click(), true)`)
	}
	script[bool](admin, `window.sameDocument = true`)
	decide("Approve")
	second.sees("Approved.")
	second.sees("the boxes are here")
	admin.until("the series becoming active, without a reload", `document.querySelector("#series-head .state").innerText.trim() === "Active" && window.sameDocument`)

	admin.fill("Format", "CSV")
	admin.press("Export")
	admin.sees("Waits for approval")
	admin.looks("approval-export")
	second.until("it, without a reload", `document.querySelector("#approvals-live").innerText.includes("Export the codes of 20 cards")`)
	decide("Approve")
	admin.until("the Download link", `[...document.querySelectorAll("a")].find(a => a.offsetParent && a.innerText.trim() === "Download" && a.href.includes("/exports/"))`)
	second.until("that nothing waits", `!document.querySelector(".approval-form")`)
	require.Equal(t, "0", script[string](second, `document.querySelector("#menu-count").firstChild.textContent.trim()`))

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "operator")
	admin.press("Export")
	phone.open("/admin/finance/refill-cards/approvals")
	phone.until("the next one", `document.querySelector(".approval-form")`)
	phone.looks("approvals-phone")
}
