package splynx

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
)

// answerList answers a list: its rows, or to HEAD their number alone.
func answerList[R, T any](c *gin.Context, rows []R, total int64, view func(R) T) error {
	c.Writer.Header()["X-total-count"] = []string{strconv.FormatInt(total, 10)} // programs compare its case, which Set would change
	if c.Request.Method == http.MethodHead {
		c.Status(http.StatusNoContent)
		return nil
	}
	out := make([]T, 0, len(rows))
	for _, row := range rows {
		out = append(out, view(row))
	}
	c.JSON(http.StatusOK, out)
	return nil
}

// accepted answers a change: 202 without a body.
func accepted(c *gin.Context) error {
	c.Status(http.StatusAccepted)
	c.Writer.WriteHeaderNow()
	return nil
}

// gone answers a deletion: 204 without a body.
func gone(c *gin.Context) error {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// attribute describes a field to OPTIONS.
type attribute struct {
	Title    string `json:"title"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
}

// answerOptions answers OPTIONS: the fields that bodies and answers of a call have, and those
// without which it is refused.
func answerOptions(c *gin.Context, names, needed []string) error {
	attributes := map[string]attribute{}
	for _, name := range names {
		attributes[name] = attribute{name, "string", slices.Contains(needed, name)}
	}
	c.JSON(http.StatusOK, gin.H{"attributes": attributes})
	return nil
}

// CardOptions handles OPTIONS of the cards.
func (s *Server) CardOptions(c *gin.Context) error {
	return answerOptions(c, []string{"id", "status", "customer_id", "activated_at", "full_code", "valid_till", "price", "code"}, []string{"code"})
}

// SeriesOptions handles OPTIONS of the series.
func (s *Server) SeriesOptions(c *gin.Context) error {
	return answerOptions(c, []string{"serie", "prefix", "amount", "created_at", "quantity", "price", "valid_till", "partner_id"}, []string{"quantity", "price", "valid_till"})
}

// CustomerOptions handles OPTIONS of the customers.
func (s *Server) CustomerOptions(c *gin.Context) error {
	return answerOptions(c, []string{"id", "login", "status", "partner_id", "location_id", "name", "email", "billing_email", "phone", "category", "date_add"}, nil)
}

// PaymentOptions handles OPTIONS of the payments.
func (s *Server) PaymentOptions(c *gin.Context) error {
	return answerOptions(c, []string{
		"id", "customer_id", "payment_type", "receipt_number", "date", "amount", "comment", "field_1", "field_2", "field_3", "field_4", "field_5", "real_create_datetime",
	}, []string{"customer_id", "payment_type", "amount"})
}

// Check handles GET /api/2.0/admin/api/check. Splynx answers it without credentials too; here
// it takes them, so that it says that they work.
func (s *Server) Check(c *gin.Context) error {
	c.JSON(http.StatusOK, json.RawMessage(`{"status":"ok","message":"API is valid","same_server":false}`))
	return nil
}
