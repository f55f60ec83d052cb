package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/lang"
)

// customerSort reads the order of the list of customers from the query. It returns an empty
// string, for newest first, where the query names no column that the list is sorted by.
func customerSort(text string) string {
	if slices.Contains([]string{"name", "username", "partner", "balance"}, strings.TrimPrefix(text, "-")) {
		return text
	}
	return ""
}

// customerHeads returns the heads of the columns. A click on the head of the present order
// turns it round; balances begin with the highest. A secret search has no links, since no
// address may contain it.
func customerHeads(f customerFilter, secret bool) []columnHead {
	heads := []columnHead{
		{Name: "name", Text: lang.M("Customer")},
		{Name: "username", Text: lang.M("Username")},
		{Name: "partner", Text: lang.M("Partner")},
		{Name: "email", Text: lang.M("E-mail")},
		{Name: "phone", Text: lang.M("Phone")},
		{Name: "balance", Text: lang.M("Balance"), Num: true},
	}
	for i := range heads {
		h := &heads[i]
		if secret || customerSort(h.Name) == "" {
			continue
		}
		name, down := strings.CutPrefix(f.Sort, "-")
		next := h.Num
		if name == h.Name {
			next, h.Aria = !down, "ascending"
			if down {
				h.Aria = "descending"
			}
		}
		to := f
		if to.Sort = h.Name; next {
			to.Sort = "-" + h.Name
		}
		h.URL = to.at()
	}
	return heads
}

// customerPage reads the customers of the page that the address names, and fills in the pager.
func (s *Server) customerPage(c *gin.Context, p *customerListPage, secret bool) ([]db.CustomerListRow, error) {
	ctx, scope := c.Request.Context(), p.Person.Scope
	if p.Filter.Sort != "" {
		return s.sortedCustomers(c, p)
	}
	before, after := pageBounds(c)
	rows, err := listCustomers(ctx, s.Pool, scope, p.Filter, before, after, customersPerPage+1)
	if err != nil {
		return nil, err
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
	return rows, nil
}

// sortedCustomers reads a page of the list in the order of a column. Its pages are numbered.
func (s *Server) sortedCustomers(c *gin.Context, p *customerListPage) ([]db.CustomerListRow, error) {
	const mostPages = 100_000
	page, err := strconv.Atoi(c.Query("page"))
	if err != nil || page < 1 || page > mostPages {
		page = 1
	}
	rows, err := listSortedCustomers(c.Request.Context(), s.Pool, p.Person.Scope, p.Filter, int32(page-1)*customersPerPage, customersPerPage+1)
	if err != nil {
		return nil, err
	}
	if page > 1 {
		p.Sorted.Previous = p.Filter.at("page", strconv.Itoa(page-1))
	}
	if len(rows) > customersPerPage {
		rows, p.Sorted.Next = rows[:customersPerPage], p.Filter.at("page", strconv.Itoa(page+1))
	}
	return rows, nil
}

// listSortedCustomers returns size customers in the order of a column, without the first skip.
func listSortedCustomers(ctx context.Context, dbtx db.DBTX, scope audit.Scope, f customerFilter, skip, size int32) ([]db.CustomerListRow, error) {
	name, down := strings.CutPrefix(f.Sort, "-")
	params := db.CustomerListSortedParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, PartnerID: NumberOf(f.Partner), Disabled: f.disabled(),
		Search: cardcode.PlainText(f.Search), Sort: name, Down: down, Skip: skip, Size: size,
	}
	if f.Search != "" {
		params.Number, params.ExternalID = customerNumber(f.Search), cardcode.PlainText(f.Search)
	}
	found, err := db.New().CustomerListSorted(ctx, dbtx, params)
	rows := make([]db.CustomerListRow, len(found))
	for i, row := range found {
		rows[i] = db.CustomerListRow(row)
	}
	return rows, err
}
