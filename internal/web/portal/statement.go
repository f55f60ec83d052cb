package portal

import (
	"context"
	"math"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// sendPayments answers with the visitor's payments of a period as a table.
func (s *Server) sendPayments(c *gin.Context, p period) error {
	v := s.Visitor(c)
	columns := []render.Column{
		{Name: "payment", Kind: render.ColumnNumber},
		{Name: "date", Kind: render.ColumnTime},
		{Name: "payment_type"},
		{Name: "sum", Kind: render.ColumnMoney},
		{Name: "comment"},
		{Name: "balance_after", Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "reversed_by", Kind: render.ColumnNumber},
	}
	return s.SendTable(c, "payments", render.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		return eachPayment(ctx, tx, v, p, func(one db.PaymentListBetweenRow) error {
			var reversedBy any
			if one.ReversedBy != 0 {
				reversedBy = one.ReversedBy
			}
			return row(one.ID, one.At.In(v.Zone), kit.PaymentTypeName(one.Type), money.Amount{Minor: one.Amount, Currency: one.Currency}, one.Comment,
				money.Amount{Minor: one.BalanceAfter, Currency: one.Currency}, one.Currency, reversedBy)
		})
	})
}

// statementPage is how many payments are read at a time.
const statementPage = 1000

// eachPayment reads a customer's payments of a period, newest first.
func eachPayment(ctx context.Context, dbtx db.DBTX, v kit.Visitor, p period, do func(db.PaymentListBetweenRow) error) error {
	for before := int64(math.MaxInt64); ; {
		rows, err := db.New().PaymentListBetween(ctx, dbtx, db.PaymentListBetweenParams{
			CustomerID: v.ID, BeforeID: before, Size: statementPage, From: end(p.From), Until: end(p.Until),
		})
		if err != nil {
			return err
		}
		for _, one := range rows {
			if err := do(one); err != nil {
				return err
			}
		}
		if len(rows) < statementPage {
			return nil
		}
		before = rows[len(rows)-1].ID
	}
}
