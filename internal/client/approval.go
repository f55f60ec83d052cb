package client

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
)

// A key of a client that gives out codes of cards is cash. It has no value of its own that a
// limit could be held against, and it lasts longer than what it could read today. So every
// such key, and every edit that gives more codes to keys that work, takes a second person as
// soon as the settings name a value above which one is needed.

// Errors of keys and edits that wait for a second person.
var (
	ErrKeyWaits  = fault.New(fault.Conflict, "client_key_waits", "This API client gives out codes of cards, so its key waits until another person approves it. Then you can make it here, within a day.")
	ErrEditWaits = fault.New(fault.Conflict, "client_edit_waits", "This gives codes of cards to an API client with keys that work. Nothing has changed yet: it waits until another person approves it.")
	ErrAsked     = fault.New(fault.Conflict, "client_asked", "Something about this API client waits for a second person already. Let it be decided, or withdrawn, first.")
)

// GrantFacts are the details of a request about a client: a key, or an edit.
type GrantFacts struct {
	Client       int64  `json:"client"`
	Name         string `json:"name"`
	Version      int32  `json:"version"` // of the client when the request was made
	Key          bool   `json:"key"`     // a key is asked for, otherwise an edit
	OverlapHours int    `json:"overlap_hours,omitempty"`
	Rights       Rights `json:"rights"` // of the client, after the edit where there is one

	// Owner and Partners are the names of those in Rights.
	Owner    string   `json:"owner"`
	Partners []string `json:"partners"`
}

// prove checks the password of the actor where one was typed, and reports whether it was.
func prove(ctx context.Context, beginner db.Beginner, actor audit.Actor, p staff.Proof) (bool, error) {
	if p.Password == "" {
		return actor.IsSystem(), nil
	}
	err := staff.ProveOwn(ctx, beginner, actor, p)
	return err == nil, err
}

// isCash reports whether one of some permissions gives out codes of cards.
func isCash(permissions []string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool { return IsCash(staff.Permission(p)) })
}

// widensCash reports whether an edit gives codes of cards to a client, or to more programs or
// of more partners than before.
func (f Form) widensCash(was db.ClientGetForUpdateRow) bool {
	if !isCash(f.Permissions) {
		return false
	}
	lacked := func(p string) bool { return IsCash(staff.Permission(p)) && !slices.Contains(was.Permissions, p) }
	added := func(id int64) bool { return !slices.Contains(was.PartnerIds, id) }
	return slices.ContainsFunc(f.Permissions, lacked) || f.OwnerID != was.OwnerID ||
		!was.AllPartners && (f.AllPartners || slices.ContainsFunc(f.PartnerIDs, added)) || opens(was.Networks, f.Networks)
}

// opens reports whether some addresses are in the networks after, and not in those before. No
// network means every address.
func opens(before, after []netip.Prefix) bool {
	if len(before) == 0 {
		return false
	}
	return len(after) == 0 || slices.ContainsFunc(after, func(n netip.Prefix) bool {
		return !slices.ContainsFunc(before, func(b netip.Prefix) bool { return b.Bits() <= n.Bits() && b.Contains(n.Addr()) })
	})
}

// holdUnless is holdCash unless a second person has approved.
func holdUnless(ctx context.Context, tx pgx.Tx, actor audit.Actor, proved, approved bool, facts GrantFacts, was db.ClientGetForUpdateRow) (bool, error) {
	if approved && proved {
		return false, nil
	}
	return holdCash(ctx, tx, actor, proved, facts, was)
}

// holdCash checks that the actor has proved their password, and asks a second person where the
// settings want one. A test client gives out no cash, so that one person is enough. The program itself needs neither.
func holdCash(ctx context.Context, tx pgx.Tx, actor audit.Actor, proved bool, facts GrantFacts, was db.ClientGetForUpdateRow) (waits bool, err error) {
	if actor.IsSystem() {
		return false, nil
	}
	if !proved {
		return false, ErrPassword
	}
	settings, err := setting.Read(ctx, tx)
	if err != nil || settings.ApproveAbove == nil || was.Test {
		return false, err
	}
	names, err := db.New().ClientNames(ctx, tx, db.ClientNamesParams{OwnerID: facts.Rights.OwnerID, PartnerIds: facts.Rights.PartnerIDs})
	if err != nil {
		return false, fmt.Errorf("read the names of a request: %w", err)
	}
	facts.Owner, facts.Partners = names.Owner, names.Partners
	r := approval.Request{Kind: db.ApprovalKindClient, By: actor.Accountable(), Facts: facts}
	if !was.AllPartners && !facts.Rights.AllPartners {
		r.PartnerIDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(was.PartnerIds, facts.Rights.PartnerIDs))))
	}
	id, err := approval.Ask(ctx, tx, actor, r)
	if err == nil && id == 0 {
		return false, ErrAsked
	}
	return err == nil, err
}

// takeApproved uses up the approval of a key that the actor asked for, and returns its
// overlap; without an approval it returns the given one.
func takeApproved(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.ClientGetForUpdateRow, overlap time.Duration) (time.Duration, bool, error) {
	a, found, err := db.Found(db.New().ApprovalTakeKey(ctx, tx, db.ApprovalTakeKeyParams{ApiClient: strconv.FormatInt(was.ID, 10), Version: was.Version, StaffID: actor.Person()}))
	if err != nil || !found {
		return overlap, false, err
	}
	facts, err := approval.Facts[GrantFacts](a)
	return time.Duration(facts.OverlapHours) * time.Hour, true, err
}

// KeyUntil returns the time until which a member of staff may make a key that was approved,
// and the zero time where none was.
func KeyUntil(ctx context.Context, dbtx db.DBTX, id int64, version int32, staffID int64) (time.Time, error) {
	until, found, err := db.Found(db.New().ApprovalOpenKey(ctx, dbtx, db.ApprovalOpenKeyParams{ApiClient: strconv.FormatInt(id, 10), Version: version, StaffID: staffID}))
	if err != nil || !found {
		return time.Time{}, err
	}
	return until, nil
}

// ApprovalKinds are the kinds of requests about API clients. They are decided neither by the
// owner of the client, before or after an edit, nor by a person who holds a key of it.
func ApprovalKinds() []approval.Kind {
	return []approval.Kind{{
		Name: db.ApprovalKindClient,
		Needs: func(a db.Approval) ([]string, error) {
			facts, err := approval.Facts[GrantFacts](a)
			return append(staff.Stored(staff.APIManage), facts.Rights.Permissions...), err
		},
		Hold: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			_, _, err := subject(ctx, tx, a)
			return err
		},
		Parties: func(ctx context.Context, tx pgx.Tx, a db.Approval) ([]int64, error) {
			facts, _, err := subject(ctx, tx, a)
			if err != nil {
				return nil, err
			}
			parties, err := db.New().ClientParties(ctx, tx, facts.Client)
			if err != nil {
				return nil, fmt.Errorf("find who holds keys of an API client: %w", err)
			}
			return append(parties, facts.Rights.OwnerID), nil
		},
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, row, err := subject(ctx, tx, a)
			return row.Version == facts.Version && row.DisabledAt == nil, err
		},
		Approve: approve,
	}}
}

// subject returns what a request about a client asks for, and locks the client.
func subject(ctx context.Context, tx pgx.Tx, a db.Approval) (GrantFacts, db.ClientGetForUpdateRow, error) {
	facts, err := approval.Facts[GrantFacts](a)
	if err != nil {
		return facts, db.ClientGetForUpdateRow{}, err
	}
	row, err := db.Need(db.New().ClientGetForUpdate(ctx, tx, facts.Client)).Or(ErrUnknown, "find API client %d", facts.Client)
	return facts, row, err
}

// approve carries out an edit. A key is made when the person who asked for it comes to see it.
func approve(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
	facts, row, err := subject(ctx, tx, a)
	if err != nil || facts.Key {
		return err
	}
	f, err := facts.Rights.form()
	if err != nil {
		return err
	}
	if err := f.checkGive(ctx, tx, approval.Asker(a)); err != nil {
		return err
	}
	return f.write(ctx, tx, actor, row)
}

// form returns the form that has some rights.
func (r Rights) form() (Form, error) {
	f := Form{
		Name: r.Name, OwnerID: r.OwnerID, AllPartners: r.AllPartners, PartnerIDs: r.PartnerIDs, Permissions: r.Permissions,
		Networks: []netip.Prefix{}, PerMinute: r.PerMinute, WrongCodesHour: r.WrongCodesHour, Splynx: r.Splynx, Test: r.Test,
	}
	for _, text := range r.Networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return f, fmt.Errorf("read a network of an API client: %w", err)
		}
		f.Networks = append(f.Networks, network)
	}
	return f, nil
}
