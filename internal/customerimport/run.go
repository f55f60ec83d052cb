package customerimport

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/jobqueue"
	"refill/internal/setting"
	"refill/internal/tableflow"
)

// maxTries is the number of attempts at a chunk that conflicts with another transaction.
const maxTries = 5

// Run creates the customers of a confirmed import, one transaction for each chunk of rows.
// It may run any number of times: the counter of the import, which advances with the
// customers, tells the next row. It checks each row again and leaves out a customer who has
// become known since the dry run. It never creates more customers, or balances of a higher
// sum, than the dry run found. After jobqueue.RunFor it returns jobqueue.ErrYield.
func (s *Service) Run(ctx context.Context, id int64, open Opener, now func() time.Time, complete jobqueue.Completer) error {
	got, err := s.q.ImportGet(ctx, s.db, db.ImportGetParams{ID: id, Kind: db.ImportKindCustomers, AllPartners: true})
	if err != nil {
		return fmt.Errorf("read an import: %w", err)
	}
	imp := got.CardImport
	if imp.State != db.ImportStateRunning {
		return ErrNotWanted
	}
	r := &runner{s: s, imp: imp, position: imp.RowsDone, complete: complete}
	if _, r.plan, r.report, err = Read(imp); err != nil {
		return err
	}
	if r.scope, err = s.scopeOf(ctx, s.db, imp); err != nil {
		return err
	}
	if r.partners, err = s.findPartners(ctx, s.db, r.scope, r.plan.Partner); err != nil {
		return err
	}
	file, done, err := open(imp)
	if err != nil {
		return err
	}
	defer done()
	rows, err := openRows(file, imp.Size, r.plan, r.partners)
	if err != nil {
		return err
	}
	if err := rows.skip(imp.RowsDone); err != nil {
		return err
	}
	for started := now(); ; {
		last, err := r.chunk(ctx, rows)
		if err != nil || last {
			return err
		}
		if now().Sub(started) > jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// runner is the state of an import under way.
type runner struct {
	s        *Service
	imp      db.CardImport
	plan     Plan
	report   Report
	scope    audit.Scope
	partners *partners
	position int32 // rows read
	complete jobqueue.Completer
}

// batch is the rows of one chunk.
type batch struct {
	before, after int32 // rows read before and after the chunk
	list          []*customer.Newcomer
	last          bool
}

// chunk reads the next rows, creates their customers, and reports whether they were the
// last.
func (r *runner) chunk(ctx context.Context, rows *rowReader) (bool, error) {
	b := &batch{before: r.position}
	for range chunk {
		got, err := rows.next()
		if errors.Is(err, io.EOF) {
			b.last = true
			break
		}
		if err != nil {
			return false, err
		}
		r.position++
		if got.Newcomer != nil {
			b.list = append(b.list, got.Newcomer)
		}
	}
	b.after = r.position
	var err error
	for range maxTries {
		err = r.s.inTx(ctx, func(tx pgx.Tx) error { return r.saveChunk(ctx, tx, b) })
		switch name := db.Constraint(err); {
		case name == "customer_username_key", name == "customer_external_id_key": // another transaction took the name; look up again
		case db.Retryable(err):
		default:
			return b.last, err
		}
	}
	return false, err
}

// saveChunk writes a chunk within its transaction. Lock order: the import, then rows that
// are only inserted and the accounts of the new customers.
func (r *runner) saveChunk(ctx context.Context, tx pgx.Tx, b *batch) error {
	s := r.s
	imp, err := s.flow.Lock(ctx, tx, r.imp.ID)
	if err != nil {
		return err
	}
	if imp.State != db.ImportStateRunning || imp.RowsDone != b.before { // stopped, or another worker has imported the chunk
		return ErrNotWanted
	}
	if err := setting.CheckCurrency(ctx, tx); err != nil {
		return err
	}
	known, err := s.known(ctx, tx, r.scope, b.list)
	if err != nil {
		return err
	}
	open, err := s.findPartners(ctx, tx, r.scope, r.plan.Partner)
	if err != nil {
		return err
	}
	left := tableflow.LeftOut{Hidden: reasonKnownHidden}
	room := budget{customers: int64(r.report.Good) - int64(imp.Made), value: r.report.Value() - imp.MadeValue}
	many := customer.Newcomers{ImportID: imp.ID, Currency: r.plan.Currency, Comment: r.plan.Comment}
	seen := newSeen()
	for i, n := range b.list {
		reason := known[i]
		if reason == "" {
			reason = seen.duplicateReason(n)
		}
		if reason == "" && open.names[n.PartnerID] == "" {
			reason = reasonPartner
		}
		if reason == "" && !room.take(n.Balance) {
			reason = reasonBeyond
		}
		if reason != "" {
			left.Add(leftOf(n, reason))
			continue
		}
		seen.add(n)
		many.List = append(many.List, *n)
	}
	if err := s.fillUsernames(ctx, tx, many.List, seen); err != nil {
		return err
	}
	if err := s.flow.NoteLate(ctx, tx, imp.ID, left.Rows); err != nil {
		return err
	}
	actor := audit.ForMaker(imp.ConfirmedBy, nil, nil).Actor().Within(r.scope)
	if err := customer.EnterMany(ctx, tx, actor, many); err != nil {
		return err
	}
	advance := db.CustomerImportAdvanceParams{ID: imp.ID, RowsDone: b.after, Known: int32(left.Total()), Made: int32(len(many.List)), Value: room.taken} //nolint:gosec // at most a chunk
	if err := s.q.CustomerImportAdvance(ctx, tx, advance); err != nil {
		return fmt.Errorf("advance an import: %w", err)
	}
	if b.last {
		return r.finish(ctx, tx, int64(imp.Made)+int64(len(many.List)))
	}
	return s.flow.Notify(ctx, tx, imp.ID)
}

// budget is what an import may still create, out of the totals of its dry run.
type budget struct {
	customers, value int64
	taken            int64
}

// take subtracts a customer from the budget, and reports whether the budget allows the
// customer.
func (b *budget) take(balance int64) bool {
	value := max(balance, -balance)
	if b.customers < 1 || b.value < value {
		return false
	}
	b.customers, b.value, b.taken = b.customers-1, b.value-value, b.taken+value
	return true
}

// finish ends an import after its last row.
func (r *runner) finish(ctx context.Context, tx pgx.Tx, made int64) error {
	if _, err := r.s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: r.imp.ID, State: db.ImportStateDone}); err != nil {
		return fmt.Errorf("finish an import: %w", err)
	}
	if err := act.Record(ctx, tx, audit.System(), tableflow.Finished{Import: r.s.flow.About(r.imp.ID), Customers: &made}); err != nil {
		return err
	}
	return r.complete(ctx, tx)
}

// fillUsernames makes usernames for customers without one.
func (s *Service) fillUsernames(ctx context.Context, tx pgx.Tx, list []customer.Newcomer, seen *seen) error {
	var unnamed []*customer.Newcomer
	p := db.CustomerListKnownParams{ExternalIds: []string{}}
	for i := range list {
		if list[i].Username == "" {
			list[i].Username = usernameFrom(list[i].Name, list[i].ExternalID)
			unnamed = append(unnamed, &list[i])
			p.Usernames = append(p.Usernames, list[i].Username)
		}
	}
	if len(unnamed) == 0 {
		return nil
	}
	rows, err := s.q.CustomerListKnown(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("look for free usernames: %w", err)
	}
	taken := map[string]bool{}
	for _, row := range rows {
		taken[row.Username] = true
	}
	for _, n := range unnamed {
		if taken[n.Username] || seen.hasUsername(n.Username) {
			n.Username = fmt.Sprintf("%s-%s", n.Username, strings.ToLower(rand.Text()[:8]))
		}
		taken[n.Username] = true
	}
	return nil
}
