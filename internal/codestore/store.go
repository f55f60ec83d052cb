// Package codestore stores the codes of cards in the database. Each code is sealed under a
// sealing key and found by a blind index under an index key; after shredding, a MAC binds the
// index to its card. The package announces, rotates and retires keys, writes the further
// readings of imported codes, and finds cards whose rows were changed by something other than
// the program. It knows nothing of money.
package codestore

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/jobqueue"
	"refill/internal/setting"
)

// Store is the store of the codes in one database, with the keys that open them. It is safe
// for concurrent use.
type Store struct {
	db       db.Beginner
	q        *db.Queries
	keys     *cardcode.Keyring
	jobs     jobqueue.Enqueuer
	settings *setting.Store
	log      *slog.Logger
	known    *knownFormats
}

// Ref identifies a card by its series and serial.
type Ref struct {
	SeriesID int64
	Serial   int32
}

// knownFormats caches the formats of codes in use, and the shapes of imported codes.
type knownFormats struct {
	sync.Mutex

	formats []cardcode.Format
	asked   time.Time

	shapes      []db.ShapeListRow // of imported codes
	shapesAsked time.Time
}

// New returns the store of a database. jobs may be nil if the store queues no job.
func New(beginner db.Beginner, keys *cardcode.Keyring, jobs jobqueue.Enqueuer, settings *setting.Store, log *slog.Logger) *Store {
	return &Store{db: beginner, q: db.New(), keys: keys, jobs: jobs, settings: settings, log: log, known: &knownFormats{}}
}

// Within returns the same store in the caller's transaction. Transactions of its functions
// become savepoints, which last only if the caller commits.
func (s *Store) Within(tx pgx.Tx) *Store {
	within := *s
	within.db = tx
	return &within
}

// inTx runs f in a transaction. It commits if f returns nil, and rolls back otherwise.
func (s *Store) inTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db, f)
}
