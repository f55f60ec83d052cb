// Package check owns the invariants: rules about money, cards and rights that
// hold at every moment, each with a query that must return no rows; and the runs
// that hold the books against them, by the clock or when somebody asks. It
// changes nothing but its own record.
package check

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/db"
)

// Result is what was found of one invariant: it holds where Found is 0.
type Result struct {
	Number   int
	Rule     string
	Found    int64
	Examples []string // the first of the culprits, by their ids
	Took     time.Duration
}

// look says how the books are looked at.
type look struct {
	keys    *card.Keyring    // nil: no code is opened
	longest time.Duration    // that one invariant may take
	now     func() time.Time // nil: nobody wants to know how long each took
}

// mostRows is how many culprits of one rule are named.
const mostRows = 20

// sample is how many sealed codes of each series are opened.
const sample = 5

// Run holds the database against every invariant, in one snapshot, and returns
// those that are broken. keys may be nil: then no code is opened.
func Run(ctx context.Context, beginner db.Beginner, keys *card.Keyring) ([]Result, error) {
	var broken []Result
	err := look{keys: keys, longest: 10 * time.Minute}.each(ctx, beginner, func(r Result) error {
		if r.Found > 0 {
			broken = append(broken, r)
		}
		return nil
	})
	return broken, err
}

// each holds the database against every invariant, in one snapshot, and tells
// what it found of each as soon as it is known.
func (l look) each(ctx context.Context, beginner db.Beginner, tell func(Result) error) error {
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a check: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
		return fmt.Errorf("take a snapshot: %w", err)
	}
	// One core at most is taken from redemptions, and nothing is compiled for it.
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

// look counts what breaks an invariant and names the first.
func (inv invariant) look(ctx context.Context, tx pgx.Tx, keys *card.Keyring) (Result, error) {
	r := Result{Number: inv.number, Rule: inv.rule, Examples: []string{}}
	sql := inv.sql
	if sql == "" {
		sql = `select '' where false` // only the keys can tell
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
