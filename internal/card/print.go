package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"refill/internal/formprint"
)

// orderPrint and operationPrint are the input of fingerprints (package formprint). Their
// fields, order and text forms never change, so that a form sent before an upgrade has the
// same fingerprint after it.
type orderPrint struct {
	Quantity, Prefix, Price, ValidTill string
	Partners                           []string
	Activate                           bool
	PrintOnce                          bool
	Key                                uuid.UUID // always nil; kept for the fingerprints of earlier versions
}

type operationPrint struct {
	SeriesID  int64
	Operation string
	First     int32
	Last      int32
	Serials   []int32
	Status    Status
	ValidTill string
	PartnerID int64
}

// print returns the fingerprint of all fields of a request. Equal values in different spelling
// have the same fingerprint. A price in the currency of the installation is written in minor
// units, another with its currency.
func (f OrderRequest) print(currency string) ([]byte, error) {
	p := orderPrint{
		Quantity: fmt.Sprint(f.Quantity), Prefix: strings.TrimSpace(f.Prefix), Price: fmt.Sprint(f.Price.Minor), ValidTill: printDay(f.ValidTill),
		Activate: f.Activate, PrintOnce: f.PrintOnce,
	}
	if f.Price.Currency != currency {
		p.Price = f.Price.String()
	}
	if f.Partners.Any {
		p.Partners = []string{AnyPartner}
		return formprint.Of(p)
	}
	for _, id := range f.Partners.IDs {
		p.Partners = append(p.Partners, fmt.Sprint(id))
	}
	p.Partners = slices.Compact(slices.Sorted(slices.Values(p.Partners)))
	return formprint.Of(p)
}

// print returns the fingerprint of all fields of an operation.
func (c Operation) print() ([]byte, error) {
	return formprint.Of(operationPrint{
		SeriesID: c.SeriesID, Operation: string(c.Operation), First: c.First, Last: c.Last,
		Serials: slices.Compact(slices.Sorted(slices.Values(c.Serials))), Status: c.Status, ValidTill: printDay(c.ValidTill), PartnerID: c.PartnerID,
	})
}

// printDay formats a day as forms send it. The zero time is empty.
func printDay(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}
