package e2e_test

import (
	"fmt"
	"testing"
	"time"
)

// A card of a box that is not on sale is tried: staff hear of it, look into it and
// acknowledge it. The customer who tried it asks to be forgotten, and is.
func TestTheftAndErasure(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "3")
	admin.fill("Prefix", "Early")
	admin.fill("Price", "20.00")
	admin.fill("Partner", "North")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	script[bool](admin, find+`("Activate when generated").click() || true`)
	admin.press("Generate")
	admin.until("the cards", `/\/series\/\d+$/.test(location.pathname) && document.querySelectorAll("table tbody tr").length >= 3 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname.split("/").pop()`)
	admin.open("/admin/finance/refill-cards/series/" + series + "/cards/2")
	admin.press("Reveal code")
	admin.fill("Reason", "to see what happens")
	admin.press("Reveal code")
	admin.until("the code", `document.querySelector("#revealed")`)
	code := script[string](admin, `document.querySelector("#revealed").innerText.trim()`)

	name := fmt.Sprintf("Theodora Vance %d", time.Now().UnixNano()%1_000_000)
	admin.open("/admin/customers/new")
	admin.fill("Name", name)
	admin.fill("Partner", "North")
	admin.press("Add customer")
	admin.until("the page of the way in", `/\/admin\/customers\/\d+\/access$/.test(location.pathname)`)
	home := script[string](admin, `location.pathname.replace("/access", "")`)
	admin.fill("New password", "a good long password")
	admin.press("Set password")
	admin.sees("with the new password")
	phone := newBrowser(t, d.URL, 360, 740)
	phone.open("/portal/login")
	phone.fill("Username", script[string](admin, `document.querySelector(".head-note").textContent.split(" · ")[0]`))
	phone.fill("Password", "a good long password")
	phone.press("Sign in")
	phone.until("the portal", `location.pathname === "/portal"`)
	phone.open("/portal/finance/refill-card")
	phone.fill("Code", code)
	phone.press("Redeem")
	phone.sees("This code can’t be redeemed")

	// The alarm comes by itself; the page has to be asked again for it.
	alarm := "1 card of series " + series + " tried before it is on sale"
	deadline := time.After(2 * patience)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for there := false; !there; {
		select {
		case <-tick.C:
			admin.open("/admin/finance/refill-cards/alarms")
			there = script[bool](admin, `document.body.innerText.includes(`+quote(alarm)+`)`)
		case <-deadline:
			t.Fatal("no alarm")
		}
	}
	admin.looks("alarms")
	admin.press(alarm)
	admin.sees("Only people at the printer")
	admin.sees(name)
	admin.looks("alarm")
	small := newBrowser(t, d.URL, 360, 740)
	small.signIn("/admin/login", "admin")
	small.open(script[string](admin, `location.pathname`))
	small.sees("What to do")
	small.looks("alarm-small")
	admin.fill("What you found out", "x")
	admin.press("Acknowledge")
	admin.sees("Give a reason of 3 to 300 characters")
	admin.looks("alarm-mistake")
	admin.fill("What you found out", "The box is back")
	admin.press("Acknowledge")
	admin.sees("The alarm is acknowledged")
	admin.open("/admin/config/theft")
	admin.looks("config-theft")

	small.open(home + "/erase")
	small.sees("What is held about this person")
	small.looks("erase-small")
	small.fill("The customer’s number", "0")
	small.fill("Reason", "request 17")
	small.press("Erase personal data")
	small.sees("This is not the customer’s number")
	small.looks("erase-mistake")
	small.fill("The customer’s number", script[string](small, `location.pathname.split("/")[3]`))
	small.press("Erase personal data")
	small.sees("The customer’s personal data is erased")
	phone.open("/portal")
	phone.until("the sign-in page", `location.pathname === "/portal/login"`)
	admin.open(home)
	admin.sees("Erased customer")
	admin.looks("erased")
	if script[bool](admin, `document.body.innerText.includes(`+quote(name)+`)`) {
		t.Error("the name is still there")
	}
}
