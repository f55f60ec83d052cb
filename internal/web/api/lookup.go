package api

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
)

// customerRef names a customer: exactly one of its fields is set.
type customerRef struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id"`
	Username   string `json:"username"`
	PartnerID  string `json:"partner_id"` // beside external_id, where two partners have it
}

// customerSeen is how answers name a customer.
type customerSeen struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	ExternalID string `json:"external_id,omitempty"`
}

var errCustomerRef = fault.Field("customer", "customer_ref", "Name the customer by exactly one of id, external_id and username.")

func seen(row db.CustomerGetRow) customerSeen {
	v := customerSeen{ID: idText(row.ID), Username: row.Username}
	if row.ExternalID != nil {
		v.ExternalID = *row.ExternalID
	}
	return v
}

// read returns the id or the name by which a request names a customer. An id that can be none
// is 0, which no customer has.
func (ref *customerRef) read() (id int64, named *customer.Named, err error) {
	if ref == nil {
		return 0, nil, errCustomerRef
	}
	given := 0
	for _, text := range []string{ref.ID, ref.ExternalID, ref.Username} {
		if text != "" {
			given++
		}
	}
	if given != 1 || ref.PartnerID != "" && ref.ExternalID == "" {
		return 0, nil, errCustomerRef
	}
	if ref.ID != "" {
		return readID(ref.ID), nil, nil
	}
	return 0, &customer.Named{ExternalID: ref.ExternalID, Username: ref.Username, PartnerID: ref.partner()}, nil
}

// partner returns the id of the partner that is named beside an external id; 0: none is.
func (ref *customerRef) partner() int64 {
	if ref.PartnerID == "" {
		return 0
	}
	return readID(ref.PartnerID)
}

// findCustomer returns the customer that a request names, and customer.ErrUnknown for one
// of other partners.
func (s *Server) findCustomer(c *gin.Context, ref *customerRef) (db.CustomerGetRow, error) {
	id, named, err := ref.read()
	switch {
	case err != nil:
		return db.CustomerGetRow{}, err
	case named == nil:
		return s.customerByID(c, id)
	}
	return db.Need(customer.ByName(c.Request.Context(), s.Pool, caller.Client(c).Scope, *named)).Or(customer.ErrUnknown, "find a customer")
}

// customerToCredit is findCustomer for what credits a card. A customer whose balance is kept
// outside is made at first use.
func (s *Server) customerToCredit(c *gin.Context, ref *customerRef) (db.CustomerGetRow, error) {
	row, err := s.findCustomer(c, ref)
	if !errors.Is(err, customer.ErrUnknown) || ref.ExternalID == "" {
		return row, err
	}
	id, err := s.firstUse(c, ref)
	if err != nil {
		return row, err
	}
	return s.customerByID(c, id)
}

// firstUse makes the customer of an external id that no customer has yet, and returns its id.
func (s *Server) firstUse(c *gin.Context, ref *customerRef) (int64, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return 0, err
	}
	id, err := customer.FirstUse(c.Request.Context(), s.Pool, caller.Actor(c), ref.partner(), ref.ExternalID, settings.Currency)
	if err != nil {
		return 0, customerFaults.of(err)
	}
	return id, nil
}

// customerFaults are the fields of a customer made at first use, in the bodies that name one.
var customerFaults = places{"external_id": "/customer/external_id", "partner": "/customer/partner_id", "name": "/customer/external_id", "username": "/customer/external_id"} //nolint:gochecknoglobals // a table

// customerByID returns a customer, and customer.ErrUnknown for one of other partners.
func (s *Server) customerByID(c *gin.Context, id int64) (db.CustomerGetRow, error) {
	ctx, scope := c.Request.Context(), caller.Client(c).Scope
	return db.Need(db.New().CustomerGet(ctx, s.Pool, db.CustomerGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})).
		Or(customer.ErrUnknown, "read a customer")
}

// findCard returns the card of a name such as 202611-42, and card.ErrNoCard where there is
// none that the client may see.
func (s *Server) findCard(c *gin.Context, name string) (card.Ref, error) {
	number, serialText, _ := strings.Cut(name, "-")
	serial, err := strconv.ParseInt(serialText, 10, 32)
	if err != nil || serial < 1 {
		return card.Ref{}, card.ErrNoCard
	}
	series, err := s.Cards.SeriesByNumber(c.Request.Context(), caller.Actor(c), number)
	if fault.KindOf(err) == fault.NotFound {
		return card.Ref{}, card.ErrNoCard
	}
	if err != nil {
		return card.Ref{}, err
	}
	return card.Ref{SeriesID: series.Series.ID, Serial: int32(serial)}, nil
}
