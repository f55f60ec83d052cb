// Package splynx is the door of programs that were written for Splynx: calls below /api/2.0/
// in the shape of its API, for redemptions, series, cards, customers and payments. A handler
// reads what such a program sends and calls the same functions of the domain as package api.
// The calls are for clients that have the switch, and for customers of their partners.
package splynx

import (
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"refill/internal/notify"
	"refill/internal/web/kit"
)

// Base is the address below which the calls are.
const Base = "/api/2.0"

// Addresses of what the calls are about.
const (
	Tokens    = Base + "/admin/auth/tokens"
	Cards     = Base + "/admin/finance/refill-cards"
	Series    = Base + "/admin/finance/refill-cards-series"
	Customers = Base + "/admin/customers/customer"
	Billing   = Base + "/admin/customers/customer-billing"
	Payments  = Base + "/admin/finance/payments"
)

// Server handles the calls.
type Server struct {
	*kit.Kit

	hub     *notify.Hub
	closing chan struct{}
	close   sync.Once
}

// New returns the door on top of a Kit.
func New(k *kit.Kit, hub *notify.Hub) *Server {
	return &Server{Kit: k, hub: hub, closing: make(chan struct{})}
}

// CloseStreams ends the waiting of every request, so that http.Server.Shutdown need not wait
// for them.
func (s *Server) CloseStreams() { s.close.Do(func() { close(s.closing) }) }

// OnSide reports whether the requested URL belongs to these calls.
func OnSide(c *gin.Context) bool { return strings.HasPrefix(c.Request.URL.Path, Base+"/") }
