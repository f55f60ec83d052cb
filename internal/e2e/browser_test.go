package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdpnet "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is the longest time that a test waits for a page to show something. It is long
// because the machine may be busy with other tests. A test continues as soon as the page
// shows it.
const patience = 4 * time.Minute

// firstLook and lastLook are the shortest and the longest pause between two looks at a page
// that is waited for.
const firstLook, lastLook = 4 * time.Millisecond, 64 * time.Millisecond

// browser is one person's browser: its own window, cookies and console.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	base string
	// close ends the browser before the test does.
	close func()
}

// axe is the accessibility checker.
var axe = sync.OnceValues(func() (string, error) {
	text, err := os.ReadFile(filepath.Join("..", "..", "static", "node_modules", "axe-core", "axe.min.js"))
	return string(text) + "; null", err
})

// newBrowser opens a browser window of a size.
func newBrowser(t *testing.T, base string, width, height int64) *browser {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(sharedChromium(t), chromedp.WithNewBrowserContext())
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, height)))
	// A page that listens for events is slow to close; without its context it is gone.
	all := chromedp.FromContext(ctx).BrowserContextID
	return watched(ctx, t, base, func() {
		_, _ = chromedp.CallBrowser(ctx, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: all})
		closeTab()
	})
}

// keptBrowser opens a browser in a Chromium process of its own, whose profile is in a
// folder.
func keptBrowser(t *testing.T, base, profile string, width, height int64) *browser {
	t.Helper()
	ctx, end, err := startChromium(profile)
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, height)))
	return watched(ctx, t, base, func() { _ = end() }) // killed where it does not end
}

// watched is a browser whose console the test reads. Any complaint fails the test, such as
// a script or style that the content security policy refused.
func watched(ctx context.Context, t *testing.T, base string, end func()) *browser {
	t.Helper()
	require.NoError(t, look(ctx, "", ""))
	listened := make(chan struct{})
	messages := chromedp.Console(ctx)
	go func() {
		defer close(listened)
		for m, err := range messages {
			if err != nil {
				return
			}
			if strings.Contains(m.Text, "status of 422") || strings.Contains(m.Text, "status of 401") || strings.Contains(m.Text, "no line") ||
				strings.Contains(m.Text, "'beforeunload'") {
				// A form with an error, a session that ended, a connection that the test broke, or a
				// question about unsaved changes that is not asked because no person has typed.
				continue
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException {
				t.Errorf("console: %s (%s)", m.Text, m.URL)
			}
		}
	}()
	b := &browser{t: t, ctx: ctx, base: base}
	b.close = sync.OnceFunc(func() {
		end()
		<-listened
	})
	t.Cleanup(b.close)
	return b
}

// look sets the medium of the page ("print", or "" for the screen) and its colour scheme.
// Animations are off, because they take time and are not tested.
func look(ctx context.Context, medium, scheme string) error {
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media:    medium,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	return err
}

// open opens an address of the portal. On a busy machine the portal may respond with 503
// after ten seconds; open then tries again.
func (b *browser) open(path string) {
	b.t.Helper()
	b.again(path, func() (int, error) {
		if err := chromedp.Do(b.ctx, chromedp.Navigate(b.base+path)); err != nil {
			return 0, err
		}
		return chromedp.Run(b.ctx, chromedp.Evaluate[int](`performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0`))
	})
}

// again asks again while the portal says that it can't answer now, and returns the last
// status.
func (b *browser) again(what string, ask func() (int, error)) int {
	b.t.Helper()
	for began := time.Now(); ; {
		status, err := ask()
		require.NoError(b.t, err, what)
		if status != http.StatusServiceUnavailable || time.Since(began) > patience {
			return status
		}
	}
}

// errLoading is the message of a page whose document is not complete yet.
const errLoading = "the document is still loading"

// whole returns JavaScript that evaluates an expression only if the document is complete.
// While a page is loading, elements at its end are missing, so a test for their absence
// would succeed too early.
func whole(expression string) string {
	return `(() => { if (document.readyState === "loading") throw new Error("` + errLoading + `"); return (` + expression + `); })()`
}

// script returns the value of a JavaScript expression, as soon as the document is complete.
func script[T any](b *browser, expression string) T {
	b.t.Helper()
	for began := time.Now(); ; <-time.After(firstLook) {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](whole(expression), chromedp.EvalAwaitPromise))
		if err != nil && strings.Contains(err.Error(), errLoading) && time.Since(began) < patience {
			continue
		}
		require.NoError(b.t, err, expression)
		return v
	}
}

// until waits until an expression is true on the page, or on a page that the browser has
// opened since then.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(firstLook)
	defer tick.Stop()
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		tick.Reset(pause)
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](whole("Boolean("+expression+")")))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			b.shot("failed")
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
			b.t.Fatalf("waited %s for %s; last error %v; the page says:\n%s", patience, what, err, text)
		}
	}
}

// sees waits until the page shows a text.
func (b *browser) sees(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("the text %q", text), fmt.Sprintf(`document.body.innerText.replace(/\s+/g, " ").includes(%s)`, quote(text)))
}

// refused waits until the page shows a fault, by its code.
func (b *browser) refused(code string) {
	b.t.Helper()
	b.until("the fault "+code, `[...document.querySelectorAll(`+quote(`[data-fault~="`+code+`"]`)+`)].some(e => e.offsetParent)`)
}

func quote(text string) string {
	q, _ := json.Marshal(text)
	return string(q)
}

// find is JavaScript for the control of a label, as a person finds it.
const find = `(label => { const l = [...document.querySelectorAll("label")].filter(l => l.offsetParent && l.innerText.trim().split("\n")[0].replace(/\s*\*$/, "") === label)[0]; return l && (l.control || document.getElementById(l.htmlFor)); })`

// fill types a value into the field of a label; a select takes the text of an
// option.
func (b *browser) fill(label, value string) {
	b.t.Helper()
	b.until("the field "+label, find+"("+quote(label)+")")
	ok := script[bool](b, fmt.Sprintf(`(() => {
		const field = %s(%s), value = %s;
		field.focus();
		if (field.tagName === "SELECT") {
			const option = [...field.options].find(o => o.text.trim() === value);
			if (!option) return false;
			field.value = option.value;
		} else {
			field.value = value;
		}
		field.dispatchEvent(new Event("input", {bubbles: true}));
		field.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, find, quote(label), quote(value)))
	require.True(b.t, ok, "%s has no option %s", label, value)
}

// pick chooses the radio button whose label begins with a text.
func (b *browser) pick(label string) {
	b.t.Helper()
	radio := fmt.Sprintf(`[...document.querySelectorAll("label")].find(l => l.offsetParent && l.control?.type === "radio" && l.innerText.trim().startsWith(%s))`, quote(label))
	b.until("the choice "+label, radio)
	script[bool](b, "(l => { l.control.focus(); l.click(); return l.control.checked })("+radio+")")
}

// press presses the button, follows the link, or opens the part, of a name.
func (b *browser) press(name string) {
	b.t.Helper()
	button := fmt.Sprintf(`["dialog[open] button", "main button", "main a, main summary", "button, a"].flatMap(s => [...document.querySelectorAll(s)]).find(e => e.offsetParent && ((e.getAttribute("aria-label") || e.innerText || e.value || "").trim().startsWith(%s)))`, quote(name))
	b.until("the button "+name, button)
	script[bool](b, "(e => { e.scrollIntoView({block: 'center'}); e.click(); return true })("+button+")")
}

// typeIn types into the field of a label, key by key.
func (b *browser) typeIn(label, text string) {
	b.t.Helper()
	b.until("the field "+label, find+"("+quote(label)+")")
	script[bool](b, "("+find+"("+quote(label)+").focus(), true)")
	for _, key := range text {
		require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(string(key))))
	}
}

// choose puts a file into a file field.
func (b *browser) choose(selector, file string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.SetUploadFiles(selector, []string{file})))
}

// touch makes the window a touch screen.
func (b *browser) touch() {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return err
	})))
}

// signIn signs in at a door as the page of the door does, without showing it.
func (b *browser) signIn(door, username string) {
	b.t.Helper()
	form := url.Values{"username": {username}, "password": {"refill-demo"}}
	var cookies []*http.Cookie
	status := b.again(door, func() (int, error) {
		request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+door, strings.NewReader(form.Encode()))
		if err != nil {
			return 0, err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Close = true
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return 0, err
		}
		cookies = answer.Cookies()
		return answer.StatusCode, answer.Body.Close()
	})
	require.Equal(b.t, http.StatusSeeOther, status, "%s signs in", username)
	for _, cookie := range cookies {
		_, err := chromedp.Call(b.ctx, cdpnet.SetCookie, cdpnet.SetCookieParams{
			Name: cookie.Name, Value: cookie.Value, URL: b.base, Path: cookie.Path,
			HTTPOnly: &cookie.HttpOnly, SameSite: map[http.SameSite]cdpnet.CookieSameSite{
				http.SameSiteLaxMode: cdpnet.CookieSameSiteLax, http.SameSiteStrictMode: cdpnet.CookieSameSiteStrict,
			}[cookie.SameSite],
		})
		require.NoError(b.t, err)
	}
}

// signInByForm signs in at a door as a person does, and waits for the page behind it.
func (b *browser) signInByForm(door, username string) {
	b.t.Helper()
	b.open(door)
	b.fill("Username", username)
	b.fill("Password", "refill-demo")
	b.press("Sign in")
	b.until("the end of the sign-in", `location.pathname !== `+quote(strings.Split(door, "?")[0])+` && document.readyState === "complete"`)
}

// fits fails where the page is wider than the window.
func (b *browser) fits() {
	b.t.Helper()
	wide := script[bool](b, `document.documentElement.scrollWidth > innerWidth`)
	if wide {
		b.t.Fatalf("%s scrolls sideways: %s", script[string](b, `location.pathname + " at " + innerWidth`), script[string](b,
			`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-wrap")).slice(0, 6).map(e => e.tagName + "." + e.className + "#" + e.id).join(", ")`))
	}
}

// accessible runs the accessibility checker on the page in the light and the dark scheme. In
// the dark scheme it checks only contrast, because no other rule depends on colours.
func (b *browser) accessible() {
	b.t.Helper()
	if !script[bool](b, "Boolean(window.axe)") {
		text, err := axe()
		require.NoError(b.t, err, "make test fetches it")
		_, err = chromedp.Run(b.ctx, chromedp.Evaluate[any](text))
		require.NoError(b.t, err)
	}
	for _, one := range []struct{ scheme, options string }{
		{"dark", `{runOnly: ["color-contrast"], resultTypes: ["violations"]}`},
		{"light", `{resultTypes: ["violations"]}`},
	} {
		require.NoError(b.t, look(b.ctx, "", one.scheme))
		// Selectors of elements take as much time as the check, so they are only computed
		// after a violation.
		found := script[string](b, `(async options => {
			const judged = await axe.run({...options, selectors: false});
			if (!judged.violations.length) return "";
			const named = await axe.run(options);
			return judged.violations.map(v => v.id).join(", ") + "\n" + named.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + (n.any[0]?.message || n.failureSummary) + ")").join("; ")).join("\n");
		})(`+one.options+`)`)
		if found != "" {
			b.t.Errorf("%s, %s: %s", script[string](b, `location.pathname`), one.scheme, found)
		}
	}
}

// shot keeps a picture of the page where REFILL_SHOTS names a folder.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("REFILL_SHOTS") //nolint:forbidigo // a test binary has no main that could read it
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)) //nolint:gosec // the folder is named by the person who runs the tests
}

// looks checks the rules for every page (width and accessibility), and takes a screenshot.
func (b *browser) looks(name string) {
	b.t.Helper()
	b.until("the whole page", `document.readyState === "complete"`)
	b.fits()
	b.accessible()
	b.shot(name)
}
