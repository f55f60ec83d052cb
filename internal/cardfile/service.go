package cardfile

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fontdir"
	"refill/internal/jobqueue"
	"refill/internal/setting"
)

// Config has the dependencies of a Service. Every field except Fonts and PublicURL is
// required; Jobs and Files may be nil where no file is requested or made.
type Config struct {
	Cards     *card.Service
	DB        db.Beginner
	Jobs      jobqueue.Enqueuer
	Settings  *setting.Store
	Files     blob.Store
	Fonts     *fontdir.Folder // fonts of this machine for printing; nil: none
	PublicURL string          // of the portal, for the QR codes; see At
	Log       *slog.Logger
}

// Service takes requests for files of cards, makes the files and keeps their state. Safe
// for concurrent use.
type Service struct {
	cards     *card.Service
	db        db.Beginner
	q         *db.Queries
	jobs      jobqueue.Enqueuer
	settings  *setting.Store
	files     blob.Store
	fonts     *fontdir.Folder
	publicURL string
	random    io.Reader // source of the keys of password encryption
	log       *slog.Logger
}

// New returns the service, and registers its kind of request with the desk of approvals.
func New(c Config) *Service {
	s := &Service{
		cards: c.Cards, db: c.DB, q: db.New(), jobs: c.Jobs, settings: c.Settings, files: c.Files, fonts: c.Fonts,
		publicURL: c.PublicURL, random: rand.Reader, log: c.Log,
	}
	c.Cards.Approvals().Register(s.exportKind())
	return s
}

// Within returns the service bound to the caller's transaction.
func (s *Service) Within(tx pgx.Tx) *Service {
	within := *s
	within.db, within.cards = tx, s.cards.Within(tx)
	return &within
}

// At returns the service for a portal at another public address.
func (s *Service) At(publicURL string) *Service {
	at := *s
	at.publicURL = publicURL
	return &at
}

// WithFonts returns the service with other fonts for printing.
func (s *Service) WithFonts(fonts *fontdir.Folder) *Service {
	with := *s
	with.fonts = fonts
	return &with
}

// Queue is the queue of the jobs that make files.
const Queue = "export"

// MakeArgs are the arguments of the job that makes a file.
type MakeArgs struct {
	ExportID int64 `json:"export_id"`
}

// Kind names the job.
func (MakeArgs) Kind() string { return "export_series" }

// InsertOpts puts the job in its queue.
func (MakeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: jobqueue.MaxAttempts}
}

// inTx runs f in a transaction and commits it.
func (s *Service) inTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.db, f)
}
