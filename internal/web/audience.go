package web

import (
	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// route is one line of the table of routes.
type route struct {
	method, path string
	who          audience
	do           kit.Handler
}

// audience says who may request a route. Its zero value admits no one.
type audience struct {
	door       kit.Door
	permission staff.Permission // required of staff; empty: none
	// beforeFactor admits staff who must set up a second factor before all else.
	beforeFactor bool
	cardsModule  bool // the module of refill cards must be on
	everyPartner bool // staff must see every partner
	repeatable   bool // the form has an idempotency key: it may be sent again
	customersToo bool // of the calls in the shape of Splynx: customers may ask for their own data
	anyCaller    bool // of the calls in the shape of Splynx: the handler checks the credentials
}

// The audiences without a permission.
var (
	everybody = audience{door: kit.DoorEverybody} //nolint:gochecknoglobals // a constant, were structs allowed to be
	anyStaff  = audience{door: kit.DoorStaff}     //nolint:gochecknoglobals // likewise
	customers = audience{door: kit.DoorCustomer}  //nolint:gochecknoglobals // likewise
)

// setsUp also admits staff who still have to set up the second factor that the settings
// require.
func (a audience) setsUp() audience {
	a.beforeFactor = true
	return a
}

// withCards hides a route while the module of refill cards is off.
func (a audience) withCards() audience {
	a.cardsModule = true
	return a
}

// allPartners restricts a route to staff who see every partner: its page concerns the
// whole installation.
func (a audience) allPartners() audience {
	a.everyPartner = true
	return a
}

// keyed marks a route whose form has an idempotency key, so that an answer that was lost can
// be requested again.
func (a audience) keyed() audience {
	a.repeatable = true
	return a
}

// staffWho returns the audience of staff whose role includes a permission.
func staffWho(can staff.Permission) audience {
	return audience{door: kit.DoorStaff, permission: can}
}

// clientWho returns the audience of API clients that have a permission; empty: every client.
func clientWho(can staff.Permission) audience {
	return audience{door: kit.DoorClient, permission: can}
}

// splynxWho returns the audience of clients that use the calls in the shape of Splynx and have a
// permission; empty: every such client.
func splynxWho(can staff.Permission) audience {
	return audience{door: kit.DoorSplynx, permission: can}
}

// splynxSignIn is the audience of calls that bring or end a token. They check the credentials
// themselves.
var splynxSignIn = audience{door: kit.DoorSplynx, anyCaller: true} //nolint:gochecknoglobals // likewise

// isProgram reports whether programs are the audience, so that answers are not pages.
func (a audience) isProgram() bool { return a.door == kit.DoorClient || a.door == kit.DoorSplynx }

// orCustomer also admits customers with a token.
func (a audience) orCustomer() audience {
	a.customersToo = true
	return a
}

// mount registers a route with the router. Its handler runs only for a request that the
// audience admits.
func (s *Server) mount(engine *gin.Engine, r route) {
	guarded := s.handle(func(c *gin.Context) error {
		c.Set(kit.KeyRepeatable, r.who.repeatable)
		if err := s.admit(c, r.who); err != nil {
			return err
		}
		if err := s.checkReach(c, r.who); err != nil {
			return err
		}
		return r.do(c)
	})
	if inner := guarded; r.who.isProgram() {
		guarded = func(c *gin.Context) {
			began := s.Now()
			inner(c)
			s.requests.Note(c, s.Now().Sub(began), began)
		}
	}
	engine.Handle(r.method, r.path, guarded)
	if r.method == get && r.path != kit.EventsPath && !r.who.anyCaller { // a token is renewed by GET
		engine.HEAD(r.path, guarded) // net/http leaves the body out
	}
}

// handle wraps a handler for Gin. It limits the time of the request and turns the handler's
// error into a response.
func (s *Server) handle(h kit.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer s.LimitTime(c)()
		if err := h(c); err != nil {
			s.Fail(c, err)
		}
	}
}

// admit returns an error if the audience does not include the person of the request. It
// stores the person in the Gin context.
func (s *Server) admit(c *gin.Context, who audience) error {
	switch who.door {
	case kit.DoorEverybody:
		return nil
	case kit.DoorStaff:
		person, err := s.FindPerson(c)
		if err != nil {
			return err
		}
		if person.ID == 0 {
			return kit.SignInNeededError{Door: kit.DoorStaff}
		}
		if !who.beforeFactor {
			if err := s.admin.RequireFactor(c, person); err != nil {
				return err
			}
		}
		c.Set(kit.KeyPermission, who.permission)
		if who.permission != "" && !person.Can(who.permission) {
			return kit.ForbiddenError{Permission: who.permission}
		}
		return nil
	case kit.DoorCustomer:
		visitor, err := s.FindVisitor(c)
		if err != nil {
			return err
		}
		if visitor.ID == 0 {
			return kit.SignInNeededError{Door: kit.DoorCustomer}
		}
		return nil
	case kit.DoorClient:
		return s.api.Admit(c, who.permission)
	case kit.DoorSplynx:
		if who.anyCaller {
			return nil
		}
		return s.splynx.Admit(c, who.permission, who.customersToo)
	case kit.DoorNobody:
	}
	return kit.ErrNotFound
}

// checkReach returns an error for a part of the site that is switched off, or that concerns
// more partners than the person sees.
func (s *Server) checkReach(c *gin.Context, who audience) error {
	if who.everyPartner && !s.Person(c).Scope.AllPartners {
		return errSomePartners
	}
	if !who.cardsModule {
		return nil
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	switch {
	case settings.RefillCards:
	case who.isProgram():
		return card.ErrModuleOff // a program must not take it for a card that is not there
	default:
		return kit.ErrNotFound
	}
	return nil
}

// errSomePartners is the error when staff with a limited scope request a page that concerns
// all partners.
var errSomePartners = fault.New(fault.Forbidden, "some_partners", "This page concerns every partner. It is for staff who see all of them.")
