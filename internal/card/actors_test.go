package card_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
)

// client is API client 7 of a member of staff, with a key that another one has made.
func client(owner, keyMaker audit.Actor) audit.Actor {
	return audit.ByClient(7, owner.ID, keyMaker.ID, audit.Everything()).On(audit.Terms{WrongCodesHour: 300})
}

// counted is an act that users of dealers may do.
type counted struct {
	act.Subject
	Cards int `json:"cards"`
}

func (counted) Action() string { return "stock.counted" }
func (counted) ByDealers()     {}

// For each kind of actor: whom the audit trail names, towards whose limit an act counts, who
// requests approval, and who may decide a request.
func TestKindsOfActors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of       func(b *bundle, maker audit.Actor) audit.Actor
		unknown  bool   // no act is recorded
		staff    bool   // the trail names Ada as the member of staff
		customer bool   // the trail names the customer
		by       string // what the detail names
		may      bool   // may act within a limit
		counts   bool   // … which is Ada's
		decides  error  // why another's request is not theirs to decide; nil: it is
	}{
		"staff":    {of: func(b *bundle, _ audit.Actor) audit.Actor { return b.admin }, staff: true, may: true, counts: true},
		"client":   {of: func(b *bundle, m audit.Actor) audit.Actor { return client(b.admin, m) }, staff: true, by: `{"id": 7, "kind": "client"}`, may: true, counts: true, decides: approval.ErrNoPerson},
		"dealer":   {of: func(*bundle, audit.Actor) audit.Actor { return audit.ByDealer(5, audit.Everything()) }, by: `{"id": 5, "kind": "dealer"}`, decides: approval.ErrNoPerson},
		"customer": {of: func(b *bundle, _ audit.Actor) audit.Actor { return asCustomer(b.anna) }, customer: true, decides: approval.ErrNoPerson},
		"visitor":  {of: func(*bundle, audit.Actor) audit.Actor { return audit.Visitor().Within(audit.Everything()) }, decides: approval.ErrNoPerson},
		"system":   {of: func(*bundle, audit.Actor) audit.Actor { return audit.System() }, may: true, decides: approval.ErrNoPerson},
		"nobody":   {of: func(*bundle, audit.Actor) audit.Actor { return audit.Actor{Scope: audit.Everything()} }, unknown: true},
		"a client without an owner": {of: func(*bundle, audit.Actor) audit.Actor {
			return audit.ByClient(7, 0, 0, audit.Everything())
		}, unknown: true},
		"a member of staff without an id": {of: func(*bundle, audit.Actor) audit.Actor { return audit.ByStaff(0, audit.Everything()) }, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			b, other := second(t) // above USD 50.00
			maker := b.colleague(t, "maker")
			actor := c.of(b, maker)

			err := act.Record(ctx, b.pool, actor, counted{Cards: 3})
			require.Equal(t, c.unknown, err != nil)
			if !c.unknown {
				var by *string
				var staffID, customerID int64
				require.NoError(t, b.pool.QueryRow(ctx, `select coalesce(staff_id, 0), coalesce(customer_id, 0), detail->>'by' from audit where action = 'stock.counted' and detail->>'cards' = '3'`).
					Scan(&staffID, &customerID, &by))
				require.Equal(t, c.staff, staffID == b.admin.ID)
				require.Equal(t, c.customer, customerID == b.anna.ID)
				require.Equal(t, c.by, db.Deref(by))
			}

			small, large := b.inactive(t, 5), b.inactive(t, 6)
			err = b.cards.Activate(ctx, actor, small.ID)
			if !c.may {
				require.ErrorIs(t, err, audit.ErrNeedsStaff)
				require.Equal(t, db.SeriesStateReady, b.read(t, small.ID).State)
				require.ErrorIs(t, b.cards.Activate(ctx, actor, large.ID), audit.ErrNeedsStaff)
				b.none(t)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.counts, b.solo(t, b.admin, db.ApprovalKindActivate) == 50_00)
				require.ErrorIs(t, b.cards.Activate(ctx, actor, large.ID), card.ErrActivationWaits)
			}
			require.Equal(t, db.SeriesStateReady, b.read(t, large.ID).State)
			if c.counts {
				a := b.waiting(t)
				require.Equal(t, b.admin.ID, a.RequestedBy)
				require.Equal(t, actor.Kind == audit.KindClient, a.ClientID != nil && *a.ClientID == 7 && *a.KeyMaker == maker.ID)
				require.NoError(t, b.cards.Refuse(ctx, other, a.ID, "not today"))
			} else {
				b.none(t)
			}

			require.ErrorIs(t, b.cards.Activate(ctx, other, b.inactive(t, 7).ID), card.ErrActivationWaits)
			a := b.waiting(t)
			refused, approved := b.cards.Refuse(ctx, actor, a.ID, "because"), b.cards.Approve(ctx, actor, a.ID, "because")
			switch {
			case c.unknown:
				require.Error(t, refused)
				require.Error(t, approved)
			case c.decides != nil:
				require.ErrorIs(t, refused, c.decides)
				require.ErrorIs(t, approved, c.decides)
			default:
				require.NoError(t, refused)
				require.ErrorIs(t, approved, approval.ErrDone)
				b.none(t)
				return
			}
			require.Equal(t, a.ID, b.waiting(t).ID, "it waits still")
			b.sound(t)
		})
	}
}

// A client and its owner have one limit, whichever of them comes first.
func TestClientAndOwnerShareALimit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, swap := range map[string]bool{"the owner first": false, "the client first": true} {
		b, other := second(t)
		one, two := b.admin, client(b.admin, other)
		if swap {
			one, two = two, one
		}
		require.NoError(t, b.cards.Activate(ctx, one, b.inactive(t, 3).ID), name)
		require.ErrorIs(t, b.cards.Activate(ctx, two, b.inactive(t, 3).ID), card.ErrActivationWaits, name)
		require.Equal(t, []int64{30_00, b.admin.ID}, []int64{b.waiting(t).Before, b.waiting(t).RequestedBy}, name)

		// A card that is redeemed without its code, and a file of codes, are one limit as well.
		s := b.inactive(t, 3)
		_, err := b.exports().Request(ctx, one, s.ID, "csv", cardfile.Options{}, uuid.New())
		require.NoError(t, err, name)
		for serial := range int32(2) {
			_, err := b.cards.Reveal(ctx, two, card.Ref{SeriesID: b.inactive(t, 1).ID, Serial: 1}, "a customer asks")
			require.NoError(t, err, "%s: card %d", name, serial)
		}
		_, err = b.cards.Reveal(ctx, two, card.Ref{SeriesID: b.inactive(t, 1).ID, Serial: 1}, "a customer asks")
		require.ErrorIs(t, err, card.ErrRevealWaits, name)
		b.sound(t)
	}
}

// What a client asks for is decided neither by its owner nor by the person who made its key,
// nor by an account that one of them controls; also where the request comes out of a job.
func TestClientsRequestIsDecidedByAThird(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b, other := second(t)
	maker, puppet := b.colleague(t, "maker"), b.colleague(t, "puppet")
	b.sets(t, maker, puppet, "staff.second_factor_reset")
	api := client(b.admin, maker)
	_, err := b.pool.Exec(ctx, `insert into api_client (id, name, owner_id, created_by, permissions) overriding system value values (7, 'Billing', $1, $1, '{series.generate}')`, b.admin.ID)
	require.NoError(t, err)

	_, err = b.cards.Order(ctx, api, form(6)) // activate when generated
	require.ErrorIs(t, err, card.ErrMayNotActivate, "the permission of its owner is not enough")
	_, err = b.pool.Exec(ctx, `update api_client set permissions = '{series.generate,series.activate}'`)
	require.NoError(t, err)
	ordered, err := b.cards.Order(ctx, api, form(6))
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(ctx, ordered.ID, time.Now, noJob))
	require.Equal(t, b.admin.ID, *b.read(t, ordered.ID).CreatedBy)
	decided := func(id int64) {
		t.Helper()
		a := b.waiting(t)
		require.Equal(t, id, *a.SeriesID)
		require.Equal(t, []int64{b.admin.ID, 7, maker.ID}, []int64{a.RequestedBy, *a.ClientID, *a.KeyMaker})
		require.ErrorIs(t, b.cards.Approve(t.Context(), api, a.ID, "because"), approval.ErrNoPerson)
		require.ErrorIs(t, b.cards.Approve(t.Context(), b.admin, a.ID, "because"), approval.ErrOwn)
		require.ErrorIs(t, b.cards.Approve(t.Context(), maker, a.ID, "because"), approval.ErrKeyMaker)
		require.ErrorIs(t, b.cards.Approve(t.Context(), puppet, a.ID, "because"), approval.ErrShared)
		for who, n := range map[int64]int64{b.admin.ID: 0, maker.ID: 0, other.ID: 1} {
			waits, err := b.q.ApprovalCount(t.Context(), b.pool, db.ApprovalCountParams{StaffID: who, Cards: true, AllPartners: true, PartnerIds: []int64{}})
			require.NoError(t, err)
			require.Equal(t, n, waits)
		}
		require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
		require.Equal(t, db.SeriesStateActive, b.read(t, id).State)
	}
	decided(ordered.ID)
	s := b.inactive(t, 6)
	require.ErrorIs(t, b.cards.Activate(ctx, api, s.ID), card.ErrActivationWaits)
	decided(s.ID)

	// The owner takes back what their client asked for; the client takes back nothing.
	s = b.inactive(t, 6)
	require.ErrorIs(t, b.cards.Activate(ctx, api, s.ID), card.ErrActivationWaits)
	require.ErrorIs(t, b.cards.Approvals().Withdraw(ctx, api, b.waiting(t).ID), approval.ErrNotOwn)
	require.ErrorIs(t, b.cards.Approvals().Withdraw(ctx, maker, b.waiting(t).ID), approval.ErrNotOwn)
	require.NoError(t, b.cards.Approvals().Withdraw(ctx, b.admin, b.waiting(t).ID))

	// A credit is posted in the name of the client that asked for it.
	p := customer.Payment{CustomerID: b.anna.ID, Type: db.PaymentTypeCash, Key: uuid.New()}
	p.Amount.Minor, p.Amount.Currency = 60_00, "USD"
	_, err = customer.Pay(ctx, b.pool, api, p)
	require.ErrorIs(t, err, customer.ErrPaymentWaits)
	require.NoError(t, b.cards.Approve(ctx, other, b.waiting(t).ID, "because"))
	var by string
	var staffID int64
	require.NoError(t, b.pool.QueryRow(ctx, `select staff_id, detail->'by'->>'id' from audit where action = 'payment.entered'`).Scan(&staffID, &by))
	require.Equal(t, []string{fmt.Sprint(b.admin.ID), "7"}, []string{fmt.Sprint(staffID), by})
	b.sound(t)
}

// An act of a client takes the rights of its owner.
func TestClientTakesTheRightsOfItsOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	clerk := b.worker(t, "clerk", nil)
	_, err := b.cards.Order(t.Context(), client(clerk, b.admin), form(1))
	require.ErrorIs(t, err, card.ErrMayNotActivate)
	for name, actor := range map[string]audit.Actor{"a dealer": audit.ByDealer(5, audit.Everything()), "a customer": asCustomer(b.anna), "nobody": {Scope: audit.Everything()}} {
		f := form(1)
		_, err := b.cards.Order(t.Context(), actor, f)
		require.ErrorIs(t, err, card.ErrMayNotActivate, name)
		f.Activate = false
		_, err = b.cards.Order(t.Context(), actor, f)
		require.ErrorIs(t, err, audit.ErrNeedsStaff, name)
		_, err = b.cards.FindByCode(t.Context(), actor, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, audit.ErrNeedsStaff, name)
	}
}

// A client's wrong codes are charged to the customer and to the client itself. The address
// that all its customers share is charged nothing.
func TestGuessesOfAClient(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := setup(t)
	api := client(b.admin, b.admin).From(netip.MustParseAddr("192.0.2.9"), "")
	try := func(actor audit.Actor, of db.Customer) error {
		_, err := b.cards.Redeem(ctx, actor, card.Redemption{CustomerID: of.ID, Code: card.DrawForTest().Reveal(""), Key: uuid.New()})
		return err
	}
	require.ErrorIs(t, try(api, b.anna), card.ErrRefused, "told no more than a customer")
	scopes := map[string]int32{}
	rows, err := b.pool.Query(ctx, `select scope, n from guess`)
	require.NoError(t, err)
	for rows.Next() {
		var scope string
		var n int32
		require.NoError(t, rows.Scan(&scope, &n))
		scopes[scope] = n
	}
	require.NoError(t, rows.Err())
	require.Equal(t, map[string]int32{fmt.Sprintf("customer:%d", b.anna.ID): 1, "client:7": 1}, scopes)

	// The bar of a customer holds for the client too, and that of the client for all customers.
	for range 40 {
		err = try(asCustomer(b.anna), b.anna)
	}
	require.Equal(t, fault.Limited, fault.KindOf(err))
	require.Equal(t, fault.Limited, fault.KindOf(try(api, b.anna)))
	require.ErrorIs(t, try(api, b.ben), card.ErrRefused)
	_, err = b.pool.Exec(ctx, `update guess set n = 299 where scope = 'client:7'`)
	require.NoError(t, err)
	require.ErrorIs(t, try(api, b.ben), card.ErrRefused)
	require.Equal(t, fault.Limited, fault.KindOf(try(api, b.carol)))
	require.ErrorIs(t, try(asCustomer(b.carol), b.carol), card.ErrRefused)

	// A customer tries no code for another, and who may try none is charged nothing.
	require.ErrorIs(t, try(asCustomer(b.ben), b.carol), customer.ErrUnknown)
	for _, actor := range []audit.Actor{audit.ByDealer(5, audit.Everything()), audit.Visitor().Within(audit.Everything())} {
		require.ErrorIs(t, try(actor, b.carol), audit.ErrNeedsStaff)
	}
	require.Error(t, try(audit.Actor{Scope: audit.Everything()}, b.carol))
}

// Users of dealers are outsiders: what no act is marked for is refused to them where it is
// recorded, whatever let them through.
func TestOutsiders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dealer := audit.ByDealer(5, audit.Everything())
	s := b.series(t, form(1))
	require.ErrorContains(t, b.cards.Lock(t.Context(), dealer, s.ID), "series.locked")
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)
	require.Error(t, act.RecordMany(t.Context(), b.pool, dealer, []guess.BarLifted{{Subject: act.OfCustomer(b.anna.ID)}}))
	require.NoError(t, b.cards.Lock(t.Context(), client(b.admin, b.admin), s.ID))
}

// A scope that names no partners holds no series, whether its list is empty or missing.
func TestEmptyScopeHoldsNoSeries(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := setup(t)
	f := form(1)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	s := b.series(t, f)
	for name, partners := range map[string][]int64{"missing": nil, "empty": {}} {
		stranger := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: partners})
		_, err := b.cards.Series(ctx, stranger, s.ID)
		require.ErrorIs(t, err, card.ErrNoSeries, name)
		require.ErrorIs(t, b.cards.Lock(ctx, stranger, s.ID), card.ErrNoSeries, name)
	}
	require.NoError(t, b.cards.Lock(ctx, audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}}), s.ID))
}
