// Package portal is the door of customers: balance, payments, and the form that redeems a
// refill card. A handler is a method of Server that returns an error; package kit makes
// the answer of it.
package portal

import "refill/internal/web/kit"

// Server answers customers.
type Server struct {
	*kit.Kit
}

// New builds the door of customers on a kit.
func New(k *kit.Kit) *Server {
	s := &Server{Kit: k}
	k.SetFrame(kit.DoorCustomer, s.framePortal)
	return s
}
