package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/staff"
)

// runStaff is `refill staff`.
func runStaff(ctx context.Context, c config, args []string) error {
	if len(args) > 0 && args[0] == "add" {
		return addStaff(ctx, c, args[1:])
	}
	if len(args) == 2 && args[0] == "reset-second-factor" {
		return resetFactor(ctx, c, args[1])
	}
	if len(args) == 3 && args[0] == "lift-bar" {
		return liftBar(ctx, c, args[1], args[2])
	}
	if len(args) == 3 && args[0] == "vouch" {
		return vouch(ctx, c, args[1], args[2])
	}
	return errors.New("usage: refill staff add -username NAME [-name NAME] [-role administrator|cashier|operator] [-partners A,B] < password\n" +
		"       refill staff reset-second-factor USERNAME\n" +
		"       refill staff lift-bar USERNAME REASON\n" +
		"       refill staff vouch USERNAME REASON")
}

// vouch records that an account belongs to a person of its own, so that it may approve
// requests of the person who created it or reset its password. The audit trail records the
// reason, and the program as the actor.
func vouch(ctx context.Context, c config, username, reason string) error {
	return withStaff(ctx, c, username, func(pool *pgxpool.Pool, row db.StaffGetByUsernameRow) error {
		if err := staff.Vouch(ctx, pool, audit.System(), row.ID, reason); err != nil {
			return plainError(err)
		}
		return printAnswer("%s counts as a person of their own, until their password or second factor is reset again.\n", row.Username)
	})
}

// liftBar lifts the bar of a member of staff on trying codes. A sole administrator needs
// this command, because no other person can lift the bar in the browser. The audit trail
// records the reason, and the program as the actor.
func liftBar(ctx context.Context, c config, username, reason string) error {
	return withStaff(ctx, c, username, func(pool *pgxpool.Pool, row db.StaffGetByUsernameRow) error {
		if err := guess.LiftStaffBar(ctx, pool, audit.System(), row.ID, reason); err != nil {
			return plainError(err)
		}
		return printAnswer("%s can try codes again. Their count of wrong codes starts anew.\n", row.Username)
	})
}

// withStaff opens the database, finds a member of staff by username, and calls f.
func withStaff(ctx context.Context, c config, username string, f func(*pgxpool.Pool, db.StaffGetByUsernameRow) error) error {
	if c.direct() == "" {
		return errNoDatabase
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: "staff"})
	if err != nil {
		return err
	}
	defer pool.Close()
	row, err := db.Need(db.New().StaffGetByUsername(ctx, pool, username)).Or(fmt.Errorf("there is no member of staff %q", username), "find staff")
	if err != nil {
		return err
	}
	return f(pool, row)
}

// resetFactor removes the second factor of a member of staff, who then signs in by the
// password alone. A sole administrator without telephone and recovery codes needs this
// command.
func resetFactor(ctx context.Context, c config, username string) error {
	return withStaff(ctx, c, username, func(pool *pgxpool.Pool, row db.StaffGetByUsernameRow) error {
		if err := staff.ResetSecondFactor(ctx, pool, audit.System(), row.ID); err != nil {
			return plainError(err)
		}
		return printAnswer("%s has no second factor any more and is signed out: the password alone lets them in until they set one up again.\n", row.Username)
	})
}

// addStaff is `refill staff add`. It reads the password from standard input, so that no
// shell history contains it.
func addStaff(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("staff add", flag.ExitOnError)
	username := flags.String("username", "", "what they sign in with")
	name := flags.String("name", "", "their name; default the username")
	role := flags.String("role", string(db.StaffRoleAdministrator), "administrator, cashier or operator")
	partners := flags.String("partners", "", "names of the partners they see, separated by commas; default all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.direct() == "" {
		return errNoDatabase
	}
	fmt.Fprintln(os.Stderr, "Password (one line on standard input):")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return errors.New("no password came by standard input")
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: "staff"})
	if err != nil {
		return err
	}
	defer pool.Close()
	n := staff.New{
		Username: *username, Name: *name, Role: db.StaffRole(*role), Password: strings.TrimRight(line, "\r\n"), AllPartners: *partners == "",
	}
	if n.PartnerIDs, err = partnerIDs(ctx, pool, *partners); err != nil {
		return err
	}
	if _, err := staff.Create(ctx, pool, audit.System(), n); err != nil {
		return plainError(err)
	}
	fmt.Fprintf(os.Stderr, "%s can sign in now.\n", n.Username)
	return nil
}

// partnerIDs finds partners by name.
func partnerIDs(ctx context.Context, dbtx db.DBTX, names string) ([]int64, error) {
	if names == "" {
		return nil, nil
	}
	all, err := db.New().PartnerList(ctx, dbtx, db.PartnerListParams{AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		return nil, fmt.Errorf("list partners: %w", err)
	}
	byName := map[string]int64{}
	for _, p := range all {
		byName[p.Name] = p.ID
	}
	var ids []int64
	for name := range strings.SplitSeq(names, ",") {
		id, ok := byName[strings.TrimSpace(name)]
		if !ok {
			return nil, fmt.Errorf("there is no partner %q", strings.TrimSpace(name))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// plainError returns the texts of faults as one error for the terminal.
func plainError(err error) error {
	faults := fault.All(err)
	if len(faults) == 0 {
		return err
	}
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.Text()
	}
	return errors.New(strings.Join(texts, " "))
}
