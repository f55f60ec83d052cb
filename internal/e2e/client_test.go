package e2e_test

import (
	"testing"
)

// A person makes an API client and its key, at the desk, and reads its page on a phone.
func TestAPIClientIsMade(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/config/integrations")
	admin.looks("integrations")
	admin.open("/admin/config/integrations/clients/new")
	admin.fill("Name", "Acme billing")
	admin.tick("North")
	admin.tick("Redeem refill cards for customers")
	admin.tick("See the code of a refill card")
	admin.fill("Networks that may use the keys", "here")
	admin.press("Create API client")
	admin.refused("client_network")
	admin.looks("client-mistake")
	admin.fill("Networks that may use the keys", "")
	admin.press("Create API client")
	admin.until("the client", `document.querySelector("#key-form")`)
	admin.sees("Every address may use the keys")
	at := script[string](admin, `location.pathname`)
	admin.looks("client")
	admin.fill("Your password", "not this one")
	admin.press("New key")
	admin.refused("password_current")
	admin.fill("Your password", "refill-demo")
	admin.press("New key")
	admin.until("the key", `document.querySelector("#api-key .mono")`)
	admin.looks("client-key")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	for name, page := range map[string]string{
		"phone-integrations": "/admin/config/integrations", "phone-client": at, "phone-client-edit": at + "/edit", "phone-client-new": "/admin/config/integrations/clients/new",
	} {
		phone.open(page)
		phone.looks(name)
	}
	phone.open(at)
	phone.fill("Your password", "refill-demo")
	phone.press("New key")
	phone.until("the key", `document.querySelector("#api-key .mono")`)
	phone.looks("phone-client-key")
}
