package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/theft"
)

// errAlarmUsage is the usage of `refill alarm`.
var errAlarmUsage = errors.New("usage: refill alarm NUMBER REASON")

// runAlarm is `refill alarm`: it closes an alarm about theft. In the browser a person can't
// close an alarm about themselves, so a sole administrator needs this command. The audit
// trail records the program as the actor.
func runAlarm(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("alarm", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), errAlarmUsage.Error()+"\n\nNUMBER stands on the page of the alarm, and in its address.")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	id, err := strconv.ParseInt(flags.Arg(0), 10, 64)
	if err != nil || flags.NArg() != 2 {
		return errAlarmUsage
	}
	if c.direct() == "" {
		return errNoDatabase
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: "alarm"})
	if err != nil {
		return err
	}
	defer pool.Close()
	watch := theft.New(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
	if err := watch.Acknowledge(ctx, audit.System(), id, flags.Arg(1)); err != nil {
		return plainError(err)
	}
	return printAnswer("Alarm %d is closed.\n", id)
}
