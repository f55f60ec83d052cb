package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// keyClient is the key of the admitted client in the Gin context.
const keyClient = "refill.client"

// errKeyInAddress answers a key in the query. The key is revoked.
var errKeyInAddress = fault.New(fault.Invalid, "key_in_address", "A key does not belong into an address, because addresses are kept in logs. The key was revoked, if it was one. Make a new one and send it as Authorization: Bearer.")

// queryKeys are the names by which programs send a key in an address.
var queryKeys = []string{"access_token", "key", "api_key", "apikey", "token"} //nolint:gochecknoglobals // a table

// Admit finds the client of a request, counts the request against its limit, and checks
// that it has a permission; empty: none is needed. The answer names the state of the limit.
func (s *Server) Admit(c *gin.Context, needs staff.Permission) error {
	ctx := c.Request.Context()
	if exposed, found := exposedKey(c); found {
		if err := client.RevokeExposed(ctx, s.Pool, audit.Visitor().From(kit.Address(c), kit.RequestID(c)), exposed); err != nil {
			return err
		}
		return errKeyInAddress
	}
	admitted, err := client.Admit(ctx, s.Pool, bearer(c), kit.Address(c))
	if admitted.ID != 0 {
		c.Set(keyClient, admitted)
		sayRate(c, admitted.Rate)
	}
	if err != nil {
		return err
	}
	if needs != "" && !admitted.Can(needs) {
		return kit.ForbiddenError{Permission: needs}
	}
	return nil
}

// exposedKey returns the key that the address of a request has, if it has one.
func exposedKey(c *gin.Context) (text string, found bool) {
	query := c.Request.URL.Query()
	for _, name := range queryKeys {
		if query.Has(name) {
			return query.Get(name), true
		}
	}
	return "", false
}

// bearer returns the key in the Authorization header; empty where there is none.
func bearer(c *gin.Context) string {
	scheme, key, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if strings.ToLower(scheme) != "bearer" {
		return ""
	}
	return strings.TrimSpace(key)
}

// sayRate writes the state of the limit of requests, in the fields of the IETF draft
// "RateLimit header fields for HTTP".
func sayRate(c *gin.Context, r client.Rate) {
	c.Header("RateLimit-Policy", `"client";q=`+strconv.Itoa(int(r.PerMinute))+`;w=60`)
	c.Header("RateLimit", `"client";r=`+strconv.Itoa(int(r.Left))+`;t=`+strconv.Itoa(int(r.Reset/time.Second)))
}

// Client returns the admitted client of a request; the zero value where there is none.
func Client(c *gin.Context) client.Client {
	admitted, _ := c.Value(keyClient).(client.Client)
	return admitted
}

// actor returns the actor of a request's acts.
func actor(c *gin.Context) audit.Actor {
	return Client(c).Actor().From(kit.Address(c), kit.RequestID(c))
}
