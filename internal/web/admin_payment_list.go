package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/money"
	"refill/internal/staff"
)

// customerPaymentsPage is a customer's billing.
type customerPaymentsPage struct {
	page
	Customer    customerView
	Tabs        []filterWord
	From, Till  field
	Type        field
	Narrowed    bool
	Self        string // without a filter
	Payments    []paymentView
	Totals      []paymentTotal
	Sum         string // of the totals
	Pager       pager
	Empty       empty
	CSV         string // the table as a file
	XLSX        string
	CanEnter    bool
	Asked       askedFor
	FilterWrong []mistake
}

const billingPerPage = 50

// billingFilter is what narrows a customer's billing; it lives in the address.
type billingFilter struct {
	customerID       int64
	from, till, kind string
	since, until     *time.Time
	only             *db.PaymentType
	wrong            []mistake
}

// readBillingFilter reads a period of whole days in a zone, and a type.
func readBillingFilter(c *gin.Context, customerID int64, zone *time.Location) billingFilter {
	f := billingFilter{customerID: customerID, from: cut(c.Query("from"), 10), till: cut(c.Query("till"), 10), kind: cut(c.Query("type"), 20)}
	day := func(text, name string, add int) *time.Time {
		if text == "" {
			return nil
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil || t.Year() < 1900 || t.Year() > 9000 {
			f.wrong = append(f.wrong, mistake{Field: name, Text: "Write the date like 2026-11-25."})
			return nil
		}
		t = t.AddDate(0, 0, add)
		return &t
	}
	f.since, f.until = day(f.from, "from", 0), day(f.till, "till", 1)
	if kind := db.PaymentType(f.kind); slices.Contains(db.AllPaymentTypeValues(), kind) {
		f.only = &kind
	}
	return f
}

// at is an address of the billing, narrowed the same way.
func (f billingFilter) at(path string, pairs ...string) string {
	return listURL(path, append([]string{"from", f.from, "till", f.till, "type", f.kind}, pairs...)...)
}

// listBilling reads payments below an id, newest first; with after, those above it,
// last one first.
func listBilling(ctx context.Context, dbtx db.DBTX, f billingFilter, before, after int64, size int32) ([]db.PaymentBillingRow, error) {
	return db.New().PaymentBilling(ctx, dbtx, db.PaymentBillingParams{
		CustomerID: f.customerID, BeforeID: before, AfterID: after, Back: after > 0, Size: size, Type: f.only, Since: f.since, Until: f.until,
	})
}

// adminCustomerPayments handles GET /admin/customers/:id/billing/payments, as a page
// or, with format, as a file.
func (s *Server) adminCustomerPayments(c *gin.Context) error {
	view, zone, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	f := readBillingFilter(c, view.ID, zone)
	if format, ok := tableFormat(c); ok {
		return s.sendBilling(c, format, f, zone)
	}
	p := &customerPaymentsPage{page: s.page(c, view.Name, sectionCustomers), Customer: view, Self: view.URL + "/billing/payments"}
	p.Tabs = customerTabs(view, p.Person, tabPayments)
	p.CanEnter = p.Person.Can(staff.PaymentsEnter)
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{CustomerID: p.Customer.ID}); err != nil {
		return err
	}
	p.CSV, p.XLSX = f.at(p.Self, "format", "csv"), f.at(p.Self, "format", "xlsx")
	p.FilterWrong, p.Narrowed = f.wrong, f.from+f.till+f.kind != ""
	p.From, p.Till = field{Name: "from", Label: "From", Type: "date", Value: f.from}, field{Name: "till", Label: "Till", Type: "date", Value: f.till}
	p.Type = field{Name: "type", Label: "Payment type", Options: []option{{Text: "Every type"}}}
	for _, t := range db.AllPaymentTypeValues() {
		p.Type.Options = append(p.Type.Options, option{Value: string(t), Text: paymentTypeName(t)})
	}
	p.Type.choose(f.kind)

	ctx := c.Request.Context()
	before, after := pageBounds(c)
	rows, err := listBilling(ctx, s.Pool, f, before, after, billingPerPage+1)
	if err != nil {
		return err
	}
	rows, newer, older := turn(rows, billingPerPage, before, after)
	for _, row := range rows {
		p.Payments = append(p.Payments, viewBilling(view.ID, row, zone))
	}
	switch {
	case newer && len(rows) > 0:
		p.Pager.Newer = f.at(p.Self, "after", strconv.FormatInt(rows[0].ID, 10))
	case newer:
		p.Pager.Newer = f.at(p.Self)
	}
	if older && len(rows) > 0 {
		p.Pager.Older = f.at(p.Self, "before", strconv.FormatInt(rows[len(rows)-1].ID, 10))
	}
	if err := s.fillTotals(ctx, p, f); err != nil {
		return err
	}
	p.Empty = empty{Icon: "receipt", Title: "No payments yet", Text: "Refill cards that are redeemed and money that is paid stand here."}
	if p.Narrowed || before != math.MaxInt64 || after > 0 {
		p.Empty = empty{Icon: "search", Title: "No such payments", Text: "Nothing of this type came in this period.", Action: "Show all payments", URL: p.Self}
	}
	return s.render(c, http.StatusOK, "admin/customer_payments", p)
}

// fillTotals reads what came by each type, in the period and of the type that the
// page is narrowed to.
func (s *Server) fillTotals(ctx context.Context, p *customerPaymentsPage, f billingFilter) error {
	rows, err := db.New().PaymentBillingTotals(ctx, s.Pool, db.PaymentBillingTotalsParams{CustomerID: f.customerID, Type: f.only, Since: f.since, Until: f.until})
	var sum int64
	for _, row := range rows {
		p.Totals = append(p.Totals, paymentTotal{paymentTypeName(row.Type), row.N, signed(row.Total, row.Currency)})
		sum += row.Total
	}
	p.Sum = signed(sum, p.Customer.Currency)
	return err
}

// viewBilling is a line of billing as staff see it.
func viewBilling(customerID int64, row db.PaymentBillingRow, zone *time.Location) paymentView {
	v := paymentView{
		ID: row.ID, URL: staffReceiptURL(customerID, row.ID), At: row.At.In(zone), Type: paymentTypeName(row.Type), Sum: signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: row.Comment,
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	}
	if row.StaffName != nil {
		v.By = *row.StaffName
	}
	if v.ReversedBy != 0 {
		v.ReversedByURL = staffReceiptURL(customerID, v.ReversedBy)
	}
	if v.Reverses != 0 {
		v.ReversesURL = staffReceiptURL(customerID, v.Reverses)
	}
	return v
}

// sendBilling answers with a customer's billing, as it is narrowed, as a file.
func (s *Server) sendBilling(c *gin.Context, format export.TableFormat, f billingFilter, zone *time.Location) error {
	columns := []export.Column{
		{Name: "id", Kind: export.ColumnNumber},
		{Name: "date", Kind: export.ColumnTime},
		{Name: "payment_type"},
		{Name: "sum", Kind: export.ColumnMoney},
		{Name: "balance_after", Kind: export.ColumnMoney},
		{Name: "currency"},
		{Name: "comment"},
		{Name: "entered_by"},
		{Name: "reverses", Kind: export.ColumnNumber},
		{Name: "reversed_by", Kind: export.ColumnNumber},
	}
	number := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	name := fmt.Sprintf("payments-%d", f.customerID)
	return s.sendTable(c, name, format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		before := int64(math.MaxInt64)
		for {
			rows, err := listBilling(ctx, tx, f, before, 0, tablePage)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, one := range rows {
				before = one.ID
				by := "customer"
				if one.StaffName != nil {
					by = *one.StaffName
				}
				err := row(one.ID, one.At.In(zone), paymentTypeName(one.Type), money.Amount{Minor: one.Amount, Currency: one.Currency},
					money.Amount{Minor: one.BalanceAfter, Currency: one.Currency}, one.Currency, one.Comment, by, number(one.Reverses), number(one.ReversedBy))
				if err != nil {
					return err
				}
			}
		}
	})
}
