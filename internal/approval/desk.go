package approval

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// Kind is what a kind of request does. Every function runs in the transaction of the
// decision.
type Kind struct {
	Name db.ApprovalKind
	// Cards says that the kind belongs to the module of refill cards: with the module
	// off it is neither listed nor decided.
	Cards bool
	// Needs returns the permissions that the person who asked must hold when it is approved,
	// as roles keep them: nothing is done for a person that they could not do themselves.
	Needs func(a db.Approval) ([]string, error)
	// Hold takes the locks that come before the request's: series, then nothing else. It
	// fails with the subject's own "not found" where the subject is not the actor's. Nil:
	// nothing is to be held.
	Hold func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error
	// Same reports whether the subject is still what it was when it was asked for. It is
	// asked before Approve. Nil: nothing of it can change.
	Same func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error)
	// Approve does what was asked for; actor is the person who decides.
	Approve func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error
	// Drop undoes what was prepared for a request that was refused, withdrawn, outdated or
	// expired. Nil: nothing was.
	Drop func(ctx context.Context, tx pgx.Tx, a db.Approval) error
	// Announce tells pages other than those of approvals and series. Nil: there are none.
	Announce func(ctx context.Context, tx pgx.Tx, a db.Approval) error
}

// Desk is where requests are decided. Safe for concurrent use once every kind is
// registered.
type Desk struct {
	db    db.Beginner
	q     *db.Queries
	kinds map[db.ApprovalKind]Kind
}

// NewDesk returns a desk that decides some kinds.
func NewDesk(beginner db.Beginner, kinds ...Kind) *Desk {
	d := &Desk{db: beginner, q: db.New(), kinds: map[db.ApprovalKind]Kind{}}
	for _, k := range kinds {
		d.Register(k)
	}
	return d
}

// Register adds a kind, at the start of a process. A kind that is registered twice, or
// does nothing, is a fault of the program.
func (d *Desk) Register(k Kind) {
	if _, twice := d.kinds[k.Name]; twice || k.Approve == nil || k.Needs == nil || !k.Name.Valid() {
		panic("approval: kind " + string(k.Name) + " is registered twice or is none")
	}
	d.kinds[k.Name] = k
}

// Approve does what another person asked for, in the transaction of the decision, if it
// is still what was asked for. ErrOutdated says that it is not; the request is over then.
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
		if err := d.askerMay(ctx, tx, k, row.Approval); err != nil {
			return "", err
		}
		return db.ApprovalStateApproved, k.Approve(ctx, tx, actor, row.Approval)
	})
	if err == nil && state == db.ApprovalStateOutdated {
		return ErrOutdated
	}
	return err
}

// Refuse says no to what another person asked for. Nothing of it happens.
func (d *Desk) Refuse(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	_, err := d.decide(ctx, actor, id, reason, func(pgx.Tx, Kind, db.ApprovalGetForUpdateRow) (db.ApprovalState, error) {
		return db.ApprovalStateRefused, nil
	})
	return err
}

// decide holds a request and its subject while f makes the decision come true.
// Lock order: series, request, then what the kind needs.
func (d *Desk) decide(ctx context.Context, actor audit.Actor, id int64, reason string,
	f func(tx pgx.Tx, k Kind, row db.ApprovalGetForUpdateRow) (db.ApprovalState, error),
) (db.ApprovalState, error) {
	reason = strings.TrimSpace(reason)
	if err := CheckReason(reason); err != nil {
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
		if err := d.mayDecide(ctx, tx, actor, row); err != nil {
			return err
		}
		if state, err = f(tx, k, row); err != nil {
			return err
		}
		return d.end(ctx, tx, actor, k, row.Approval, state, actor.Staff(), reason)
	})
}

// find reads a request that the actor may see and whose kind is decided here. A kind
// that is not registered is decided by nobody.
func (d *Desk) find(ctx context.Context, actor audit.Actor, id int64) (db.Approval, Kind, error) {
	a, err := d.q.ApprovalGet(ctx, d.db, db.ApprovalGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: append([]int64{}, actor.Scope.PartnerIDs...)})
	if errors.Is(err, pgx.ErrNoRows) {
		return a, Kind{}, ErrUnknown
	}
	if err != nil {
		return a, Kind{}, fmt.Errorf("read a request: %w", err)
	}
	k, ok := d.kinds[a.Kind]
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

// mayDecide keeps people from deciding for themselves: under the account that asked,
// and under another one that they control.
func (d *Desk) mayDecide(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ApprovalGetForUpdateRow) error {
	a := row.Approval
	switch {
	case a.State != db.ApprovalStateWaiting:
		return ErrDone
	case row.Expired:
		return ErrExpired
	case actor.StaffID == 0 || actor.StaffID == a.RequestedBy:
		return ErrOwn
	}
	shared, err := Shared(ctx, tx, actor.StaffID, a.RequestedBy)
	if err == nil && shared {
		return ErrShared
	}
	return err
}

// askerMay refuses to approve what the person who asked may no longer do: a permission
// was taken away since, or a partner that it is about.
func (d *Desk) askerMay(ctx context.Context, tx pgx.Tx, k Kind, a db.Approval) error {
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

// Shared reports whether two members of staff may be one person, as far as that can be
// told from who set whose sign-in lately. It is asked wherever another person has to act.
func Shared(ctx context.Context, dbtx db.DBTX, one, other int64) (bool, error) {
	shared, err := db.New().ApprovalShared(ctx, dbtx, db.ApprovalSharedParams{One: one, Other: other})
	if err != nil {
		return false, fmt.Errorf("ask who controls whose sign-in: %w", err)
	}
	return shared, nil
}

// Controls reports whether one member of staff controls the account of another, as far as
// that can be told from who set whose sign-in within 30 days. Unlike Shared it looks in one
// direction.
func Controls(ctx context.Context, dbtx db.DBTX, holder, account int64) (bool, error) {
	controls, err := db.New().ApprovalControls(ctx, dbtx, db.ApprovalControlsParams{Holder: holder, Account: account})
	if err != nil {
		return false, fmt.Errorf("ask who controls a sign-in: %w", err)
	}
	return controls, nil
}

// WithdrawCustomer ends what waits of a customer who is erased.
func WithdrawCustomer(ctx context.Context, tx pgx.Tx, actor audit.Actor, customerID int64) error {
	rows, err := db.New().ApprovalListOfCustomer(ctx, tx, customerID)
	return withdraw(ctx, tx, actor, rows, err)
}

// end closes a request, undoes what was prepared where it came to nothing, and tells
// everyone.
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
	detail := map[string]any{"approval": a.ID, "kind": a.Kind, "requested_by": a.RequestedBy}
	if a.Currency != "" {
		detail["value"] = money.Amount{Minor: a.Value, Currency: a.Currency}.Decimal()
	}
	if a.Cards > 0 {
		detail["cards"] = a.Cards
	}
	if reason != "" {
		detail["reason"] = reason
	}
	if a.ExportID != nil {
		detail["export"] = *a.ExportID
	}
	entry := audit.Entry{Action: "approval." + string(state), SeriesID: deref(a.SeriesID), Serial: deref(a.Serial), CustomerID: deref(a.CustomerID), Detail: detail}
	if err := audit.Record(ctx, tx, actor, entry); err != nil {
		return err
	}
	return announce(ctx, tx, a.ID, a.SeriesID)
}

// Withdraw takes back what the actor asked for themselves, whatever they may decide.
func (d *Desk) Withdraw(ctx context.Context, actor audit.Actor, id int64) error {
	seen, k, err := d.find(ctx, actor, id)
	if err != nil {
		return err
	}
	if actor.StaffID == 0 || seen.RequestedBy != actor.StaffID {
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
			return d.end(ctx, tx, audit.System(), d.kinds[row.Approval.Kind], row.Approval, db.ApprovalStateExpired, nil, "")
		})
		if err != nil && !errors.Is(err, ErrDone) {
			return err
		}
	}
	return nil
}

// WithdrawSeries ends what waits of a series that is no more. The caller holds the
// series and undoes what was prepared.
func WithdrawSeries(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64) error {
	rows, err := db.New().ApprovalListOfSeries(ctx, tx, seriesID)
	return withdraw(ctx, tx, actor, rows, err)
}

// WithdrawExport ends what waits of a file that is no longer wanted.
func WithdrawExport(ctx context.Context, tx pgx.Tx, actor audit.Actor, exportID int64) error {
	rows, err := db.New().ApprovalListOfExport(ctx, tx, exportID)
	return withdraw(ctx, tx, actor, rows, err)
}

// WithdrawImport ends what waits of an import that is no longer wanted.
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
