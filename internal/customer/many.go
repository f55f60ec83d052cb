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
	opened, err := n.create(ctx, tx, actor)
	if err != nil {
		return err
	}
	return n.open(ctx, tx, actor, opened)
}

// opened is an account with an opening balance other than zero, whose entry is not
// posted yet.
type opened struct {
	ledger.Pair

	customerID, partnerID int64
}

// create enters the customers and their accounts with the opening balances. It returns
// the accounts whose entries are to be posted.
func (n Newcomers) create(ctx context.Context, tx pgx.Tx, actor audit.Actor) ([]opened, error) {
	q := db.New()
	p := db.CustomerCreateManyParams{ImportID: &n.ImportID}
	byRow := make(map[int32]*Newcomer, len(n.List))
	for i, one := range n.List {
		if abs(one.Balance) > mostAmount || utf8.RuneCountInString(n.Comment) > MostComment {
			return nil, fmt.Errorf("the opening balance of row %d was not checked", one.Row)
		}
		byRow[one.Row] = &n.List[i]
		p.PartnerIds, p.Usernames, p.Names = append(p.PartnerIds, one.PartnerID), append(p.Usernames, one.Username), append(p.Names, one.Name)
		p.Emails, p.Phones, p.ExternalIds = append(p.Emails, one.Email), append(p.Phones, one.Phone), append(p.ExternalIds, one.ExternalID)
		p.Disabled, p.ImportRows = append(p.Disabled, one.Disabled), append(p.ImportRows, one.Row)
	}
	rows, err := q.CustomerCreateMany(ctx, tx, p)
	if err != nil {
		return nil, fmt.Errorf("enter customers: %w", err)
	}
	if len(rows) != len(byRow) || len(byRow) != len(n.List) {
		return nil, fmt.Errorf("enter customers: %d of %d", len(rows), len(n.List))
	}
	accounts, of := db.AccountCreateManyParams{Currency: n.Currency}, make(map[int64]*Newcomer, len(rows))
	entries := make([]audit.Entry, 0, len(rows))
	for _, row := range rows {
		one := byRow[*row.ImportRow]
		if one == nil {
			return nil, fmt.Errorf("enter customers: row %d was not asked for", *row.ImportRow)
		}
		of[row.ID] = one
		accounts.CustomerIds, accounts.Balances = append(accounts.CustomerIds, row.ID), append(accounts.Balances, one.Balance)
		entries = append(entries, audit.Entry{CustomerID: row.ID, Detail: map[string]any{"import": n.ImportID, "row": *row.ImportRow}})
	}
	made, err := q.AccountCreateMany(ctx, tx, accounts)
	if err != nil {
		return nil, fmt.Errorf("open the accounts of customers: %w", err)
	}
	var list []opened
	for _, a := range made {
		one := of[*a.CustomerID]
		if one == nil || *a.Balance != one.Balance {
			return nil, fmt.Errorf("open the accounts of customers: that of customer %d has another balance", *a.CustomerID)
		}
		if one.Balance != 0 {
			entry := ledger.Entry{AccountID: a.ID, Amount: one.Balance, Version: *a.Version, Balance: *a.Balance}
			list = append(list, opened{ledger.Pair{Key: openingKey(n.ImportID, one.Row), Entry: entry}, *a.CustomerID, one.PartnerID})
		}
	}
	if len(made) != len(rows) {
		return nil, fmt.Errorf("open the accounts of customers: %d of %d", len(made), len(rows))
	}
	return list, audit.RecordMany(ctx, tx, actor, "customer.created", entries)
}

// open posts the opening balances and enters them as payments.
func (n Newcomers) open(ctx context.Context, tx pgx.Tx, actor audit.Actor, list []opened) error {
	if len(list) == 0 {
		return nil
	}
	house, err := ledger.System(ctx, tx, db.AccountKindCorrection, n.Currency)
	if err != nil {
		return err
	}
	pairs := make([]ledger.Pair, 0, len(list))
	for _, one := range list {
		pairs = append(pairs, one.Pair)
	}
	posted, err := ledger.PostMany(ctx, tx, ledger.Movement{Kind: db.LedgerKindPayment, StaffID: actor.StaffID, Comment: n.Comment}, house, pairs)
	if err != nil {
		return err
	}
	if len(posted) != len(list) {
		return fmt.Errorf("post opening balances: %d of %d", len(posted), len(list))
	}
	amounts := make(map[int64]int64, len(list))
	p := db.PaymentCreateManyParams{Type: db.PaymentTypeCorrection, Currency: n.Currency, Comment: n.Comment, StaffID: actor.Staff(), ImportID: &n.ImportID}
	for _, one := range list {
		amounts[one.customerID] = one.Amount
		p.CustomerIds, p.PartnerIds, p.TxIds = append(p.CustomerIds, one.customerID), append(p.PartnerIds, one.partnerID), append(p.TxIds, posted[one.Key])
		p.Amounts, p.Balances = append(p.Amounts, one.Amount), append(p.Balances, one.Balance)
	}
	payments, err := db.New().PaymentCreateMany(ctx, tx, p)
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
