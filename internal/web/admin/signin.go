package admin

import (
	"context"

	"github.com/gin-gonic/gin"

	"refill/internal/signin"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// staffGate returns the sign-in of staff. Staff with a second factor enter its code in a
// next step.
func (s *Server) staffGate() kit.Gate {
	return kit.Gate{
		Door: kit.DoorStaff, View: "admin/signin",
		Enter: func(ctx context.Context, a signin.Attempt) (signin.Entry, error) { return staff.SignIn(ctx, s.Pool, a) },
		Half: func(c *gin.Context, in signin.Entry, wanted string) error {
			s.SetCookie(c, s.stepCookie(c), in.Step, int(staff.StepLifetime.Seconds()))
			return s.Redirect(c, CodePath+kit.NextQuery(kit.DoorStaff, wanted))
		},
	}
}

// StaffSignInShow handles GET /admin/login.
func (s *Server) StaffSignInShow(c *gin.Context) error { return s.SignInShow(c, s.staffGate()) }

// StaffSignIn handles POST /admin/login.
func (s *Server) StaffSignIn(c *gin.Context) error { return s.SignIn(c, s.staffGate()) }

// StaffSignOut handles POST /admin/logout. It needs no session: a page that was left
// open must be able to sign out of a session that is already over.
func (s *Server) StaffSignOut(c *gin.Context) error {
	return s.SignOut(c, kit.DoorStaff, staff.SignedOut{})
}
