package check

import (
	"context"
	"fmt"

	"refill/internal/db"
)

// Warnings returns, for staff, the conditions that weaken the invariants without breaking
// one: a database login of the program that could remove the protections of the ledger.
func Warnings(ctx context.Context, dbtx db.DBTX) ([]string, error) {
	var login string
	var owns bool
	err := dbtx.QueryRow(ctx, `select login.rolname, `+ownsTables+` from pg_roles login where login.rolname = session_user`).Scan(&login, &owns)
	if err != nil {
		return nil, fmt.Errorf("look at the login of the program: %w", err)
	}
	if !owns {
		return nil, nil
	}
	return []string{"The program signs in to the database as " + login + ", who owns the tables. It works as the role " + db.AppRole +
		", which may not change the ledger, but one statement (set role none) would end that; only the triggers would still refuse. " +
		"Give serve and work a login of their own that is a member of " + db.AppRole + " alone, and the owner’s to refill migrate and refill keys as REFILL_OWNER_DATABASE_URL."}, nil
}
