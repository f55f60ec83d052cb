package web

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/check"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// sample returns a file of docs/from-splynx.
func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/from-splynx/" + name)
	require.NoError(t, err)
	return string(text)
}

// customerPlan returns the form about a file of customers as shown.
func (g *got) customerPlan() url.Values {
	form := url.Values{}
	g.doc().Find("#customer-plan-form select").Each(func(_ int, e *goquery.Selection) {
		value, _ := e.Find("option[selected]").Attr("value")
		form.Set(e.AttrOr("name", ""), value)
	})
	g.doc().Find("#customer-plan-form input[type=hidden], #customer-plan-form input[type=checkbox][checked], #customer-plan-form input[name=comment]").Each(func(_ int, e *goquery.Selection) {
		form.Set(e.AttrOr("name", ""), e.AttrOr("value", "on"))
	})
	return form
}

// workCustomers does the worker's part of an import of customers.
func (s *site) workCustomers(at string) {
	s.t.Helper()
	id := adminpages.NumberOf(at[strings.LastIndex(at, "/")+1:])
	open := func(i db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := s.Server.admin.Files.Open(s.t.Context(), i.File)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil
	}
	row, err := s.Server.admin.Customers.Import(s.t.Context(), audit.System(), id)
	require.NoError(s.t, err)
	if row.CardImport.State == db.ImportStateChecking {
		require.NoError(s.t, s.Server.admin.Customers.Check(s.t.Context(), id, open, noJob))
	} else {
		require.NoError(s.t, s.Server.admin.Customers.Run(s.t.Context(), id, open, testClock, noJob))
	}
}

// books returns the downloaded reconciliation of an import.
func (b *browser) books(at string) (lines map[string][]string) {
	b.site.t.Helper()
	g := b.get(at + "/reconciliation.csv")
	require.Equal(b.site.t, http.StatusOK, g.Status, g.Body)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(g.Body, "\ufeff"))).ReadAll()
	require.NoError(b.site.t, err)
	lines = map[string][]string{}
	for _, row := range rows[1:] {
		lines[row[0]] = row[1:]
	}
	return lines
}

// moveFromSplynx runs the whole of docs/from-splynx.md: partners, customers with balances,
// cards. It returns the URLs of the imports.
func moveFromSplynx(t *testing.T, s *site, admin *browser) (customers, cards string) {
	t.Helper()
	s.partner("Harbour")
	s.partner("Hillside")
	customers = admin.uploadTo(adminpages.SectionCustomerImport, "customers.csv", sample(t, "customers.csv")).Header.Get("Location")
	page := admin.get(customers)
	require.Contains(t, page.text("main"), "Passwords are not imported")
	require.Equal(t, http.StatusSeeOther, admin.post(customers+"/plan", page.customerPlan()).Status)
	s.workCustomers(customers)
	page = admin.get(customers)
	require.Contains(t, page.text("#confirm"), "Enter 6 customers with opening balances of USD 1,368.65")
	require.Equal(t, http.StatusSeeOther, admin.post(customers+"/confirm", admin.get(customers).confirmation()).Status)
	s.workCustomers(customers)

	cards = admin.upload("cards.csv", sample(t, "cards.csv")).Header.Get("Location")
	form := admin.get(cards).plan()
	require.Equal(t, []string{"4", "3"}, []string{form.Get("code"), form.Get("short_code")}, "the full code is the code")
	require.Equal(t, http.StatusSeeOther, admin.post(cards+"/plan", form).Status)
	s.work(cards)
	require.Equal(t, http.StatusSeeOther, admin.post(cards+"/confirm", admin.get(cards).confirmation()).Status)
	s.work(cards)
	return customers, cards
}

// The instructions of docs/from-splynx.md work with its own files: both sides of both
// reconciliations are equal, and the books are consistent.
func TestMoveFromSplynx(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	customers, cards := moveFromSplynx(t, s, admin)

	page := admin.get(customers)
	require.Contains(t, page.text("#books .notice-good"), "agree in every line")
	books := admin.books(customers)
	require.Equal(t, []string{"6", "6", "1368.65", "1368.65", "USD", "equal"}, books["All customers"])
	require.Equal(t, []string{"", "", "-18.75", "-18.75", "USD", "equal"}, books["Hillside, in debt"])
	require.Equal(t, []string{"2", "2", "", "", "USD", "equal"}, books["Hillside, disabled"])
	require.Equal(t, "1", books["left out: external id stands in the file before"][0])
	require.Equal(t, "1", books["left out: partner is none that you can choose: compare the name, or create the partner first"][0])
	require.Equal(t, "1", books["left out: e-mail is not an address like name@example.com"][0])

	require.Contains(t, admin.get(cards).text("#books .notice-good"), "agree in every line")
	books = admin.books(cards)
	require.Equal(t, []string{"30", "30"}, books["All cards"][:2])
	require.Equal(t, "equal", books["All cards"][5])
	require.Equal(t, books["USD 10.00, used or void"][0], books["USD 10.00, used or void"][1])
	require.Equal(t, "0.00", books["USD 10.00, used or void"][2], "used cards are worth nothing")

	// Each customer is found by their external id, and has the balance of the file.
	found := admin.get(adminpages.SectionCustomers + "?q=1003")
	require.Contains(t, found.text("tbody"), "Chen Wei")
	chen := admin.get(found.one("tbody a").AttrOr("href", ""))
	require.Contains(t, chen.text(".facts"), "External id1003")
	require.Contains(t, chen.text("main"), "USD 112.40")
	require.Contains(t, chen.text("main"), "Opening balance from customers.csv")
	result := admin.get(customers + "/result.csv")
	require.Equal(t, 10, strings.Count(result.Body, "\n")-1+0, result.Body)
	require.NotContains(t, result.Body, "farid.example", "of who is left out there is name and reason")

	// The same files once more add nothing.
	again := admin.uploadTo(adminpages.SectionCustomerImport, "customers.csv", sample(t, "customers.csv")).Header.Get("Location")
	page = admin.get(again)
	require.Contains(t, page.Body, "Filled in as for the last file")
	require.Equal(t, http.StatusSeeOther, admin.post(again+"/plan", page.customerPlan()).Status)
	s.workCustomers(again)
	require.Contains(t, admin.get(again).text("#none-title"), "No row makes a customer")

	broken, err := check.Run(t.Context(), s.Pool, nil)
	require.NoError(t, err)
	require.Empty(t, broken)
	require.NotContains(t, s.Log.String(), "202401-HOME")
}

// A row that is lost during the import is shown in the reconciliation.
func TestReconciliationShowsWhatIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	customers, cards := moveFromSplynx(t, s, admin)
	s.exec(`update customer set import_id = null, import_row = null where external_id = '1001'`)
	page := admin.get(customers)
	require.Contains(t, page.text("#books .notice-bad"), "differ")
	books := admin.books(customers)
	require.Equal(t, []string{"3", "2", "25.00", "0.00", "USD", "different"}, books["Harbour"])
	require.Equal(t, []string{"6", "5", "1368.65", "1343.65", "USD", "different"}, books["All customers"])
	require.Equal(t, "equal", books["Hillside"][5])

	s.exec(`update card set state = 'disabled' where (series_id, serial) = (select series_id, serial from card where state = 'active' order by series_id, serial limit 1)`)
	require.Contains(t, admin.get(cards).text("#books .notice-bad"), "differ")
	different := 0
	for _, line := range admin.books(cards) {
		if line[5] == "different" {
			different++
		}
	}
	require.Equal(t, 2, different, "one card fewer is active, one more disabled")
}
