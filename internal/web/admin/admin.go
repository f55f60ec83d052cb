// Package admin serves the web pages for staff: customers, series and their files, imports,
// approvals, reports, jobs and settings. A handler is a method of Server that returns an
// error; package kit turns the error into a response. Business rules, such as what a card
// is worth and who may redeem it, belong to the domain packages.
package admin

import (
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"riverqueue.com/riverui"

	"refill/internal/blob"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/customerimport"
	"refill/internal/mailing"
	"refill/internal/notify"
	"refill/internal/operate"
	"refill/internal/theft"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// Deps are the services that only the staff pages use.
type Deps struct {
	Hub       *notify.Hub
	Exports   *cardfile.Service       // writes files of cards
	Imports   *cardimport.Service     // imports cards
	Customers *customerimport.Service // imports customers
	Checks    *check.Service
	Mail      *mailing.Service
	Webhooks  *webhook.Service
	Files     blob.Store            // exported files
	Jobs      *river.Client[pgx.Tx] // inserts and changes jobs; runs none
	// PingEvery is the interval between keep-alive messages on an event stream; 0 means 20
	// s.
	PingEvery time.Duration
}

// Server has the handlers of the staff pages.
type Server struct {
	*kit.Kit
	Deps

	riverUI *riverui.Handler
	theft   *theft.Service
	operate *operate.Service // cancels, retries, deletes, pauses
	streams streams          // open event streams
	reaches reaches
	uploads receiving

	closing chan struct{}
	close   sync.Once
}

// New returns the Server of the staff pages. It returns an error if a service of deps is
// missing.
func New(k *kit.Kit, deps Deps) (*Server, error) {
	if deps.Hub == nil || deps.Exports == nil || deps.Imports == nil || deps.Customers == nil || deps.Checks == nil || deps.Mail == nil || deps.Files == nil || deps.Jobs == nil {
		return nil, errors.New("admin: Hub, Exports, Imports, Customers, Checks, Mail, Files and Jobs are needed")
	}
	if deps.PingEvery == 0 {
		deps.PingEvery = 20 * time.Second
	}
	s := &Server{
		Kit: k, Deps: deps, closing: make(chan struct{}),
		theft: theft.New(k.Pool, k.Settings, k.Log), operate: operate.New(k.Pool, deps.Jobs, k.Cards, deps.Exports, deps.Imports),
	}
	k.SetFrame(kit.DoorStaff, s.frameStaff)
	var err error
	s.riverUI, err = s.newRiverUI()
	return s, err
}

// CloseStreams ends every event stream, so that http.Server.Shutdown need not wait for
// them.
func (s *Server) CloseStreams() { s.close.Do(func() { close(s.closing) }) }
