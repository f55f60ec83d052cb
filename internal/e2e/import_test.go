package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

const importPage = "/admin/finance/refill-cards/import"

// oldCards is a table as another system exported it: short codes, two prices, and
// rows that are wrong in every way there is.
func oldCards() [][]string {
	rows := [][]string{{"ID", "Full code", "Amount", "Valid until", "Status"}}
	for i := range 240 {
		price, status := "10.00", "Active"
		if i%3 == 0 {
			price = "25.00"
		}
		switch i % 40 {
		case 7:
			status = "Used"
		case 11:
			status = "Disabled"
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), fmt.Sprintf("202201-QuickAccess-k%03dZq", i), price, "31.12.2099", status})
	}
	return append(
		rows,
		[]string{"241", "202201-QuickAccess-k001Zq", "10.00", "31.12.2099", "Active"},
		[]string{"242", "", "10.00", "31.12.2099", "Active"},
		[]string{"243", "202201-QuickAccess-k243Zq", "ten", "31.12.2099", "Active"},
		[]string{"=2+3", "202201-QuickAccess-k244Zq", "10.00", "31.02.2099", "Active"},
		[]string{"245", "202201-QuickAccess-k245Zq", "10.00", "31.12.2099", "Ordered"},
	)
}

// asCSV writes a table with semicolons to a file of its own.
func asCSV(t *testing.T, name string, rows [][]string) string {
	t.Helper()
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Join(row, ";")
	}
	return asFile(t, name, strings.Join(lines, "\r\n"))
}

func asFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// asXLSX writes a table to a workbook of its own.
func asXLSX(t *testing.T, name string, rows [][]string) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close() //nolint:errcheck // written by then
	for i, row := range rows {
		require.NoError(t, book.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row))
	}
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, book.SaveAs(file))
	return file
}

// upload sends a file through the form.
func (b *browser) upload(file string) {
	b.t.Helper()
	b.open(importPage)
	b.choose("#f-file", file)
	b.press("Upload file")
}

// drop drops a file onto the form.
func (b *browser) drop(name, text string) {
	b.t.Helper()
	b.open(importPage)
	script[bool](b, fmt.Sprintf(`(() => {
		const dropped = new DataTransfer();
		dropped.items.add(new File([%s], %s, {type: "text/csv"}));
		const form = document.getElementById("import-form");
		for (const name of ["dragenter", "dragover", "drop"]) form.dispatchEvent(new DragEvent(name, {bubbles: true, cancelable: true, dataTransfer: dropped}));
		return true;
	})()`, quote(text), quote(name)))
	b.press("Upload file")
}

// uploaded sends a file that is taken, and waits for the form about its columns.
func (b *browser) uploaded(file string) {
	b.t.Helper()
	b.upload(file)
	b.until("the form about the columns", `/\/import\/\d+$/.test(location.pathname) && document.getElementById("plan-form")`)
}

// Cards of another system are imported. Staff see the content of the file before the import
// and watch the import, and a customer redeems the code that is printed on a card. Imported
// codes make the limits on wrong codes stricter, so the test has a demo of its own.
func TestImport(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin, operator := newBrowser(t, d.URL, 1280, 900), newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	operator.signIn("/admin/login", "operator")
	admin.open(importPage)
	admin.sees("None yet")
	admin.looks("import-none")

	for name, c := range map[string]struct{ text, code string }{
		"cards.xls":  {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "import_kind"},
		"empty.csv":  {"\n", "import_empty"},
		"broken.csv": {"PK\x03\x04 this is no archive", "import_broken"},
		"wide.csv":   {strings.Repeat("a,", 60), "import_wide"},
	} {
		admin.upload(asFile(t, name, c.text))
		admin.refused(c.code)
	}
	admin.looks("import-refused")
	admin.drop("empty.csv", "\n")
	admin.refused("import_empty")
	require.Equal(t, "import-form", script[string](admin, `document.querySelector("form[data-upload]").id`), "the form is there for another file")

	admin.uploaded(asCSV(t, "old cards.csv", oldCards()))
	admin.sees("Full code")
	require.NotContains(t, script[string](admin, `document.body.innerHTML`), "k001Zq", "no code is shown in whole")
	admin.fill("Dates in the file", "Day first: 31/12/2026")
	admin.fill("Prefix", "no spaces, please")
	admin.press("Check the file")
	admin.refused("order_prefix")
	admin.refused("import_meaning")
	admin.until("what was chosen", find+`("Dates in the file")?.value === "dmy"`)
	admin.looks("import-plan-mistake")
	admin.fill("Prefix", "Old")
	admin.fill("Ordered", "Leave these rows out")

	// The queue is paused, so that the test can check the page during the import.
	hold := func(verb string) {
		t.Helper()
		operator.open("/admin/jobs")
		operator.press(verb + " generate")
		if verb == "Pause" { // asked first
			operator.until("the question", `document.querySelector("dialog[open]")`)
			operator.press("Pause generate")
		}
		operator.until("the queue to obey", fmt.Sprintf(`document.querySelector('[aria-label="%s generate"]')`, map[string]string{"Pause": "Resume", "Resume": "Pause"}[verb]))
	}
	hold("Pause")
	admin.looks("import-plan")
	admin.press("Check the file")
	admin.sees("Nothing is imported yet.")
	admin.looks("import-checking")
	script[bool](admin, `window.sameDocument = true`)
	hold("Resume")

	admin.sees("Cards to import")
	require.True(t, script[bool](admin, `window.sameDocument === true`), "the report came without a reload")
	admin.sees("code stands in the file before")
	admin.sees("valid till is not a date")
	admin.looks("import-report")
	admin.press("Change the columns")
	admin.until("the columns as they were chosen", find+`("Prefix")?.value === "Old"`)
	admin.looks("import-back")
	admin.press("Back to the result")
	admin.sees("Cards to import")
	problems := fetchCSV(t, admin, script[string](admin, `[...document.querySelectorAll("a[download]")].find(a => a.innerText.includes("Download all 5")).href`))
	require.Equal(t, [][]string{
		{"row", "serial", "value", "reason"},
		{"242", "241", "20••••Zq", "code stands in the file before"},
		{"243", "242", "", "has no code"},
		{"244", "243", "ten", "price is not an amount"},
		{"245", "'=2+3", "31.02.2099", "valid till is not a date"},
		{"246", "245", "Ordered", "status is one whose rows are left out"},
	}, problems)

	hold("Pause")
	admin.press("Import 240 cards")
	admin.until("the question", `document.querySelector("dialog[open]")`)
	admin.looks("import-confirm")
	admin.press("Import 240 cards")
	admin.sees("0 of 246")
	admin.looks("import-running")
	hold("Resume")
	admin.sees("Cards imported")
	admin.looks("import-done")
	series := script[[]string](admin, `[...document.querySelectorAll("main a[href*='/series/']")].map(a => a.innerText)`)
	require.Len(t, series, 2, "one for each price")
	for _, number := range series {
		admin.open("/admin/finance/refill-cards/series/" + number)
		admin.until("the state of the series", `document.querySelector("#series-head .state").innerText.trim() === "Active"`)
	}
	admin.looks("import-series")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/portal/login", "customer1")
	phone.open("/portal/finance/refill-card")
	phone.fill("Code", "202201 QuickAccess k001Zq")
	phone.press("Redeem")
	phone.until("the receipt", `/\/portal\/finance\/payments\/\d+$/.test(location.pathname)`)
	phone.sees("USD 10.00")
	phone.looks("import-redeemed")
	phone.open("/portal/finance/refill-card")
	phone.fill("Code", "202201-QuickAccess-k007Zq") // used before it was imported
	phone.press("Redeem")
	phone.refused("card_refused")

	importOnPhone(t, d)
}

// importOnPhone imports a workbook, half of whose cards are known, on a phone.
func importOnPhone(t *testing.T, d *demo) {
	t.Helper()
	small := newBrowser(t, d.URL, 360, 740)
	small.signIn("/admin/login", "admin")
	small.open(importPage)
	small.sees("old cards.csv")
	small.looks("phone-import")
	rows := oldCards()[:21]
	for i := range 20 {
		rows = append(rows, []string{fmt.Sprint(300 + i), fmt.Sprintf("202301-QuickAccess-m%03dZq", i), "5.00", "31.12.2099", "Active"})
	}
	small.uploaded(asXLSX(t, "more.xlsx", rows))
	small.looks("phone-import-plan")
	small.press("Check the file")
	small.sees("Cards to import 20")
	small.sees("20 rows: code is known here already")
	small.looks("phone-import-report")
	small.press("Import 20 cards")
	small.press("Import 20 cards")
	small.sees("Cards imported 20")
	small.looks("phone-import-done")
	small.open(importPage)
	small.sees("more.xlsx")
	small.looks("phone-imports")
}
