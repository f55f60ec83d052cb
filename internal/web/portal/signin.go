package portal

import (
	"context"

	"github.com/gin-gonic/gin"

	"refill/internal/customer"
	"refill/internal/signin"
	"refill/internal/web/kit"
)

// customerGate returns the sign-in of customers. It has the look of the partner in the URL, or
// of the partner that the browser was last signed in at.
func (s *Server) customerGate() kit.Gate {
	return kit.Gate{
		Door: kit.DoorCustomer, View: "portal/signin", Dress: s.Dress,
		Enter: func(ctx context.Context, a signin.Attempt) (signin.Entry, error) {
			return customer.SignIn(ctx, s.Pool, a)
		},
	}
}

// CustomerSignInShow handles GET /portal/login.
func (s *Server) CustomerSignInShow(c *gin.Context) error { return s.SignInShow(c, s.customerGate()) }

// CustomerSignIn handles POST /portal/login.
func (s *Server) CustomerSignIn(c *gin.Context) error { return s.SignIn(c, s.customerGate()) }

// CustomerSignOut handles POST /portal/logout.
func (s *Server) CustomerSignOut(c *gin.Context) error {
	return s.SignOut(c, kit.DoorCustomer, customer.SignedOut{})
}
