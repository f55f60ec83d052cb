package e2e_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// Staff read the statistics, filter and sort them, and download them as CSV and XLSX.
func TestReports(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	const statistics = "/admin/finance/refill-cards/statistics"
	admin.open(statistics)
	admin.sees("Outstanding now")
	admin.sees("Total")
	admin.looks("reports-series")

	admin.fill("Partner", "North")
	admin.press("Show")
	admin.until("the partner in the address", `location.search.includes("partner=") && document.querySelector("#f-partner").selectedOptions[0].text === "North"`)
	admin.open(statistics + "?sort=-Used")
	admin.until("the order", `document.querySelector("th[aria-sort=descending]").innerText === "Used"`)

	// Both files contain the same rows. The comparison is repeated, because other tests
	// redeem cards of the same demo at the same time.
	link := func(text string) string {
		return script[string](admin, `[...document.querySelectorAll("a")].find(a => a.innerText.trim() === `+quote(text)+`).href`)
	}
	same := false
	for tries := 0; !same && tries < 20; tries++ {
		rows, sheet := fetchCSV(t, admin, link("CSV")), fetchXLSX(t, admin, link("XLSX"))
		require.Equal(t, []string{"Series", "Prefix", "Partner", "Price", "Amount", "Used", "Used sum"}, rows[0][:7])
		require.Equal(t, "Total", rows[len(rows)-1][0])
		require.Equal(t, rows[0], sheet[0])
		same = slices.EqualFunc(rows, sheet, func(a, b []string) bool { return a[0] == b[0] })
	}
	require.True(t, same)

	for _, one := range []struct{ tab, file, sees string }{
		{"Outstanding", "reports-outstanding", "Closing"},
		{"Redemptions", "reports-redemptions", "on average"},
		{"Breakage", "reports-breakage", "Voided"},
		{"Time to use", "reports-time", "Median"},
	} {
		admin.press(one.tab)
		admin.until("the tab", `document.querySelector(".report-words [aria-current]").innerText === `+quote(one.tab))
		admin.sees(one.sees)
		admin.looks(one.file)
	}
	admin.open(statistics + "/redemptions?period=custom&from=2026-02-30")
	admin.sees("From must be a date such as 2026-01-31.")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	for _, path := range []string{"", "/outstanding", "/redemptions?period=year"} {
		phone.open(statistics + path)
		phone.looks("reports-phone" + map[string]string{"": "-series", "/outstanding": "-outstanding", "/redemptions?period=year": "-redemptions"}[path])
	}
}

// fetchXLSX downloads a table with the browser's cookies and reads it.
func fetchXLSX(t *testing.T, b *browser, url string) [][]string {
	t.Helper()
	text := script[string](b, `fetch(`+quote(url)+`).then(r => r.arrayBuffer()).then(a => btoa(Array.from(new Uint8Array(a), c => String.fromCharCode(c)).join("")))`)
	body, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	book, err := excelize.OpenReader(bytes.NewReader(body))
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	rows, err := book.GetRows("Sheet1")
	require.NoError(t, err)
	return rows
}
