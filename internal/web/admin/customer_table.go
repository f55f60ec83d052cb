package admin

import (
	"context"
	"math"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/money"
	"refill/internal/render"
)

// tablePage is the number of rows of a table that are read at a time.
const tablePage = 5000

// sendCustomers responds with the filtered list of customers as a file.
func (s *Server) sendCustomers(c *gin.Context, format render.TableFormat, f customerFilter) error {
	columns := []render.Column{
		{Name: "id", Kind: render.ColumnNumber},
		{Name: "name"},
		{Name: "username"},
		{Name: "partner"},
		{Name: "email"},
		{Name: "phone"},
		{Name: "balance", Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "status"},
		{Name: "since", Kind: render.ColumnTime},
	}
	scope := s.Person(c).Scope
	return s.SendTable(c, "customers", format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		before := int64(math.MaxInt64)
		for {
			rows, err := listCustomers(ctx, tx, scope, f, before, 0, tablePage)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, one := range rows {
				before = one.ID
				status := "active"
				if one.DisabledAt != nil {
					status = "disabled"
				}
				err := row(one.ID, one.Name, one.Username, one.PartnerName, one.Email, one.Phone,
					money.Amount{Minor: *one.Balance, Currency: one.Currency}, one.Currency, status, one.CreatedAt)
				if err != nil {
					return err
				}
			}
		}
	})
}
