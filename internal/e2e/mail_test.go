package e2e_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/mail/smtptest"
)

// A customer who forgot the password, and a member of staff who wants to be told, meet the
// real program and a real SMTP server.
func TestMail(t *testing.T) {
	t.Parallel()
	smtp := smtptest.Start(t, smtptest.Options{})
	d, drop := sampleDemo(t, filepath.Join(t.TempDir(), "data"), "REFILL_SMTP_URL=smtp+plain://"+smtp.Addr, "REFILL_MAIL_FROM=Refill <refill@example.net>")
	t.Cleanup(func() {
		d.stop(t)
		require.NoError(t, drop())
	})
	link := func(to string, n int) string {
		got := smtp.Await(t, to, n)
		found := regexp.MustCompile(regexp.QuoteMeta(d.URL) + `(/\S+/\S+)`).FindStringSubmatch(got[n-1].Text)
		require.Len(t, found, 2, got[n-1].Text)
		return found[1]
	}

	phone := newBrowser(t, d.URL, 360, 740)
	phone.open("/portal/help")
	phone.looks("help-mail")
	phone.fill("Username", "customer1")
	phone.press("Ask for a sign-in link")
	phone.sees("a message with a sign-in link is on its way")
	phone.open(link("customer1@example.com", 1))
	phone.fill("New password", "a long quiet river")
	phone.press("Set password and sign in")
	phone.until("the portal", `location.pathname === "/portal"`)
	require.Contains(t, smtp.Await(t, "customer1@example.com", 2)[1].Subject, "was changed")

	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/account")
	admin.fill("E-mail address", "ada@example.com")
	admin.fill("Your password", "refill-demo")
	admin.press("Save the address")
	admin.sees("waits for its confirmation")
	admin.looks("account-mail-pending")
	admin.open(link("ada@example.com", 1))
	admin.looks("mail-confirm")
	admin.press("Confirm the address")
	admin.sees("Your e-mail address is confirmed.")
	admin.looks("account-mail")
	admin.open("/admin/config/general")
	admin.press("Send me a test message")
	admin.sees("The SMTP server took a message to ada@example.com")
	admin.looks("mail-test")
	smtp.Await(t, "ada@example.com", 2)
}
