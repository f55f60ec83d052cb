package kit

import (
	"github.com/gin-gonic/gin"
)

// Door is a way into the site: staff and customers sign in apart, and some pages are open
// to everybody.
type Door int

// The doors. DoorNobody is the zero value and admits no one.
const (
	DoorNobody Door = iota
	DoorEverybody
	DoorStaff
	DoorCustomer
)

// Handler answers a request, or returns why it did not.
type Handler func(c *gin.Context) error

// EventsPath is the stream of events for staff.
const EventsPath = "/admin/events"

// WelcomePath is where the links lead that staff hand to customers.
const WelcomePath = "/portal/welcome/"
