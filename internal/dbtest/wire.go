package dbtest

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Wire counts the round trips of a pool at its connections: how often the program sends
// something and then waits for the answer. BEGIN and COMMIT count, and statements that
// are sent together count once.
type Wire struct{ trips atomic.Int64 }

// Take returns the round trips since the last call, and begins anew.
func (w *Wire) Take() int64 { return w.trips.Swap(0) }

// WirePool returns a pool of one connection to the database of another pool, whose
// round trips are counted. The first use of a statement on it costs one more than later
// ones.
func WirePool(tb testing.TB, of *pgxpool.Pool) (*pgxpool.Pool, *Wire) {
	tb.Helper()
	wire, config := &Wire{}, of.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &counted{Conn: conn, wire: wire}, err
	}
	config.MaxConns, config.MinConns, config.MinIdleConns = 1, 0, 0
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatalf("dbtest: count round trips: %v", err)
	}
	tb.Cleanup(func() {
		if err := closePool(pool); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return pool, wire
}

// counted is a connection that notes each change from sending to receiving.
type counted struct {
	net.Conn

	wire *Wire
	sent atomic.Bool // something was sent since the last answer
}

// Write implements net.Conn.
func (c *counted) Write(b []byte) (int, error) {
	c.sent.Store(true)
	return c.Conn.Write(b)
}

// Read implements net.Conn.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.sent.Swap(false) {
		c.wire.trips.Add(1)
	}
	return n, err
}
