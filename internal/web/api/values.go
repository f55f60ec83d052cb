package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/money"
)

// Amount is an amount of money. The figure is text, because numbers of JSON are floating
// point in many languages.
type Amount struct {
	Amount   string `json:"amount"` // decimal: "10.00"
	Currency string `json:"currency"`
}

// amount writes minor units.
func amount(minor int64, currency string) Amount {
	return Amount{money.Amount{Minor: minor, Currency: currency}.Decimal(), currency}
}

// moment writes a time in UTC, as RFC 3339 with microseconds, which is how Postgres keeps
// it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// idText writes an id. Ids are text, so that no client calculates with them.
func idText(id int64) string { return strconv.FormatInt(id, 10) }

// pathID reads the id in the address of a request; missing where it is no id.
func pathID(c *gin.Context, missing error) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, missing
	}
	return id, nil
}

// answer writes a JSON answer.
func answer(c *gin.Context, status int, value any) error {
	c.JSON(status, value)
	return nil
}

// created writes the answer of a request that made something at an address, or, replayed,
// that asked for it again.
func created(c *gin.Context, address string, replayed bool, value any) error {
	c.Header("Location", address)
	if replayed {
		c.Header("Idempotent-Replayed", "true")
		return answer(c, http.StatusOK, value)
	}
	return answer(c, http.StatusCreated, value)
}
