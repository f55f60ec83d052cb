package admin

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// customerPaymentsPage is the list of a customer's payments.
type customerPaymentsPage struct {
	kit.Page
	Customer    customerView
	Tabs        []kit.FilterWord
	From, Till  kit.Field
	Type        kit.Field
	Narrowed    bool
	Saved       savedViews
	Self        string // address without the filter
	Payments    []kit.PaymentView
	Totals      []kit.PaymentTotal
	Sum         string // of the totals
	Pager       kit.Pager
	Empty       kit.Empty
	CSV         string // address of the list as a file
	XLSX        string
	CanEnter    bool
	Asked       askedFor
	FilterWrong []kit.Mistake
}

const billingPerPage = 50

// billingFilter limits the list of payments. It is part of the address.
type billingFilter struct {
	customerID       int64
	from, till, kind string
	since, until     *time.Time
	only             *db.PaymentType
	wrong            []kit.Mistake
}

// readBillingFilter reads a period of whole days in a time zone, and a payment type.
func readBillingFilter(c *gin.Context, customerID int64, zone *time.Location) billingFilter {
	f := billingFilter{customerID: customerID, from: kit.Truncate(c.Query("from"), 10), till: kit.Truncate(c.Query("till"), 10), kind: kit.Truncate(c.Query("type"), 20)}
	day := func(text, name string) (since, until *time.Time) {
		if text == "" {
			return nil, nil
		}
		start, end, ok := dayBounds(text, zone)
		if !ok {
			f.wrong = append(f.wrong, kit.Mistake{Field: name, Text: lang.M("Write the date like 2026-11-25.")})
			return nil, nil
		}
		return &start, &end
	}
	f.since, _ = day(f.from, "from")
	_, f.until = day(f.till, "till")
	if kind := db.PaymentType(f.kind); slices.Contains(db.AllPaymentTypeValues(), kind) {
		f.only = &kind
	}
	return f
}

// at returns the address of the list with this filter and further query parameters.
func (f billingFilter) at(path string, pairs ...string) string {
	return kit.ListURL(path, append([]string{"from", f.from, "till", f.till, "type", f.kind}, pairs...)...)
}

// listBilling returns payments with IDs below before, highest first. If after is not 0, it
// returns payments with IDs above after, lowest first.
func listBilling(ctx context.Context, dbtx db.DBTX, f billingFilter, before, after int64, size int32) ([]db.PaymentBillingRow, error) {
	return db.New().PaymentBilling(ctx, dbtx, db.PaymentBillingParams{
		CustomerID: f.customerID, BeforeID: before, AfterID: after, Back: after > 0, Size: size, Type: f.only, Since: f.since, Until: f.until,
	})
}

// CustomerPayments handles GET /admin/customers/:id/billing/payments: a page or, with the
// parameter format, a file.
func (s *Server) CustomerPayments(c *gin.Context) error {
	view, zone, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	f := readBillingFilter(c, view.ID, zone)
	if format, ok := kit.TableFormat(c); ok {
		return s.sendBilling(c, format, f, zone)
	}
	p := &customerPaymentsPage{Page: s.Page(c, view.Name, SectionCustomers), Customer: view, Self: view.URL + "/billing/payments"}
	p.Tabs = customerTabs(view, p.Person, tabPayments)
	p.CanEnter, p.Zone = p.Person.Can(staff.PaymentsEnter) && !view.Outside, zone.String()
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{CustomerID: p.Customer.ID}); err != nil {
		return err
	}
	if p.Saved, err = s.viewsOf(c); err != nil {
		return err
	}
	p.CSV, p.XLSX = f.at(p.Self, "format", "csv"), f.at(p.Self, "format", "xlsx")
	p.FilterWrong, p.Narrowed = f.wrong, f.from+f.till+f.kind != ""
	p.From, p.Till = kit.Field{Name: "from", Label: lang.M("From"), Type: "date", Value: f.from}, kit.Field{Name: "till", Label: lang.M("Till"), Type: "date", Value: f.till}
	p.Type = kit.Field{Name: "type", Label: lang.M("Payment type"), Options: []kit.Option{{Text: lang.M("Every type")}}}
	for _, t := range db.AllPaymentTypeValues() {
		p.Type.Options = append(p.Type.Options, kit.Option{Value: string(t), Text: kit.PaymentTypeName(t)})
	}
	p.Type.Choose(f.kind)

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
	p.Empty = kit.Empty{Icon: "receipt", Title: lang.M("No payments yet"), Text: lang.M("Refill cards that are redeemed and money that is paid stand here.")}
	if p.Narrowed || before != math.MaxInt64 || after > 0 {
		p.Empty = kit.Empty{Icon: "search", Title: lang.M("No such payments"), Text: lang.M("Nothing of this type came in this period."), Action: lang.M("Show all payments"), URL: p.Self}
	}
	return s.Render(c, http.StatusOK, "admin/customer_payments", p)
}

// fillTotals adds the totals by payment type, within the filter.
func (s *Server) fillTotals(ctx context.Context, p *customerPaymentsPage, f billingFilter) error {
	rows, err := db.New().PaymentBillingTotals(ctx, s.Pool, db.PaymentBillingTotalsParams{CustomerID: f.customerID, Type: f.only, Since: f.since, Until: f.until})
	var sum int64
	for _, row := range rows {
		p.Totals = append(p.Totals, kit.PaymentTotal{Type: kit.PaymentTypeName(row.Type), Count: row.N, Sum: kit.Signed(row.Total, row.Currency)})
		sum += row.Total
	}
	p.Sum = kit.Signed(sum, p.Customer.Currency)
	return err
}

// viewBilling prepares a payment for display to staff.
func viewBilling(customerID int64, row db.PaymentBillingRow, zone *time.Location) kit.PaymentView {
	v := kit.PaymentView{
		ID: row.ID, URL: StaffReceiptURL(customerID, row.ID), At: row.At.In(zone), Type: kit.PaymentTypeName(row.Type), Sum: kit.Signed(row.Amount, row.Currency),
		Balance: money.Amount{Minor: row.BalanceAfter, Currency: row.Currency}.String(), Comment: cardComment(row.Comment),
		ReversedBy: row.ReversedBy, Reverses: row.Reverses,
	}
	v.By = audit.Named(row.StaffName, row.ClientName)
	if v.ReversedBy != 0 {
		v.ReversedByURL = StaffReceiptURL(customerID, v.ReversedBy)
	}
	if v.Reverses != 0 {
		v.ReversesURL = StaffReceiptURL(customerID, v.Reverses)
	}
	return v
}

// sendBilling responds with the filtered payments of a customer as a file.
func (s *Server) sendBilling(c *gin.Context, format render.TableFormat, f billingFilter, zone *time.Location) error {
	columns := []render.Column{
		{Name: "id", Kind: render.ColumnNumber},
		{Name: "date", Kind: render.ColumnTime},
		{Name: "payment_type"},
		{Name: "sum", Kind: render.ColumnMoney},
		{Name: "balance_after", Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "comment"},
		{Name: "entered_by"},
		{Name: "reverses", Kind: render.ColumnNumber},
		{Name: "reversed_by", Kind: render.ColumnNumber},
	}
	number := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	name := fmt.Sprintf("payments-%d", f.customerID)
	return s.SendTable(c, name, format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		before := int64(math.MaxInt64)
		for {
			rows, err := listBilling(ctx, tx, f, before, 0, tablePage)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, one := range rows {
				before = one.ID
				by := cmp.Or(audit.Named(one.StaffName, one.ClientName), "customer")
				err := row(one.ID, one.At.In(zone), kit.PaymentTypeName(one.Type), money.Amount{Minor: one.Amount, Currency: one.Currency},
					money.Amount{Minor: one.BalanceAfter, Currency: one.Currency}, one.Currency, one.Comment, by, number(one.Reverses), number(one.ReversedBy))
				if err != nil {
					return err
				}
			}
		}
	})
}

var redeemedComment = regexp.MustCompile(`^Series (\d+), serial (\d+)$`)

// cardComment names the card of a comment that a redemption wrote as other pages of staff do.
func cardComment(comment string) string {
	m := redeemedComment.FindStringSubmatch(comment)
	if m == nil {
		return comment
	}
	return kit.CardName(m[1], NumberOf(m[2]))
}
