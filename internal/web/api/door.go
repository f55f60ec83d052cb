package api

import (
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/staff"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// errKeyInAddress answers a key in the path or the query. The key is revoked.
var errKeyInAddress = fault.New(fault.Invalid, "key_in_address", "A key does not belong into an address, because addresses are kept in logs. The key was revoked, if it was one. Make a new one and send it as Authorization: Bearer.")

// queryKeys are the names by which programs send a key in an address.
var queryKeys = []string{"access_token", "key", "api_key", "apikey", "token"} //nolint:gochecknoglobals // a table

// Admit finds the client of a request, counts the request against its limit, and checks
// that it has a permission; empty: none is needed. The answer names the state of the limit.
func (s *Server) Admit(c *gin.Context, needs staff.Permission) error {
	ctx := c.Request.Context()
	switch found, err := caller.RevokeExposed(c, s.Pool, queryKeys); {
	case err != nil:
		return err
	case found:
		return errKeyInAddress
	}
	admitted, err := s.gate.Admit(ctx, bearer(c), kit.Address(c))
	if admitted.ID != 0 {
		caller.SetClient(c, admitted)
	}
	if err != nil {
		return err
	}
	if needs != "" && !admitted.Can(needs) {
		return kit.ForbiddenError{Permission: needs}
	}
	return nil
}

// bearer returns the key in the Authorization header; empty where there is none.
func bearer(c *gin.Context) string {
	scheme, key, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if strings.ToLower(scheme) != "bearer" {
		return ""
	}
	return strings.TrimSpace(key)
}
