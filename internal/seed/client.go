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

// ClientPair returns the pair of the demo's API client for the calls in the shape of Splynx. The
// key and the secret are kept in a file, with a colon between them. A pair that does not work
// any more, or is not there, is replaced by a new one.
func ClientPair(ctx context.Context, pool *pgxpool.Pool, vault client.Vault, file string) (client.Pair, error) {
	kept, err := os.ReadFile(file) //nolint:gosec // a file of the demo's folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return client.Pair{}, fmt.Errorf("read the pair of the API client: %w", err)
	}
	if key, secret, found := strings.Cut(strings.TrimSpace(string(kept)), ":"); found {
		pair := client.Pair{Key: key, Secret: secret}
		if _, err := client.AdmitPair(ctx, pool, pair, netip.Addr{}); err == nil {
			return pair, nil
		}
	}
	id, err := demoClient(ctx, pool)
	if err != nil {
		return client.Pair{}, err
	}
	pair, err := client.MakePair(ctx, pool, vault, audit.System(), id, client.KeyForm{})
	if errors.Is(err, client.ErrPairOff) { // a person has switched the calls off
		return client.Pair{}, nil
	}
	if err != nil {
		return client.Pair{}, fmt.Errorf("make the pair of the API client: %w", err)
	}
	if err := os.WriteFile(file, []byte(pair.Key+":"+pair.Secret+"\n"), 0o600); err != nil {
		return client.Pair{}, fmt.Errorf("keep the pair of the API client: %w", err)
	}
	return pair, nil
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
		PerMinute: client.UsualPerMinute, WrongCodesHour: client.UsualWrongCodesHour, Splynx: true,
	})
	if err != nil {
		return 0, fmt.Errorf("make the API client: %w", err)
	}
	return id, nil
}
