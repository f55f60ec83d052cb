package cardimport

import (
	"log/slog"

	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/jobqueue"
	"refill/internal/setting"
)

// Service imports cards. Safe for concurrent use.
type Service struct {
	cards    *card.Service
	db       db.Beginner
	q        *db.Queries
	keys     *cardcode.Keyring
	jobs     jobqueue.Enqueuer
	settings *setting.Store
	log      *slog.Logger
}

// New returns a service on a database, and registers the kind of request for imports with
// the approvals. jobs may be nil where nothing is imported.
func New(cards *card.Service, beginner db.Beginner, keys *cardcode.Keyring, jobs jobqueue.Enqueuer, settings *setting.Store, log *slog.Logger) *Service {
	s := &Service{cards: cards, db: beginner, q: db.New(), keys: keys, jobs: jobs, settings: settings, log: log}
	cards.Approvals().Register(s.approvalKind())
	return s
}

// Within returns the service on a transaction of the caller.
func (s *Service) Within(tx pgx.Tx) *Service {
	within := *s
	within.db, within.cards = tx, s.cards.Within(tx)
	return &within
}
