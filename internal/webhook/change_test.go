package webhook

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// An endpoint that a client made runs while the client could make it; what happens meanwhile
// waits. One that a member of staff made outlives the account.
func TestEndpointsOfClients(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	ctx := t.Context()
	member, err := b.admin.Member()
	require.NoError(t, err)
	f := client.Form{
		Name: "Acme", OwnerID: member, PartnerIDs: []int64{b.north.ID}, Permissions: staff.Stored(staff.WebhooksManage),
		PerMinute: client.UsualPerMinute, WrongCodesHour: client.UsualWrongCodesHour,
	}
	program, err := client.Create(ctx, b.pool, b.admin, f)
	require.NoError(t, err)
	by := audit.ByClient(program, member, member, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	made, err := b.hooks.Create(ctx, by, b.form(l.URL), uuid.New())
	require.NoError(t, err)
	own, _ := b.endpoint(t, b.form(l.URL))
	lag := func() int {
		rows, err := db.New().WebhookLag(ctx, b.pool)
		require.NoError(t, err)
		return len(rows)
	}
	for stop, again := range map[string]string{
		`update staff set disabled_at = now()`:                                        `update staff set disabled_at = null`,
		`update staff set role_id = (select id from role where key = 'cashier')`:      `update staff set role_id = (select id from role where key = 'administrator')`,
		`update staff set all_partners = false`:                                       `update staff set all_partners = true`,
		`update api_client set disabled_at = now()`:                                   `update api_client set disabled_at = null`,
		`update api_client set permissions = '{events.view}'`:                         `update api_client set permissions = '{webhooks.manage}'`,
		`delete from api_client_partner`:                                              `insert into api_client_partner (client_id, partner_id) select c.id, p.id from api_client c, partner p where p.name = 'North'`,
		`update webhook_endpoint set all_partners = true where client_id is not null`: `update webhook_endpoint set all_partners = false`,
	} {
		b.exec(t, stop)
		b.pay(t, b.anna)
		b.step(t)
		require.Equal(t, 1, b.deliver(t, own), stop)
		require.Zero(t, b.deliver(t, made.ID), stop)
		require.Equal(t, 1, lag(), stop)
		b.exec(t, again)
		require.Equal(t, 1, b.deliver(t, made.ID), again)
		require.Equal(t, 2, lag(), again)
	}
}

// A change of several things is made whole or not at all, of the version that was read. Names
// are unique for one maker, and a partner that does not exist is refused as a foreign one is.
func TestChangeIsWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	f := b.form("http://127.0.0.1:9/")
	id, _ := b.endpoint(t, f)
	other := f
	other.Name = "Other"
	b.endpoint(t, other)
	off := true
	state := func() string {
		return b.text(t, `select name || ' ' || disabled_why || ' ' || version from webhook_endpoint where id = $1`, id)
	}
	before := state()
	for name, c := range map[string]struct {
		edit func(f *Form)
		err  string
	}{
		"taken":      {func(f *Form) { f.Name = "OTHER" }, "webhook_name_taken"},
		"no partner": {func(f *Form) { f.PartnerIDs = []int64{b.north.ID, 987_654} }, "webhook_partner"},
		"no host":    {func(f *Form) { f.URL = "http://169.254.169.254/" }, "webhook_inside"},
	} {
		to := f
		c.edit(&to)
		err := b.hooks.Change(ctx, b.admin, id, 1, Change{Form: &to, Off: &off})
		require.Error(t, err, name)
		require.Equal(t, c.err, fault.All(err)[0].Code, name)
		require.Equal(t, before, state(), name)
	}
	require.ErrorIs(t, b.hooks.Change(ctx, b.admin, id, 2, Change{Off: &off}), ErrChanged)
	require.NoError(t, b.hooks.Change(ctx, b.admin, id, 1, Change{Form: &f, Off: &off}))
	require.Equal(t, f.Name+" staff 3", state())

	bob := audit.ByStaff(peopletest.Staff(t, b.pool, staff.New{Username: "bob", Role: db.StaffRoleAdministrator, AllPartners: true}), audit.Everything())
	_, err := b.hooks.Create(ctx, bob, other, uuid.New())
	require.NoError(t, err, "another maker's name")
	_, err = b.hooks.Create(ctx, bob, other, uuid.New())
	require.Equal(t, "webhook_name_taken", fault.All(err)[0].Code)
}

// A repetition of the request that made an endpoint is answered while the name of the host is
// not found.
func TestRepetitionNeedsNoName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, key := b.form("http://127.0.0.1:9/"), uuid.New()
	made, err := b.hooks.Create(t.Context(), b.admin, f, key)
	require.NoError(t, err)
	b.hooks.client.guard = guard{} // the operator has closed the network since
	again, err := b.hooks.Create(t.Context(), b.admin, f, key)
	require.NoError(t, err)
	require.Equal(t, Made{ID: made.ID, Replayed: true}, again)
}
