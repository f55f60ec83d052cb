package seed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
)

// ClientName is the name of the demo's API client.
const ClientName = "Demo billing"

// ClientKey returns the key of the demo's API client, which may do everything but export and
// reveal codes, for all partners. The key is kept in a file. A key that does not work any
// more, or is not there, is replaced by a new one.
func ClientKey(ctx context.Context, pool *pgxpool.Pool, file string) (string, error) {
	kept, err := os.ReadFile(file) //nolint:gosec // a file of the demo's folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the key of the API client: %w", err)
	}
	if key := strings.TrimSpace(string(kept)); key != "" {
		if _, err := client.Admit(ctx, pool, key, netip.Addr{}); err == nil {
			return key, nil
		}
	}
	id, err := demoClient(ctx, pool)
	if err != nil {
		return "", err
	}
	key, err := client.MakeKey(ctx, pool, audit.System(), id, client.KeyForm{})
	if err != nil {
		return "", fmt.Errorf("make the key of the API client: %w", err)
	}
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the key of the API client: %w", err)
	}
	return key, nil
}

// demoClient returns the id of the demo's client, which is made where there is none.
func demoClient(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	clients, err := db.New().ClientList(ctx, pool, db.ClientListParams{AllPartners: true})
	if err != nil {
		return 0, fmt.Errorf("list the API clients: %w", err)
	}
	if at := slices.IndexFunc(clients, func(c db.ClientListRow) bool { return c.Name == ClientName }); at >= 0 {
		return clients[at].ID, nil
	}
	owner, err := db.New().StaffGetByUsername(ctx, pool, "admin")
	if err != nil {
		return 0, fmt.Errorf("find the owner of the API client: %w", err)
	}
	scopes := slices.DeleteFunc(client.Scopes(), client.IsCash)
	id, err := client.Create(ctx, pool, audit.System(), client.Form{
		Name: ClientName, OwnerID: owner.ID, AllPartners: true, Permissions: staff.Stored(scopes...),
		PerMinute: client.UsualPerMinute, WrongCodesHour: client.UsualWrongCodesHour,
	})
	if err != nil {
		return 0, fmt.Errorf("make the API client: %w", err)
	}
	return id, nil
}
