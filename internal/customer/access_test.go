package customer_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

func (b *till) signIn() error {
	_, err := customer.SignIn(b.t.Context(), b.pool, signin.Attempt{Username: "anna", Password: "correct horse"})
	return err
}

func TestEdit(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	d := customer.Details{PartnerID: b.north.ID, Username: " Anna.N ", Name: " Anna  North ", Email: "anna@example.com", Phone: "+49 (30) 12-34"}
	require.NoError(t, customer.Edit(t.Context(), b.pool, of(b.north), b.anna.ID, d))
	row, err := db.New().CustomerGet(t.Context(), b.pool, db.CustomerGetParams{ID: b.anna.ID, AllPartners: true})
	require.NoError(t, err)
	require.Equal(t, []string{"anna.n", "Anna North"}, []string{row.Username, row.Name})

	require.ErrorIs(t, customer.Edit(t.Context(), b.pool, of(b.south), b.anna.ID, d), customer.ErrUnknown)
	for field, spoil := range map[string]func(*customer.Details){
		"name":     func(d *customer.Details) { d.Name = " " },
		"username": func(d *customer.Details) { d.Username = "anna north" },
		"email":    func(d *customer.Details) { d.Email = "anna" },
		"phone":    func(d *customer.Details) { d.Phone = "call me" },
		"partner":  func(d *customer.Details) { d.PartnerID = b.south.ID }, // not theirs to see
	} {
		wrong := d
		spoil(&wrong)
		err := customer.Edit(t.Context(), b.pool, of(b.north), b.anna.ID, wrong)
		require.Len(t, fault.All(err), 1, field)
		require.Equal(t, field, fault.All(err)[0].Field)
	}
	_, err = customer.Create(t.Context(), b.pool, audit.System(), customer.New{PartnerID: b.north.ID, Username: "ben", Name: "Ben", Currency: "USD"})
	require.NoError(t, err)
	d.Username = "BEN"
	require.ErrorIs(t, customer.Edit(t.Context(), b.pool, of(b.north), b.anna.ID, d), customer.ErrUsernameTaken)

	// A payment keeps the partner that it was made under.
	_, err = b.pay(b.payment(db.PaymentTypeCash, 500))
	require.NoError(t, err)
	d.Username, d.PartnerID = "anna.n", b.south.ID
	require.NoError(t, customer.Edit(t.Context(), b.pool, audit.System(), b.anna.ID, d))
	var partner int64
	require.NoError(t, b.pool.QueryRow(t.Context(), `select partner_id from payment`).Scan(&partner))
	require.Equal(t, b.north.ID, partner)
	_, err = b.pay(b.payment(db.PaymentTypeCash, 500))
	require.ErrorIs(t, err, customer.ErrUnknown)
	b.checkBooks()
}

func TestUsernamesAreMadeOfNames(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	for _, c := range [][2]string{
		{"Zoë  Ångström", "zoe.angstrom"}, {"Zoe Angstrom", "zoe.angstrom2"}, {"ZOË ÅNGSTRÖM", "zoe.angstrom3"}, {"李雷", "customer"}, {"anna", "anna2"},
	} {
		made, err := customer.Create(t.Context(), b.pool, of(b.north), customer.New{PartnerID: b.north.ID, Name: c[0], Currency: "USD"})
		require.NoError(t, err)
		require.Equal(t, c[1], made.Username)
	}
}

func TestDisable(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	require.NoError(t, customer.SetPassword(t.Context(), b.pool, of(b.north), b.anna.ID, "correct horse"))
	require.NoError(t, b.signIn())
	token, err := customer.NewLink(t.Context(), b.pool, of(b.north), b.anna.ID, time.Hour)
	require.NoError(t, err)
	require.ErrorIs(t, customer.Disable(t.Context(), b.pool, of(b.south), b.anna.ID), customer.ErrUnknown)
	require.NoError(t, customer.Disable(t.Context(), b.pool, of(b.north), b.anna.ID))
	require.ErrorIs(t, b.signIn(), signin.ErrDisabled)
	_, err = customer.NewLink(t.Context(), b.pool, of(b.north), b.anna.ID, time.Hour)
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.ErrorIs(t, customer.Enable(t.Context(), b.pool, of(b.south), b.anna.ID), customer.ErrUnknown)
	require.NoError(t, customer.Enable(t.Context(), b.pool, of(b.north), b.anna.ID))
	require.NoError(t, b.signIn())
	_, err = customer.UseLink(t.Context(), b.pool, customer.Link{Token: token}, "")
	require.ErrorIs(t, err, customer.ErrLink, "a link of before is dead")
}

func TestLinks(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	link := func(lifetime time.Duration) customer.Link {
		token, err := customer.NewLink(t.Context(), b.pool, of(b.north), b.anna.ID, lifetime)
		require.NoError(t, err)
		return customer.Link{Token: token, Address: netip.MustParseAddr("192.0.2.1")}
	}
	use := func(l customer.Link, password string) error {
		_, err := customer.UseLink(t.Context(), b.pool, l, password)
		return err
	}
	first, second := link(time.Hour), link(24*time.Hour)
	require.ErrorIs(t, use(first, ""), customer.ErrLink, "the next one stands in its place")
	for range 2 {
		found, err := customer.FindLink(t.Context(), b.pool, second)
		require.NoError(t, err, "looking does not use it")
		require.Equal(t, b.anna.ID, found.ID)
	}
	require.Equal(t, "password", fault.All(use(second, "short"))[0].Field)
	require.NoError(t, use(second, "correct horse"))
	require.ErrorIs(t, use(second, "another horse"), customer.ErrLink, "once")
	require.NoError(t, b.signIn())

	late := link(time.Hour)
	_, err := b.pool.Exec(t.Context(), `update customer_link set expires_at = now()`)
	require.NoError(t, err)
	require.ErrorIs(t, use(late, ""), customer.ErrLink)
	_, err = customer.NewLink(t.Context(), b.pool, of(b.south), b.anna.ID, time.Hour)
	require.ErrorIs(t, err, customer.ErrUnknown)
	_, err = customer.NewLink(t.Context(), b.pool, of(b.north), b.anna.ID, 365*24*time.Hour)
	require.Equal(t, "lifetime", fault.All(err)[0].Field)

	// Of several concurrent uses of a link, one succeeds.
	raced := link(time.Hour)
	in := 0
	for _, err := range b.atOnce(func() error { return use(raced, "") }) {
		if err == nil {
			in++
		}
	}
	require.Equal(t, 1, in)
	for range 40 {
		err = use(customer.Link{Token: "guess", Address: netip.MustParseAddr("2001:db8::1")}, "")
	}
	require.ErrorIs(t, err, customer.ErrLinkBarred)
	require.ErrorIs(t, use(customer.Link{Token: "guess", Address: netip.MustParseAddr("192.0.2.9")}, ""), customer.ErrLink)
}
