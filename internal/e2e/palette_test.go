package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpnet "github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// requests records the addresses, the bodies and the referrers of all requests of a browser.
type requests struct {
	mu   sync.Mutex
	sent []string
}

// watchRequests records the requests from now on.
func (b *browser) watchRequests() *requests {
	b.t.Helper()
	r := &requests{}
	require.NoError(b.t, chromedp.Listen(b.ctx, func(event any) {
		e, ok := event.(*cdpnet.EventRequestWillBeSent)
		if !ok {
			return
		}
		text := e.Request.Method + " " + e.Request.URL + " from " + e.DocumentURL + fmt.Sprint(e.Request.Headers)
		for _, part := range e.Request.PostDataEntries {
			text += " " + string(part.Bytes)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = append(r.sent, text)
	}))
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cdpnet.Enable, cdpnet.EnableParams{})
		return err
	})))
	return r
}

// with returns the requests that hold a text, whatever its case and separators.
func (r *requests) with(text string) (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fold := strings.NewReplacer("-", "", "%20", "", "+", "", " ", "")
	for _, one := range r.sent {
		if strings.Contains(strings.ToLower(fold.Replace(one)), strings.ToLower(fold.Replace(text))) {
			list = append(list, one)
		}
	}
	return list
}

// control presses a key together with Ctrl.
func (b *browser) control(key string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl))))
}

const (
	paletteOpen   = `document.querySelector("#palette").open`
	paletteActive = `document.getElementById(document.querySelector("#palette-text").getAttribute("aria-activedescendant"))`
)

// answered waits until the palette shows the results for a text.
func (b *browser) answered(text string) {
	b.t.Helper()
	b.until("results of "+text, `document.querySelector("#palette").dataset.answered === `+quote(text))
}

// The palette is opened, walked, used and closed by keyboard alone, at both widths. The focus
// returns to where it was.
func TestPaletteByKeyboard(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	for _, width := range []int64{1280, 360} {
		admin := newBrowser(t, d.URL, width, 740)
		admin.signIn("/admin/login", "admin")
		admin.open("/admin/customers")
		script[bool](admin, `(document.querySelector("main a[href]").focus(), window.before = document.activeElement, true)`)
		admin.control("k")
		admin.until("the palette", paletteOpen)
		admin.answered("")
		require.Equal(t, "palette-text", script[string](admin, `document.activeElement.id`))
		require.Equal(t, "true", script[string](admin, `document.activeElement.getAttribute("aria-expanded")`))
		require.Equal(t, []string{"Actions", "Pages"}, script[[]string](admin, `[...document.querySelectorAll(".palette-title")].map(e => e.innerText)`))
		admin.looks(fmt.Sprintf("palette-empty-%d", width))
		if width == 360 {
			require.True(t, script[bool](admin, `(r => r.width === innerWidth && r.height === innerHeight)(document.querySelector("#palette").getBoundingClientRect())`), "it fills the screen")
		}
		first := script[string](admin, paletteActive+`.id`)
		admin.types(kb.ArrowDown)
		require.NotEqual(t, first, script[string](admin, paletteActive+`.id`))
		admin.types(kb.End)
		require.True(t, script[bool](admin, `[...document.querySelectorAll("#palette [role=option]")].at(-1) === `+paletteActive))
		admin.types(kb.ArrowDown)
		require.Equal(t, first, script[string](admin, paletteActive+`.id`), "the first follows the last")
		admin.types(kb.ArrowUp + kb.Home)
		require.Equal(t, first, script[string](admin, paletteActive+`.id`))
		admin.types(kb.Escape)
		admin.until("the palette closed", "!"+paletteOpen)
		require.True(t, script[bool](admin, `document.activeElement === window.before`))

		// A script sends the key, because chromedp would also send its character. The palette
		// is open by then, and "/" would be typed into its box.
		script[bool](admin, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true})) || true`)
		admin.until("the palette", paletteOpen)
		admin.types("customer1")
		admin.answered("customer1")
		require.Contains(t, script[string](admin, paletteActive+`.innerText`), "customer1", "the exact username is first")
		require.Regexp(t, `^\d+ results$`, script[string](admin, `document.querySelector("[data-status]").textContent`))
		admin.looks(fmt.Sprintf("palette-customers-%d", width))
		admin.types(kb.Enter)
		admin.until("the customer", `/^\/admin\/customers\/\d+$/.test(location.pathname)`)

		admin.types("?")
		admin.until("the list of keys", `document.querySelector("#shortcuts").open`)
		admin.looks(fmt.Sprintf("palette-keys-%d", width))
		admin.types(kb.Escape)
		admin.open("/admin/customers")
		admin.types("jj")
		second := script[string](admin, `document.activeElement.href`)
		require.Equal(t, script[string](admin, `document.querySelectorAll("main tbody tr")[1].querySelector("a").href`), second)
		admin.types("k" + kb.Enter)
		admin.until("the customer of the first row", `/^\/admin\/customers\/\d+$/.test(location.pathname) && location.href !== `+quote(second))
	}
}

// A search has an address: Back, Forward and a reload show it again, with what was typed.
func TestSearchGoesBackAndForward(t *testing.T) {
	t.Parallel()
	admin := newBrowser(t, sharedDemo(t).URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/jobs")
	found := func(text string) string {
		return `location.search === "?q=` + text + `" && document.querySelector("#f-again")?.value === ` + quote(text) + ` && document.querySelector(".found")`
	}
	admin.find("petrov")
	admin.until("the first search", found("petrov"))
	admin.find("amina")
	admin.until("the second search", found("amina"))
	admin.looks("search-address")
	for _, move := range []struct {
		script, text string
	}{{"history.back()", "petrov"}, {"history.forward()", "amina"}, {"location.reload()", "amina"}} {
		script[bool](admin, "(setTimeout(() => "+move.script+"), true)")
		admin.until(move.script, `document.readyState === "complete" && `+found(move.text))
	}
	require.Equal(t, "amina", script[string](admin, `document.querySelector(".palette-sought").innerText`))
}

// A code that is typed key by key is in no request before Enter. After Enter it is in the
// body of exactly one request, and never in a URL.
func TestCodeIsSentOnceByEnter(t *testing.T) {
	t.Parallel()
	admin := newBrowser(t, sharedDemo(t).URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "3")
	admin.fill("Prefix", "Typed")
	admin.fill("Price", "5.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `/\/series\/\d+$/.test(location.pathname) && document.querySelectorAll(".cards-table tbody tr").length === 3`)
	card := script[string](admin, `location.pathname`) + "/cards/2"
	admin.open(card)
	admin.press("Reveal code")
	admin.fill("Reason", "To type it")
	admin.press("Reveal code")
	admin.until("the code", `document.querySelector("#revealed")`)
	code := script[string](admin, `document.querySelector("#revealed").innerText.trim()`)

	admin.open("/admin")
	sent := admin.watchRequests()
	admin.control("k")
	admin.until("the palette", paletteOpen)
	admin.answered("")
	typed := strings.TrimPrefix(code, "Typed-")
	for end := range len(typed) {
		admin.types(typed[end : end+1])
		admin.until("the text to be answered or held", `document.querySelector("#palette").dataset.answered === `+quote(typed[:end+1])+` || document.querySelector("[data-message=held]").offsetParent
			|| document.querySelector("[data-message=failed]").offsetParent`) // a busy database refuses a search; the next letter searches again
	}
	admin.until("the message", `document.querySelector("[data-message=held]").offsetParent && !document.querySelector("#palette [role=option]")`)
	admin.looks("palette-held")
	require.NotEmpty(t, sent.with("/admin/find/suggest"), "the first group was searched")
	require.Empty(t, sent.with(typed))
	require.Empty(t, sent.with(typed[:15]), "three of four groups")
	admin.types(kb.Enter)
	admin.until("the card", `location.pathname === `+quote(card)+` && document.readyState === "complete"`)
	with := sent.with(typed)
	require.Len(t, with, 1, "%q", with)
	require.True(t, strings.HasPrefix(with[0], "POST "), with[0])
	require.NotContains(t, strings.Fields(with[0])[1], typed[:4])
	require.Empty(t, sent.with("?q="))

	// A reload of the answer to a code sends no second attempt.
	wrong := []byte(code)
	wrong[len(wrong)-1] = map[bool]byte{true: 'A', false: 'B'}[wrong[len(wrong)-1] == 'B']
	admin.find(string(wrong))
	admin.refused("find_code_typing")
	require.Equal(t, "/admin/find", script[string](admin, `location.pathname + location.search`))
	script[bool](admin, "(setTimeout(() => location.reload()), true)")
	admin.until("an empty search", `document.readyState === "complete" && document.querySelector("#f-again").value === "" && !document.querySelector("[data-fault]")`)
	require.Len(t, sent.with(string(wrong)), 1)
}
