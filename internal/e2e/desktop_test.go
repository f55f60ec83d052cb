package e2e_test

import (
	"context"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// allow sets what the browser answers to a page that wants to show notifications.
func (b *browser) allow(setting cdpbrowser.PermissionSetting) {
	b.t.Helper()
	_, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
		Permission: &cdpbrowser.PermissionDescriptor{Name: "notifications"}, Setting: setting, Origin: b.base,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	require.NoError(b.t, err)
}

// noteNotifications keeps the notifications that the pages of a tab show, and lets a test say
// that a page is hidden, which a tab without a window never is.
func (b *browser) noteNotifications() {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			window.shown = [];
			window.Notification = class extends window.Notification {
				constructor(title, options) { super(title, options); window.shown.push(this); }
			};
			Object.defineProperty(document, "hidden", { get: () => window.away === true });`})
		return err
	})))
}

// flip presses the switch on the page of notifications.
func (b *browser) flip() {
	b.t.Helper()
	script[bool](b, `document.querySelector("main [data-desktop-switch]").click() === undefined`)
}

// second opens another tab of the same browser.
func (b *browser) second() *browser {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	require.NoError(b.t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	return watched(ctx, b.t, b.base, end)
}

// A person who wants to is told on the desktop of what is new while no page is in sight, once
// for all tabs.
func TestDesktopNotifications(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	one := newBrowser(t, d.URL, 1280, 900)
	one.allow(cdpbrowser.PermissionSettingGranted)
	one.noteNotifications()
	one.signIn("/admin/login", "admin")
	one.open("/admin/notifications")
	one.until("the switch, off", `document.querySelector("main [data-desktop]:not([hidden]) input:not(:checked)")`)
	one.looks("desktop-off")
	one.flip()
	one.until("on", `localStorage.getItem("desktop-notifications") === "on" && document.querySelector("main [data-desktop] input").checked`)

	two := one.second()
	two.noteNotifications()
	two.open("/admin/jobs")
	other := newBrowser(t, d.URL, 1280, 900)
	other.signIn("/admin/login", "admin")
	generate := func() string {
		other.open("/admin/finance/refill-cards/generate")
		other.fill("Quantity", "5")
		other.fill("Price", "1.00")
		other.fill("Partner", "Any")
		other.press("Generate")
		other.until("the series", `document.querySelector("h1").innerText.startsWith("Series ")`)
		return script[string](other, `document.querySelector("h1").innerText`)
	}
	streams := func() {
		for _, tab := range []*browser{one, two} {
			tab.until("the stream", `document.querySelector("#stream")._htmx?.sse`)
		}
	}
	const count = `Number(document.querySelector(".bell-count")?.textContent ?? 0)`
	streams()
	generate()
	for _, tab := range []*browser{one, two} {
		tab.until("the bell", count+` === 1`)
		require.Zero(t, script[int](tab, `window.shown.length`), "the pages are in sight")
	}
	script[bool](one, `window.away = true`)
	script[bool](two, `window.away = true`)
	series := generate()
	for _, tab := range []*browser{one, two} {
		tab.until("the bell", count+` === 2`)
	}
	one.until("one notification", `JSON.parse(localStorage.getItem("desktop-told")) >= Date.parse(document.querySelector("#bell").elements.until.value)`)
	// The second tab had the lock after the first.
	wait := `navigator.locks.request("desktop-told", () => true)`
	require.True(t, script[bool](one, `new Promise((done) => setTimeout(done, 1500)).then(() => `+wait+`)`))
	require.True(t, script[bool](two, wait))
	shown := one
	if script[int](two, `window.shown.length`) > 0 {
		shown = two
	}
	require.Equal(t, 1, script[int](one, `window.shown.length`)+script[int](two, `window.shown.length`))
	require.Equal(t, series+" is generated", script[string](shown, `window.shown[0].title`))
	script[bool](shown, `window.shown[0].dispatchEvent(new Event("click"))`)
	shown.until("its page", `document.querySelector("h1")?.innerText === `+quote(series))

	one.open("/admin/notifications")
	one.flip()
	one.until("off", `localStorage.getItem("desktop-notifications") === null`)
}

// A browser that blocks notifications is named as the reason.
func TestDesktopNotificationsBlocked(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	b := newBrowser(t, d.URL, 360, 800)
	b.allow(cdpbrowser.PermissionSettingDenied)
	b.signIn("/admin/login", "admin")
	b.open("/admin/notifications")
	b.until("the reason", `document.querySelector("main [data-desktop-blocked]:not([hidden])")`)
	b.flip()
	b.until("off", `!document.querySelector("main [data-desktop] input").checked && localStorage.getItem("desktop-notifications") === null`)
	b.looks("desktop-blocked")
}
