package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/jackc/pgx/v5"
)

// measureRestore backs a series up and restores it into an empty database with all checks,
// only once, because both take half a minute.
func measureRestore(ctx context.Context, tb *testbed) (figures, error) {
	if _, err := tb.seriesOfSize(ctx, tb.cards); err != nil {
		return nil, err
	}
	if err := tb.resetBaseline(ctx); err != nil {
		return nil, err
	}
	folder := tb.path("backup")
	backedUp, err := tb.command(ctx, tb.url, "backup", folder)
	if err != nil {
		return nil, err
	}
	const name = "bench_restored"
	if _, err := tb.pool.Exec(ctx, `create database `+name); err != nil {
		return nil, err
	}
	restored, err := tb.command(ctx, tb.server.URL(name), "restore", folder)
	if err != nil {
		return nil, err
	}
	f := figures{}
	f.add("backup_seconds", backedUp.Seconds(), "s")
	f.add("restore_seconds", restored.Seconds(), "s")
	if _, err := tb.pool.Exec(ctx, `drop database `+pgx.Identifier{name}.Sanitize()+` with (force)`); err != nil {
		return nil, err
	}
	return f, os.RemoveAll(folder)
}

// command runs the program on a database and returns its duration.
func (tb *testbed) command(ctx context.Context, url string, args ...string) (time.Duration, error) {
	started := time.Now()
	cmd := exec.CommandContext(ctx, tb.binary, args...) //nolint:gosec // the program that is measured
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url, "REFILL_OWNER_DATABASE_URL="+url, "REFILL_KEY_FILE="+tb.path("keys"), "PG_BIN="+tb.programs())
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("refill %s: %w: %s", args[0], err, out)
	}
	return time.Since(started), nil
}

// programs returns the folder of the server's programs where pg_dump is among them; empty:
// the program looks for it.
func (tb *testbed) programs() string {
	if _, err := os.Stat(tb.server.BinDir() + "/pg_dump"); err != nil {
		return ""
	}
	return tb.server.BinDir()
}
