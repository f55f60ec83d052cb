package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
)

// directConns is the number of direct connections of a process whose DATABASE_URL leads
// through a pooler. River fetches, completes and listens on them; jobs use the pooler.
const directConns = 6

// openPools opens the pool of pages and jobs, and the pool of sessions of our own. Where one
// address serves both, they are the same pool.
func openPools(ctx context.Context, c config, o db.Options) (pool, direct *pgxpool.Pool, err error) {
	if c.direct() == string(c.DatabaseURL) {
		pool, err = openDirect(ctx, c.direct(), o)
		return pool, pool, err
	}
	if pool, err = db.Open(ctx, string(c.DatabaseURL), o); err != nil {
		return nil, nil, err
	}
	o.MaxConns, o.Name = min(directConns, o.MaxConns), o.Name+" direct"
	if direct, err = openDirect(ctx, c.direct(), o); err != nil {
		pool.Close()
		return nil, nil, err
	}
	return pool, direct, nil
}

// openDirect opens a pool of sessions of our own.
func openDirect(ctx context.Context, url string, o db.Options) (*pgxpool.Pool, error) {
	o.Session = true
	pool, err := db.Open(ctx, url, o)
	return pool, explainPooled(err)
}

// explainPooled says which variables name an address without a pooler.
func explainPooled(err error) error {
	if errors.Is(err, db.ErrPooled) {
		return fmt.Errorf("%w. Set REFILL_DIRECT_DATABASE_URL (for refill migrate and refill keys REFILL_OWNER_DATABASE_URL) to one", err)
	}
	return err
}

// close closes the connections to the database.
func (p *parts) close() {
	p.pool.Close()
	p.direct.Close() // closing the same pool twice does nothing
}

// warnOfLogin warns where the login could do more than the role that the program works as.
func (p *parts) warnOfLogin(ctx context.Context) error {
	for _, pool := range []*pgxpool.Pool{p.pool, p.direct} {
		login, err := db.StrengthOf(ctx, pool)
		if err != nil {
			return err
		}
		if login.Role != "" {
			p.log.WarnContext(ctx, "the database login could change ledger rows: one statement (set role) ends the restriction of the program, and only triggers guard the rows then. "+
				"Sign in as refill_web or refill_work, which refill migrate makes",
				slog.String("login", login.Login), slog.String("as", login.Role))
			return nil
		}
		if p.pool == p.direct {
			break
		}
	}
	return nil
}
