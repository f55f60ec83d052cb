package customer

import (
	"context"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Newcomer is a customer to be entered together with others.
type Newcomer struct {
	Details

	ExternalID string // what another system calls them; empty: nothing
	Disabled   bool
	Balance    int64 // opening balance in minor units; negative: they owe it
	Row        int32 // of the file
}

// Newcomers are customers that come out of one file.
type Newcomers struct {
	ImportID int64
	Currency string
	Comment  string // of the opening balances
	List     []Newcomer
}

// The bounds of what a newcomer brings along.
const (
	MostBalance    = mostAmount // minor units, of either sign
	MostName       = 120        // characters
	MostPhone      = 40         // bytes
	MostExternalID = 64         // characters
	MostComment    = 300        // characters
)

// openings is the name space of the idempotency keys of opening balances.
var openings = uuid.MustParse("5d3c2a86-31c7-4d4f-9a43-7f1f6f6f2b11") //nolint:gochecknoglobals // a constant, were arrays allowed to be

// openingKey is the idempotency key of the opening balance of a row of an import: the
// same row can post once.
func openingKey(importID int64, row int32) uuid.UUID {
	name := binary.BigEndian.AppendUint64(nil, uint64(importID))                    //nolint:gosec // ids are positive
	return uuid.NewSHA1(openings, binary.BigEndian.AppendUint32(name, uint32(row))) //nolint:gosec // rows are positive
}

// EnterMany enters customers with their accounts and opening balances in the caller's
// transaction. An opening balance is a payment of type Correction, with its ledger
// entries and its audit row, as Pay enters one. The caller has held every rule about
// rows and permissions against them, and has weighed the sum. A username or external id
// that is taken fails the transaction with its constraint; see db.Constraint.
func EnterMany(ctx context.Context, tx pgx.Tx, actor audit.Actor, n Newcomers) error {
	if len(n.List) == 0 {
		return nil
	}
	ids, err := n.create(ctx, tx, actor)
	if err != nil {
		return err
	}
	return n.open(ctx, tx, actor, ids)
}

// create enters the customers and their empty accounts. It returns the ids by row.
func (n Newcomers) create(ctx context.Context, tx pgx.Tx, actor audit.Actor) (map[int32]int64, error) {
	q := db.New()
	p := db.CustomerCreateManyParams{ImportID: &n.ImportID}
	for _, one := range n.List {
		p.PartnerIds, p.Usernames, p.Names = append(p.PartnerIds, one.PartnerID), append(p.Usernames, one.Username), append(p.Names, one.Name)
		p.Emails, p.Phones, p.ExternalIds = append(p.Emails, one.Email), append(p.Phones, one.Phone), append(p.ExternalIds, one.ExternalID)
		p.Disabled, p.ImportRows = append(p.Disabled, one.Disabled), append(p.ImportRows, one.Row)
	}
	rows, err := q.CustomerCreateMany(ctx, tx, p)
	if err != nil {
		return nil, fmt.Errorf("enter customers: %w", err)
	}
	ids, accounts := make(map[int32]int64, len(rows)), db.AccountCreateManyParams{Currency: n.Currency}
	entries := make([]audit.Entry, 0, len(rows))
	for _, row := range rows {
		ids[*row.ImportRow] = row.ID
		accounts.CustomerIds = append(accounts.CustomerIds, row.ID)
		entries = append(entries, audit.Entry{CustomerID: row.ID, Detail: map[string]any{"import": n.ImportID, "row": *row.ImportRow}})
	}
	if len(ids) != len(n.List) {
		return nil, fmt.Errorf("enter customers: %d of %d", len(ids), len(n.List))
	}
	if err := q.AccountCreateMany(ctx, tx, accounts); err != nil {
		return nil, fmt.Errorf("open the accounts of customers: %w", err)
	}
	return ids, audit.RecordMany(ctx, tx, actor, "customer.created", entries)
}

// open posts the opening balances.
func (n Newcomers) open(ctx context.Context, tx pgx.Tx, actor audit.Actor, ids map[int32]int64) error {
	q := db.New()
	add, keys := db.AccountAddManyParams{Currency: n.Currency}, map[int64]uuid.UUID{}
	amounts := map[int64]int64{}
	for _, one := range n.List {
		if one.Balance == 0 {
			continue
		}
		if abs(one.Balance) > mostAmount || utf8.RuneCountInString(n.Comment) > MostComment {
			return fmt.Errorf("the opening balance of row %d was not checked", one.Row)
		}
		id := ids[one.Row]
		add.CustomerIds, add.Amounts = append(add.CustomerIds, id), append(add.Amounts, one.Balance)
		keys[id], amounts[id] = openingKey(n.ImportID, one.Row), one.Balance
	}
	if len(keys) == 0 {
		return nil
	}
	accounts, err := q.AccountAddMany(ctx, tx, add)
	if err != nil {
		return fmt.Errorf("move balances: %w", err)
	}
	house, err := ledger.System(ctx, tx, db.AccountKindCorrection, n.Currency)
	if err != nil {
		return err
	}
	pairs := make([]ledger.Pair, 0, len(accounts))
	for _, a := range accounts {
		id := *a.CustomerID
		pairs = append(pairs, ledger.Pair{Key: keys[id], Entry: ledger.Entry{AccountID: a.ID, Amount: amounts[id], Version: *a.Version, Balance: *a.Balance}})
	}
	posted, err := ledger.PostMany(ctx, tx, ledger.Movement{Kind: db.LedgerKindPayment, StaffID: actor.StaffID, Comment: n.Comment}, house, pairs)
	if err != nil {
		return err
	}
	if len(posted) != len(keys) {
		return fmt.Errorf("move balances: %d of %d", len(posted), len(keys))
	}
	p := db.PaymentCreateManyParams{Type: db.PaymentTypeCorrection, Currency: n.Currency, Comment: n.Comment, StaffID: actor.Staff(), ImportID: &n.ImportID}
	for i, a := range accounts {
		p.CustomerIds, p.TxIds = append(p.CustomerIds, *a.CustomerID), append(p.TxIds, posted[pairs[i].Key])
		p.Amounts, p.Balances = append(p.Amounts, pairs[i].Amount), append(p.Balances, pairs[i].Balance)
	}
	payments, err := q.PaymentCreateMany(ctx, tx, p)
	if err != nil {
		return fmt.Errorf("enter opening balances: %w", err)
	}
	entries := make([]audit.Entry, 0, len(payments))
	for _, row := range payments {
		entries = append(entries, audit.Entry{CustomerID: row.CustomerID, Detail: map[string]any{
			"payment": row.ID, "type": db.PaymentTypeCorrection, "import": n.ImportID,
			"amount": money.Amount{Minor: amounts[row.CustomerID], Currency: n.Currency}.Decimal(), "currency": n.Currency,
		}})
	}
	return audit.RecordMany(ctx, tx, actor, "payment.entered", entries)
}
