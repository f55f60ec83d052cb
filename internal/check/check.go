// Package check owns the invariants: rules about money, cards and rights that
// hold at every moment, each with a query that must return no rows. It only
// reads.
package check

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/db"
)

// Broken is a rule that does not hold.
type Broken struct {
	Number int
	Rule   string
	Rows   []string // the culprits, at most mostRows
	More   bool     // there are more than those
}

// mostRows is how many culprits of one rule are named.
const mostRows = 20

// sample is how many sealed codes of each series are opened.
const sample = 5

// Run holds the database against every invariant, in one snapshot, and returns
// those that are broken. keys may be nil: then no code is opened.
func Run(ctx context.Context, beginner db.Beginner, keys *card.Keyring) ([]Broken, error) {
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin a check: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
		return nil, fmt.Errorf("take a snapshot: %w", err)
	}
	if _, err := tx.Exec(ctx, `set local statement_timeout = '10min'`); err != nil {
		return nil, fmt.Errorf("allow the check its time: %w", err)
	}
	var broken []Broken
	for _, inv := range invariants() {
		rows, err := tx.Query(ctx, inv.sql)
		if err != nil {
			return nil, fmt.Errorf("invariant %d: %w", inv.number, err)
		}
		culprits, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, fmt.Errorf("invariant %d: %w", inv.number, err)
		}
		broken = add(broken, inv.number, inv.rule, culprits)
	}
	if keys == nil {
		return broken, nil
	}
	culprits, err := card.CheckSeals(ctx, tx, keys, sample)
	if err != nil {
		return nil, err
	}
	return add(broken, 16, "every unredeemed card opens, in a sample", culprits), nil
}

func add(broken []Broken, number int, rule string, culprits []string) []Broken {
	if len(culprits) == 0 {
		return broken
	}
	return append(broken, Broken{Number: number, Rule: rule, Rows: culprits[:min(len(culprits), mostRows)], More: len(culprits) > mostRows})
}
