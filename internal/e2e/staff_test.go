package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A new member of staff gets a role of their own, signs in with the password that was shown
// once, sees only what the role permits, and is signed out when disabled.
func TestStaff(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")

	admin.open("/admin/config/roles/new")
	admin.press("Create role")
	admin.refused("role_name")
	admin.fill("Name", "Card desk")
	for _, label := range []string{"See series of refill cards", "See refill cards", "See the audit trail"} {
		require.True(t, script[bool](admin, find+`(`+quote(label)+`).click() === undefined`), label)
	}
	admin.looks("role-form")
	admin.press("Create role")
	admin.sees("Card desk 3 permissions 0")
	admin.looks("role-list")

	admin.open("/admin/config/staff/new")
	admin.fill("Username", "dora")
	admin.fill("Name", "Dora Desk")
	admin.fill("Role", "Card desk")
	admin.press("Create sign-in")
	admin.refused("staff_partners")
	admin.looks("staff-mistake")
	script[bool](admin, find+`("North").click() === undefined`)
	admin.press("Create sign-in")
	admin.sees("The new password:")
	admin.looks("staff-password")
	password := script[string](admin, `document.querySelector("main .copyable .mono").innerText`)

	dora := newBrowser(t, d.URL, 360, 740)
	dora.open("/admin/login")
	dora.fill("Username", "dora")
	dora.fill("Password", password)
	dora.press("Sign in")
	dora.until("the dashboard", `location.pathname === "/admin" && document.readyState === "complete"`)
	dora.open("/admin/audit")
	dora.sees("Signed in")
	require.False(t, script[bool](dora, `document.querySelector("main").innerText.includes("Ada Admin signed")`))
	dora.looks("audit-phone")
	dora.open("/admin/account")
	dora.fill("Current password", password)
	dora.fill("New password", "horse-battery")
	dora.fill("New password again", "horse-battery")
	dora.looks("account-phone")
	dora.press("Change password")
	dora.sees("Your password is changed.")

	admin.open("/admin/config/staff")
	admin.sees("Dora Desk dora Card desk North")
	admin.looks("staff-list")
	admin.press("Dora Desk")
	admin.until("Dora's page", `/\/staff\/\d+$/.test(location.pathname) && document.readyState === "complete"`)
	admin.looks("staff-form")
	admin.press("Disable")
	admin.press("Disable Dora Desk")
	admin.sees("They are signed out and can’t sign in.")
	dora.open("/admin/audit")
	dora.until("the sign-in page", `location.pathname === "/admin/login"`)

	admin.open("/admin/audit?what=staff.")
	admin.sees("Member of staff disabled")
	script[bool](admin, `(document.querySelector("details.audit-more").open = true)`)
	admin.looks("audit")
	admin.fill("From", "2001-01-01")
	admin.fill("To", "2001-01-02")
	admin.press("Show")
	admin.sees("Nothing matches")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	for path, name := range map[string]string{
		"/admin/config/staff": "staff-list-phone", "/admin/config/staff/new": "staff-form-phone",
		"/admin/config/roles": "role-list-phone", "/admin/config/roles/new": "role-form-phone",
	} {
		phone.open(path)
		phone.until("the page", `location.pathname === `+quote(path)+` && document.readyState === "complete"`)
		phone.looks(name)
	}
}
