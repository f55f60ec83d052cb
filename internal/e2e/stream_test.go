package e2e_test

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A page whose first connection for events failed becomes live all the same.
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
