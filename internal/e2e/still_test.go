package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Pages of staff hold still while they load: what a script changes is in place at the first
// paint.
func TestPagesHoldStill(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	paths := []string{
		"/admin", "/admin/customers", "/admin/customers/1", "/admin/customers/1/billing/payments", "/admin/finance/refill-cards/series",
		"/admin/finance/refill-cards/generate", "/admin/finance/refill-cards/statistics?period=all", "/admin/finance/refill-cards/import", "/admin/jobs", "/admin/checks",
		"/admin/audit", "/admin/config/portal", "/admin/config/general", "/admin/config/vouchers", "/admin/config/cards", "/admin/partners/1", "/admin/config/staff", "/admin/account",
	}
	for _, width := range []int64{1440, 360} {
		admin := newBrowser(t, d.URL, width, 900)
		admin.signIn("/admin/login", "admin")
		for _, path := range paths {
			admin.open(path)
			admin.until("the whole page", `document.readyState === "complete"`)
			moved := script[float64](admin, `new Promise((done) => {
				let sum = 0;
				new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; }).observe({type: "layout-shift", buffered: true});
				requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum))));
			})`)
			require.LessOrEqual(t, moved, 0.02, "%s at %d pixels", path, width)
		}
	}
}
