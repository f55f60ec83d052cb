// Package admin is the door of staff: customers, series and their files, imports,
// approvals, reports, jobs and settings. A handler is a method of Server that returns an
// error; package kit makes the answer of it. It never decides what a card is worth or who
// may have it: that is the domain's.
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
	"refill/internal/notify"
	"refill/internal/operate"
	"refill/internal/theft"
	"refill/internal/web/kit"
)

// Deps are the services that only staff use.
type Deps struct {
	Hub       *notify.Hub
	Exports   *cardfile.Service       // files of cards
	Imports   *cardimport.Service     // of cards
	Customers *customerimport.Service // imports customers
	Checks    *check.Service
	Files     blob.Store            // exported files
	Jobs      *river.Client[pgx.Tx] // acts on jobs; works none
	// PingEvery is the pause between signs of life on an event stream; 0: 20 s.
	PingEvery time.Duration
}

// Server answers staff.
type Server struct {
	*kit.Kit
	Deps

	riverUI *riverui.Handler
	theft   *theft.Service
	operate *operate.Service // cancels, retries, deletes, pauses
	streams streams          // of events
	reaches reaches
	uploads receiving

	closing chan struct{}
	close   sync.Once
}

// New builds the door of staff on a kit.
func New(k *kit.Kit, deps Deps) (*Server, error) {
	if deps.Hub == nil || deps.Exports == nil || deps.Imports == nil || deps.Customers == nil || deps.Checks == nil || deps.Files == nil || deps.Jobs == nil {
		return nil, errors.New("admin: Hub, Exports, Imports, Customers, Checks, Files and Jobs are needed")
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
