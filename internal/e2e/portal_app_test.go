package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Where the portal can't be reached the phone shows the offline page, and it has kept nothing
// else than that page and static files.
func TestPortalOffline(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	to, err := url.Parse(d.URL)
	require.NoError(t, err)
	line := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}})
	defer line.Close()
	phone := newBrowser(t, line.URL, 360, 740)
	phone.signIn("/portal/login", "customer3")
	phone.open("/portal/finance/payments")
	require.True(t, script[bool](phone, `navigator.serviceWorker.ready.then(() => true)`))
	phone.open("/portal/finance/refill-card")
	phone.open("/portal")
	kept := script[[]string](phone, `(async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => new URL(r.url).pathname)))).flat())()`)
	require.Contains(t, kept, "/portal/offline")
	for _, path := range kept {
		require.Regexp(t, `^(/static/|/portal/offline$)`, path)
	}
	line.CloseClientConnections()
	line.Close()
	script[bool](phone, `(location.href = "/portal/finance/payments", true)`)
	phone.sees("You are offline")
	phone.looks("portal-offline")
	require.Equal(t, http.StatusOK, script[int](phone, `performance.getEntriesByType("navigation")[0].responseStatus`))
}

// A browser that reads QR codes fills the code in by its camera.
func TestPortalCamera(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer3")
	phone.open("/portal/finance/refill-card")
	require.False(t, script[bool](phone, `Boolean(document.querySelector("[data-camera]").offsetParent)`), "this browser reads none")
	_, err := chromedp.Call(phone.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.seen = [];
		window.BarcodeDetector = class { async detect() { return window.seen; } };
		navigator.mediaDevices.getUserMedia = async () => {
			if (window.refuses) throw new DOMException("no", "NotAllowedError");
			const canvas = document.createElement("canvas");
			canvas.getContext("2d").fillRect(0, 0, 9, 9);
			return window.taken = canvas.captureStream(9);
		};`})
	require.NoError(t, err)
	phone.open("/portal/finance/refill-card")
	phone.press("Scan the QR code")
	phone.sees("Hold the QR code of the card before the camera.")
	phone.looks("portal-camera")
	script[bool](phone, `(window.seen = [{rawValue: "https://example.net/menu"}], true)`)
	phone.sees("This QR code is not that of a card.")
	script[bool](phone, `(window.seen = [{rawValue: "https://refill.example.net/r#look-23456789abcdefgh"}], true)`)
	phone.until("the code", find+`("Code").value === "look-2345-6789-ABCD-EFGH" && !document.querySelector("dialog[open]")`)
	phone.until("the camera off", `window.taken.getTracks().every(t => t.readyState === "ended")`)
	require.Equal(t, "/portal/finance/refill-card", script[string](phone, `location.href.slice(location.origin.length)`))
	script[bool](phone, `(window.refuses = true, window.seen = [], true)`)
	phone.press("Scan the QR code")
	phone.sees("The browser may not use the camera.")
	phone.press("Cancel")
	phone.until("the end of it", `!document.querySelector("dialog[open]")`)
}
