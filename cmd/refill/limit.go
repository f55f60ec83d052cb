package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// errLimitUsage is the usage of `refill limit`.
var errLimitUsage = errors.New("usage: refill limit AMOUNT|none")

// runLimit is `refill limit`: it sets the value above which four-eyes approval is needed.
// In the browser two people are needed to raise or remove the limit, so a sole
// administrator needs this command. The audit trail records the program as the actor.
func runLimit(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("limit", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), errLimitUsage.Error()+"\n\nAMOUNT is in the currency of the installation, such as 1000.00; none: one person is enough for everything.")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errLimitUsage
	}
	if c.direct() == "" {
		return errNoDatabase
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: "limit"})
	if err != nil {
		return err
	}
	defer pool.Close()
	said, err := setLimit(ctx, pool, flags.Arg(0))
	if err != nil {
		return plainError(err)
	}
	return printAnswer("%s\n", said)
}

// setLimit parses and stores the limit, and returns the answer.
func setLimit(ctx context.Context, pool db.Beginner, text string) (string, error) {
	store := setting.NewStore(pool, time.Now)
	settings, err := store.Get(ctx)
	if err != nil {
		return "", err
	}
	var limit *int64
	said := "One person is enough for everything now."
	if !strings.EqualFold(strings.TrimSpace(text), "none") {
		minor, err := money.Parse(text, settings.Currency)
		if err != nil {
			return "", fmt.Errorf("%q is no amount in %s; %w", text, settings.Currency, errLimitUsage)
		}
		limit = &minor
		said = fmt.Sprintf("Above %s a second person approves now.", money.Amount{Minor: minor, Currency: settings.Currency})
	}
	return said, store.Change(ctx, audit.System(), func(v *setting.Settings) { v.ApproveAbove = limit })
}
