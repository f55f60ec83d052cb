package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// However far a list is scrolled, the bar on top, the heads of the table and the menu stay in
// sight.
func TestFrameStaysInSight(t *testing.T) {
	t.Parallel()
	admin := newBrowser(t, sharedDemo(t).URL, 1280, 700)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/customers")
	require.True(t, script[bool](admin, `document.documentElement.scrollHeight > 2 * innerHeight`), "the list is long")
	admin.until("the end of the list", `(scrollTo(0, 1e6), scrollY > 500)`)
	require.True(t, script[bool](admin, `(() => {
		const at = (selector) => document.querySelector(selector).getBoundingClientRect();
		const bar = at(".topbar"), head = at("main th"), menu = at(".menu a[aria-current]");
		return bar.top === 0 && head.top >= bar.bottom - 1 && head.top < bar.bottom + 40 && menu.top >= bar.bottom && menu.bottom < innerHeight;
	})()`))
}

// The box for a code on the page of a customer has room for all groups of a code, also on a
// phone.
func TestRedeemBoxHasRoomForACode(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	for _, width := range []int64{1280, 360} {
		cashier := newBrowser(t, d.URL, width, 800)
		cashier.signIn("/admin/login", "cashier")
		cashier.open("/admin/customers/1")
		cashier.fill("Code", "2345-6789-ABCD-EFGH")
		require.True(t, script[bool](cashier, `(() => { const field = document.querySelector("input[name=code]:not([type=hidden])"); return field.value.length >= 16 && field.scrollWidth <= field.clientWidth; })()`), "%d pixels", width)
	}
}

// The focus stays on Export while the file is asked for, so that a keyboard goes on from there.
// A second press meanwhile sends nothing.
func TestFocusAfterExport(t *testing.T) {
	t.Parallel()
	admin := newBrowser(t, sharedDemo(t).URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/series/202605")
	for range 3 {
		script[bool](admin, `(() => {
			const button = [...document.querySelectorAll("main button")].find((b) => b.innerText.trim() === "Export");
			window.sent = window.answered = 0;
			window.lost = false;
			button.form.addEventListener("htmx:before:request", () => { sent++; });
			document.addEventListener("htmx:after:swap", () => { answered++; });
			button.focus();
			button.click();
			setTimeout(() => {
				window.lost = document.activeElement === document.body;
				button.click();
			}, 20);
			return true;
		})()`)
		admin.until("the answer", `answered > 0 && document.querySelector("#series-files .file-head")`)
		admin.until("the focus on Export again", `document.activeElement.innerText.trim() === "Export" && !document.querySelector(".waiting")`)
		require.Equal(t, []any{float64(1), false}, script[[]any](admin, `[sent, lost]`), "requests, and the focus on the way")
	}
}

// On a phone the filters of a list lie over the page when they are opened, and Escape closes
// them and leads back to their button.
func TestFiltersOnAPhone(t *testing.T) {
	t.Parallel()
	phone := newBrowser(t, sharedDemo(t).URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open("/admin/audit")
	phone.until("folded", `!document.querySelector(".fold").open`)
	script[bool](phone, `(document.querySelector(".fold > summary").click(), true)`)
	phone.until("the sheet", `(() => { const sheet = document.querySelector(".fold > :is(form, .filter-sheet)").getBoundingClientRect(); return Math.abs(sheet.bottom - innerHeight) < 2 && sheet.width >= 350; })()`)
	phone.looks("filters-phone")
	script[bool](phone, `(document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true})), true)`)
	phone.until("closed", `!document.querySelector(".fold").open && document.activeElement.matches(".fold > summary")`)
}
