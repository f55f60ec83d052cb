package web

import (
	"github.com/gin-gonic/gin"

	"refill/internal/fault"
)

// refillCards guards a handler of the refill-card module: with the module off
// its pages are not there.
func (s *Server) refillCards(h handler) handler {
	return func(c *gin.Context) error {
		settings, err := s.Settings.Get(c.Request.Context())
		if err != nil {
			return err
		}
		if !settings.RefillCards {
			return errNotFound
		}
		return h(c)
	}
}

// errSomePartners answers staff of some partners on pages that concern all.
var errSomePartners = fault.New(fault.Forbidden, "some_partners", "This page concerns every partner. It is for staff who see all of them.")

// wholeHouse guards a handler whose page concerns every partner: background jobs
// and settings of the installation.
func (s *Server) wholeHouse(h handler) handler {
	return func(c *gin.Context) error {
		if !s.person(c).Scope.AllPartners {
			return errSomePartners
		}
		return h(c)
	}
}
