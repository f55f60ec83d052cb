package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"refill/internal/db"
	"refill/internal/money"
)

// Money is an amount as events tell it. The figure is text, because numbers of JSON are
// floating point in many languages.
type Money struct {
	Amount   string `json:"amount"` // decimal: "10.00"
	Currency string `json:"currency"`
}

// customerData names a customer. Of an erased one only the id is left.
type customerData struct {
	ID         string `json:"id"`
	Username   string `json:"username,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
}

// Outside says that a redemption handed its value over to another system.
type Outside struct {
	AcknowledgedAt *string `json:"acknowledged_at"` // when that system said that it has credited the value; null: it has not
}

// Data is what an event says. Which fields there are depends on its type.
type Data struct {
	ID           string        `json:"id,omitempty"` // of the payment, reservation, file, request, operation or check
	Card         string        `json:"card,omitempty"`
	Type         string        `json:"type,omitempty"`
	Amount       *Money        `json:"amount,omitempty"`
	BalanceAfter *Money        `json:"balance_after,omitempty"`
	Outside      *Outside      `json:"outside,omitempty"` // of a redemption whose value was handed over
	Customer     *customerData `json:"customer,omitempty"`
	PartnerID    string        `json:"partner_id,omitempty"`
	Reference    string        `json:"reference,omitempty"`
	Reverses     string        `json:"reverses,omitempty"` // id of the payment that is taken back
	State        string        `json:"state,omitempty"`
	Series       string        `json:"series,omitempty"`
	Quantity     int32         `json:"quantity,omitempty"`
	Price        *Money        `json:"price,omitempty"`
	ValidTill    string        `json:"valid_till,omitempty"`
	EndpointID   string        `json:"endpoint_id,omitempty"`
	ClientID     string        `json:"client_id,omitempty"`  // of the API client that holds the card of a reservation
	HeldUntil    string        `json:"held_until,omitempty"` // of a reservation
	ByClient     string        `json:"by_client,omitempty"`  // id of the API client that acted
	At           string        `json:"at,omitempty"`
}

// about is whom an event concerns.
type about struct {
	everyone bool // every reader: it concerns a series for any partner
	partners []int64
}

// describe returns what the event of an entry says, and whom it concerns.
func describe(row db.EventOutTakeRow) (Data, about) {
	d := Data{ByClient: number(deref(row.ClientID))}
	of := about{partners: []int64{}}
	if row.CustomerID != nil {
		d.Customer = describeCustomer(row)
		of.partners = []int64{row.CustomerPartner}
	}
	group, _, _ := strings.Cut(row.Type, ".")
	switch group {
	case "redemption", "payment", "charge":
		describePayment(&d, row)
		of.partners = []int64{row.PaymentPartner}
		return d, of
	case "reservation":
		describeReservation(&d, row)
		return d, of
	case "customer":
		d.PartnerID, d.State = number(row.CustomerPartner), customerState(row)
		return d, of
	case "series", "cards", "export", "approval":
		describeSeries(&d, row)
		d.ID = number(deref(row.RefID))
	case "check":
		d.ID = number(deref(row.RefID))
		return d, of
	case "guesses":
		d.PartnerID = number(deref(row.RefID))
		return d, of
	case Ping:
		d.EndpointID = number(deref(row.RefID))
		return d, of
	}
	if row.CustomerID == nil && row.SeriesID != nil {
		of.everyone, of.partners = row.AnyPartner, row.SeriesPartners
	}
	return d, of
}

func describeCustomer(row db.EventOutTakeRow) *customerData {
	c := &customerData{ID: number(*row.CustomerID)}
	if row.CustomerErased {
		return c
	}
	c.Username = row.Username
	if row.ExternalID != nil {
		c.ExternalID = *row.ExternalID
	}
	return c
}

func customerState(row db.EventOutTakeRow) string {
	switch {
	case row.CustomerErased:
		return "erased"
	case row.CustomerDisabled:
		return "disabled"
	}
	return "enabled"
}

// describePayment says what moved. Comments and reasons are left out: people write them, and
// a reversal's reason is for staff. The note of a redemption or a charge that an API client
// made is its reference; that of a payment is a comment.
func describePayment(d *Data, row db.EventOutTakeRow) {
	d.ID, d.Type, d.PartnerID = number(row.PaymentID), row.PaymentType, number(row.PaymentPartner)
	d.Amount, d.BalanceAfter = amount(row.Amount, row.Currency), amount(row.BalanceAfter, row.Currency)
	d.Reverses, d.At = number(row.Reverses), moment(row.PaidAt)
	if row.ClientID != nil && slices.Contains([]string{string(db.PaymentTypeRefillCard), string(db.PaymentTypeCharge)}, row.PaymentType) {
		d.Reference = row.Note
	}
	if row.Serial != nil {
		d.Card = cardName(row)
	}
	if row.Handed {
		d.Outside = &Outside{}
		if row.AcknowledgedAt != nil {
			at := moment(*row.AcknowledgedAt)
			d.Outside.AcknowledgedAt = &at
		}
	}
}

// describeReservation says which card is held for whom. by_client of it is the client that
// acted, and client_id the one that holds the card.
func describeReservation(d *Data, row db.EventOutTakeRow) {
	d.State, d.PartnerID, d.Reference = strings.TrimPrefix(row.Type, "reservation."), number(row.CustomerPartner), row.HeldReference
	d.Amount, d.ClientID = amount(row.HeldAmount, row.HeldCurrency), number(deref(row.HeldBy))
	if row.ReservationID != nil {
		d.ID = row.ReservationID.String()
	}
	if row.HeldSerial != nil {
		d.Card = fmt.Sprintf("%s-%d", row.SeriesNumber, *row.HeldSerial)
	}
	if row.HeldUntil != nil {
		d.HeldUntil = moment(*row.HeldUntil)
	}
}

func describeSeries(d *Data, row db.EventOutTakeRow) {
	d.Series = row.SeriesNumber
	if row.Serial != nil {
		d.Card = cardName(row)
	}
	if strings.HasPrefix(row.Type, "series.") {
		d.Quantity, d.Price = row.Quantity, amount(row.Price, row.SeriesCurrency)
		d.State = strings.TrimPrefix(row.Type, "series.")
		if row.ValidTill != nil {
			d.ValidTill = row.ValidTill.Format(time.DateOnly)
		}
	}
	if strings.HasPrefix(row.Type, "approval.") {
		d.Type, d.State = row.ApprovalKind, row.ApprovalState
	}
}

func cardName(row db.EventOutTakeRow) string {
	return fmt.Sprintf("%s-%d", row.SeriesNumber, *row.Serial)
}

func amount(minor int64, currency string) *Money {
	return &Money{money.Amount{Minor: minor, Currency: currency}.Decimal(), currency}
}

// number writes an id; empty for 0.
func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func deref(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// moment writes a time in UTC, as RFC 3339 with microseconds, which is how Postgres keeps
// it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// Event is an event as readers of the feed see it.
type Event struct {
	ID        string          `json:"id"`
	Seq       int64           `json:"seq"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// Body returns what is sent to an endpoint. The same event has the same bytes at every try.
func Body(seq int64, kind string, at time.Time, data []byte) ([]byte, error) {
	return json.Marshal(struct {
		Type      string          `json:"type"`
		Timestamp string          `json:"timestamp"`
		Seq       int64           `json:"seq"`
		Data      json.RawMessage `json:"data"`
	}{kind, moment(at), seq, data})
}
