// Package check owns the invariants: rules about money, cards and rights that always hold.
// Each has a query that must return no rows. The package also owns the runs that check
// them, periodically or on request. It writes nothing but the record of its runs.
package check

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// Result is the result of one invariant: it holds where Found is 0.
type Result struct {
	Number   int
	Rule     string
	Found    int64
	Examples []string // ids of the first offending rows
	Took     time.Duration
}

// look has the options of one run.
type look struct {
	keys    *cardcode.Keyring // nil: no sealed code is opened
	longest time.Duration     // the time limit of one invariant
	now     func() time.Time  // clock that measures each invariant; nil: not measured
}

// mostRows is the number of offending rows that are named for each rule.
const mostRows = 20

// sample is the number of sealed codes that are opened for each series.
const sample = 5

// Run checks the database against every invariant, in one snapshot, and returns those that
// are broken. With nil keys it opens no sealed code.
func Run(ctx context.Context, beginner db.Beginner, keys *cardcode.Keyring) ([]Result, error) {
	var broken []Result
	err := look{keys: keys, longest: 10 * time.Minute}.each(ctx, beginner, func(r Result) error {
		if r.Found > 0 {
			broken = append(broken, r)
		}
		return nil
	})
	return broken, err
}

// each checks the database against every invariant, in one snapshot, and calls tell with
// each result at once.
func (l look) each(ctx context.Context, beginner db.Beginner, tell func(Result) error) error {
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a check: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
		return fmt.Errorf("take a snapshot: %w", err)
	}
	// The queries use no parallel workers, so that at most one core is taken from
	// redemptions, and no JIT compilation.
	set := fmt.Sprintf(`set local idle_in_transaction_session_timeout = %d;
		set local max_parallel_workers_per_gather = 0; set local jit = off; set local work_mem = '32MB'`, l.longest.Milliseconds())
	if _, err := tx.Exec(ctx, set); err != nil {
		return fmt.Errorf("say how a check may work: %w", err)
	}
	if ctx, err = db.Patiently(ctx, tx, l.longest); err != nil {
		return err
	}
	for _, inv := range invariants() {
		var start time.Time
		if l.now != nil {
			start = l.now()
		}
		found, err := inv.look(ctx, tx, l.keys)
		if err != nil {
			return fmt.Errorf("invariant %d: %w", inv.number, err)
		}
		if l.now != nil {
			found.Took = l.now().Sub(start)
		}
		if err := tell(found); err != nil {
			return err
		}
	}
	return nil
}

// look counts the rows that break an invariant and names the first ones.
func (inv invariant) look(ctx context.Context, tx pgx.Tx, keys *cardcode.Keyring) (Result, error) {
	r := Result{Number: inv.number, Rule: inv.rule, Examples: []string{}}
	sql := inv.sql
	if sql == "" {
		sql = `select '' where false` // this invariant is checked by the keys alone
	}
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var culprit string
		if err := rows.Scan(&culprit); err != nil {
			return r, err
		}
		r.add(culprit)
	}
	if err := rows.Err(); err != nil || inv.keys == nil || keys == nil {
		return r, err
	}
	culprits, err := inv.keys(ctx, tx, keys)
	for _, c := range culprits {
		r.add(c)
	}
	return r, err
}

func (r *Result) add(culprit string) {
	r.Found++
	if len(r.Examples) < mostRows {
		r.Examples = append(r.Examples, culprit)
	}
}
