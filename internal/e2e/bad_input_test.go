package e2e_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Bad input for printing is refused with the reason at its field, on a desktop and on a
// phone: a layout that is too small for its fields, a selection without cards, an invalid
// key, an image that is too large, and an SVG image, which could contain a script.
func TestBadInputOfPrinting(t *testing.T) {
	t.Parallel()
	d := ownDemo(t) // the form begins with what its person chose last, in any test
	dir := t.TempDir()
	svg, large := filepath.Join(dir, "logo.svg"), filepath.Join(dir, "logo.png")
	require.NoError(t, os.WriteFile(svg, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "pwned"</script></svg>`), 0o600))
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8000, 5000)))) // forty million pixels
	require.NoError(t, os.WriteFile(large, picture.Bytes(), 0o600))

	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/finance/refill-cards/generate")
	admin.fill("Quantity", "5")
	admin.fill("Prefix", "PREFIXOFTWENTYLETTER")
	admin.fill("Price", "10.00")
	admin.fill("Partner", "Any")
	admin.fill("Valid till", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	admin.press("Generate")
	admin.until("the cards", `document.querySelectorAll("table tbody tr").length >= 5 && !document.querySelector("progress")`)
	series := script[string](admin, `location.pathname`)

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	for name, b := range map[string]*browser{"bad-desk": admin, "bad-phone": phone} {
		refused := func(field, code, shot string) {
			t.Helper()
			b.until("the fault "+code, `document.querySelector("#f-`+field+`-error[data-fault=`+code+`]") && document.querySelector(".notice-bad a[href='#f-`+field+`']")`)
			b.looks(name + "-" + shot)
		}
		b.open(series + "/export")
		b.pick("Receipt roll, 58 mm")
		b.press("Export")
		refused("layout", "export_code_wide", "layout")
		b.pick("A4, 10 cards")
		b.fill("First serial", "600")
		b.press("Export")
		refused("first", "export_none_match", "empty")

		b.open("/admin/config/print-shops")
		b.fill("Name", "Printhouse")
		b.fill("Public key", "ssh-ed25519 AAAAC3Nz")
		b.press("Add print shop")
		refused("key", "envelope_key", "key")

		for file, code := range map[string]string{svg: "logo_kind", large: "logo_pixels"} {
			b.open("/admin/partners/new")
			b.fill("Name", "Pictured")
			b.choose("#f-logo", file)
			b.press("Enter partner")
			refused("logo", code, filepath.Ext(file)[1:])
			require.NotEqual(t, "pwned", script[string](b, `document.title`))
			require.Equal(t, "Pictured", script[string](b, find+`("Name").value`))
		}
	}
}
