package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fontdir"
	"refill/internal/job"
	"refill/internal/setting"
)

// parts is what serve and work both stand on.
type parts struct {
	config    config
	log       *slog.Logger
	pool      *pgxpool.Pool
	keys      *card.Keyring
	jobs      *river.Client[pgx.Tx] // writes jobs, works none
	settings  *setting.Store
	cards     *card.Service
	customers *customerimport.Service
	checks    *check.Service
	files     *blob.Sealed
	fonts     *fontdir.Folder
}

// openParts connects, and refuses to go on where the database is not migrated,
// the keys are not this database's, or money could be lost in a crash. name tells
// the processes apart in pg_stat_activity; statements may take as long as timeout.
func openParts(ctx context.Context, c config, name string, timeout time.Duration) (*parts, error) {
	return openPartsAs(ctx, c, db.Options{Name: name, StatementTimeout: timeout})
}

// openPartsAs is openParts with a choice of the database's user.
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
	o.MaxConns = c.MaxConns
	pool, err := db.Open(ctx, string(c.DatabaseURL), o)
	if err != nil {
		return nil, err
	}
	p := &parts{config: c, log: log, pool: pool, keys: keys, files: files, fonts: fontdir.New(c.FontDirs...), settings: setting.NewStore(pool, time.Now)}
	if err := p.inspect(ctx, o.AsOwner); err != nil {
		pool.Close()
		return nil, err
	}
	if p.jobs, err = job.NewInserter(pool, log); err != nil {
		pool.Close()
		return nil, err
	}
	p.cards = card.New(pool, keys, p.jobs, p.settings, log)
	p.customers = customerimport.New(pool, p.jobs, p.settings, p.cards.Approvals())
	p.checks = check.New(pool, keys, p.jobs, p.settings, log)
	go p.watchKeys(ctx)
	return p, nil
}

// openFiles opens the place for exported files: a folder, or a bucket where one
// is named. Whichever it is, it gets them sealed.
func openFiles(ctx context.Context, c config, keys *card.Keyring) (*blob.Sealed, error) {
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

// ready says why the process should get no traffic: no database, a schema that is
// not ours, keys that do not open its codes.
func (p *parts) ready(ctx context.Context) error {
	migrated, err := db.Migrated(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if !migrated {
		return errors.New("the database is not up to date; run: refill migrate")
	}
	if err := card.CheckKeys(ctx, p.pool, p.keys); err != nil {
		// The keys may have been rotated since the file was read.
		if changed, reloadErr := p.reloadKeys(ctx); reloadErr != nil || !changed {
			return err
		}
	}
	return nil
}

// inspect looks at the database before anything is done with it.
func (p *parts) inspect(ctx context.Context, asOwner bool) error {
	if err := p.ready(ctx); err != nil {
		return err
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
