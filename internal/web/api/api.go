// Package api is the door of programs: the REST API below /api/v1. Its handlers read JSON,
// call the domain as the pages do, and answer JSON. Errors are problem documents of RFC
// 9457. The document openapi.yaml, which is embedded, is the promise to clients; tests hold
// it and the routes together in both directions.
package api

import (
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"refill/internal/blob"
	"refill/internal/cardfile"
	"refill/internal/client"
	"refill/internal/notify"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// Base is the address of version 1 of the API.
const Base = "/api/v1"

// Deps are the services that the API uses beside those of the Kit.
type Deps struct {
	Webhooks *webhook.Service
	Hub      *notify.Hub
	Exports  *cardfile.Service
	Files    blob.Store // exported files
}

// Server handles the requests of programs.
type Server struct {
	*kit.Kit
	Deps

	gate  *client.Gate
	waits waits

	closing chan struct{}
	close   sync.Once
}

// New returns the door of programs on top of a Kit.
func New(k *kit.Kit, deps Deps) *Server {
	return &Server{Kit: k, Deps: deps, gate: client.NewGate(k.Pool), closing: make(chan struct{})}
}

// CloseStreams ends the waiting of every request, so that http.Server.Shutdown need not wait
// for them.
func (s *Server) CloseStreams() { s.close.Do(func() { close(s.closing) }) }

// OnSide reports whether the requested URL belongs to the API, so that its errors are
// problem documents instead of pages.
func OnSide(c *gin.Context) bool { return strings.HasPrefix(c.Request.URL.Path, "/api/") }
