package e2e_test

import (
	"encoding/base64"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The QR code of a printed card leads to the look of the card's partner, and through the
// sign-in to the receipt. A customer of another partner who follows it signs in as always.
func TestPrintedCardOfPartner(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	codes := makeSeries(t, admin, "North", "10")
	admin.fill("Format", "PDF")
	admin.press("Export")
	const file = `[...document.querySelectorAll(".files li")].find(li => li.innerText.includes("PDF"))?.querySelector("a[href*='/exports/']")`
	admin.until("the file", `Boolean(`+file+`)`)
	links := scanned(t, script[string](admin, `fetch(`+file+`.href).then(r => r.blob()).then(b => new Promise(done => {
		const reader = new FileReader();
		reader.onload = () => done(reader.result.split(",")[1]);
		reader.readAsDataURL(b);
	}))`))
	want := []string{}
	for _, code := range codes {
		want = append(want, d.URL+"/r/north#"+url.QueryEscape(code))
	}
	require.ElementsMatch(t, want, links)

	phone := newBrowser(t, d.URL, 360, 740)
	phone.open(strings.TrimPrefix(links[0], d.URL))
	phone.until("the sign-in", `location.pathname === "/portal/login"`)
	phone.until("the look of the partner", `document.querySelector(".brand").innerText.includes("Northlight")`)
	require.NotContains(t, script[string](phone, `location.href`), "#")
	phone.looks("portal-signin-scanned")
	phone.fill("Username", "customer1")
	phone.fill("Password", "wrong")
	phone.press("Sign in")
	phone.refused("sign_in_wrong")
	phone.fill("Username", "customer1")
	phone.fill("Password", "refill-demo")
	phone.press("Sign in")
	phone.until("the code in the form", find+`("Code")?.value`)
	phone.press("Redeem")
	phone.sees("Card redeemed")
	require.Contains(t, script[string](phone, `document.querySelector(".brand").innerText`), "Northlight")

	other := newBrowser(t, d.URL, 360, 740)
	other.open(strings.TrimPrefix(links[1], d.URL))
	other.until("the look of the partner", `location.pathname === "/portal/login" && document.querySelector(".brand").innerText.includes("Northlight")`)
	other.fill("Username", "customer3")
	other.fill("Password", "refill-demo")
	other.press("Sign in")
	other.until("the code in the form, in their own look", find+`("Code")?.value && document.querySelector(".brand").innerText.includes("Southwave")`)
	for _, code := range codes {
		require.NotContains(t, d.output(), code[len(code)-14:], "no request holds a code")
	}
}

// scanned reads the QR codes of a printed file, in any order.
func scanned(t *testing.T, file string) []string {
	t.Helper()
	dir := t.TempDir()
	body, err := base64.StdEncoding.DecodeString(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cards.pdf"), body, 0o600))
	require.NoError(t, exec.CommandContext(t.Context(), "pdftoppm", "-r", "300", "-png", filepath.Join(dir, "cards.pdf"), filepath.Join(dir, "sheet")).Run())
	sheets, err := filepath.Glob(filepath.Join(dir, "sheet*.png"))
	require.NoError(t, err)
	require.NotEmpty(t, sheets)
	out, err := exec.CommandContext(t.Context(), "zbarimg", append([]string{"--quiet", "--raw"}, sheets...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}
