package splynx

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
)

// customerView is a customer as Splynx tells them. What is not kept here has the value that
// Splynx begins with.
type customerView struct {
	ID           int64  `json:"id"`
	Login        string `json:"login"`
	Status       string `json:"status"` // active or disabled
	PartnerID    int64  `json:"partner_id"`
	LocationID   int64  `json:"location_id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	BillingEmail string `json:"billing_email"`
	Phone        string `json:"phone"`
	Category     string `json:"category"`
	DateAdd      string `json:"date_add"`
}

func (s *Server) viewCustomer(zone *time.Location) func(r db.SplynxCustomerListRow) customerView {
	return func(r db.SplynxCustomerListRow) customerView {
		v := customerView{
			ID: r.ID, Login: r.Username, Status: "active", PartnerID: r.PartnerID, LocationID: 1, Name: r.Name, Email: r.Email, BillingEmail: r.Email,
			Phone: r.Phone, Category: "person", DateAdd: r.CreatedAt.In(zone).Format(time.DateOnly),
		}
		if r.DisabledAt != nil || r.ErasedAt != nil {
			v.Status = "disabled"
		}
		return v
	}
}

// CustomerList handles GET and HEAD /api/2.0/admin/customers/customer.
func (s *Server) CustomerList(c *gin.Context) error {
	l, seen := readList(c, "id", "login", "email", "phone", "partner_id"), scope(c)
	p := db.SplynxCustomerListParams{AllPartners: seen.AllPartners, ScopeIds: seen.PartnerIDs, Newest: l.newest, Size: l.size, Skip: l.skip}
	p.Ids, p.IDFrom, p.IDTo = l.numbers("id")
	p.Partners, p.PartnerFrom, p.PartnerTo = l.numbers("partner_id")
	p.Logins, p.LoginLike = l.texts("login")
	p.Emails, p.EmailLike = l.texts("email")
	p.Phones, p.PhoneLike = l.texts("phone")
	if err := l.err(); err != nil {
		return err
	}
	if who := customerOf(c); who.ID != 0 {
		if p.IDFrom, p.IDTo = &who.ID, &who.ID; l.filters["id"].operator != "" {
			return errOwn
		}
	}
	rows, err := db.New().SplynxCustomerList(c.Request.Context(), s.Pool, p)
	if err != nil {
		return err
	}
	var total int64
	if len(rows) > 0 {
		total = rows[0].Total
	}
	return answerList(c, rows, total, s.viewCustomer(s.zone()))
}

// customerNamed returns a customer of the partners that a request may see, and
// customer.ErrUnknown for others. A customer may ask for themselves only.
func (s *Server) customerNamed(c *gin.Context, text string) (db.CustomerGetRow, error) {
	id, seen := readID(text), scope(c)
	if err := own(c, id); err != nil {
		return db.CustomerGetRow{}, err
	}
	return db.Need(db.New().CustomerGet(c.Request.Context(), s.Pool, db.CustomerGetParams{ID: id, AllPartners: seen.AllPartners, PartnerIds: seen.PartnerIDs})).
		Or(customer.ErrUnknown, "read a customer")
}

// CustomerShow handles GET /api/2.0/admin/customers/customer/:id.
func (s *Server) CustomerShow(c *gin.Context) error {
	row, err := s.customerNamed(c, c.Param("id"))
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	c.JSON(http.StatusOK, s.viewCustomer(s.zone())(db.SplynxCustomerListRow{
		ID: row.ID, Username: row.Username, PartnerID: row.PartnerID, Name: row.Name, Email: row.Email, Phone: row.Phone, CreatedAt: row.CreatedAt,
		DisabledAt: row.DisabledAt, ErasedAt: row.ErasedAt,
	}))
	return nil
}

// billingView is the billing of a customer as Splynx tells it: here, the balance.
type billingView struct {
	CustomerID int64  `json:"customer_id"`
	Enabled    int    `json:"enabled"`
	Type       string `json:"type"`
	Deposit    string `json:"deposit"`
	MinBalance string `json:"min_balance"`
}

// CustomerBilling handles GET /api/2.0/admin/customers/customer-billing/:id.
func (s *Server) CustomerBilling(c *gin.Context) error {
	row, err := s.customerNamed(c, c.Param("id"))
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	v := billingView{CustomerID: row.ID, Enabled: 1, Type: "2", Deposit: four(db.Deref(row.Balance), row.Currency), MinBalance: four(0, row.Currency)}
	if row.DisabledAt != nil || row.ErasedAt != nil {
		v.Enabled = 0
	}
	c.JSON(http.StatusOK, v)
	return nil
}
