// Package portal holds the pages of customers: balance, payments, and the form that redeems
// a refill card. A handler is a method of Server. It returns an error, which package kit
// turns into a response.
package portal

import "refill/internal/web/kit"

// Server handles the requests of customers.
type Server struct {
	*kit.Kit
}

// New returns the server of the customer pages.
func New(k *kit.Kit) *Server {
	s := &Server{Kit: k}
	k.SetFrame(kit.DoorCustomer, s.framePortal)
	return s
}
