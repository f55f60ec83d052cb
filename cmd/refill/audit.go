package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
)

// runAudit is `refill audit`.
func runAudit(ctx context.Context, c config, args []string) error {
	usage := errors.New("usage: refill audit head | verify [-since HEAD]")
	if len(args) == 0 {
		return usage
	}
	flags := flag.NewFlagSet("audit "+args[0], flag.ExitOnError)
	since := flags.String("since", "", "a head that refill audit head printed earlier: the trail must contain it, unchanged")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	pool, keys, err := openForCheck(ctx, c, "audit")
	if err != nil {
		return err
	}
	defer pool.Close()
	switch args[0] {
	case "head":
		head, err := audit.Seal(ctx, pool, keys, time.Now())
		if err != nil {
			return err
		}
		if head.Number == 0 {
			return errors.New("the audit trail is empty")
		}
		return printAnswer("%s %s\n", audit.HeadOf(head), head.At.UTC().Format(time.RFC3339))
	case "verify":
		var heads []audit.Head
		if *since != "" {
			head, err := audit.ParseHead(*since)
			if err != nil {
				return err
			}
			heads = append(heads, head)
		}
		return verifyTrail(ctx, pool, keys, os.Stdout, heads...)
	}
	return usage
}

// verifyTrail verifies the audit trail against its chain and the given heads, and prints
// the result.
func verifyTrail(ctx context.Context, beginner db.Beginner, keys audit.Keys, out io.Writer, heads ...audit.Head) error {
	var report audit.Report
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set transaction isolation level repeatable read, read only`); err != nil {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		var err error
		report, err = audit.Verify(ctx, tx, keys, heads...)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		fmt.Fprintln(out, "CHANGED: "+f)
	}
	if len(report.Faults) > 0 {
		return errors.New("the audit trail is not as it was sealed")
	}
	fmt.Fprintf(out, "The audit trail is as it was sealed: %d rows in %d blocks.\n", report.Rows, report.Blocks)
	return nil
}
