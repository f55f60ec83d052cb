package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// Kind says what a kind of request does. Every function runs in the transaction of the
// decision.
type Kind struct {
	Name db.ApprovalKind
	// Cards says that the kind belongs to the module of refill cards: with the module
	// off it is neither listed nor decided.
	Cards bool
	// Needs returns the permissions (as roles store them) that the requester must still
	// hold at the time of approval, so that approval gives a person no more rights than
	// their own.
	Needs func(a db.Approval) ([]string, error)
	// Hold locks the series, which comes before the request in the lock order. It fails
	// with the subject's own "not found" where the actor may not see the subject. Nil:
	// there is nothing to lock.
	Hold func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error
	// Parties returns the members of staff beside the requester who have a part in the
	// subject, and so don't decide about it. Nil: there are none.
	Parties func(ctx context.Context, tx pgx.Tx, a db.Approval) ([]int64, error)
	// Same reports whether the subject is unchanged since the request was made. It is
	// called before Approve. Nil: the subject can't change.
	Same func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error)
	// Approve carries out the request; actor is the person who decides.
	Approve func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error
	// Drop undoes the preparations for a request that was refused, withdrawn, outdated or
	// expired. Nil: there are none.
	Drop func(ctx context.Context, tx pgx.Tx, a db.Approval) error
	// Announce notifies pages other than those of approvals and series. Nil: there are
	// none.
	Announce func(ctx context.Context, tx pgx.Tx, a db.Approval) error
}

// Desk decides requests. It is safe for concurrent use once every kind is registered.
type Desk struct {
	db    db.Beginner
	q     *db.Queries
	kinds map[db.ApprovalKind]Kind
	open  atomic.Bool // set by the first decision: no kind comes any more
}

// NewDesk returns a desk with some kinds registered.
func NewDesk(beginner db.Beginner, kinds ...Kind) *Desk {
	d := &Desk{db: beginner, q: db.New(), kinds: map[db.ApprovalKind]Kind{}}
	for _, k := range kinds {
		d.Register(k)
	}
	return d
}

// Register adds a kind, at the start of a process. It panics for a kind that is registered
// twice or has no Approve, and after the first decision, since these are programming errors.
func (d *Desk) Register(k Kind) {
	if d.open.Load() {
		panic("approval: kind " + string(k.Name) + " is registered after a request was decided")
	}
	if _, twice := d.kinds[k.Name]; twice || k.Approve == nil || k.Needs == nil || !k.Name.Valid() {
		panic("approval: kind " + string(k.Name) + " is registered twice or is none")
	}
	d.kinds[k.Name] = k
}

// kind returns a registered kind, and closes the registration.
func (d *Desk) kind(name db.ApprovalKind) (Kind, bool) {
	d.open.Store(true)
	k, ok := d.kinds[name]
	return k, ok
}

// Approve carries out another person's request in the transaction of the decision, if its
// subject is unchanged. Otherwise it closes the request and returns ErrOutdated.
func (d *Desk) Approve(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	state, err := d.decide(ctx, actor, id, reason, func(tx pgx.Tx, k Kind, row db.ApprovalGetForUpdateRow) (db.ApprovalState, error) {
		if k.Same != nil {
			same, err := k.Same(ctx, tx, row.Approval)
			if err != nil {
				return "", err
			}
			if !same {
				return db.ApprovalStateOutdated, nil
			}
		}
		if row.AskerGone {
			return "", ErrGone
		}
		if err := d.checkAsker(ctx, tx, k, row.Approval); err != nil {
			return "", err
		}
		return db.ApprovalStateApproved, k.Approve(ctx, tx, actor, row.Approval)
	})
	if err == nil && state == db.ApprovalStateOutdated {
		return ErrOutdated
	}
	return err
}

// Refuse refuses another person's request. Its preparations are undone.
func (d *Desk) Refuse(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	_, err := d.decide(ctx, actor, id, reason, func(pgx.Tx, Kind, db.ApprovalGetForUpdateRow) (db.ApprovalState, error) {
		return db.ApprovalStateRefused, nil
	})
	return err
}

// decide locks the subject and the request, checks that the actor may decide, and runs f.
// Lock order: series, request, then the locks of the kind.
func (d *Desk) decide(ctx context.Context, actor audit.Actor, id int64, reason string,
	f func(tx pgx.Tx, k Kind, row db.ApprovalGetForUpdateRow) (db.ApprovalState, error),
) (db.ApprovalState, error) {
	reason = strings.TrimSpace(reason)
	if err := audit.CheckReason(reason); err != nil {
		return "", err
	}
	if err := actor.Check(); err != nil {
		return "", err
	}
	seen, k, err := d.find(ctx, actor, id)
	if err != nil {
		return "", err
	}
	var state db.ApprovalState
	return state, pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		row, err := d.lock(ctx, tx, actor, k, seen)
		if err != nil {
			return err
		}
		if err := d.checkDecide(ctx, tx, actor, row); err != nil {
			return err
		}
		if err := checkParties(ctx, tx, actor, k, row.Approval); err != nil {
			return err
		}
		if state, err = f(tx, k, row); err != nil {
			return err
		}
		return d.end(ctx, tx, actor, k, row.Approval, state, actor.Staff(), reason)
	})
}

// find reads a request that the actor may see. It finds only requests of registered kinds.
func (d *Desk) find(ctx context.Context, actor audit.Actor, id int64) (db.Approval, Kind, error) {
	a, err := db.Need(d.q.ApprovalGet(ctx, d.db, db.ApprovalGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: append([]int64{}, actor.Scope.PartnerIDs...)})).Or(ErrUnknown, "read a request")
	if err != nil {
		return a, Kind{}, err
	}
	k, ok := d.kind(a.Kind)
	if !ok {
		return a, k, ErrUnknown
	}
	if k.Cards {
		settings, err := setting.Read(ctx, d.db)
		if err != nil {
			return a, k, err
		}
		if !settings.RefillCards {
			return a, k, ErrUnknown
		}
	}
	return a, k, nil
}

// lock takes the locks of a request: its subject's, then its own.
func (d *Desk) lock(ctx context.Context, tx pgx.Tx, actor audit.Actor, k Kind, seen db.Approval) (db.ApprovalGetForUpdateRow, error) {
	if k.Hold != nil {
		if err := k.Hold(ctx, tx, actor, seen); err != nil {
			return db.ApprovalGetForUpdateRow{}, err
		}
	}
	row, err := d.q.ApprovalGetForUpdate(ctx, tx, seen.ID)
	if err != nil {
		return row, fmt.Errorf("lock a request: %w", err)
	}
	return row, nil
}

// checkDecide lets members of staff decide in person only, and never about a request of
// their own: one made by their account or by an API client that it owns, one made with a
// key that they made, and one made by an account that may belong to the same person
// (Shared) as one of these. Its refusals say which of them the decider is too close to.
func (d *Desk) checkDecide(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ApprovalGetForUpdateRow) error {
	a, person := row.Approval, actor.Person()
	switch {
	case person == 0:
		return ErrNoPerson
	case a.State != db.ApprovalStateWaiting:
		return ErrDone
	case row.Expired:
		return ErrExpired
	case person == a.RequestedBy:
		return ErrOwn
	case a.KeyMaker != nil && person == *a.KeyMaker:
		return ErrKeyMaker
	}
	if err := checkShared(ctx, tx, person, a.RequestedBy, ErrShared); err != nil {
		return err
	}
	if a.KeyMaker == nil || *a.KeyMaker == a.RequestedBy {
		return nil
	}
	return checkShared(ctx, tx, person, *a.KeyMaker, ErrMakerShared.Because(ErrShared))
}

// checkParties refuses a decision by a person who has a part in the subject of a request, or
// by an account that may belong to such a person.
func checkParties(ctx context.Context, tx pgx.Tx, actor audit.Actor, k Kind, a db.Approval) error {
	if k.Parties == nil {
		return nil
	}
	parties, err := k.Parties(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, party := range parties {
		if party == actor.Person() {
			return ErrParty
		}
		if err := checkShared(ctx, tx, actor.Person(), party, ErrPartyShared.Because(ErrShared)); err != nil {
			return err
		}
	}
	return nil
}

// checkShared returns the refusal where two accounts may belong to one person.
func checkShared(ctx context.Context, dbtx db.DBTX, one, other int64, refusal error) error {
	shared, err := Shared(ctx, dbtx, one, other)
	if err == nil && shared {
		return refusal
	}
	return err
}

// checkAsker refuses to approve a request whose requester has since lost a permission that
// it needs, or sight of a partner that it concerns.
func (d *Desk) checkAsker(ctx context.Context, tx pgx.Tx, k Kind, a db.Approval) error {
	needs, err := k.Needs(a)
	if err != nil {
		return err
	}
	may, err := d.q.ApprovalAskerMay(ctx, tx, db.ApprovalAskerMayParams{ID: a.ID, Permissions: needs})
	if err != nil {
		return fmt.Errorf("ask what a person may do: %w", err)
	}
	if !may {
		return ErrAskerMayNot
	}
	return nil
}

// Shared reports whether two staff accounts may belong to one person, judged by who set
// whose sign-in within 30 days. Every rule that needs a second person uses it.
func Shared(ctx context.Context, dbtx db.DBTX, one, other int64) (bool, error) {
	shared, err := db.New().ApprovalShared(ctx, dbtx, db.ApprovalSharedParams{One: one, Other: other})
	if err != nil {
		return false, fmt.Errorf("ask who controls whose sign-in: %w", err)
	}
	return shared, nil
}

// Controls reports whether one member of staff controls the account of another, judged by
// who set whose sign-in within 30 days. Unlike Shared it is one-directional.
func Controls(ctx context.Context, dbtx db.DBTX, holder, account int64) (bool, error) {
	controls, err := db.New().ApprovalControls(ctx, dbtx, db.ApprovalControlsParams{Holder: holder, Account: account})
	if err != nil {
		return false, fmt.Errorf("ask who controls a sign-in: %w", err)
	}
	return controls, nil
}

// WithdrawCustomer withdraws the open requests that concern a customer who is erased.
func WithdrawCustomer(ctx context.Context, tx pgx.Tx, actor audit.Actor, customerID int64) error {
	rows, err := db.New().ApprovalListOfCustomer(ctx, tx, customerID)
	return withdraw(ctx, tx, actor, rows, err)
}

// end closes a request, undoes its preparations unless it was approved, and notifies open
// pages.
func (d *Desk) end(ctx context.Context, tx pgx.Tx, actor audit.Actor, k Kind, a db.Approval, state db.ApprovalState, by *int64, reason string) error {
	if state != db.ApprovalStateApproved && k.Drop != nil {
		if err := k.Drop(ctx, tx, a); err != nil {
			return err
		}
	}
	if err := end(ctx, tx, actor, a, state, by, reason); err != nil {
		return err
	}
	if k.Announce == nil {
		return nil
	}
	return k.Announce(ctx, tx, a)
}

// end closes a request with its audit row.
func end(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval, state db.ApprovalState, by *int64, reason string) error {
	n, err := db.New().ApprovalEnd(ctx, tx, db.ApprovalEndParams{ID: a.ID, State: state, DecidedBy: by, Reason: reason})
	if err != nil {
		return fmt.Errorf("decide a request: %w", err)
	}
	if n == 0 {
		return ErrDone
	}
	ended := Ended{
		Subject:  act.Subject{SeriesID: deref(a.SeriesID), Serial: deref(a.Serial), CustomerID: deref(a.CustomerID)},
		Approval: a.ID, Kind: a.Kind, RequestedBy: a.RequestedBy, Cards: max(a.Cards, 0), Reason: reason, Export: deref(a.ExportID),
	}
	if a.Currency != "" {
		ended.Value = money.Amount{Minor: a.Value, Currency: a.Currency}.Decimal()
	}
	return act.Record(ctx, tx, actor, ended.in(state))
}

// Withdraw withdraws a request of the actor's own. It needs no permission to decide.
func (d *Desk) Withdraw(ctx context.Context, actor audit.Actor, id int64) error {
	seen, k, err := d.find(ctx, actor, id)
	if err != nil {
		return err
	}
	if person := actor.Person(); person == 0 || seen.RequestedBy != person {
		return ErrNotOwn
	}
	return pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		row, err := d.lock(ctx, tx, actor, k, seen)
		if err != nil {
			return err
		}
		return d.end(ctx, tx, actor, k, row.Approval, db.ApprovalStateWithdrawn, nil, "")
	})
}

// Expire ends the requests that were not decided within a day. Periodic.
func (d *Desk) Expire(ctx context.Context) error {
	ids, err := d.q.ApprovalListExpired(ctx, d.db)
	if err != nil {
		return fmt.Errorf("look for expired requests: %w", err)
	}
	for _, id := range ids {
		err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
			row, err := d.q.ApprovalGetForUpdate(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("lock a request: %w", err)
			}
			k, _ := d.kind(row.Approval.Kind)
			return d.end(ctx, tx, audit.System(), k, row.Approval, db.ApprovalStateExpired, nil, "")
		})
		if err != nil && !errors.Is(err, ErrDone) {
			return err
		}
	}
	return nil
}

// WithdrawSeries withdraws the open requests of a deleted series, except the one with the id
// except (0: none), by which it is deleted. The caller holds the lock of the series and undoes
// the preparations.
func WithdrawSeries(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID, except int64) error {
	rows, err := db.New().ApprovalListOfSeries(ctx, tx, seriesID)
	rows = slices.DeleteFunc(rows, func(a db.Approval) bool { return a.ID == except })
	return withdraw(ctx, tx, actor, rows, err)
}

// WithdrawExport withdraws the open requests for a file that is no longer needed.
func WithdrawExport(ctx context.Context, tx pgx.Tx, actor audit.Actor, exportID int64) error {
	rows, err := db.New().ApprovalListOfExport(ctx, tx, exportID)
	return withdraw(ctx, tx, actor, rows, err)
}

// WithdrawImport withdraws the open requests for an import that is no longer needed.
func WithdrawImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, importID int64) error {
	rows, err := db.New().ApprovalListOfImport(ctx, tx, importID)
	return withdraw(ctx, tx, actor, rows, err)
}

func withdraw(ctx context.Context, tx pgx.Tx, actor audit.Actor, rows []db.Approval, err error) error {
	if err != nil {
		return fmt.Errorf("look for requests: %w", err)
	}
	for _, a := range rows {
		if err := end(ctx, tx, actor, a, db.ApprovalStateWithdrawn, nil, ""); err != nil {
			return err
		}
	}
	return nil
}
