package webhook

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/event"
)

// An act that commits late gets a later seq: no reader of the feed misses it. What is rolled
// back leaves nothing.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, _ = b.endpoint(t, Form{Name: "all", URL: "http://127.0.0.1:9/", Types: []string{"*"}, AllPartners: true})
	ctx := t.Context()
	late, err := b.pool.Begin(ctx)
	require.NoError(t, err)
	gone, err := b.pool.Begin(ctx)
	require.NoError(t, err)
	_, err = customer.Create(ctx, late, b.admin, customer.New{PartnerID: b.north.ID, Username: "late", Name: "L", Currency: "USD"})
	require.NoError(t, err)
	_, err = customer.Create(ctx, gone, b.admin, customer.New{PartnerID: b.north.ID, Username: "gone", Name: "G", Currency: "USD"})
	require.NoError(t, err)
	_, err = customer.Create(ctx, b.pool, b.admin, customer.New{PartnerID: b.north.ID, Username: "early", Name: "E", Currency: "USD"})
	require.NoError(t, err)
	b.step(t)
	first, err := event.Read(ctx, b.pool, event.Query{Limit: 10, Scope: audit.Everything()})
	require.NoError(t, err)
	require.Len(t, first.Events, 1)
	require.Contains(t, string(first.Events[0].Data), "early")
	require.NoError(t, gone.Rollback(ctx))
	require.NoError(t, late.Commit(ctx))
	b.step(t)
	next, err := event.Read(ctx, b.pool, event.Query{After: &first.Next, Limit: 10, Scope: audit.Everything()})
	require.NoError(t, err)
	require.Len(t, next.Events, 1)
	require.Contains(t, string(next.Events[0].Data), "late")
	require.Equal(t, first.Events[0].Seq+1, next.Events[0].Seq)
}

// Of an erased customer events keep the id alone, whether they were made before or after.
func TestErasedCustomer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, _ = b.endpoint(t, Form{Name: "all", URL: "http://127.0.0.1:9/", Types: []string{"*"}, AllPartners: true})
	c, err := customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: b.north.ID, Username: "petra", Name: "P", Currency: "USD"})
	require.NoError(t, err)
	b.step(t)
	require.NoError(t, customer.Disable(t.Context(), b.pool, b.admin, c.ID)) // its event is made after the erasure
	require.Contains(t, b.text(t, `select string_agg(data::text, '') from event`), "petra")
	require.NoError(t, customer.Erase(t.Context(), b.pool, b.admin, customer.Erasure{CustomerID: c.ID, Number: fmt.Sprint(c.ID), Reason: "as a test"}))
	b.step(t)
	all := b.text(t, `select string_agg(data::text, '') from event`)
	require.NotContains(t, all, "petra")
	require.Contains(t, all, `"state": "erased"`)
}
