package web

import (
	"context"
	"math"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/export"
	"refill/internal/money"
)

// tablePage is how many rows of a table are read at a time.
const tablePage = 5000

// sendCustomers answers with the list of customers, as it is narrowed, as a file.
func (s *Server) sendCustomers(c *gin.Context, format export.TableFormat, f customerFilter) error {
	columns := []export.Column{
		{Name: "id", Kind: export.ColumnNumber},
		{Name: "name"},
		{Name: "username"},
		{Name: "partner"},
		{Name: "email"},
		{Name: "phone"},
		{Name: "balance", Kind: export.ColumnMoney},
		{Name: "currency"},
		{Name: "status"},
		{Name: "since", Kind: export.ColumnTime},
	}
	scope := s.person(c).Scope
	return s.sendTable(c, "customers", format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
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
