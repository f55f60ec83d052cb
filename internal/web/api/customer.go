package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
)

// States of a customer.
const (
	statusActive   = "active"
	statusDisabled = "disabled"
	statusErased   = "erased"
)

// customerView is a customer as the API tells it.
type customerView struct {
	ID         string  `json:"id"`
	PartnerID  string  `json:"partner_id"`
	ExternalID *string `json:"external_id"`
	Username   string  `json:"username"`
	Name       string  `json:"name"`
	Email      string  `json:"email"`
	Phone      string  `json:"phone"`
	Status     string  `json:"status"` // active, disabled, erased
	CreatedAt  string  `json:"created_at"`
}

func viewCustomer(row db.CustomerPageRow) customerView {
	v := customerView{
		ID: idText(row.ID), PartnerID: idText(row.PartnerID), Username: row.Username, Name: row.Name, Email: row.Email, Phone: row.Phone,
		Status: statusActive, CreatedAt: moment(row.CreatedAt),
	}
	if row.ExternalID != "" {
		v.ExternalID = &row.ExternalID
	}
	switch {
	case row.ErasedAt != nil:
		v.Status = statusErased
	case row.DisabledAt != nil:
		v.Status = statusDisabled
	}
	return v
}

// viewCustomerRow is viewCustomer of a customer that was read alone.
func viewCustomerRow(row db.CustomerGetRow) customerView {
	return viewCustomer(db.CustomerPageRow{
		ID: row.ID, PartnerID: row.PartnerID, Username: row.Username, Name: row.Name, Email: row.Email, Phone: row.Phone,
		ExternalID: db.Deref(row.ExternalID), CreatedAt: row.CreatedAt, DisabledAt: row.DisabledAt, ErasedAt: row.ErasedAt,
	})
}

// customerInPath reads the customer that the address of a request names.
func (s *Server) customerInPath(c *gin.Context) (db.CustomerGetRow, error) {
	id, err := pathID(c, customer.ErrUnknown)
	if err != nil {
		return db.CustomerGetRow{}, err
	}
	return s.customerByID(c, id)
}

// answerCustomer answers with a customer as it is now, and its ETag.
func (s *Server) answerCustomer(c *gin.Context, status int, id int64) error {
	row, err := s.customerByID(c, id)
	if err != nil {
		return err
	}
	c.Header("ETag", etag(row.Version))
	return answer(c, status, viewCustomerRow(row))
}

// CustomerShow handles GET /api/v1/customers/:id.
func (s *Server) CustomerShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	id, err := pathID(c, customer.ErrUnknown)
	if err != nil {
		return err
	}
	return s.answerCustomer(c, http.StatusOK, id)
}

// CustomerList handles GET /api/v1/customers.
func (s *Server) CustomerList(c *gin.Context) error {
	q := readQuery(c, "limit", "after", "external_id", "username", "q", "partner_id", "status")
	p, scope, ctx := q.page(), caller.Client(c).Scope, c.Request.Context()
	params := db.CustomerPageParams{
		BeforeID: p.after, Size: p.limit(), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden,
		PartnerID: q.number("partner_id", 0, lastID), ExternalID: q.text("external_id"), Username: strings.ToLower(q.text("username")),
		Disabled: q.disabled(),
	}
	search := q.text("q")
	if search != "" && (params.ExternalID != "" || params.Username != "") {
		q.bad = true // a search looks for these itself
	}
	if err := q.err(); err != nil {
		return err
	}
	if search != "" {
		number, _ := strconv.ParseInt(search, 10, 64) // 0: no customer has it
		found, err := db.New().CustomerSearch(ctx, s.Pool, db.CustomerSearchParams{
			Search: search, Number: number, ExternalID: search, PartnerID: params.PartnerID, Disabled: params.Disabled,
			BeforeID: p.after, Size: p.limit(), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
		})
		if err != nil {
			return err
		}
		params.Ids = []int64{}
		for _, row := range found {
			params.Ids = append(params.Ids, row.ID)
		}
	}
	rows, err := db.New().CustomerPage(ctx, s.Pool, params)
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.CustomerPageRow) int64 { return r.ID }, viewCustomer)
}

// disabled reads the filter "status" of a list of customers; nil: all.
func (q *query) disabled() *bool {
	var is bool
	switch q.text("status") {
	case "":
		return nil
	case statusActive:
	case statusDisabled:
		is = true
	default:
		q.bad = true
	}
	return &is
}

// customerRequest is the body of requests that create or change a customer. A missing field
// stays as it is.
type customerRequest struct {
	PartnerID  *string `json:"partner_id"`
	ExternalID *string `json:"external_id"` // empty: none
	Username   *string `json:"username"`
	Name       *string `json:"name"`
	Email      *string `json:"email"`
	Phone      *string `json:"phone"`
	Status     *string `json:"status"` // active or disabled
}

var errStatus = fault.Field("status", "customer_status", "The status is active or disabled.")

// patch returns the change that a body asks for.
func (r customerRequest) patch() (customer.Patch, error) {
	p := customer.Patch{ExternalID: r.ExternalID, Username: r.Username, Name: r.Name, Email: r.Email, Phone: r.Phone}
	if r.PartnerID != nil {
		id := readID(*r.PartnerID)
		p.PartnerID = &id
	}
	if r.Status != nil {
		disabled := *r.Status == statusDisabled
		if !disabled && *r.Status != statusActive {
			return p, errStatus
		}
		p.Disabled = &disabled
	}
	return p, nil
}

// partner returns the partner of a new customer: the one that the body names, or the only
// one of the client.
func (r customerRequest) partner(c *gin.Context) (int64, error) {
	scope := caller.Client(c).Scope
	switch {
	case r.PartnerID != nil:
		return readID(*r.PartnerID), nil
	case !scope.AllPartners && len(scope.PartnerIDs) == 1:
		return scope.PartnerIDs[0], nil
	}
	return 0, errMissing.At("/partner_id")
}
