package client

import (
	"context"
	"net/netip"

	"refill/internal/coalesce"
	"refill/internal/db"
)

// Gate admits the requests of clients as Admit does. Requests of one key that arrive while
// another request of it is being admitted share one statement: their count is one row, and
// in the database each would wait for the lock of it.
type Gate struct {
	group *coalesce.Group[origin, struct{}, db.ClientAdmitRow]
}

// origin is a key as it is used from an address.
type origin struct {
	hash    string
	address netip.Addr
}

// NewGate returns a gate that reads from a pool.
func NewGate(pool db.DBTX) *Gate {
	return &Gate{coalesce.New(func(ctx context.Context, from origin, requests []struct{}) (db.ClientAdmitRow, error) {
		return find(ctx, pool, db.ClientAdmitParams{Hash: []byte(from.hash), Requests: int32(len(requests))}, from.address) //nolint:gosec // far fewer
	})}
}

// Admit is the function Admit. The rights of the client and its owner are read after the
// request has come, so that a change of them holds from the next request on.
func (g *Gate) Admit(ctx context.Context, key string, address netip.Addr) (Client, error) {
	if err := checkKey(key); err != nil {
		return Client{}, err
	}
	shared, err := g.group.Do(ctx, origin{string(hashOf(key)), address}, struct{}{})
	if err != nil {
		return Client{}, err
	}
	row := shared.Result
	row.Used -= int32(shared.Calls - 1 - shared.Place) //nolint:gosec // far fewer
	return clientOf(row)
}
