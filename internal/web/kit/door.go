package kit

import (
	"github.com/gin-gonic/gin"
)

// Door is one of the entrances to the site. Staff and customers sign in separately, each at
// their own door, and programs have a key. Some pages are open without a sign-in.
type Door int

// The doors. DoorNobody is the zero value, and no request passes it.
const (
	DoorNobody Door = iota
	DoorEverybody
	DoorStaff
	DoorCustomer
	DoorClient // programs with a key
	DoorSplynx // programs that were written for Splynx
)

// Handler writes the response to a request, or returns an error, which Fail turns into a
// response.
type Handler func(c *gin.Context) error

// EventsPath is the URL of the stream of server-sent events for staff.
const EventsPath = "/admin/events"

// WelcomePath is the URL prefix of the sign-in links that staff give to customers.
const WelcomePath = "/portal/welcome/"
