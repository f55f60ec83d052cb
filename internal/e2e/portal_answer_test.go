package e2e_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// answerWith lets the next requests of the page's script be answered by something that is
// not the portal.
func (b *browser) answerWith(response string) {
	b.t.Helper()
	script[bool](b, `(window.realFetch ??= window.fetch, window.fetch = async () => `+response+`, true)`)
}

// answerAgain undoes answerWith.
func (b *browser) answerAgain() {
	b.t.Helper()
	script[bool](b, `(window.fetch = window.realFetch, true)`)
}

// Answers of a gateway and of a hotspot leave the form with its code, waiting is shown, and a
// session that ended keeps the code for the time after the sign-in.
func TestPortalAnswersOfOthers(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	codes := makeSeries(t, admin, "South", "5")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer99")
	for _, press := range []string{"Redeem", "Check value first"} {
		phone.open("/portal/finance/refill-card")
		phone.fill("Code", codes[0])
		for _, answer := range []string{
			`new Response("<h1>502 Bad Gateway</h1>", {status: 502})`,
			`new Response("<h1>504 Gateway Time-out</h1>", {status: 504})`,
			`new Response("<h1>Welcome to Airport Wi-Fi</h1>", {status: 200, headers: {"HX-Redirect": "/"}})`,
		} {
			script[bool](phone, `(document.querySelector("#notice").replaceChildren(), true)`)
			phone.answerWith(answer)
			phone.press(press)
			phone.sees("that is safe, because a card moves its value once only")
			require.Equal(t, codes[0], script[string](phone, find+`("Code").value`))
			require.False(t, script[bool](phone, `document.body.innerText.includes("Gateway") || document.body.innerText.includes("Airport")`))
			require.NotEqual(t, "BODY", script[string](phone, `document.activeElement.tagName`))
			phone.answerAgain()
		}
	}
	phone.looks("portal-foreign-answer")

	// While the answer is awaited the button says so, and a second press does nothing.
	phone.answerWith(`new Promise(answer => { window.asked = (window.asked ?? 0) + 1; window.giveUp = () => answer(new Response("", {status: 504})); })`)
	script[bool](phone, `(document.querySelector("#redeem-form .btn-primary").focus(), true)`)
	phone.press("Redeem")
	phone.until("the word on the button", `document.querySelector("#redeem-form .btn-primary").innerText === "Redeeming…" && document.querySelector("#redeem-form[aria-busy=true]")`)
	phone.press("Redeeming…")
	phone.press("Check value first")
	phone.sees("This takes longer than usual.")
	phone.looks("portal-waiting")
	require.Equal(t, 1, script[int](phone, `window.asked`))
	require.Equal(t, "BUTTON", script[string](phone, `document.activeElement.tagName`))
	script[bool](phone, `(window.giveUp(), true)`)
	phone.until("the end of the wait", `document.querySelector("#redeem-form .btn-primary").innerText === "Redeem" && !document.querySelector("#redeem-form[aria-busy]")`)
	phone.answerAgain()

	// An answer of ours that mends the form puts the focus into the field.
	phone.fill("Code", codes[0][:9])
	phone.press("Redeem")
	phone.refused("code_short")
	require.Equal(t, "code", script[string](phone, `document.activeElement.name ?? ""`))

	// The session ends meanwhile.
	phone.fill("Code", codes[0])
	other := newBrowser(t, d.URL, 1280, 900)
	other.signIn("/portal/login", "customer99")
	other.open("/portal/sessions")
	other.press("Sign out everywhere else")
	other.sees("signed in nowhere else")
	phone.press("Redeem")
	phone.sees("You were signed out; nothing was redeemed.")
	require.Empty(t, script[string](phone, `location.hash`))
	require.NotContains(t, script[string](phone, `location.href`), codes[0][len(codes[0])-4:])
	phone.looks("portal-signed-out")
	phone.fill("Username", "customer99")
	phone.fill("Password", "wrong")
	phone.press("Sign in")
	phone.refused("sign_in_wrong")
	phone.fill("Password", "refill-demo")
	phone.press("Sign in")
	phone.until("the code again", `location.pathname === "/portal/finance/refill-card" && `+find+`("Code").value === `+quote(codes[0]))
	require.Empty(t, script[string](phone, `location.hash`))
	phone.press("Redeem")
	phone.sees("Card redeemed")
}

// Without script the way back from a receipt leads to the form or to the look at the card, not
// to a page that can't be shown again.
func TestPortalWayBackWithoutScript(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	codes := makeSeries(t, admin, "South", "5")
	plain := newBrowser(t, d.URL, 360, 740)
	_, err := chromedp.Call(plain.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	plain.signIn("/portal/login", "customer3")
	plain.open("/portal/finance/refill-card")
	plain.fill("Code", codes[0])
	plain.press("Check value first")
	plain.sees("This card is worth USD 10.00")
	require.Equal(t, "/portal/finance/refill-card/check", script[string](plain, `location.pathname + location.search`))
	plain.press("Redeem USD 10.00")
	plain.sees("Card redeemed")
	script[bool](plain, `(history.back(), true)`)
	plain.until("a page of the portal", `location.pathname.startsWith("/portal/finance/refill-card") && document.querySelector("#redeem form")`)
}

// The end of a pause after wrong passwords is counted down to, at both doors.
func TestClockOfAPause(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	b := newBrowser(t, d.URL, 360, 740)
	for _, door := range []string{"/portal/login", "/admin/login"} {
		b.open(door)
		for n := range 5 {
			b.fill("Username", "nobody-of-the-clock")
			b.fill("Password", "wrong"+string(rune('0'+n)))
			b.press("Sign in")
			b.until("the answer", `document.querySelector("[role=alert]") && document.querySelector("[name=password]").value === ""`)
		}
		b.until("the clock", `/^0:[0-3]\d$/.test(document.querySelector("[data-wait]").innerText)`)
		b.looks("clock" + door[1:6])
	}
}
