package caller

import (
	"regexp"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/web/kit"
)

// keyAnywhere finds keys and secrets of API clients within longer text.
var keyAnywhere = regexp.MustCompile(client.KeyPattern)

// RevokeExposed ends each key and each secret in the address of a request, wherever it stands,
// because proxies keep addresses in their logs. found reports whether there is one, or any text
// under one of the names that programs send a key by.
func RevokeExposed(c *gin.Context, beginner db.Beginner, names []string) (found bool, err error) {
	query := c.Request.URL.Query()
	for _, name := range names {
		found = found || query.Has(name)
	}
	exposed := keyAnywhere.FindAllString(c.Request.URL.Path, -1)
	for name, values := range query {
		for _, text := range append(values, name) {
			exposed = append(exposed, keyAnywhere.FindAllString(text, -1)...)
		}
	}
	by := audit.Visitor().From(kit.Address(c), kit.RequestID(c))
	for _, text := range exposed {
		if err := client.RevokeExposed(c.Request.Context(), beginner, by, text); err != nil {
			return true, err
		}
	}
	return found || len(exposed) > 0, nil
}
