package client

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Form is an API client as a member of staff describes it.
type Form struct {
	Name           string
	OwnerID        int64
	AllPartners    bool
	PartnerIDs     []int64
	Permissions    []string
	Networks       []netip.Prefix
	PerMinute      int32 // requests
	WrongCodesHour int32 // for all customers of the client together
}

// Usual limits of a new client.
const (
	UsualPerMinute      = 600
	UsualWrongCodesHour = 300
)

// Errors of changes of clients.
var (
	ErrUnknown   = fault.New(fault.NotFound, "client_missing", "There is no such API client.")
	ErrChanged   = fault.New(fault.Conflict, "client_changed", "Another person has changed this API client meanwhile. Load the page again.")
	ErrTwoKeys   = fault.New(fault.Conflict, "client_two_keys", "This API client has two keys that work. Revoke one of them first.")
	ErrKeyGone   = fault.New(fault.NotFound, "client_key_missing", "There is no such key that works.")
	ErrOverlap   = fault.Field("overlap", "client_overlap", "Choose how long the key before goes on working.")
	ErrOffClient = fault.New(fault.Conflict, "client_off", "This API client is disabled. Enable it first.")
	errRight     = fault.New(fault.Forbidden, "client_right", "Your role doesn't let you make API clients.")
	errMore      = fault.Field("permissions", "client_more", "You can't give an API client more than your own role includes.")
	errPartner   = fault.Field("partners", "client_partner", "Choose among the partners that you see.")
	errOwner     = fault.Field("owner", "client_owner", "Choose yourself, or a member of staff whose role includes no more than yours.")
	errOwnerLess = fault.Field("permissions", "client_owner_less", "The role of the owner does not include all of these permissions.")
)

// Overlaps returns how long a key may go on working beside the one that replaces it.
func Overlaps() []time.Duration {
	return []time.Duration{0, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
}

// check refuses an invalid form and puts its lists in order.
func (f Form) check() (Form, error) {
	f.Name = strings.TrimSpace(f.Name)
	f.Permissions = slices.Compact(append([]string{}, slices.Sorted(slices.Values(f.Permissions))...)) // never null
	f.PartnerIDs = slices.Compact(append([]int64{}, slices.Sorted(slices.Values(f.PartnerIDs))...))
	if f.AllPartners {
		f.PartnerIDs = []int64{}
	}
	f.Networks = append([]netip.Prefix{}, f.Networks...)
	for i, network := range f.Networks {
		f.Networks[i] = network.Masked()
	}
	var list fault.List
	if n := len([]rune(f.Name)); n < 1 || n > 60 {
		list = append(list, fault.Field("name", "client_name", "The name of an API client must be 1 to 60 characters long."))
	}
	if !f.AllPartners && len(f.PartnerIDs) == 0 {
		list = append(list, fault.Field("partners", "client_partners", "Choose at least one partner."))
	}
	if len(f.Permissions) == 0 {
		list = append(list, fault.Field("permissions", "client_permissions", "Choose at least one permission."))
	}
	for _, p := range f.Permissions {
		if !Grantable(staff.Permission(p)) {
			list = append(list, fault.Field("permissions", "client_permission", "One of the permissions is not for API clients. Load the page again."))
			break
		}
	}
	if len(f.Networks) > 50 {
		list = append(list, fault.Field("networks", "client_networks", "An API client has at most {most} networks.").With("most", fault.Number(50)))
	}
	if f.PerMinute < 1 || f.PerMinute > 100_000 {
		list = append(list, fault.Field("per_minute", "client_per_minute", "Requests a minute must be a whole number from {least} to {most}.").With("least", fault.Number(1)).With("most", fault.Number(100_000)))
	}
	if f.WrongCodesHour < 1 || f.WrongCodesHour > 100_000 {
		list = append(list, fault.Field("wrong_codes_hour", "client_wrong_codes", "Wrong codes an hour must be a whole number from {least} to {most}.").With("least", fault.Number(1)).With("most", fault.Number(100_000)))
	}
	return f, list.Err()
}

// checkGive refuses a client that has more than the actor may give, or an owner whose
// account the actor may not act for: what a client does counts for its owner, so a person
// who may not set the owner's password may not make a client of theirs either.
func (f Form) checkGive(ctx context.Context, tx db.DBTX, actor audit.Actor) error {
	by, err := staff.Powers(ctx, tx, actor)
	if err != nil {
		return err
	}
	if !by.Can(staff.APIManage) {
		return errRight
	}
	if !by.Covers(f.Permissions) {
		return errMore
	}
	if !by.Sees(audit.Scope{AllPartners: f.AllPartners, PartnerIDs: f.PartnerIDs}) {
		return errPartner
	}
	if actor.IsSystem() || f.OwnerID == actor.Person() {
		return nil
	}
	owner, err := staff.PowersOf(ctx, tx, f.OwnerID)
	if err != nil || !by.Can(staff.StaffManage) || !by.CoversAll(owner) {
		return errOwner
	}
	if !owner.Covers(f.Permissions) {
		return errOwnerLess
	}
	return nil
}

// Create adds a client without a key, and returns its id.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, f Form) (int64, error) {
	f, err := f.check()
	if err != nil {
		return 0, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := f.checkGive(ctx, tx, actor); err != nil {
			return err
		}
		maker := actor.Person()
		if maker == 0 {
			maker = f.OwnerID
		}
		row, err := db.New().ClientCreate(ctx, tx, db.ClientCreateParams{
			Name: f.Name, OwnerID: f.OwnerID, AllPartners: f.AllPartners, Permissions: f.Permissions, Networks: f.Networks,
			PerMinute: f.PerMinute, WrongCodesHour: f.WrongCodesHour, CreatedBy: maker,
		})
		if err != nil {
			return nameTaken(err, f.Name)
		}
		id = row.ID
		if err := db.New().ClientPartnerAdd(ctx, tx, db.ClientPartnerAddParams{ClientID: id, PartnerIds: f.PartnerIDs}); err != nil {
			return fmt.Errorf("give an API client its partners: %w", err)
		}
		return act.Record(ctx, tx, actor, Created{ClientID: id, Rights: f.rights()})
	})
	return id, err
}

// Edit changes a client of the given version, from its next request on.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, version int32, f Form) error {
	f, err := f.check()
	if err != nil {
		return err
	}
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if was.Version != version {
			return ErrChanged
		}
		if err := f.checkGive(ctx, tx, actor); err != nil {
			return err
		}
		q := db.New()
		err := q.ClientUpdate(ctx, tx, db.ClientUpdateParams{
			ID: id, Name: f.Name, OwnerID: f.OwnerID, AllPartners: f.AllPartners, Permissions: f.Permissions, Networks: f.Networks,
			PerMinute: f.PerMinute, WrongCodesHour: f.WrongCodesHour,
		})
		if err != nil {
			return nameTaken(err, f.Name)
		}
		if err := q.ClientPartnerClear(ctx, tx, id); err != nil {
			return fmt.Errorf("clear the partners of an API client: %w", err)
		}
		if err := q.ClientPartnerAdd(ctx, tx, db.ClientPartnerAddParams{ClientID: id, PartnerIds: f.PartnerIDs}); err != nil {
			return fmt.Errorf("give an API client its partners: %w", err)
		}
		return act.Record(ctx, tx, actor, Edited{ClientID: id, Rights: f.rights(), Before: rightsOf(was)})
	})
}

// change runs do on a locked client that the actor may change: one whose permissions and
// partners are within their own.
func change(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, do func(tx pgx.Tx, was db.ClientGetForUpdateRow) error) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		was, err := db.Need(db.New().ClientGetForUpdate(ctx, tx, id)).Or(ErrUnknown, "find API client %d", id)
		if err != nil {
			return err
		}
		by, err := staff.Powers(ctx, tx, actor)
		if err != nil {
			return err
		}
		if !by.Can(staff.APIManage) {
			return errRight
		}
		if !by.Sees(audit.Scope{AllPartners: was.AllPartners, PartnerIDs: was.PartnerIds}) {
			return ErrUnknown
		}
		if !by.Covers(was.Permissions) {
			return errMore
		}
		return do(tx, was)
	})
}

// Switch disables a client, or enables it again. Its keys stay.
func Switch(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, off bool) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if (was.DisabledAt != nil) == off {
			return nil
		}
		if err := db.New().ClientSwitch(ctx, tx, db.ClientSwitchParams{ID: id, Disabled: off}); err != nil {
			return fmt.Errorf("switch an API client: %w", err)
		}
		if off {
			return act.Record(ctx, tx, actor, Disabled{ClientID: id, Name: was.Name})
		}
		return act.Record(ctx, tx, actor, Enabled{ClientID: id, Name: was.Name})
	})
}

// MakeKey makes a key and returns it, once: only its hash is kept. Keys that work go on
// working for overlap, one of Overlaps; at most two keys of a client work at once.
func MakeKey(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, overlap time.Duration) (string, error) {
	if !slices.Contains(Overlaps(), overlap) {
		return "", ErrOverlap
	}
	text, hash, hint := newKey()
	err := change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if was.DisabledAt != nil {
			return ErrOffClient
		}
		q := db.New()
		live, err := q.ClientKeyCountLive(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("count the keys of an API client: %w", err)
		}
		if live > 1 && overlap > 0 {
			return ErrTwoKeys
		}
		maker := actor.Person()
		if maker == 0 {
			maker = was.OwnerID
		}
		key, err := q.ClientKeyCreate(ctx, tx, db.ClientKeyCreateParams{ClientID: id, Hint: hint, Hash: hash, CreatedBy: maker})
		if err != nil {
			return fmt.Errorf("keep a key: %w", err)
		}
		if err := q.ClientKeyExpire(ctx, tx, db.ClientKeyExpireParams{ClientID: id, Keep: key.ID, Overlap: overlap}); err != nil {
			return fmt.Errorf("end the keys before: %w", err)
		}
		return act.Record(ctx, tx, actor, KeyMade{ClientID: id, Name: was.Name, KeyID: key.ID, Hint: hint, OverlapHours: int(overlap.Hours())})
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// RevokeKey ends a key at once.
func RevokeKey(ctx context.Context, beginner db.Beginner, actor audit.Actor, id, keyID int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		n, err := db.New().ClientKeyRevoke(ctx, tx, db.ClientKeyRevokeParams{ID: keyID, ClientID: id})
		if err != nil {
			return fmt.Errorf("revoke a key: %w", err)
		}
		if n == 0 {
			return ErrKeyGone
		}
		return act.Record(ctx, tx, actor, KeyRevoked{ClientID: id, Name: was.Name, KeyID: keyID})
	})
}

// RevokeExposed ends a key that came in an address, because addresses are kept in the logs
// of proxies. A text that is no key does nothing.
func RevokeExposed(ctx context.Context, beginner db.Beginner, from audit.Actor, text string) error {
	if !wellFormed(text) {
		return nil
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, found, err := db.Found(db.New().ClientKeyRevokeByHash(ctx, tx, hashOf(text)))
		if err != nil || !found {
			return err
		}
		return act.Record(ctx, tx, from, KeyExposed{ClientID: row.ClientID, KeyID: row.ID})
	})
}

// nameTaken maps the unique constraint on names to a fault.
func nameTaken(err error, name string) error {
	if db.Constraint(err) == "api_client_name_key" {
		return fault.Field("name", "client_name_taken", "There is an API client {name} already. Choose another name.").With("name", fault.Text(name))
	}
	return fmt.Errorf("keep an API client: %w", err)
}
