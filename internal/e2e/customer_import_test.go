package e2e_test

import (
	"testing"
)

// Customers of another system are imported with their balances. Staff see the content of the
// file before the import, watch the import, and compare the file with the books.
func TestCustomerImport(t *testing.T) {
	t.Parallel()
	d := ownDemo(t)
	admin := newBrowser(t, d.URL, 1280, 900)
	admin.signIn("/admin/login", "admin")
	admin.open("/admin/customers")
	admin.sees("Import")
	admin.open("/admin/customers/import")
	admin.sees("Passwords are not imported")
	admin.looks("customer-import-none")
	rows := [][]string{
		{"ID", "Login", "Full name", "Partner", "Email", "Status", "Account balance"},
		{"9001", "amara.okoye", "Amara Okoye", "North", "amara@example.com", "Active", "25.00"},
		{"9002", "bjorn", "Björn Lindqvist", "South", "", "Blocked", "-18.75"},
		{"9003", "customer1", "Known Already", "North", "", "Active", ""},
		{"9004", "chen", "Chen Wei", "Nowhere", "", "Active", "1.00"},
	}
	upload := func(b *browser, file string) {
		b.open("/admin/customers/import")
		b.choose("#f-file", file)
		b.press("Upload file")
		b.until("the form about the columns", `/\/import\/\d+$/.test(location.pathname) && document.getElementById("customer-plan-form")`)
	}
	upload(admin, asCSV(t, "people.csv", rows))
	admin.looks("customer-import-plan")
	admin.fill("Name column", "Choose…")
	admin.press("Check the file")
	admin.refused("import_no_column")
	admin.looks("customer-import-mistake")
	admin.fill("Name column", "Column 3: Full name")
	admin.press("Check the file")
	admin.sees("Customers to import 2")
	admin.sees("known already: a customer has this username")
	admin.looks("customer-import-report")
	admin.press("Import 2 customers")
	admin.sees("18.75 owed")
	admin.looks("customer-import-confirm")
	admin.press("Import 2 customers")
	admin.sees("The file and the books agree in every line.")
	admin.looks("customer-import-done")
	admin.dark()
	admin.looks("customer-import-done-dark")

	phone := newBrowser(t, d.URL, 360, 740)
	phone.signIn("/admin/login", "admin")
	rows[1][0], rows[1][1], rows[2][0], rows[2][1] = "9011", "amara2", "9012", "bjorn2"
	upload(phone, asXLSX(t, "more.xlsx", rows))
	phone.sees("Filled in as for the last file")
	phone.looks("phone-customer-import-plan")
	phone.press("Check the file")
	phone.sees("Customers to import 2")
	phone.dark()
	phone.looks("phone-customer-import-report-dark")
	phone.press("Import 2 customers")
	phone.press("Import 2 customers")
	phone.sees("The file and the books agree in every line.")
	phone.looks("phone-customer-import-done")
}
