package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What an address or a summary of mistakes leads to is not hidden by the bars at the top
// and at the bottom.
func TestAnchorsAreInSight(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 700)
	admin.signIn("/admin/login", "admin")
	for _, at := range [][2]string{
		{"/admin/checks", "rule-12"},
		{"/admin/config/vouchers", "f-wrong_partner"},
		{"/admin/config/vouchers", "f-guesses_daily"},
		{"/admin/finance/refill-cards/series/202605", "series-cards"},
		{"/admin/finance/refill-cards/series/202605", "series-exports"},
	} {
		admin.open(at[0])
		require.True(t, script[bool](admin, `!!document.getElementById("`+at[1]+`")`), at[1])
		admin.until("in sight: "+at[1], `(location.hash = "", location.hash = "`+at[1]+`", (() => {
			const place = document.getElementById("`+at[1]+`").getBoundingClientRect();
			const bar = document.querySelector(".topbar").getBoundingClientRect();
			const foot = document.querySelector(".save-bar")?.getBoundingClientRect().top ?? innerHeight;
			return place.top >= bar.bottom && place.top < foot;
		})())`)
	}
}

// A filter applies when it is chosen, and the focus stays on it.
func TestFiltersApply(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/statistics")
	admin.until("the period applied", `location.search.includes("period=all") || (window.asked ??= (() => {
		const field = document.querySelector("#f-period");
		field.value = "all";
		field.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})(), false)`)
	admin.until("the focus", `document.activeElement.id === "f-period"`)
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	phone.open("/admin/audit")
	require.False(t, script[bool](phone, `document.querySelector(".fold").open`))
	phone.looks("audit-phone")
	phone.open("/admin/customers")
	phone.looks("customers-phone")
	admin.open("/admin/audit")
	admin.until("a row opens", `(document.querySelector(".audit-more").open = true)`)
	admin.looks("audit")
}

// Leaving a page with unsaved changes is asked about, saving it is not.
func TestUnsavedChanges(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/theft")
	asks := `(() => { const event = new Event("beforeunload", {cancelable: true}); dispatchEvent(event); return event.defaultPrevented; })()`
	require.False(t, script[bool](admin, asks))
	require.True(t, script[bool](admin, `(() => {
		const field = document.querySelector("#f-run_minutes");
		field.value = "17";
		field.dispatchEvent(new Event("input", {bubbles: true}));
		return getComputedStyle(document.querySelector(".save-note")).display !== "none";
	})()`))
	require.True(t, script[bool](admin, asks))
	admin.looks("unsaved")
	require.False(t, script[bool](admin, `(() => {
		const form = document.querySelector("form[data-unsaved]");
		form.addEventListener("submit", (event) => event.preventDefault());
		form.requestSubmit();
		return `+asks+`;
	})()`))
	require.True(t, script[bool](admin, `(() => { document.querySelector("form[data-unsaved]").reset(); return true; })()`))
}

// The statistics of series are whole at every width, or show at their edge that they scroll.
func TestStatisticsShowThatTheyScroll(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	for _, width := range []int64{1440, 1280, 768} {
		admin := newBrowser(t, d.URL, width, 900)
		admin.signIn("/admin/login", "admin")
		admin.open("/admin/finance/refill-cards/statistics?period=all")
		require.True(t, script[bool](admin, `(() => {
			const wrap = document.querySelector(".table-wrap");
			const style = getComputedStyle(wrap);
			const hinted = style.overflowX === "auto" && style.backgroundImage.split("gradient(").length === 5;
			return document.documentElement.scrollWidth <= innerWidth && (wrap.scrollWidth <= wrap.clientWidth || hinted);
		})()`), "%d pixels", width)
	}
}

// A million cards of ten million each fit the list of series and its statistics at 1280
// pixels: no column is cut off.
func TestLargestAmountsFit(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/series")
	require.True(t, script[bool](admin, `(() => {
		const row = document.querySelector(".series-table tbody tr");
		row.querySelector(".at-value .nowrap").textContent = "USD 10,000,000,000,000.00";
		row.querySelector(".at-value .muted").textContent = "1,000,000 × USD 10,000,000.00";
		row.querySelector(".at-outstanding").textContent = "USD 10,000,000,000,000.00";
		const menu = row.querySelector(".at-menu").getBoundingClientRect(), sheet = document.querySelector("#series-rows").getBoundingClientRect();
		return document.documentElement.scrollWidth <= innerWidth && row.querySelector(".bar").getBoundingClientRect().right <= menu.left && menu.right <= sheet.right + 24;
	})()`))
	admin.open("/admin/finance/refill-cards/statistics?period=all")
	require.True(t, script[bool](admin, `(() => {
		const cells = document.querySelectorAll(".report-table tbody tr:first-child td");
		cells[2].textContent = "USD 10,000,000.00";
		cells[3].textContent = "1,000,000";
		cells[5].innerHTML = "1,000,000 <small>10,000,000,000,000.00</small>";
		const wrap = document.querySelector(".table-wrap");
		return wrap.scrollWidth <= wrap.clientWidth;
	})()`))
}

// The audit trail of the sample data is in the order of its times.
func TestSampleTrailIsInOrder(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	for _, from := range []string{"", "&before=1500", "&before=700"} {
		admin.open("/admin/audit?what=card.redeemed" + from)
		require.True(t, script[bool](admin, `(() => {
			const times = [...document.querySelectorAll(".audit-table time")].map((time) => Date.parse(time.dateTime));
			return times.length > 10 && times.every((time, i) => !i || time <= times[i - 1] + 2000);
		})()`), from)
	}
}
