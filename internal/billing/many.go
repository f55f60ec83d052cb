package billing

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Opening is the opening balance of an account that was just created and whose ledger
// entry is not posted yet.
type Opening struct {
	ledger.Pair

	CustomerID, PartnerID int64
}

// Openings are the opening balances of one import.
type Openings struct {
	ImportID int64
	Currency string
	Comment  string
	List     []Opening
}

// Open posts opening balances in the caller's transaction. Each gets its movement, a
// payment of type Correction and an audit row, as Post writes them for one payment.
func Open(ctx context.Context, tx pgx.Tx, actor audit.Actor, o Openings) error {
	if len(o.List) == 0 {
		return nil
	}
	house, err := ledger.System(ctx, tx, db.AccountKindCorrection, o.Currency)
	if err != nil {
		return err
	}
	pairs := make([]ledger.Pair, 0, len(o.List))
	for _, one := range o.List {
		pairs = append(pairs, one.Pair)
	}
	posted, err := ledger.PostMany(ctx, tx, ledger.Movement{Kind: db.LedgerKindPayment, StaffID: actor.Responsible(), Comment: o.Comment}, house, pairs)
	if err != nil {
		return err
	}
	if len(posted) != len(o.List) {
		return fmt.Errorf("post opening balances: %d of %d", len(posted), len(o.List))
	}
	amounts := make(map[int64]int64, len(o.List))
	p := db.PaymentCreateManyParams{Type: db.PaymentTypeCorrection, Currency: o.Currency, Comment: o.Comment, StaffID: actor.Staff(), ImportID: &o.ImportID}
	for _, one := range o.List {
		amounts[one.CustomerID] = one.Amount
		p.CustomerIds, p.PartnerIds, p.TxIds = append(p.CustomerIds, one.CustomerID), append(p.PartnerIds, one.PartnerID), append(p.TxIds, posted[one.Key])
		p.Amounts, p.Balances = append(p.Amounts, one.Amount), append(p.Balances, one.Balance)
	}
	payments, err := db.New().PaymentCreateMany(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("enter opening balances: %w", err)
	}
	entered := make([]Entered, 0, len(payments))
	for _, row := range payments {
		entered = append(entered, Entered{
			Subject: act.OfCustomer(row.CustomerID), Payment: row.ID, Type: db.PaymentTypeCorrection, Import: o.ImportID,
			Amount: money.Amount{Minor: amounts[row.CustomerID], Currency: o.Currency}.Decimal(), Currency: o.Currency,
		})
	}
	return act.RecordMany(ctx, tx, actor, entered)
}
