// Package mailing owns what e-mail says and whether it is still to be sent. Jobs hold ids; a
// message is read from the database when it is sent, and left out where the person is
// disabled, may no longer see its subject, wants it no more, or the subject is gone. A message
// holds no code of a card, and no secret but the link that it is for.
package mailing

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mail"
	"refill/internal/setting"
)

// Config is what a Service needs.
type Config struct {
	DB        *pgxpool.Pool
	Direct    *pgxpool.Pool // sessions of our own, for the lock of Watch; nil: DB
	Sender    *mail.Sender  // nil: the process has no SMTP server
	Settings  *setting.Store
	PublicURL string // without a slash at its end
	Log       *slog.Logger
	Now       func() time.Time
}

// Service sends messages. Safe for concurrent use.
type Service struct {
	Config

	q *db.Queries
}

// New returns a service.
func New(c Config) *Service { return &Service{Config: c, q: db.New()} }

// ErrNoServer is the error of a message that a process without an SMTP server takes up.
var ErrNoServer = fault.New(fault.Conflict, "mail_no_server", "This process has no SMTP server: set REFILL_SMTP_URL and REFILL_MAIL_FROM for workers too.")

// On reports whether the process has an SMTP server.
func (s *Service) On() bool { return s.Sender != nil }

// The addresses of pages that messages lead to. Package web has a test that follows them.
const (
	pathSeries    = "/admin/finance/refill-cards/series/"
	pathAlarms    = "/admin/finance/refill-cards/alarms/"
	pathApprovals = "/admin/approvals"
	pathChecks    = "/admin/checks"
	pathJobs      = "/admin/jobs"
	pathHome      = "/admin"
	pathAccount   = "/admin/account"
	pathConfirm   = "/admin/account/mail/confirm/"
	pathWelcome   = "/portal/welcome/"
	pathLogin     = "/portal/login"
)

// letter is a message without its recipient. A letter without a subject is not sent.
type letter struct {
	to      string
	brand   string
	subject string
	lines   []string
	link    mail.Link
	after   []string
}

// send sends a letter. id is the same for each attempt.
func (s *Service) send(ctx context.Context, id string, l letter) error {
	if l.subject == "" || l.to == "" {
		return nil
	}
	if !s.On() {
		return ErrNoServer
	}
	return s.Sender.Send(ctx, mail.Message{
		To: l.to, Brand: l.brand, Subject: l.subject, Lines: l.lines, Link: l.link, After: l.after,
		ID: "refill." + id, At: s.Now(),
	})
}

// link returns a link to a page of the portal.
func (s *Service) link(text, path string, rest ...any) mail.Link {
	return mail.Link{Text: text, URL: strings.TrimRight(s.PublicURL, "/") + path + fmt.Sprint(rest...)}
}
