package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// brokenNumbers is JavaScript for the numbers of a page that stand on more than one line.
const brokenNumbers = `(() => {
	const broken = [], walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) for (const match of walker.currentNode.data.matchAll(/[+-]?\d[\d,.]*\d/g)) {
		const range = document.createRange();
		range.setStart(walker.currentNode, match.index);
		range.setEnd(walker.currentNode, match.index + match[0].length);
		if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken.push(match[0]);
	}
	return broken.join(" ");
})()`

// coveredLabels is JavaScript for the labels whose words stand where those of a button do.
const coveredLabels = `(() => {
	const words = (element) => { const r = document.createRange(); r.selectNodeContents(element); return [...r.getClientRects()]; };
	return [...document.querySelectorAll(".shows")].filter(field => words(field.querySelector("label")).some(l => words(field.querySelector("button")).some(b =>
		l.right > b.left && l.left < b.right && l.bottom > b.top + 4 && l.top < b.bottom - 4))).map(field => field.innerText).join("; ");
})()`

// The portal for people with large fonts, with colours of their own, and with a keyboard.
func TestPortalForEveryEye(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer1")
	for path, name := range map[string]string{"/portal": "home", "/portal/finance/payments": "payments", "/portal/finance/refill-card": "redeem"} {
		phone.open(path)
		phone.looks("eye-" + name)
		script[bool](phone, `(document.querySelectorAll(".balance dd, .facts dd.num, td.num").forEach(e => { e.textContent = e.textContent.replace("USD ", "USD 9,876,") }), document.documentElement.style.fontSize = "200%", true)`)
		phone.fits()
		require.Empty(t, script[string](phone, brokenNumbers), "amounts are whole on %s", path)
		phone.shot("large-amounts-" + name)
	}

	small := newBrowser(t, d.URL, 320, 640)
	small.signIn("/portal/login", "customer2")
	for _, path := range []string{"/portal/password", "/portal/sessions", "/portal"} {
		small.open(path)
		script[bool](small, `(document.documentElement.style.fontSize = "200%", true)`)
		small.fits()
		require.Empty(t, script[string](small, coveredLabels), path)
		small.shot("large-small" + strings.ReplaceAll(path, "/", "-"))
	}

	phone.open("/portal/finance/payments")
	_, err := chromedp.Call(phone.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"0px", "0px", "3px"}, script[[]string](phone, `[...document.querySelectorAll(".tabs a")].map(a => getComputedStyle(a).borderBottomWidth)`), "only the tab of the page is marked")
	phone.shot("forced-colours")

	require.Equal(t, []any{true, "none"}, script[[]any](phone, `(s => [s.getBoundingClientRect().bottom <= 0, getComputedStyle(s).translate])(document.querySelector(".skip"))`), "hidden in browsers that know no translate")
	require.NoError(t, chromedp.Do(phone.ctx, chromedp.KeyEvent("\t")))
	require.True(t, script[bool](phone, `document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().top > 0`))
}
