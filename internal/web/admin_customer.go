package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// customerView is a customer as the list and the page show one.
type customerView struct {
	ID                                    int64
	URL                                   string
	Name, Username, Email, Phone, Partner string
	Balance                               string
	Disabled                              bool
	Since                                 time.Time
}

// customerListPage is the list of customers.
type customerListPage struct {
	page
	Rows   []customerView
	Search string
	Pager  pager
	Empty  empty
}

// customerShowPage is one customer.
type customerShowPage struct {
	page
	Customer  customerView
	Tabs      []filterWord
	Payments  []paymentView
	CanPay    bool // sees payments
	CanRedeem bool
	Code      field
	Key       string
	Mistakes  []mistake
}

// customerPaymentsPage is a customer's billing.
type customerPaymentsPage struct {
	page
	Customer customerView
	Tabs     []filterWord
	Payments []paymentView
	Totals   []paymentTotal
	Pager    pager
	Empty    empty
}

const (
	customersPerPage = 50
	billingPerPage   = 50
)

// customerURL is the address of a customer.
func customerURL(id int64) string { return fmt.Sprintf("%s/%d", sectionCustomers, id) }

// adminCustomerList handles GET /admin/customers.
func (s *Server) adminCustomerList(c *gin.Context) error {
	p := &customerListPage{page: s.page(c, "Customers", sectionCustomers), Search: cut(strings.TrimSpace(c.Query("q")), 80)}
	before, err := strconv.ParseInt(c.Query("before"), 10, 64)
	if err != nil || before < 1 {
		before = math.MaxInt64
	}
	scope := p.Person.Scope
	rows, err := db.New().CustomerList(c.Request.Context(), s.Pool, db.CustomerListParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Search: p.Search, BeforeID: before, Size: customersPerPage + 1,
	})
	if err != nil {
		return err
	}
	if len(rows) > customersPerPage {
		rows = rows[:customersPerPage]
		p.Pager.Older = listURL(sectionCustomers, "q", p.Search, "before", fmt.Sprint(rows[len(rows)-1].ID))
	}
	if before != math.MaxInt64 {
		p.Pager.Newer = listURL(sectionCustomers, "q", p.Search)
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, customerView{
			ID: row.ID, URL: customerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
			Partner: row.PartnerName, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(), Disabled: row.DisabledAt != nil,
		})
	}
	p.Empty = empty{Icon: "users", Title: "No customers yet", Text: "Customers redeem refill cards in the portal; each belongs to one partner."}
	if p.Search != "" {
		p.Empty = empty{Icon: "search", Title: "Nobody matches", Text: "No name, username, e-mail, phone number or id fits what you look for.", Action: "Show all customers", URL: sectionCustomers}
	}
	return s.render(c, http.StatusOK, "admin/customer_list", p)
}

// findCustomer reads the customer of the address; one of another partner is
// missing.
func (s *Server) findCustomer(c *gin.Context) (customerView, *time.Location, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return customerView{}, nil, card.ErrCustomer
	}
	scope := s.person(c).Scope
	row, err := db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if isNoRows(err) {
		return customerView{}, nil, card.ErrCustomer
	}
	if err != nil {
		return customerView{}, nil, err
	}
	return customerView{
		ID: row.ID, URL: customerURL(row.ID), Name: row.Name, Username: row.Username, Email: row.Email, Phone: row.Phone,
		Partner: row.PartnerName, Balance: money.Amount{Minor: *row.Balance, Currency: row.Currency}.String(),
		Disabled: row.DisabledAt != nil, Since: row.CreatedAt,
	}, zone(row.TimeZone), nil
}

// customerTabs lead between the pages of a customer.
func customerTabs(c customerView, person staff.Person, current int) []filterWord {
	tabs := []filterWord{{Text: "Overview", URL: c.URL}}
	if person.Can(staff.PaymentsView) {
		tabs = append(tabs, filterWord{Text: "Billing: payments", URL: c.URL + "/billing/payments"})
	}
	for i := range tabs {
		tabs[i].Current = i == current
	}
	return tabs
}

// adminCustomerShow handles GET /admin/customers/:id.
func (s *Server) adminCustomerShow(c *gin.Context) error {
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/customer_show", p)
}

func (s *Server) newCustomerShowPage(c *gin.Context) (*customerShowPage, error) {
	view, zone, err := s.findCustomer(c)
	if err != nil {
		return nil, err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	p := &customerShowPage{page: s.page(c, view.Name, sectionCustomers), Customer: view, Code: newCodeField(""), Key: uuid.NewString()}
	p.Code.Hint = "Of a card that the customer brings."
	p.Tabs = customerTabs(view, p.Person, 0)
	p.CanPay = p.Person.Can(staff.PaymentsView)
	p.CanRedeem = p.Person.Can(staff.RedeemFor) && settings.RefillCards && !view.Disabled
	if p.CanPay {
		p.Payments, _, err = s.payments(c.Request.Context(), view.ID, 0, 5, zone)
	}
	return p, err
}

// adminCustomerRedeem handles POST /admin/customers/:id/redeem.
func (s *Server) adminCustomerRedeem(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.newCustomerShowPage(c)
	if err != nil {
		return err
	}
	key := redeemKey(form.Get("key"))
	receipt, err := s.Cards.Redeem(c.Request.Context(), s.actor(c), card.Redemption{CustomerID: p.Customer.ID, Code: form.Get("code"), Key: key})
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		p.Code = newCodeField(form.Get("code"))
		p.Mistakes = explain(err, &p.Code)
		p.Code.Error = fault.All(err)[0].Message
		if fault.KindOf(err) == fault.Unsettled {
			p.Key = key.String() // asked again, the same key tells what became of it
		}
		return s.render(c, redeemStatus(err), "admin/customer_show", p)
	}
	s.setFlash(c, fmt.Sprintf("%s added. New balance %s. (Series %s, serial %d.)", money.Amount{Minor: receipt.Amount, Currency: receipt.Currency},
		money.Amount{Minor: receipt.Balance, Currency: receipt.Currency}, receipt.Series, receipt.Serial))
	return s.redirect(c, p.Customer.URL)
}

// adminCustomerPayments handles GET /admin/customers/:id/billing/payments.
func (s *Server) adminCustomerPayments(c *gin.Context) error {
	view, zone, err := s.findCustomer(c)
	if err != nil {
		return err
	}
	p := &customerPaymentsPage{page: s.page(c, view.Name, sectionCustomers), Customer: view}
	p.Tabs = customerTabs(view, p.Person, 1)
	self := view.URL + "/billing/payments"
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) // what is no number shows the newest
	ctx := c.Request.Context()
	var older bool
	if p.Payments, older, err = s.payments(ctx, view.ID, before, billingPerPage, zone); err != nil {
		return err
	}
	if p.Totals, err = s.paymentTotals(ctx, view.ID); err != nil {
		return err
	}
	if older {
		p.Pager.Older = listURL(self, "before", fmt.Sprint(p.Payments[len(p.Payments)-1].ID))
	}
	if before > 0 {
		p.Pager.Newer = self
	}
	p.Empty = empty{Icon: "receipt", Title: "No payments yet", Text: "Refill cards that are redeemed and money that is paid stand here."}
	return s.render(c, http.StatusOK, "admin/customer_payments", p)
}
