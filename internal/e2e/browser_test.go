package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a page may take to show what is waited for.
const patience = 45 * time.Second

// browser is one person's browser: its own window, cookies and console.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in it
	base string
	axe  string
	// profile is the folder that the browser keeps; close ends the browser before
	// the test does.
	profile string
	close   func()
}

// newBrowser opens a browser window of a size. Whatever the console complains
// of, the test fails: a refused script or style first of all.
func newBrowser(t *testing.T, base string, width, height int64) *browser {
	t.Helper()
	profile := t.TempDir()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	if path := os.Getenv("CHROME_PATH"); path != "" { //nolint:forbidigo // a test binary has no main that could read it
		options = append(options, chromedp.ExecPath(path))
	}
	alloc, closeAlloc := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, closeTab := chromedp.NewContext(alloc)
	axe, err := os.ReadFile(filepath.Join("..", "..", "static", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err, "make test fetches it")
	b := &browser{t: t, ctx: ctx, base: base, axe: string(axe), profile: profile}
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, height)))
	listened := make(chan struct{})
	messages := chromedp.Console(ctx)
	go func() {
		defer close(listened)
		for m, err := range messages {
			if err != nil {
				return
			}
			if strings.Contains(m.Text, "status of 422") || strings.Contains(m.Text, "no line") {
				continue // a form that has something to mend; a line that the test broke
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException {
				t.Errorf("console: %s (%s)", m.Text, m.URL)
			}
		}
	}()
	b.close = sync.OnceFunc(func() {
		closeTab()
		closeAlloc()
		<-listened
	})
	t.Cleanup(b.close)
	return b
}

// open goes to an address of the portal.
func (b *browser) open(path string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Navigate(b.base+path)), path)
}

// script runs JavaScript and returns what it gives.
func script[T any](b *browser, text string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](text, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, text)
	return v
}

// until waits until an expression holds on the page, whichever page that is by
// then.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
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

// touch makes the window one that fingers use.
func (b *browser) touch() {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return err
	})))
}

// signIn signs in at a door.
func (b *browser) signIn(door, username string) {
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

// accessible runs the accessibility checker over the page, light and dark. In the dark
// only contrast is looked at: no other rule knows colours.
func (b *browser) accessible() {
	b.t.Helper()
	if !script[bool](b, "Boolean(window.axe)") {
		script[any](b, b.axe+"; null")
	}
	for _, look := range []struct{ scheme, options string }{
		{"dark", `{runOnly: ["color-contrast"], resultTypes: ["violations"]}`},
		{"light", `{resultTypes: ["violations"]}`},
	} {
		require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
			})
			return err
		})))
		found := script[string](b, `axe.run(`+look.options+`).then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + (n.any[0]?.message || n.failureSummary) + ")").join("; ")).join("\n"))`)
		if found != "" {
			b.t.Errorf("%s, %s: %s", script[string](b, `location.pathname`), look.scheme, found)
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
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)) //nolint:gosec // whoever runs the tests names the folder
}

// looks holds a page against what every page must be, and keeps its picture.
func (b *browser) looks(name string) {
	b.t.Helper()
	b.until("the whole page", `document.readyState === "complete"`)
	b.fits()
	b.accessible()
	b.shot(name)
}
