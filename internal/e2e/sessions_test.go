package e2e_test

import (
	"testing"
)

// A person with two sessions sees both and ends the other one.
func TestOwnSessions(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	desk, phone := newBrowser(t, d.URL, 1280, 900), newBrowser(t, d.URL, 360, 740)
	desk.signInByForm("/admin/login", "operator")
	phone.signInByForm("/admin/login", "operator")
	phone.open("/admin/account/sessions")
	phone.sees("This one")
	phone.looks("sessions-phone")
	desk.open("/admin/account")
	desk.press("Show where you are signed in")
	desk.sees("This one")
	desk.looks("sessions")
	desk.press("Sign out everywhere else")
	desk.sees("You are signed in nowhere else.")
	phone.open("/admin")
	phone.until("the sign-in page", `location.pathname === "/admin/login"`)

	home, pocket := newBrowser(t, d.URL, 1280, 900), newBrowser(t, d.URL, 360, 740)
	home.signInByForm("/portal/login", "customer3")
	pocket.signInByForm("/portal/login", "customer3")
	pocket.press("Where you are signed in")
	pocket.sees("This one")
	pocket.looks("portal-sessions-phone")
	home.open("/portal/sessions")
	home.sees("This one")
	home.looks("portal-sessions")
	home.press("Sign out Chrome")
	home.sees("It is signed out.")
}

// A page whose person was signed out keeps what was typed. They sign in again in a new tab,
// and the page says so.
func TestSignedOutPageKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.until("the stream", `document.querySelector("#stream")._htmx?.sse`)
	admin.until("typed", `(document.querySelector("#f-prefix").value = "Kept") !== ""`)
	admin.until("signed out", `fetch("/admin/logout", {method: "POST"}).then((answer) => answer.ok)`)
	admin.until("the notice", `!document.querySelector("#signed-out").hidden && document.querySelector("#signed-out a").target === "_blank"`)
	admin.until("signed in again", `fetch("/admin/login", {method: "POST", body: new URLSearchParams({username: "admin", password: "refill-demo"})}).then((answer) => answer.ok)`)
	admin.until("back on the page", `(dispatchEvent(new Event("focus")), document.querySelector("#signed-out").hidden && !document.querySelector("#signed-in-again").hidden)`)
	admin.until("what was typed", `document.querySelector("#f-prefix").value === "Kept"`)
	admin.until("the stream", `document.querySelector("#stream")._htmx?.sse`)
	admin.looks("signed-in-again")
}
