package customer

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/partner"
)

// Newcomer is one customer of several to be created.
type Newcomer struct {
	Details

	ExternalID string // the customer's id in another system; empty: none
	Disabled   bool
	Balance    int64 // opening balance in minor units; negative: a debt of the customer
	Row        int32 // of the file
}

// Newcomers are the customers of one file.
type Newcomers struct {
	ImportID int64
	Currency string
	Comment  string // of the opening balances
	List     []Newcomer
}

// Bounds of the fields of a newcomer.
const (
	MostBalance    = mostAmount // minor units, of either sign
	MostName       = 120        // characters
	MostPhone      = 40         // bytes
	MostExternalID = 64         // characters
	MostComment    = 300        // characters
)

// openings is the name space (RFC 9562) of the idempotency keys of opening balances.
var openings = uuid.MustParse("5d3c2a86-31c7-4d4f-9a43-7f1f6f6f2b11") //nolint:gochecknoglobals // a constant, were arrays allowed to be

// openingKey returns the idempotency key of the opening balance in a row of an import. It
// depends on import and row alone, so that one row posts once.
func openingKey(importID int64, row int32) uuid.UUID {
	name := binary.BigEndian.AppendUint64(nil, uint64(importID))                    //nolint:gosec // ids are positive
	return uuid.NewSHA1(openings, binary.BigEndian.AppendUint32(name, uint32(row))) //nolint:gosec // rows are positive
}

// EnterMany creates customers with their accounts and opening balances in the caller's
// transaction. An opening balance is a payment of type Correction, with its ledger entries
// and audit row, as Pay writes it. The caller has validated the rows, checked permissions
// and weighed the sum against the limit. A username or external id that is taken violates
// its constraint and fails the transaction; see db.Constraint.
func EnterMany(ctx context.Context, tx pgx.Tx, actor audit.Actor, n Newcomers) error {
	if len(n.List) == 0 {
		return nil
	}
	if err := n.hold(ctx, tx); err != nil {
		return err
	}
	opened, err := n.create(ctx, tx, actor)
	if err != nil {
		return err
	}
	return billing.Open(ctx, tx, actor, billing.Openings{
		ImportID: n.ImportID, Currency: n.Currency, Comment: n.Comment, List: opened,
	})
}

// hold holds where the partners of the customers keep balances, and refuses an opening balance
// that would be kept outside. A dry run leaves such rows out; the choice may have changed since.
func (n Newcomers) hold(ctx context.Context, tx pgx.Tx) error {
	balance := map[int64]bool{}
	for _, one := range n.List {
		balance[one.PartnerID] = balance[one.PartnerID] || one.Balance != 0
	}
	for _, id := range slices.Sorted(maps.Keys(balance)) {
		kept, err := partner.Keeping(ctx, tx, id)
		if err != nil {
			return err
		}
		if kept != db.BalancesKeptOutside {
			continue
		}
		if balance[id] {
			return ErrOpening
		}
		if _, err := ledger.System(ctx, tx, db.AccountKindOutside, n.Currency); err != nil {
			return err
		}
	}
	return nil
}

// create inserts the customers and their accounts with the opening balances. It returns
// the accounts whose ledger entries are still to be posted.
func (n Newcomers) create(ctx context.Context, tx pgx.Tx, actor audit.Actor) ([]billing.Opening, error) {
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
	entered := make([]Created, 0, len(rows))
	for _, row := range rows {
		one := byRow[*row.ImportRow]
		if one == nil {
			return nil, fmt.Errorf("enter customers: row %d was not asked for", *row.ImportRow)
		}
		of[row.ID] = one
		accounts.CustomerIds, accounts.Balances = append(accounts.CustomerIds, row.ID), append(accounts.Balances, one.Balance)
		entered = append(entered, Created{act.OfCustomer(row.ID), n.ImportID, *row.ImportRow})
	}
	made, err := q.AccountCreateMany(ctx, tx, accounts)
	if err != nil {
		return nil, fmt.Errorf("open the accounts of customers: %w", err)
	}
	var list []billing.Opening
	for _, a := range made {
		one := of[*a.CustomerID]
		if one == nil || *a.Balance != one.Balance {
			return nil, fmt.Errorf("open the accounts of customers: that of customer %d has another balance", *a.CustomerID)
		}
		if one.Balance != 0 {
			entry := ledger.Entry{AccountID: a.ID, Amount: one.Balance, Version: *a.Version, Balance: *a.Balance}
			list = append(list, billing.Opening{
				Pair: ledger.Pair{Key: openingKey(n.ImportID, one.Row), Entry: entry}, CustomerID: *a.CustomerID, PartnerID: one.PartnerID,
			})
		}
	}
	if len(made) != len(rows) {
		return nil, fmt.Errorf("open the accounts of customers: %d of %d", len(made), len(rows))
	}
	return list, act.RecordMany(ctx, tx, actor, entered)
}
