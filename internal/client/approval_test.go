package client_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// cash is a house with a client that may export codes, and people who may decide.
type cash struct {
	pool              *pgxpool.Pool
	desk              *approval.Desk
	ada, bea, cy, dan audit.Actor
	id                int64
}

func cashHouse(t *testing.T, above *int64) *cash {
	t.Helper()
	h := &cash{pool: dbtest.Pool(t)}
	h.desk = approval.NewDesk(h.pool, client.ApprovalKinds()...)
	person := func(name string) audit.Actor {
		return audit.ByStaff(peopletest.Staff(t, h.pool, staff.New{Username: name, Role: db.StaffRoleAdministrator, AllPartners: true}), audit.Everything())
	}
	h.ada, h.bea, h.cy, h.dan = person("ada"), person("bea"), person("cy"), person("dan")
	store := setting.NewStore(h.pool, time.Now)
	require.NoError(t, store.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.ApproveAbove = above }))
	var err error
	h.id, err = client.Create(t.Context(), h.pool, h.ada, h.form(staff.SeriesExport))
	require.NoError(t, err)
	return h
}

// form is a client that Bea owns.
func (h *cash) form(permissions ...staff.Permission) client.Form {
	return client.Form{
		Name: "Acme", OwnerID: h.bea.ID, AllPartners: true, Permissions: staff.Stored(permissions...),
		PerMinute: client.UsualPerMinute, WrongCodesHour: client.UsualWrongCodesHour,
	}
}

// proof is the right password of a person.
func proof(name string) staff.Proof {
	return staff.Proof{Username: name, Password: peopletest.Password}
}

// waiting returns the id of the only request that waits.
func (h *cash) waiting(t *testing.T) (id int64) {
	t.Helper()
	require.NoError(t, h.pool.QueryRow(t.Context(), `select id from approval where state = 'waiting'`).Scan(&id))
	return id
}

func (h *cash) keys(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, h.pool.QueryRow(t.Context(), `select count(*) from api_key`).Scan(&n))
	return n
}

// Without a value above which a second person approves, the key of a client that exports
// codes takes the password.
func TestCashKeyTakesThePassword(t *testing.T) {
	t.Parallel()
	h, ctx := cashHouse(t, nil), t.Context()
	_, err := client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{})
	require.ErrorIs(t, err, client.ErrPassword)
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{Proof: staff.Proof{Username: "ada", Password: "wrong"}})
	require.ErrorContains(t, err, "password_current")
	require.Zero(t, h.keys(t))
	key, err := client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{Proof: proof("ada")})
	require.NoError(t, err)
	_, err = client.Admit(ctx, h.pool, key, netip.Addr{})
	require.NoError(t, err)
}

// With such a value a second person approves the key, who is neither the owner of the client
// nor the person who asked, and that person then gets it, once.
func TestCashKeyTakesASecondPerson(t *testing.T) {
	t.Parallel()
	above := int64(100_00)
	h, ctx := cashHouse(t, &above), t.Context()
	ask := client.KeyForm{Proof: proof("ada"), Overlap: time.Hour}
	_, err := client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{Overlap: time.Hour})
	require.ErrorIs(t, err, client.ErrPassword)
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, ask)
	require.ErrorIs(t, err, client.ErrKeyWaits)
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, ask)
	require.ErrorIs(t, err, client.ErrAsked)
	require.Zero(t, h.keys(t))

	id := h.waiting(t)
	require.ErrorIs(t, h.desk.Approve(ctx, h.ada, id, "because"), approval.ErrOwn)
	require.ErrorIs(t, h.desk.Approve(ctx, h.bea, id, "because"), approval.ErrParty)
	require.ErrorIs(t, h.desk.Refuse(ctx, h.bea, id, "because"), approval.ErrParty)
	require.NoError(t, h.desk.Approve(ctx, h.cy, id, "because"))
	require.Zero(t, h.keys(t), "the key is drawn when the requester comes")

	until, err := client.KeyUntil(ctx, h.pool, h.id, 1, h.ada.ID)
	require.NoError(t, err)
	require.False(t, until.IsZero())
	_, err = client.MakeKey(ctx, h.pool, h.dan, h.id, client.KeyForm{Proof: proof("dan")})
	require.ErrorIs(t, err, client.ErrKeyWaits, "an approval is for the person who asked")
	require.NoError(t, h.desk.Refuse(ctx, h.cy, h.waiting(t), "one is enough"))
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{})
	require.ErrorIs(t, err, client.ErrPassword)
	key, err := client.MakeKey(ctx, h.pool, h.ada, h.id, client.KeyForm{Proof: proof("ada")})
	require.NoError(t, err)
	require.Equal(t, 1, h.keys(t))
	_, err = client.Admit(ctx, h.pool, key, netip.Addr{})
	require.NoError(t, err)
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, ask)
	require.ErrorIs(t, err, client.ErrKeyWaits, "an approval is good for one key")
	require.NoError(t, h.desk.Approve(ctx, h.cy, h.waiting(t), "because"))

	// An approval is for the client as it was.
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 1, func() client.Form { f := h.form(staff.SeriesExport); f.PerMinute = 7; return f }(), staff.Proof{}))
	_, err = client.MakeKey(ctx, h.pool, h.ada, h.id, ask)
	require.ErrorIs(t, err, client.ErrKeyWaits)
}

// Giving codes of cards to a client with keys that work takes both too: by a permission, an
// owner, a partner or a network more. An edit that gives no more takes none.
func TestCashEditTakesASecondPerson(t *testing.T) {
	t.Parallel()
	above := int64(100_00)
	h, ctx := cashHouse(t, &above), t.Context()
	plain := h.form(staff.RedeemFor)
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 1, plain, staff.Proof{}))
	more := h.form(staff.RedeemFor, staff.CardsReveal)
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 2, more, staff.Proof{}), "no key works yet")
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 3, plain, staff.Proof{}))
	_, err := client.MakeKey(ctx, h.pool, h.dan, h.id, client.KeyForm{})
	require.NoError(t, err)

	require.ErrorIs(t, client.Edit(ctx, h.pool, h.ada, h.id, 4, more, staff.Proof{}), client.ErrPassword)
	require.ErrorIs(t, client.Edit(ctx, h.pool, h.ada, h.id, 4, more, proof("ada")), client.ErrEditWaits)
	require.ErrorIs(t, h.desk.Approve(ctx, h.dan, h.waiting(t), "because"), approval.ErrParty, "Dan holds a key")
	near := more
	near.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	require.NoError(t, h.desk.Approve(ctx, h.cy, h.waiting(t), "because"))
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 5, near, staff.Proof{}), "fewer networks")
	nearer := near
	nearer.Networks = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 6, nearer, staff.Proof{}))
	other := nearer
	other.OwnerID = h.cy.ID
	for name, f := range map[string]client.Form{"networks": near, "all networks": more, "owner": other} {
		require.ErrorIs(t, client.Edit(ctx, h.pool, h.ada, h.id, 7, f, proof("ada")), client.ErrEditWaits, name)
		if name == "owner" {
			require.ErrorIs(t, h.desk.Approve(ctx, h.cy, h.waiting(t), "because"), approval.ErrParty, "the new owner")
		}
		require.NoError(t, h.desk.Withdraw(ctx, h.ada, h.waiting(t)))
	}
	require.ErrorIs(t, client.Edit(ctx, h.pool, h.ada, h.id, 7, more, proof("ada")), client.ErrEditWaits)
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 7, plain, staff.Proof{}), "less")
	require.ErrorIs(t, h.desk.Approve(ctx, h.cy, h.waiting(t), "because"), approval.ErrOutdated)
}

// A key is made by the owner of a client or by a person who may change the owner's account.
func TestKeyOfAnothersClient(t *testing.T) {
	t.Parallel()
	h, ctx := cashHouse(t, nil), t.Context()
	require.NoError(t, client.Edit(ctx, h.pool, h.ada, h.id, 1, h.form(staff.RedeemFor), staff.Proof{}))
	_, err := h.pool.Exec(ctx, `update role set permissions = permissions || '{api.manage}' where key = 'cashier'`)
	require.NoError(t, err)
	eve := audit.ByStaff(peopletest.Staff(t, h.pool, staff.New{Username: "eve", Role: db.StaffRoleCashier, AllPartners: true}), audit.Everything())
	_, err = client.MakeKey(ctx, h.pool, eve, h.id, client.KeyForm{})
	require.ErrorIs(t, err, client.ErrKeyOwner)
}
