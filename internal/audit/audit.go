// Package audit owns who acts and the record of what they did. Rows are written
// in the transaction of the act itself and never change. No code of a card ever
// goes into one.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"refill/internal/db"
)

// Queue is where the jobs wait that seal the trail. It is of its own: what else is
// looked after takes longer than the trail may lie unsealed.
const Queue = "seal"

// Scope is the part of the portal that somebody may see: every partner, or some.
type Scope struct {
	AllPartners bool
	PartnerIDs  []int64
}

// Everything is the scope of the program itself.
func Everything() Scope { return Scope{AllPartners: true, PartnerIDs: []int64{}} }

// Holds reports whether a partner lies in the scope.
func (s Scope) Holds(partnerID int64) bool {
	return s.AllPartners || slices.Contains(s.PartnerIDs, partnerID)
}

// Actor is who does something and from where: a member of staff, a customer, or,
// with neither, the program itself.
type Actor struct {
	StaffID    int64
	CustomerID int64
	Scope      Scope
	Address    netip.Addr
	RequestID  string
}

// System is the program acting on its own: workers, seeds, periodic jobs.
func System() Actor { return Actor{Scope: Everything()} }

// Staff returns the id of the acting member of staff for a nullable column.
func (a Actor) Staff() *int64 { return optional(a.StaffID) }

// Customer returns the id of the acting customer for a nullable column.
func (a Actor) Customer() *int64 { return optional(a.CustomerID) }

// Entry is one act.
type Entry struct {
	Action     string // "series.ordered", "card.redeemed": noun and past participle
	CustomerID int64  // whom it concerns; 0: the actor, if a customer
	SeriesID   int64
	Serial     int32
	Detail     map[string]any // facts that explain the act; never a code
}

// Record writes an act in the caller's transaction.
func Record(ctx context.Context, dbtx db.DBTX, actor Actor, e Entry) error {
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("audit detail of %s: %w", e.Action, err)
		}
	}
	if e.CustomerID == 0 {
		e.CustomerID = actor.CustomerID
	}
	var address *netip.Addr
	if actor.Address.IsValid() {
		address = &actor.Address
	}
	err := db.New().AuditCreate(ctx, dbtx, db.AuditCreateParams{
		Action: e.Action, StaffID: actor.Staff(), CustomerID: optional(e.CustomerID),
		SeriesID: optional(e.SeriesID), Serial: optional(e.Serial),
		Address: address, RequestID: actor.RequestID, Detail: detail,
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

func optional[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}

// AddressScope names who stands behind an address, for limits: the address
// itself, or for IPv6 the /64 that one customer of a provider is given.
func AddressScope(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if !address.IsValid() {
		return "unknown"
	}
	if address.Is4() {
		return address.String()
	}
	prefix, err := address.Prefix(64)
	if err != nil {
		return address.String()
	}
	return prefix.String()
}
