// Package audit owns who acts and the record of what they did. Rows are written
// in the transaction of the act itself and never change. No code of a card ever
// goes into one.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"refill/internal/db"
)

// Queue is the queue of the jobs that seal the trail. It is separate from housekeeping,
// because one housekeeping run takes longer than a row may stay unsealed.
const Queue = "seal"

// Row is one act as it is written to the trail.
type Row struct {
	Action     string // "series.ordered", "card.redeemed": noun and past participle
	CustomerID int64  // the customer concerned; 0: the actor, if a customer
	SeriesID   int64
	Serial     int32
	Detail     json.RawMessage // an object
}

// Write writes a row in the caller's transaction and refuses an invalid actor. Only
// package act calls it.
func Write(ctx context.Context, dbtx db.DBTX, actor Actor, row Row) error {
	var err error
	if row.Detail, err = signed(actor, row.Detail); err != nil {
		return fmt.Errorf("audit %s: %w", row.Action, err)
	}
	if row.CustomerID == 0 {
		row.CustomerID = actor.CustomerID()
	}
	var address *netip.Addr
	if actor.Address.IsValid() {
		address = &actor.Address
	}
	err = db.New().AuditCreate(ctx, dbtx, db.AuditCreateParams{
		Action: row.Action, StaffID: actor.Staff(), CustomerID: optional(row.CustomerID),
		SeriesID: optional(row.SeriesID), Serial: optional(row.Serial),
		Address: address, RequestID: actor.RequestID, Detail: row.Detail,
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", row.Action, err)
	}
	return nil
}

func optional[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}

// AddressScope returns the key that limits count an address under: the address itself, and
// for IPv6 its /64, the prefix that providers assign to one customer.
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
