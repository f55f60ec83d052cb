package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
)

// CustomerCreate handles POST /api/v1/customers.
func (s *Server) CustomerCreate(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	var body customerRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	if body.Status != nil {
		return errStatusNew
	}
	partnerID, err := body.partner(c)
	if err != nil {
		return err
	}
	replayed, err := s.keyDone(c, key)
	if err != nil {
		return err
	}
	id, err := s.enterCustomer(c, partnerID, body, key)
	if err != nil {
		return err
	}
	return s.customerCreated(c, id, replayed)
}

// errStatusNew refuses the status of a customer who is not there yet.
var errStatusNew = fault.Field("status", "customer_status_new", "A new customer is active. Change the status afterwards.")

// enterCustomer creates a customer from a body and returns the id.
func (s *Server) enterCustomer(c *gin.Context, partnerID int64, body customerRequest, key uuid.UUID) (int64, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return 0, err
	}
	made, err := customer.Create(c.Request.Context(), s.Pool, caller.Actor(c), customer.New{
		PartnerID: partnerID, ExternalID: db.Deref(body.ExternalID), Username: db.Deref(body.Username), Name: db.Deref(body.Name),
		Email: db.Deref(body.Email), Phone: db.Deref(body.Phone), Currency: settings.Currency, Key: key,
	})
	return made.ID, customerPlaces.of(err)
}

// customerCreated answers with a new customer.
func (s *Server) customerCreated(c *gin.Context, id int64, replayed bool) error {
	row, err := s.customerByID(c, id)
	if err != nil {
		return err
	}
	c.Header("ETag", etag(row.Version))
	return created(c, Base+"/customers/"+idText(id), replayed, viewCustomerRow(row))
}

// CustomerChange handles PATCH /api/v1/customers/:id. Only the fields that are sent change.
func (s *Server) CustomerChange(c *gin.Context) error {
	row, err := s.customerInPath(c)
	if err != nil {
		return err
	}
	match, err := version(c)
	if err != nil {
		return err
	}
	var body customerRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	patch, err := body.patch()
	if err != nil {
		return err
	}
	if err := s.changeCustomer(c, row.ID, match, patch); err != nil {
		return err
	}
	return s.answerCustomer(c, http.StatusOK, row.ID)
}

func (s *Server) changeCustomer(c *gin.Context, id int64, match int32, patch customer.Patch) error {
	err := customer.Change(c.Request.Context(), s.Pool, caller.Actor(c), id, match, patch)
	if errors.Is(err, customer.ErrChanged) {
		return errMatchStale
	}
	return customerPlaces.of(err)
}

// CustomerPut handles PUT /api/v1/customers/by-external-id/:external: it creates the customer
// with this id of another system, or changes the fields that are sent. partner_id says whose
// customer is meant.
func (s *Server) CustomerPut(c *gin.Context) error {
	var body customerRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	external := strings.TrimSpace(c.Param("external"))
	if external == "" || len(external) > 4*customer.MostExternalID {
		return customer.ErrExternalID.With("most", fault.Number(customer.MostExternalID))
	}
	if body.ExternalID != nil && *body.ExternalID != external {
		return errExternalOther
	}
	body.ExternalID = &external
	patch, err := body.patch()
	if err != nil {
		return err
	}
	patch.PartnerID = nil // it names the customer and moves none
	for range 2 {         // another request may create the same customer meanwhile
		ref := customerRef{ExternalID: external, PartnerID: db.Deref(body.PartnerID)}
		row, err := s.findCustomer(c, &ref)
		if err == nil {
			return s.putKnown(c, row, patch)
		}
		if !errors.Is(err, customer.ErrUnknown) {
			return err
		}
		if c.GetHeader("If-Match") != "" {
			return errMatchStale
		}
		id, err := s.putNew(c, body)
		if errors.Is(err, customer.ErrExternalTaken) {
			continue
		}
		if err != nil {
			return err
		}
		return s.customerCreated(c, id, false)
	}
	return customer.ErrExternalTaken
}

var errExternalOther = fault.Field("external_id", "external_id_other", "The body names another external id than the address. Leave it out.")

// putKnown changes a customer that is there. If-Match is not needed, because the request says
// what the customer is to be.
func (s *Server) putKnown(c *gin.Context, row db.CustomerGetRow, patch customer.Patch) error {
	match := int32(0)
	if c.GetHeader("If-Match") != "" {
		var err error
		if match, err = version(c); err != nil {
			return err
		}
	}
	if err := s.changeCustomer(c, row.ID, match, patch); err != nil {
		return err
	}
	return s.answerCustomer(c, http.StatusOK, row.ID)
}

// putNew creates the customer of a PUT.
func (s *Server) putNew(c *gin.Context, body customerRequest) (int64, error) {
	if body.Status != nil && *body.Status != statusActive {
		return 0, errStatusNew
	}
	partnerID, err := body.partner(c)
	if err != nil {
		return 0, err
	}
	return s.enterCustomer(c, partnerID, body, uuid.Nil)
}
