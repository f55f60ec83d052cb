package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Codes of another system can be typed on a phone as they are printed, in another case, or
// as their short code; the page does not change the text. Staff find such a card by the
// same texts, and a customer with or without accents.
func TestImportedCodesAsTyped(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.uploaded(asFile(t, "old.csv", "ID,Code,Full code,Price,Valid till,Status\n"+
		"1,irfUPbEZ,202402-INTERNET-irfUPbEZ,10.00,2099-06-30,Active\n"+
		"2,Zq8LmN2p,202402-INTERNET-Zq8LmN2p,10.00,2099-06-30,Active\n"+
		"3,aB3dE9xQ,202402-INTERNET-aB3dE9xQ,10.00,2099-06-30,Active\n"+
		"4,wW7#%+k9,202402-INTERNET-wW7#%+k9,10.00,2099-06-30,Active\n"))
	admin.fill("Code column", "Column 3: Full code")
	admin.fill("Short code column", "Column 2: Code")
	admin.press("Check the file")
	admin.sees("Codes that differ from the rest")
	script[bool](admin, `document.querySelector('#outliers-form [name="row"]').click() || true`)
	admin.press("Take those ticked and check again")
	admin.press("Import 4 cards")
	admin.until("the question", `document.querySelector("dialog[open]")`)
	admin.press("Import 4 cards")
	admin.sees("Cards imported")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer1")
	redeem := func(typed string) {
		phone.open("/portal/finance/refill-card")
		phone.until("the field", find+`("Code").hasAttribute("data-as-typed")`)
		phone.typeIn("Code", typed)
		require.Equal(t, typed, script[string](phone, `(f => { f.dispatchEvent(new Event("change", {bubbles: true})); return f.value })(`+find+`("Code"))`))
		require.Equal(t, "none", script[string](phone, find+`("Code").autocapitalize`))
		phone.press("Redeem")
		phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)
	}
	redeem("202402-INTERNET-irfUPbEZ")
	redeem("ZQ8LMN2P")
	phone.looks("imported-redeemed")

	phone.open("/r#202402-INTERNET-wW7%23%25%2Bk9") // scanned
	phone.until("the code in the form", find+`("Code")?.value === "202402-INTERNET-wW7#%+k9"`)
	phone.press("Redeem")
	phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)

	small := newBrowser(t, d.URL, 360, 740)
	small.signIn("/admin/login", "admin")
	small.open("/admin")
	small.until("the box", `document.getElementById("f-anything")`)
	small.find("ab3de9xq")
	small.until("the card", `/\/series\/\d+\/cards\/3$/.test(location.pathname)`)
	for range 6 {
		small.find("Nobody Ofthatname")
		small.sees("Nothing matches")
	}
	small.looks("find-nothing")
}
