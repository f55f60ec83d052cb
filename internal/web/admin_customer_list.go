package web

import (
	"context"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/staff"
)

// customerView is a customer as the list and the pages show one.
type customerView struct {
	ID                                    int64
	URL                                   string
	Name, Username, Email, Phone, Partner string
	PartnerID                             int64
	ExternalID                            string // what another system calls them; empty: nothing
	Balance                               string
	Minor                                 int64 // the balance
	Currency                              string
	Disabled                              bool
	Erased                                bool
	HasPassword                           bool
	Since                                 time.Time
}

// customerListPage is the list of customers.
type customerListPage struct {
	page
	Rows     []customerView
	Filter   customerFilter
	Words    []filterWord
	Partners field // to choose from, where there is a choice
	Pager    pager
	Empty    empty
	More     bool   // there are more than the page shows, and no address for them
	CSV      string // the list as a file; empty: what was typed may be a code, and stands in no address
	XLSX     string
	CanEdit  bool
}

// customerFilter is what narrows the list of customers; it lives in the address.
type customerFilter struct {
	Search, Partner, Status string
}

const customersPerPage = 50

func readCustomerFilter(c *gin.Context) customerFilter {
	return customerFilter{
		Search: cut(strings.TrimSpace(c.Query("q")), 80), Partner: cut(c.Query("partner"), 20), Status: cut(c.Query("status"), 20),
	}
}

// at is an address of the list, narrowed the same way.
func (f customerFilter) at(pairs ...string) string {
	return listURL(sectionCustomers, append([]string{"q", f.Search, "partner", f.Partner, "status", f.Status}, pairs...)...)
}

// customerNumber is the number of a customer that a search may be, as pages print it
// and as people type it: 1234, 1,234, #1234, customer 1234; 0: none.
func customerNumber(text string) int64 {
	text = strings.ToLower(strings.TrimSpace(card.PlainText(text)))
	text = strings.TrimLeft(strings.TrimPrefix(text, "customer"), " #№")
	if groupedNumber.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	return numberOf(text)
}

var groupedNumber = regexp.MustCompile(`^\d{1,3}(,\d{3})+$`)

// numberOf is the number that a search may be; 0: none.
func numberOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// listCustomers reads customers below an id, newest first; with after, those above
// it, last one first.
func listCustomers(ctx context.Context, dbtx db.DBTX, scope audit.Scope, f customerFilter, before, after int64, size int32) ([]db.CustomerListRow, error) {
	var disabled *bool
	if f.Status == "active" || f.Status == "disabled" {
		disabled = new(bool)
		*disabled = f.Status == "disabled"
	}
	partner := numberOf(f.Partner)
	var rows []db.CustomerListRow
	switch {
	case f.Search != "":
		found, err := db.New().CustomerSearch(ctx, dbtx, db.CustomerSearchParams{
			AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, PartnerID: partner, Disabled: disabled,
			BeforeID: before, AfterID: after, Back: after > 0, Size: size, Search: card.PlainText(f.Search), Number: customerNumber(f.Search), ExternalID: card.PlainText(f.Search),
		})
		for _, row := range found {
			rows = append(rows, db.CustomerListRow(row))
		}
		return rows, err
	case after > 0:
		found, err := db.New().CustomerListBack(ctx, dbtx, db.CustomerListBackParams{
			AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, PartnerID: partner, Disabled: disabled, AfterID: after, Size: size,
		})
		for _, row := range found {
			rows = append(rows, db.CustomerListRow(row))
		}
		return rows, err
	}
	return db.New().CustomerList(ctx, dbtx, db.CustomerListParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, PartnerID: partner, Disabled: disabled, BeforeID: before, Size: size,
	})
}

// pageBounds reads which page of a list by id is wanted: below an id, or above one.
func pageBounds(c *gin.Context) (before, after int64) {
	if n := numberOf(c.Query("after")); n > 0 {
		return math.MaxInt64, n
	}
	if n := numberOf(c.Query("before")); n > 0 {
		return n, 0
	}
	return math.MaxInt64, 0
}

// turn cuts the row that only tells of another page, puts a page that was read
// backwards the right way round, and says on which sides there are more rows.
func turn[T any](rows []T, size int, before, after int64) (list []T, newer, older bool) {
	more := len(rows) > size
	rows = rows[:min(len(rows), size)]
	if after > 0 {
		slices.Reverse(rows)
		return rows, more, true
	}
	return rows, before != math.MaxInt64, more
}

// adminCustomerList handles GET /admin/customers, as a page or, with format, as a
// file.
func (s *Server) adminCustomerList(c *gin.Context) error {
	if format, ok := tableFormat(c); ok {
		return s.sendCustomers(c, format, readCustomerFilter(c))
	}
	return s.showCustomers(c, readCustomerFilter(c), false)
}

// adminCustomerSearch handles POST /admin/customers. A text that may be the code of a card
// is answered here, so that it stands in no address, history or log; any other at an
// address of its own.
func (s *Server) adminCustomerSearch(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	f := customerFilter{Search: cut(strings.TrimSpace(form.Get("q")), 80), Partner: cut(form.Get("partner"), 20), Status: cut(form.Get("status"), 20)}
	secret, err := s.mayHoldCode(c, form.Get("q"))
	if err != nil {
		return err
	}
	if !secret {
		return s.redirect(c, f.at())
	}
	c.Header("Cache-Control", "no-store")
	return s.showCustomers(c, f, true)
}

// mayHoldCode reports whether a search may be a code, whole or as far as it is looked for.
func (s *Server) mayHoldCode(c *gin.Context, text string) (bool, error) {
	whole, err := s.Cards.MayHoldCode(c.Request.Context(), s.actor(c), text)
	if err != nil || whole {
		return whole, err
	}
	return s.Cards.MayHoldCode(c.Request.Context(), s.actor(c), cut(strings.TrimSpace(text), 80))
}

// showCustomers renders the list. Where the search is secret, no address of the page has
// it: there is the first page alone, and no file.
func (s *Server) showCustomers(c *gin.Context, f customerFilter, secret bool) error {
	p := &customerListPage{page: s.page(c, "Customers", sectionCustomers), Filter: f}
	ctx, scope := c.Request.Context(), p.Person.Scope
	p.CanEdit = p.Person.Can(staff.CustomersEdit)
	if !secret {
		p.CSV, p.XLSX = p.Filter.at("format", "csv"), p.Filter.at("format", "xlsx")
	}
	before, after := pageBounds(c)
	rows, err := listCustomers(ctx, s.Pool, scope, p.Filter, before, after, customersPerPage+1)
	if err != nil {
		return err
	}
	rows, newer, older := turn(rows, customersPerPage, before, after)
	p.More = secret && older
	if secret {
		newer, older = false, false
	}
	if newer && len(rows) > 0 {
		p.Pager.Newer = p.Filter.at("after", strconv.FormatInt(rows[0].ID, 10))
	} else if newer || (after > 0 && len(rows) == 0) {
		p.Pager.Newer = p.Filter.at()
	}
	if older && len(rows) > 0 {
		p.Pager.Older = p.Filter.at("before", strconv.FormatInt(rows[len(rows)-1].ID, 10))
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, customerView{
			ID: row.ID, URL: customerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
			Partner: row.PartnerName, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(), Disabled: row.DisabledAt != nil,
		})
	}
	for _, w := range []filterWord{{Text: "All"}, {Text: "Active", URL: "active"}, {Text: "Disabled", URL: "disabled"}} {
		f := p.Filter
		f.Status = w.URL
		if secret {
			f.Search = ""
		}
		p.Words = append(p.Words, filterWord{Text: w.Text, URL: f.at(), Current: w.URL == p.Filter.Status})
	}
	if p.Partners, err = s.partnerFilter(ctx, p.Person, numberOf(p.Filter.Partner)); err != nil {
		return err
	}
	p.Empty = empty{Icon: "users", Title: "No customers yet", Text: "Customers redeem refill cards in the portal; each belongs to one partner."}
	if p.CanEdit {
		p.Empty.Action, p.Empty.URL = "Add a customer", customerNew
	}
	if p.Filter != (customerFilter{}) {
		p.Empty = empty{Icon: "search", Title: "Nobody matches", Text: "No name, username, e-mail, phone number, id or external id fits what you look for.", Action: "Show all customers", URL: sectionCustomers}
		if secret {
			p.Empty.Text += " Codes of cards are found in the box at the top of every page."
		}
	}
	return s.render(c, http.StatusOK, "admin/customer_list", p)
}
