package portal

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/lang"
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

// formatPDF names the statement in addresses, beside the formats of tables.
const formatPDF = "pdf"

// sendStatement answers with the visitor's payments of a period on paper.
func (s *Server) sendStatement(c *gin.Context, p period) error {
	s.TakesTime(c)
	v, ctx := s.Visitor(c), c.Request.Context()
	balance, err := s.balance(c)
	if err != nil {
		return err
	}
	const exact = "2 Jan 2006, 15:04"
	now := s.Now().In(v.Zone).Format(exact + " MST")
	var file bytes.Buffer // a customer has some hundreds of payments
	state := fmt.Sprintf(lang.M("Balance on %s: %s"), now, balance)
	if balance == "" {
		state = fmt.Sprintf(lang.M("On %s. The balance is kept at %s."), now, v.Brand)
	}
	st, err := render.NewStatement(&file, render.Statement{
		Title: fmt.Sprintf(lang.M("%s: payments of %s"), v.Brand, v.Name),
		Notes: []string{fmt.Sprintf(lang.M("Username %s"), v.Username), fmt.Sprintf(lang.M("Period: %s"), p.Text), state},
		Columns: []render.StatementColumn{
			{Name: lang.M("Date"), Width: 38},
			{Name: lang.M("Payment type"), Width: 34},
			{Name: lang.M("Sum"), Width: 32, Right: true},
			{Name: lang.M("Comment"), Width: 44},
			{Name: lang.M("Balance after"), Width: 32, Right: true},
		},
		Page: lang.M("Page %d"), Fonts: s.Fonts,
	})
	if err != nil {
		return err
	}
	err = eachPayment(ctx, s.Pool, v, p, func(one db.PaymentListBetweenRow) error {
		view := kit.NewPaymentView(db.PaymentListRow(one), v.Zone)
		if view.ReversedBy != 0 {
			view.Type += lang.M(" (reversed)")
		}
		return st.Row(view.At.Format(exact), view.Type, view.Sum, view.Comment, view.Balance)
	})
	if err == nil {
		err = st.Close()
	}
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="payments.pdf"`)
	c.Data(http.StatusOK, "application/pdf", file.Bytes())
	return nil
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
