package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fontdir"
	"refill/internal/job"
	"refill/internal/mailing"
	"refill/internal/setting"
	"refill/internal/webhook"
)

// parts holds the services that the commands share.
type parts struct {
	config    config
	log       *slog.Logger
	pool      *pgxpool.Pool
	direct    *pgxpool.Pool // sessions of our own; the same as pool where DATABASE_URL leads to the server itself
	keys      *cardcode.Keyring
	jobs      *river.Client[pgx.Tx] // inserts jobs, runs none
	settings  *setting.Store
	cards     *card.Service
	exports   *cardfile.Service
	imports   *cardimport.Service
	customers *customerimport.Service
	checks    *check.Service
	mailing   *mailing.Service
	webhooks  *webhook.Service
	files     *blob.Sealed
	fonts     *fontdir.Folder
}

// openParts connects to the database and opens the services. It fails where the database is
// not migrated or belongs to other keys, and warns where a crash of the server could lose
// money. name is the application name in pg_stat_activity; timeout bounds each statement.
func openParts(ctx context.Context, c config, name string, timeout time.Duration) (*parts, error) {
	return openPartsAs(ctx, c, db.Options{Name: name, StatementTimeout: timeout})
}

// openPartsAs is openParts with options of the database.
func openPartsAs(ctx context.Context, c config, o db.Options) (*parts, error) {
	if c.DatabaseURL == "" {
		return nil, errNoDatabase
	}
	log, err := c.logger()
	if err != nil {
		return nil, err
	}
	slog.SetDefault(log)
	keys, err := readKeys(c.KeyFile)
	if err != nil {
		return nil, err
	}
	files, err := openFiles(ctx, c, keys)
	if err != nil {
		return nil, err
	}
	sender, err := c.sender()
	if err != nil {
		return nil, err
	}
	o.MaxConns, o.Mail, o.Prepared = c.MaxConns, sender != nil, db.Prepared(c.Prepared)
	pool, direct, err := openPools(ctx, c, o)
	if err != nil {
		return nil, err
	}
	p := &parts{config: c, log: log, pool: pool, direct: direct, keys: keys, files: files, settings: setting.NewStore(pool, time.Now)}
	if err := p.checkDatabase(ctx, o.AsOwner); err != nil {
		p.close()
		return nil, err
	}
	if p.jobs, err = job.NewInserter(pool, log); err != nil {
		p.close()
		return nil, err
	}
	p.cards = card.New(pool, keys, p.jobs, p.settings, log)
	p.fonts = fontdir.New(c.FontDirs...)
	p.exports = cardfile.New(cardfile.Config{
		Cards: p.cards, DB: pool, Jobs: p.jobs, Settings: p.settings, Files: files, Fonts: p.fonts, PublicURL: c.PublicURL, Log: log,
	})
	p.imports = cardimport.New(p.cards, pool, keys, p.jobs, p.settings, log)
	p.customers = customerimport.New(pool, p.jobs, p.settings, p.cards.Approvals())
	p.checks = check.New(pool, keys, p.jobs, p.settings, log)
	p.mailing = mailing.New(mailing.Config{DB: pool, Direct: direct, Sender: sender, Settings: p.settings, PublicURL: c.PublicURL, Log: log, Now: time.Now})
	p.webhooks = webhook.New(webhook.Config{DB: pool, Jobs: p.jobs, Vault: p.cards.Codes, Networks: c.Networks, Log: log, Now: time.Now})
	go p.watchKeys(ctx)
	return p, nil
}

// openFiles opens the store of exported files: a bucket if one is named, otherwise a
// folder. Files are sealed before they reach it.
func openFiles(ctx context.Context, c config, keys *cardcode.Keyring) (*blob.Sealed, error) {
	if c.S3Endpoint == "" {
		disk, err := blob.NewDisk(c.FilesDir)
		return blob.NewSealed(disk, keys), err
	}
	bucket, err := blob.NewS3(ctx, blob.S3Config{
		Endpoint: c.S3Endpoint, Insecure: c.S3Insecure, Region: c.S3Region, Bucket: c.S3Bucket, Prefix: c.S3Prefix,
		AccessKey: string(c.S3AccessKey), SecretKey: string(c.S3SecretKey),
	})
	return blob.NewSealed(bucket, keys), err
}

// ready returns why the process must get no traffic: no database, missing migrations, or
// keys that don't open its codes.
func (p *parts) ready(ctx context.Context) error {
	migrated, err := db.Migrated(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if len(migrated.Missing) > 0 {
		return fmt.Errorf("the database misses %s; run: refill migrate", strings.Join(migrated.Missing, ", "))
	}
	if err := codestore.CheckKeys(ctx, p.pool, p.keys); err != nil {
		// The keys may have been rotated since the process read the file.
		if changed, reloadErr := p.reloadKeys(ctx); reloadErr != nil || !changed {
			return err
		}
	}
	return nil
}

// checkDatabase checks the database at the start. It logs a warning for unknown migrations,
// for a user with rights to change the ledger, and for unsafe settings of the server.
func (p *parts) checkDatabase(ctx context.Context, asOwner bool) error {
	if err := p.ready(ctx); err != nil {
		return err
	}
	migrated, err := db.Migrated(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if len(migrated.Unknown) > 0 {
		p.log.WarnContext(ctx, "the database holds migrations that this version does not know; a newer version has migrated it",
			slog.Any("migrations", migrated.Unknown))
	}
	restricted, err := db.Restricted(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look at the rights: %w", err)
	}
	if !restricted && !asOwner {
		p.log.WarnContext(ctx, "the database user may change ledger rows; only triggers guard them. Let refill migrate run as a user who may make roles")
	}
	unsafe, err := db.Unsafe(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look at the server's settings: %w", err)
	}
	for _, name := range unsafe {
		p.log.WarnContext(ctx, "the server can lose acknowledged redemptions in a crash: switch this setting on", slog.String("setting", name))
	}
	return nil
}
