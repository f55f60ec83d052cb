package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/money"
	"refill/internal/staff"
)

// Every command of docs/keys.md works on a database that the program uses with the
// application role. The test checks the key file after each change, and redeems a card.
func TestKeyCommands(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool := dbtest.Pool(t)
	url := pool.Config().ConnString()
	path := filepath.Join(t.TempDir(), "keys")
	c := config{DatabaseURL: secret(url), OwnerURL: secret(url), KeyFile: path, FilesDir: t.TempDir(), LogLevel: "error", LogFormat: "text", MaxConns: 4}
	file := func() string {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	require.NoError(t, runKeys(ctx, c, []string{"init"}))
	require.Regexp(t, `^seal 1 \S+\nindex 1 \S+\n$`, file())
	require.NoError(t, runKeys(ctx, c, []string{"announce"}), "init has announced them: once more changes nothing")

	p, err := openParts(ctx, c, "test", time.Minute)
	require.NoError(t, err)
	t.Cleanup(p.pool.Close)
	id, err := staff.Create(ctx, p.pool, audit.System(), staff.New{Username: "admin", Password: "correct horse", Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	admin := audit.ByStaff(id, audit.Everything())
	partner, err := db.New().PartnerCreate(ctx, p.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	anna, err := customer.Create(ctx, p.pool, admin, customer.New{PartnerID: partner.ID, Username: "anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	ordered, err := p.cards.Order(ctx, admin, card.OrderRequest{
		Quantity: 5, Price: money.Amount{Minor: 100, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, p.cards.Generate(ctx, ordered.ID, time.Now, noJob))
	series, err := db.New().SeriesGet(ctx, p.pool, ordered.ID)
	require.NoError(t, err)
	var codes []string
	require.NoError(t, p.cards.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, one := range page {
			codes = append(codes, one.Code.Reveal(""))
		}
		return nil
	}))
	redeem := func() {
		t.Helper()
		_, err := p.reloadKeys(ctx) // as a process does when the file changes
		require.NoError(t, err)
		_, err = p.cards.Redeem(ctx, audit.ByCustomer(anna.ID, audit.Everything()), card.Redemption{CustomerID: anna.ID, Code: codes[0], Key: uuid.New()})
		require.NoError(t, err)
		codes = codes[1:]
	}
	redeem()

	require.NoError(t, runKeys(ctx, c, []string{"rotate"}))
	require.Regexp(t, `^seal 1 \S+\nindex 1 \S+\nseal 2 \S+\n$`, file())
	require.ErrorContains(t, runKeys(ctx, c, []string{"rotate"}), "has not finished")
	require.ErrorContains(t, runKeys(ctx, c, []string{"retire", "1"}), "5 cards are still sealed under key 1")
	_, err = p.reloadKeys(ctx)
	require.NoError(t, err)
	require.NoError(t, p.cards.Codes.Reseal(ctx, 2, time.Now, noJob))
	redeem()
	require.NoError(t, runKeys(ctx, c, []string{"retire", "1"}))
	require.Regexp(t, `^index 1 \S+\nseal 2 \S+\n$`, file())
	redeem()

	require.NoError(t, runKeys(ctx, c, []string{"reindex"}))
	require.Regexp(t, `^index 1 \S+\nseal 2 \S+\nindex 2 \S+\n$`, file())
	redeem()
	require.NoError(t, p.cards.Codes.Reindex(ctx, 2, time.Now, noJob))
	redeem()
	var out bytes.Buffer
	require.NoError(t, keyStatus(ctx, c, &out))
	require.Contains(t, out.String(), "new cards are sealed under it")
	require.Contains(t, out.String(), "new cards are found by it")
	require.NoError(t, runCheck(ctx, c, nil))
	require.ErrorContains(t, runKeys(ctx, c, []string{"retire", "x"}), "say which key")
	require.ErrorContains(t, runKeys(ctx, c, nil), "usage")
}

// The folder of the key file is synced after the rename, and an error of the sync is
// returned.
func TestKeyFileIsSyncedWithItsFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, initKeys(path))
	seen := ""
	err := replaceFile(path, []byte("new"), func(settled string) error {
		require.Equal(t, path, settled)
		text, err := os.ReadFile(path)
		seen = string(text)
		return errors.Join(err, errors.New("the folder is gone"))
	})
	require.ErrorContains(t, err, "the folder is gone")
	require.Equal(t, "new", seen)
	require.NoError(t, syncFolder(path))
	require.ErrorContains(t, syncFolder(filepath.Join(path, "below", "keys")), "sync the folder")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// The first command that changes a key file of an older version writes its index key to a
// line of its own.
func TestKeyFileFromBefore(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	url := pool.Config().ConnString()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte("# from before\n1 "+strings.Repeat("A", 43)+"=\n"), 0o600))
	c := config{DatabaseURL: secret(url), OwnerURL: secret(url), KeyFile: path, FilesDir: t.TempDir(), LogLevel: "error", LogFormat: "text", MaxConns: 4}
	require.NoError(t, runMigrate(t.Context(), c, nil), "announces the keys")
	require.NoError(t, runKeys(t.Context(), c, []string{"rotate"}))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Regexp(t, `^# from before\nseal 1 A{43}=\nindex 1 \S{86}==\nseal 2 \S+\n$`, string(text))
}

func noJob(context.Context, pgx.Tx) error { return nil }
