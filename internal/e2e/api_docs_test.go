package e2e_test

import "testing"

// The pages about the API are readable on a desk and on a phone, in light and dark, and
// without a sign-in.
func TestAPIDocsForEveryEye(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	desk, phone := newBrowser(t, d.URL, 1440, 900), newBrowser(t, d.URL, 360, 740)
	for path, name := range map[string]string{
		"/api/docs": "home", "/api/docs/redemptions": "redemptions", "/api/problems": "problems", "/api/problems/idempotency_key_missing": "problem",
	} {
		desk.open(path)
		desk.looks("api-docs-" + name)
		phone.open(path)
		phone.looks("api-docs-phone-" + name)
		script[bool](phone, `(document.documentElement.style.fontSize = "200%", true)`)
		phone.fits()
	}
}
