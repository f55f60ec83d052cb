package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/staff/stafftest"
)

// A new member of staff sets up a second factor, signs in with it on a desktop and on a
// phone, signs in without the lost phone, and turns the second factor off.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/staff/new")
	admin.fill("Username", "tess")
	admin.fill("Name", "Tess Teller")
	admin.fill("Role", "Cashier")
	admin.fill("Password", "refill-demo")
	script[bool](admin, find+`("All partners, also those to come").click() === undefined`)
	admin.press("Create sign-in")
	admin.sees("They can sign in now.")

	desk := newBrowser(t, d.URL, 1280, 900)
	desk.signInByForm("/admin/login", "tess")
	desk.open("/admin/account")
	desk.looks("account")
	desk.press("Set up a second factor")
	desk.sees("Scan this picture")
	desk.looks("second-factor-new")
	secret := strings.ReplaceAll(script[string](desk, `document.getElementById("secret").innerText`), " ", "")
	desk.fill("Code", "123")
	desk.fill("Your password", "refill-demo")
	desk.press("Turn on")
	desk.refused("code_wrong")
	desk.looks("second-factor-mistake")
	require.Equal(t, secret, strings.ReplaceAll(script[string](desk, `document.getElementById("secret").innerText`), " ", ""))
	first := time.Now()
	desk.fill("Code", stafftest.Code(t, secret, first))
	desk.fill("Your password", "refill-demo")
	desk.press("Turn on")
	desk.sees("they are shown this once")
	desk.looks("recovery-codes")
	codes := script[[]string](desk, `[...document.querySelectorAll(".recovery-codes li")].map(e => e.innerText)`)
	require.Len(t, codes, 10)
	desk.press("I have kept them")
	desk.until("the dashboard", `location.pathname === "/admin" && document.readyState === "complete"`)

	phone := newBrowser(t, d.URL, 360, 740)
	phone.open("/admin/login?next=%2Fadmin%2Faccount")
	phone.fill("Username", "tess")
	phone.fill("Password", "refill-demo")
	phone.press("Sign in")
	phone.sees("Enter the code")
	phone.looks("code-phone")
	phone.fill("Code", "aaaa-bbbb-cccc")
	phone.press("Sign in")
	phone.refused("recovery_wrong")
	// The code that was used for the setup is not accepted again. The next one is accepted
	// before its time.
	phone.fill("Code", stafftest.Code(t, secret, first.Add(30*time.Second)))
	phone.press("Sign in")
	phone.until("the account", `location.pathname === "/admin/account" && document.readyState === "complete"`)
	phone.press("Change the second factor")
	phone.sees("10 of 10 recovery codes left")
	phone.looks("second-factor-phone")

	lost := newBrowser(t, d.URL, 360, 740)
	lost.open("/admin/login")
	lost.fill("Username", "tess")
	lost.fill("Password", "refill-demo")
	lost.press("Sign in")
	lost.press("Use a recovery code")
	lost.sees("Each works once")
	lost.looks("recovery-phone")
	lost.fill("Recovery code", codes[0])
	lost.press("Sign in")
	lost.until("the dashboard", `location.pathname === "/admin" && document.readyState === "complete"`)
	lost.open("/admin/account/second-factor")
	lost.sees("9 of 10 recovery codes left")
	lost.fill("Your password", "refill-demo")
	lost.fill("Code", codes[1])
	lost.press("Turn off")
	lost.sees("Your second factor is off.")
	phone.open("/admin")
	phone.until("the sign-in page", `location.pathname === "/admin/login"`)
}
