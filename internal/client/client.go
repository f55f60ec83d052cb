// Package client owns the clients of the API: programs that act for a member of staff, and
// the keys by which they are known. It knows nothing of HTTP.
package client

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Client is an admitted client: what it may do at the time of the request.
type Client struct {
	ID, KeyID, Owner, KeyMaker int64

	Name        string
	Test        bool               // it acts for test partners only
	Permissions []staff.Permission // of the client, as far as the owner's role includes them
	WrongCodes  int32              // an hour, for all its customers together
	Scope       audit.Scope        // partners of the client that the owner may see too
	ExpiresAt   *time.Time         // the end of the key; nil: it has none
	Rate        Rate
}

// Rate is the state of the limit of requests.
type Rate struct {
	PerMinute int32
	Left      int32         // requests that are left in this minute
	Reset     time.Duration // until the next minute begins, whole seconds
}

// Can reports whether the client may use a permission.
func (c Client) Can(p staff.Permission) bool { return slices.Contains(c.Permissions, p) }

// Actor returns the actor of the client's acts.
func (c Client) Actor() audit.Actor {
	return audit.ByClient(c.ID, c.Owner, c.KeyMaker, c.Scope).On(audit.Terms{Reasons: c.Can(staff.CardsReasons), WrongCodesHour: c.WrongCodes})
}

// Errors of Admit. All but ErrQuota and ErrAddress mean that the caller has not proved who
// it is; see Unproved.
var (
	ErrNoKey      = fault.New(fault.Forbidden, "key_missing", "Send the key of an API client as Authorization: Bearer.")
	ErrKeyUnknown = fault.New(fault.Forbidden, "key_unknown", "This is not the key of an API client.")
	ErrKeyEnded   = fault.New(fault.Forbidden, "key_ended", "This key has expired or was revoked. Make a new one under Settings → Integrations.")
	ErrDisabled   = fault.New(fault.Forbidden, "client_disabled", "This API client is disabled, or its owner is.")
	ErrAddress    = fault.New(fault.Forbidden, "address_refused", "This API client may not be used from your address.")
	ErrQuota      = fault.New(fault.Limited, "quota_exceeded", "More than {most} requests came within a minute. Wait until the next minute.")
)

// Unproved reports whether an error of Admit means that the caller has not proved which
// client it is.
func Unproved(err error) bool {
	code := ""
	if all := fault.All(err); len(all) > 0 {
		code = all[0].Code
	}
	return slices.Contains([]string{ErrNoKey.Code, ErrKeyUnknown.Code, ErrKeyEnded.Code, ErrDisabled.Code}, code)
}

// Admit returns the client of a key that may be used from an address, and counts the
// request, in a statement of its own. A server admits by a Gate.
func Admit(ctx context.Context, dbtx db.DBTX, key string, address netip.Addr) (Client, error) {
	if err := checkKey(key); err != nil {
		return Client{}, err
	}
	return admit(ctx, dbtx, db.ClientAdmitParams{Hash: hashOf(key)}, address)
}

// checkKey refuses a text that is not a key.
func checkKey(key string) error {
	switch {
	case key == "":
		return ErrNoKey
	case !wellFormed(key):
		return ErrKeyUnknown
	}
	return nil
}

// admit returns the client of a key or of a pair, and counts the request.
func admit(ctx context.Context, dbtx db.DBTX, params db.ClientAdmitParams, address netip.Addr) (Client, error) {
	params.Requests = 1
	row, err := find(ctx, dbtx, params, address)
	if err != nil {
		return Client{}, err
	}
	c, err := clientOf(row)
	if params.SplynxKey != nil {
		c.Permissions = slices.DeleteFunc(c.Permissions, IsCash)
	}
	return c, err
}

// find reads the client of a key or of a pair, and counts its requests.
func find(ctx context.Context, dbtx db.DBTX, params db.ClientAdmitParams, address netip.Addr) (db.ClientAdmitRow, error) {
	if address.IsValid() {
		params.Address = &address
	}
	return db.Need(db.New().ClientAdmit(ctx, dbtx, params)).Or(ErrKeyUnknown, "admit an API client")
}

// clientOf returns the client of a row, unless it may not be used. With ErrQuota the client
// is returned too, for its Rate.
func clientOf(row db.ClientAdmitRow) (Client, error) {
	switch {
	case row.Ended:
		return Client{}, ErrKeyEnded
	case row.Disabled || row.OwnerDisabled:
		return Client{}, ErrDisabled
	case !row.Near:
		return Client{}, ErrAddress
	}
	c := Client{
		ID: row.ID, KeyID: row.KeyID, Owner: row.OwnerID, KeyMaker: row.KeyMaker, Name: row.Name, Test: row.Test, ExpiresAt: row.ExpiresAt,
		Permissions: permitted(row), WrongCodes: row.WrongCodesHour, Scope: scopeOf(row),
		Rate: Rate{PerMinute: row.PerMinute, Left: max(0, row.PerMinute-row.Used), Reset: time.Duration(row.Reset)*time.Second + time.Second},
	}
	if row.Used > row.PerMinute {
		return c, ErrQuota.With("most", fault.Number(int64(row.PerMinute)))
	}
	return c, nil
}

// permitted returns the permissions of a client that its owner's role includes.
func permitted(row db.ClientAdmitRow) []staff.Permission {
	list := []staff.Permission{}
	for _, p := range row.Permissions {
		if Grantable(staff.Permission(p)) && (row.Everything || slices.Contains(row.OwnerPermissions, p)) {
			list = append(list, staff.Permission(p))
		}
	}
	return list
}

// scopeOf returns the partners that both the client and its owner may see: test partners for a
// test client, others for any other.
func scopeOf(row db.ClientAdmitRow) audit.Scope {
	scope := bothSee(row)
	scope.Test = row.Test
	return scope
}

func bothSee(row db.ClientAdmitRow) audit.Scope {
	switch {
	case row.AllPartners && row.OwnerAllPartners && row.Test:
		return audit.Scope{PartnerIDs: row.TestPartnerIds}
	case row.AllPartners && row.OwnerAllPartners:
		return audit.Scope{AllPartners: true, PartnerIDs: []int64{}, Hidden: row.TestPartnerIds}
	case row.AllPartners:
		return audit.Scope{PartnerIDs: row.OwnerPartnerIds}
	case row.OwnerAllPartners:
		return audit.Scope{PartnerIDs: row.PartnerIds}
	}
	both := []int64{}
	for _, id := range row.PartnerIds {
		if slices.Contains(row.OwnerPartnerIds, id) {
			both = append(both, id)
		}
	}
	return audit.Scope{PartnerIDs: both}
}

// Scopes returns the permissions that a client can have, in the order of the form.
func Scopes() []staff.Permission {
	return []staff.Permission{
		staff.RedeemFor, staff.CardsReasons, staff.CardsReserve, staff.CardsView, staff.CardsChange, staff.CardsReveal,
		staff.SeriesView, staff.SeriesGenerate, staff.SeriesActivate, staff.SeriesEdit, staff.SeriesVoid, staff.SeriesExport,
		staff.CustomersView, staff.CustomersEdit, staff.CustomersCharge,
		staff.PaymentsView, staff.PaymentsEnter, staff.PaymentsReverse, staff.ReportsView,
		staff.EventsView, staff.AlarmsView, staff.WebhooksManage,
	}
}

// Grantable reports whether a client can have a permission. Deciding requests, managing
// staff and changing the configuration are for people.
func Grantable(p staff.Permission) bool { return slices.Contains(Scopes(), p) }

// IsCash reports whether a permission gives out codes of cards, so that a key with it is as
// good as cash.
func IsCash(p staff.Permission) bool { return p == staff.SeriesExport || p == staff.CardsReveal }

// MovesMoney reports whether a permission lets a client move money, or bring cards into use.
func MovesMoney(p staff.Permission) bool {
	return slices.Contains([]staff.Permission{
		staff.RedeemFor, staff.CardsReserve, staff.CardsChange, staff.SeriesActivate, staff.SeriesGenerate, staff.SeriesEdit,
		staff.CustomersCharge, staff.PaymentsEnter, staff.PaymentsReverse,
	}, p)
}
