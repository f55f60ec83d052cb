package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// A page whose first connection to the event stream failed connects again.
func TestStreamStartsLate(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	require.NoError(t, chromedp.Do(admin.ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			const fetchReally = window.fetch;
			window.eventsAsked = 0;
			window.fetch = (...request) => String(request[0]).includes("/admin/events") && !window.eventsAsked++
				? Promise.reject(new TypeError("no line")) : fetchReally(...request);`})
		return err
	})))
	admin.open("/admin/jobs")
	admin.until("the stream", `window.eventsAsked === 2 && document.querySelector("#stream")._htmx.sse`)
}

// A page that gets no event stream, because its person has too many, polls instead and keeps
// the typed text. It connects to the stream as soon as the limit permits.
func TestPageWithoutAStreamPolls(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	require.NoError(t, chromedp.Do(admin.ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			const fetchReally = window.fetch, waitReally = window.setTimeout;
			window.setTimeout = (f, ms, ...rest) => waitReally(f, ms >= 15000 && ms <= 20000 ? 300 : ms, ...rest); // between two tries
			window.eventsAsked = window.trayAsked = 0;
			window.fetch = (...request) => {
				const to = String(request[0]?.url ?? request[0]);
				if (to.includes("/admin/exports/tray")) window.trayAsked++;
				if (!to.includes("/admin/events")) return fetchReally(...request);
				window.eventsAsked++;
				return window.room ? fetchReally(...request) : Promise.resolve(new Response(null, {status: 429}));
			};`})
		return err
	})))
	admin.open("/admin/jobs")
	admin.until("typed", `(document.querySelector("#f-anything").value = "half a name") !== ""`)
	admin.until("polling", `window.eventsAsked >= 3 && window.trayAsked >= 2 && !document.querySelector("#stream")._htmx?.sse`)
	admin.until("nothing is said of it", `!document.querySelector("#notice [role=alert], #notice .notice-bad")`)
	admin.until("what is typed stays", `document.querySelector("#f-anything").value === "half a name"`)
	admin.until("room", `window.room = true`)
	admin.until("the stream", `document.querySelector("#stream")._htmx?.sse`)
}

// The bell lists everything that has finished in the background, and works by click and by
// keyboard. A toast disappears by itself.
func TestBell(t *testing.T) {
	t.Parallel()
	d := startDemo(t, freeAddr(t), t.TempDir()) // what other tests make would be in the bell too
	for _, width := range []int64{1280, 360} {
		admin := newBrowser(t, d.URL, width, 800)
		admin.signIn("/admin/login", "admin")
		admin.open("/admin/finance/refill-cards/generate")
		admin.fill("Quantity", "20")
		admin.fill("Price", "1.00")
		admin.fill("Partner", "Any")
		admin.press("Generate")
		admin.until("the series", `document.querySelector("h1").innerText.startsWith("Series ")`)
		series := script[string](admin, `document.querySelector("h1").innerText`)
		admin.until("the bell's count", `Number(document.querySelector(".bell-count")?.textContent) > 0`)
		admin.until("the title", `/^\(\d+\) /.test(document.title)`)
		script[bool](admin, `(document.querySelector("[data-bell]").focus(), true)`)
		admin.types(kb.Enter)
		admin.until("the list", `document.querySelector("#bell-panel:popover-open")?.innerText.includes(`+quote(series+" is generated")+`)`)
		admin.looks(fmt.Sprintf("bell-%d", width))
		require.False(t, script[bool](admin, `Boolean(document.querySelector(".bell-count"))`))
		admin.types(kb.Escape)
		admin.until("the focus on the bell", `!document.querySelector("#bell-panel:popover-open") && document.activeElement.matches("[data-bell]")`)
		admin.open("/admin/notifications")
		admin.sees(series + " is generated")
		admin.looks(fmt.Sprintf("notifications-%d", width))
		admin.close()
	}
}
