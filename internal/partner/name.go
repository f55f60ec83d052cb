package partner

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// reserved are the names in addresses that read like pages of the portal or its people.
var reserved = []string{ //nolint:gochecknoglobals // a table
	"account", "admin", "administrator", "api", "app", "billing", "brand", "card", "cards", "code", "dealer", "dealers", "finance",
	"healthz", "help", "home", "login", "logout", "metrics", "new", "partner", "partners", "password", "pay", "payment", "payments",
	"portal", "r", "readyz", "redeem", "refill", "root", "scan", "security", "sign-in", "signin", "splynx", "staff", "static",
	"support", "system", "test", "webmaster", "welcome", "www",
}

// checkName refuses a reserved name that the partner does not have already.
func (f Form) checkName(ctx context.Context, tx pgx.Tx, id int64) error {
	if !slices.Contains(reserved, f.Slug) {
		return nil
	}
	has, err := db.New().PartnerHasName(ctx, tx, db.PartnerHasNameParams{Name: f.Slug, PartnerID: id})
	if err != nil {
		return fmt.Errorf("look for a partner's name in addresses: %w", err)
	}
	if !has {
		return ErrSlugReserved
	}
	return nil
}
