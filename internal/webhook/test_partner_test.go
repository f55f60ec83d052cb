package webhook

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/customer"
	"refill/internal/partner"
)

// Events of test partners go to addresses for them, and to no others, also when they are sent
// again; and an address stays of its kind.
func TestEventsOfTestPartners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, err := partner.Create(t.Context(), b.pool, b.admin, partner.Form{Name: "Sandbox", TimeZone: "UTC", Test: true}, nil)
	require.NoError(t, err)
	all := b.form("http://127.0.0.1:9/all")
	all.AllPartners, all.Types = true, []string{"*"}
	test := all
	test.Name, test.AllPartners, test.PartnerIDs = uuid.NewString(), false, []int64{id}
	allID, _ := b.endpoint(t, all)
	testID, _ := b.endpoint(t, test)
	mixed := test
	mixed.Name, mixed.PartnerIDs = uuid.NewString(), []int64{id, b.north.ID}
	_, err = b.hooks.Create(t.Context(), b.admin, mixed, uuid.New())
	require.ErrorIs(t, err, errTest)

	_, err = customer.Create(t.Context(), b.pool, b.admin, customer.New{PartnerID: id, Username: "tess", Name: "T", Currency: "USD"})
	require.NoError(t, err)
	b.pay(t, b.anna)
	b.step(t)
	delivered := func() string {
		t.Helper()
		return b.text(t, `select string_agg(w.id || ' ' || e.type || ' ' || e.test, ', ' order by w.id, e.seq)
			from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id join event e on e.seq = d.seq where d.state = 'due'`)
	}
	want := b.text(t, `select $1::bigint || ' payment.created false, ' || $2::bigint || ' customer.created true'`, allID, testID)
	require.Equal(t, want, delivered())

	b.exec(t, `delete from webhook_delivery`)
	for _, endpoint := range []int64{allID, testID} {
		_, err := b.hooks.Replay(t.Context(), b.admin, endpoint, b.now().AddDate(0, 0, -1), false)
		require.NoError(t, err)
	}
	b.step(t)
	require.Equal(t, want, delivered())

	version := func(id int64) (v int32) {
		t.Helper()
		require.NoError(t, b.pool.QueryRow(t.Context(), `select version from webhook_endpoint where id = $1`, id).Scan(&v))
		return v
	}
	test.PartnerIDs = []int64{b.north.ID}
	require.ErrorIs(t, b.hooks.Change(t.Context(), b.admin, testID, version(testID), Change{Form: &test}), errTestKept)
	all.AllPartners, all.PartnerIDs = false, []int64{id}
	require.ErrorIs(t, b.hooks.Change(t.Context(), b.admin, allID, version(allID), Change{Form: &all}), errTestKept)
}
