package admin

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
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// customerView is a customer, prepared for the list and for the customer pages.
type customerView struct {
	ID                                    int64
	URL                                   string
	Name, Username, Email, Phone, Partner string
	PartnerID                             int64
	ExternalID                            string // the customer's ID in another system; empty: none
	Balance                               string
	Minor                                 int64 // the balance
	Outside                               bool  // the balance is kept in another system; Balance says so
	Currency                              string
	Test                                  bool
	Disabled                              bool
	Erased                                bool
	HasPassword                           bool
	Since                                 time.Time
}

// customerListPage is the list of customers.
type customerListPage struct {
	kit.Page
	Rows     []customerView
	Filter   customerFilter
	Heads    []columnHead
	Words    []kit.FilterWord
	Saved    savedViews
	Partners kit.Field // shown if there is a choice
	Pager    kit.Pager
	Sorted   tablePager // of a sorted list, instead of Pager
	Empty    kit.Empty
	More     bool   // there are more customers, but no address of the next page
	CSV      string // address of the list as a file; empty: the search may be a code, which no address may contain
	XLSX     string
	CanEdit  bool
	Help     []helpAsked // who can't sign in
}

// customerFilter limits the list of customers. It is part of the address.
type customerFilter struct {
	Search, Partner, Status string
	Sort                    string // a column, with a minus before it for descending order; empty: newest first
}

// narrows reports whether the filter leaves customers out.
func (f customerFilter) narrows() bool { return f.Search+f.Partner+f.Status != "" }

const customersPerPage = 50

func readCustomerFilter(c *gin.Context) customerFilter {
	return customerFilter{
		Search: kit.Truncate(strings.TrimSpace(c.Query("q")), 80), Partner: kit.Truncate(c.Query("partner"), 20), Status: kit.Truncate(c.Query("status"), 20),
		Sort: customerSort(c.Query("sort")),
	}
}

// disabled returns whether only disabled customers are listed, or only others; nil: all.
func (f customerFilter) disabled() *bool {
	if f.Status != "active" && f.Status != "disabled" {
		return nil
	}
	return new(f.Status == "disabled")
}

// at returns the address of the list with this filter and further query parameters.
func (f customerFilter) at(pairs ...string) string {
	return kit.ListURL(SectionCustomers, append([]string{"q", f.Search, "partner", f.Partner, "status", f.Status, "sort", f.Sort}, pairs...)...)
}

// customerNumber returns the customer number in a search, as pages print it or as people
// type it: 1234, 1,234, #1234, customer 1234. It returns 0 if there is none.
func customerNumber(text string) int64 {
	text = strings.ToLower(strings.TrimSpace(cardcode.PlainText(text)))
	text = strings.TrimLeft(strings.TrimPrefix(text, "customer"), " #№")
	if groupedNumber.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	return NumberOf(text)
}

var groupedNumber = regexp.MustCompile(`^\d{1,3}(,\d{3})+$`)

// NumberOf parses a decimal number. It returns 0 for other text.
func NumberOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// listCustomers returns customers with IDs below before, highest first. If after is not 0,
// it returns customers with IDs above after, lowest first.
func listCustomers(ctx context.Context, dbtx db.DBTX, scope audit.Scope, f customerFilter, before, after int64, size int32) ([]db.CustomerListRow, error) {
	disabled := f.disabled()
	partner := NumberOf(f.Partner)
	var rows []db.CustomerListRow
	switch {
	case f.Search != "":
		found, err := db.New().CustomerSearch(ctx, dbtx, db.CustomerSearchParams{
			AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, PartnerID: partner, Disabled: disabled,
			BeforeID: before, AfterID: after, Back: after > 0, Size: size, Search: cardcode.PlainText(f.Search), Number: customerNumber(f.Search), ExternalID: cardcode.PlainText(f.Search),
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

// pageBounds reads which page of a list by ID is requested: IDs below before, or above
// after.
func pageBounds(c *gin.Context) (before, after int64) {
	if n := NumberOf(c.Query("after")); n > 0 {
		return math.MaxInt64, n
	}
	if n := NumberOf(c.Query("before")); n > 0 {
		return n, 0
	}
	return math.MaxInt64, 0
}

// turn removes the extra row that shows that another page exists, reverses a page that was
// read backwards, and reports on which sides there are more rows.
func turn[T any](rows []T, size int, before, after int64) (list []T, newer, older bool) {
	more := len(rows) > size
	rows = rows[:min(len(rows), size)]
	if after > 0 {
		slices.Reverse(rows)
		return rows, more, true
	}
	return rows, before != math.MaxInt64, more
}

// CustomerList handles GET /admin/customers: a page or, with the parameter format, a file.
func (s *Server) CustomerList(c *gin.Context) error {
	if format, ok := kit.TableFormat(c); ok {
		return s.sendCustomers(c, format, readCustomerFilter(c))
	}
	return s.showCustomers(c, readCustomerFilter(c), false)
}

// CustomerSearch handles POST /admin/customers. It answers directly if the text may be a
// card code, so that no address, history or log contains the code. It redirects any other
// text to an address that contains it.
func (s *Server) CustomerSearch(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	f := customerFilter{Search: kit.Truncate(strings.TrimSpace(form.Get("q")), 80), Partner: kit.Truncate(form.Get("partner"), 20), Status: kit.Truncate(form.Get("status"), 20), Sort: customerSort(form.Get("sort"))}
	secret, err := s.mayHoldCode(c, form.Get("q"))
	if err != nil {
		return err
	}
	if !secret {
		return s.Redirect(c, f.at())
	}
	c.Header("Cache-Control", "no-store")
	return s.showCustomers(c, f, true)
}

// mayHoldCode reports whether a search may contain a code, either in full or as truncated.
func (s *Server) mayHoldCode(c *gin.Context, text string) (bool, error) {
	whole, err := s.Cards.Codes.MayHoldCode(c.Request.Context(), s.Actor(c), text)
	if err != nil || whole {
		return whole, err
	}
	return s.Cards.Codes.MayHoldCode(c.Request.Context(), s.Actor(c), kit.Truncate(strings.TrimSpace(text), 80))
}

// showCustomers renders the list. If the search is secret, no address on the page contains
// it: the page has no next page and no file.
func (s *Server) showCustomers(c *gin.Context, f customerFilter, secret bool) error {
	p := &customerListPage{Page: s.Page(c, lang.M("Customers"), SectionCustomers), Filter: f}
	ctx, scope := c.Request.Context(), p.Person.Scope
	p.CanEdit = p.Person.Can(staff.CustomersEdit)
	var err error
	if p.Help, err = s.listHelp(ctx, scope); err != nil {
		return err
	}
	if p.Saved, err = s.viewsOf(c); err != nil {
		return err
	}
	if !secret {
		p.CSV, p.XLSX = p.Filter.at("format", "csv"), p.Filter.at("format", "xlsx")
	}
	p.Heads = customerHeads(p.Filter, secret)
	rows, err := s.customerPage(c, p, secret)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, customerView{
			ID: row.ID, URL: CustomerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
			Partner: row.PartnerName, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(), Disabled: row.DisabledAt != nil, Test: row.Currency == money.Test,
		})
	}
	for _, w := range []kit.FilterWord{{Text: lang.M("All")}, {Text: lang.M("Active"), URL: "active"}, {Text: lang.M("Disabled"), URL: "disabled"}} {
		f := p.Filter
		f.Status = w.URL
		if secret {
			f.Search = ""
		}
		p.Words = append(p.Words, kit.FilterWord{Text: w.Text, URL: f.at(), Current: w.URL == p.Filter.Status})
	}
	if p.Partners, err = s.partnerFilter(ctx, p.Person, NumberOf(p.Filter.Partner)); err != nil {
		return err
	}
	p.Empty = kit.Empty{Icon: "users", Title: lang.M("No customers yet"), Text: lang.M("Customers redeem refill cards in the portal; each belongs to one partner.")}
	if p.CanEdit {
		p.Empty.Action, p.Empty.URL = lang.M("Add a customer"), CustomerNew
	}
	if p.Filter.narrows() {
		p.Empty = kit.Empty{Icon: "search", Title: lang.M("Nobody matches"), Text: lang.M("No name, username, e-mail, phone number, id or external id fits what you look for."), Action: lang.M("Show all customers"), URL: SectionCustomers}
		if secret {
			p.Empty.Text += lang.M(" Codes of cards are found in the box at the top of every page.")
		}
	}
	return s.Render(c, http.StatusOK, "admin/customer_list", p)
}
