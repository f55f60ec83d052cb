package web

import "github.com/gin-gonic/gin"

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
