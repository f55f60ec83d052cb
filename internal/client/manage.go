package client

import (
	"context"
	"errors"
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
	Test           bool  // it acts for test partners only; Edit leaves it as it was made
	Splynx         bool  // the calls below /api/2.0/ are on
}

// Usual limits of a new client.
const (
	UsualPerMinute      = 600
	UsualWrongCodesHour = 300
)

// Errors of changes of clients.
var (
	ErrUnknown    = fault.New(fault.NotFound, "client_missing", "There is no such API client.")
	ErrChanged    = fault.New(fault.Conflict, "client_changed", "Another person has changed this API client meanwhile. Load the page again.")
	ErrTwoKeys    = fault.New(fault.Conflict, "client_two_keys", "This API client has two keys that work. Revoke one of them first.")
	ErrKeyGone    = fault.New(fault.NotFound, "client_key_missing", "There is no such key that works.")
	ErrOverlap    = fault.Field("overlap", "client_overlap", "Choose how long the key before goes on working.")
	ErrOffClient  = fault.New(fault.Conflict, "client_off", "This API client is disabled. Enable it first.")
	errRight      = fault.New(fault.Forbidden, "client_right", "Your role doesn't let you make API clients.")
	errMore       = fault.Field("permissions", "client_more", "You can't give an API client more than your own role includes.")
	errPartner    = fault.Field("partners", "client_partner", "Choose among the partners that you see.")
	errOwner      = fault.Field("owner", "client_owner", "Choose yourself, or a member of staff whose role includes no more than yours.")
	ErrKeyChanged = fault.New(fault.Conflict, "client_key_changed", "A key of this API client was made since you loaded the page. It works, and it is shown only once.")
	ErrPassword   = fault.Field("password", "client_password", "Type your password: this gives a program the codes of cards.")
	ErrKeyOwner   = fault.New(fault.Conflict, "client_key_owner", "What an API client does counts for its owner. Only its owner, or a member of staff who may change the account of the owner, can make its keys.")
	ErrTest       = fault.Field("partners", "client_test_partners", "A test client has test partners only.")
	ErrNoTest     = fault.Field("partners", "client_no_test_partners", "Test partners are for test clients. Choose other partners.")
	errOwnerLess  = fault.Field("permissions", "client_owner_less", "The role of the owner does not include all of these permissions.")
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
	owner, mayAct, err := ownedBy(ctx, tx, actor, by, f.OwnerID)
	if err != nil || actor.IsSystem() || f.OwnerID == actor.Person() {
		return err
	}
	if !mayAct {
		return errOwner
	}
	if !owner.Covers(f.Permissions) {
		return errOwnerLess
	}
	return nil
}

// ownedBy returns the power of an owner, and whether the actor may act through a client of
// theirs: as the owner, or as a person who may change the account of the owner.
func ownedBy(ctx context.Context, tx db.DBTX, actor audit.Actor, by staff.Power, ownerID int64) (staff.Power, bool, error) {
	if actor.IsSystem() || ownerID == actor.Person() {
		return by, true, nil
	}
	owner, err := staff.PowersOf(ctx, tx, ownerID)
	if errors.Is(err, staff.ErrNoStaff) {
		return owner, false, nil
	}
	return owner, err == nil && by.Can(staff.StaffManage) && by.CoversAll(owner), err
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
			PerMinute: f.PerMinute, WrongCodesHour: f.WrongCodesHour, Splynx: f.Splynx, CreatedBy: maker, Test: f.Test,
		})
		if err != nil {
			return nameTaken(err, f.Name)
		}
		id = row.ID
		if err := db.New().ClientPartnerAdd(ctx, tx, db.ClientPartnerAddParams{ClientID: id, PartnerIds: f.PartnerIDs}); err != nil {
			return f.partnersRefused(err)
		}
		return act.Record(ctx, tx, actor, Created{ClientID: id, Rights: f.rights()})
	})
	return id, err
}

// Edit changes a client of the given version, from its next request on. An edit that gives
// codes of cards to a client with keys that work takes the password of the actor (ErrPassword),
// and, where the settings name a value above which a second person approves, a second person
// (ErrEditWaits). beginner must be the pool.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, version int32, f Form, proof staff.Proof) error {
	f, err := f.check()
	if err != nil {
		return err
	}
	proved, err := prove(ctx, beginner, actor, proof)
	if err != nil {
		return err
	}
	waits := false
	err = change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if was.Version != version {
			return ErrChanged
		}
		if err := f.checkGive(ctx, tx, actor); err != nil {
			return err
		}
		f.Test = was.Test
		keys, err := db.New().ClientKeyCount(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("count the keys of an API client: %w", err)
		}
		if keys.Live > 0 && f.widensCash(was) { // pairs give out no codes
			if waits, err = holdCash(ctx, tx, actor, proved, GrantFacts{Client: id, Name: was.Name, Version: was.Version, Rights: f.rights()}, was); err != nil || waits {
				return err
			}
		}
		return f.write(ctx, tx, actor, was)
	})
	if err == nil && waits {
		return ErrEditWaits
	}
	return err
}

// write keeps a form as the data of a client.
func (f Form) write(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.ClientGetForUpdateRow) error {
	q := db.New()
	err := q.ClientUpdate(ctx, tx, db.ClientUpdateParams{
		ID: was.ID, Name: f.Name, OwnerID: f.OwnerID, AllPartners: f.AllPartners, Permissions: f.Permissions, Networks: f.Networks,
		PerMinute: f.PerMinute, WrongCodesHour: f.WrongCodesHour, Splynx: f.Splynx,
	})
	if err != nil {
		return nameTaken(err, f.Name)
	}
	if !f.Splynx { // so that no secret is kept that nothing needs
		if err := q.PairEnd(ctx, tx, was.ID); err != nil {
			return fmt.Errorf("end the pairs of an API client: %w", err)
		}
	}
	if err := q.ClientPartnerClear(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("clear the partners of an API client: %w", err)
	}
	if err := q.ClientPartnerAdd(ctx, tx, db.ClientPartnerAddParams{ClientID: was.ID, PartnerIds: f.PartnerIDs}); err != nil {
		return f.partnersRefused(err)
	}
	return act.Record(ctx, tx, actor, Edited{ClientID: was.ID, Rights: f.rights(), Before: rightsOf(was)})
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

// partnersRefused maps the guard of the test marks to a fault.
func (f Form) partnersRefused(err error) error {
	switch {
	case db.Constraint(err) == "api_client_partner_test" && f.Test:
		return ErrTest
	case db.Constraint(err) == "api_client_partner_test":
		return ErrNoTest
	}
	return fmt.Errorf("give an API client its partners: %w", err)
}

// nameTaken maps the unique constraint on names to a fault.
func nameTaken(err error, name string) error {
	if db.Constraint(err) == "api_client_name_key" {
		return fault.Field("name", "client_name_taken", "There is an API client {name} already. Choose another name.").With("name", fault.Text(name))
	}
	return fmt.Errorf("keep an API client: %w", err)
}
