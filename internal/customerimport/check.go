package customerimport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/jobqueue"
	"refill/internal/tableflow"
)

// chunk is the number of rows of a file that one transaction checks or imports.
const chunk = 5_000

// mostHidden is the number of customers of other partners that the files of one person may
// name within 24 hours. Usernames are unique in the whole installation, so each import
// reveals a little about other partners, as the form for one customer does.
const mostHidden = 100

// Report is the result of a dry run: the totals of the file, for comparison with the
// ledger.
type Report struct {
	Good     int32        `json:"good"`
	Rows     int64        `json:"rows"` // of the file, without headings and blank rows
	Partners []PartnerSum `json:"partners"`
	// Balances of the rows that are left out, in minor units, and the number of such rows
	// whose balance can't be read.
	LeftCredits int64 `json:"left_credits"`
	LeftDebts   int64 `json:"left_debts"`
	LeftUnread  int64 `json:"left_unread"`
}

// PartnerSum are the totals of one partner. Amounts are in minor units; debts are positive.
type PartnerSum struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Customers int64  `json:"customers"`
	Disabled  int64  `json:"disabled"`
	Balances  int64  `json:"balances"` // customers with an opening balance other than zero
	Credits   int64  `json:"credits"`
	Debts     int64  `json:"debts"`
}

// Sum returns the totals of all partners.
func (r Report) Sum() PartnerSum {
	var sum PartnerSum
	for _, p := range r.Partners {
		sum.Customers, sum.Disabled, sum.Balances = sum.Customers+p.Customers, sum.Disabled+p.Disabled, sum.Balances+p.Balances
		sum.Credits, sum.Debts = sum.Credits+p.Credits, sum.Debts+p.Debts
	}
	return sum
}

// Value returns the sum of the absolute opening balances, in minor units. It is the value
// of the four-eyes approval. It can't overflow: a file has at most a million rows, each of
// at most MostBalance.
func (r Report) Value() int64 { sum := r.Sum(); return sum.Credits + sum.Debts }

// known returns for each customer the reason for which they exist already, or an empty
// text. A customer whom the scope does not include gets reasonKnownHidden.
func (s *Service) known(ctx context.Context, dbtx db.DBTX, scope audit.Scope, list []*customer.Newcomer) ([]string, error) {
	p := db.CustomerListKnownParams{AllPartners: scope.AllPartners, PartnerIds: append([]int64{}, scope.PartnerIDs...)}
	for _, n := range list {
		if n.Username != "" {
			p.Usernames = append(p.Usernames, n.Username)
		}
		if n.ExternalID != "" {
			p.ExternalIds = append(p.ExternalIds, n.ExternalID)
		}
	}
	rows, err := s.q.CustomerListKnown(ctx, dbtx, p)
	if err != nil {
		return nil, fmt.Errorf("look for known customers: %w", err)
	}
	type foreignName struct { // what another system calls a customer of a partner
		partnerID int64
		text      string
	}
	usernames, ids := map[string]bool{}, map[foreignName]bool{} // value: whether the scope includes the customer
	for _, row := range rows {
		usernames[row.Username] = row.Within
		if row.ExternalID != "" {
			ids[foreignName{row.PartnerID, row.ExternalID}] = row.Within
		}
	}
	reasons := make([]string, len(list))
	for i, n := range list {
		byID, hasID := ids[foreignName{n.PartnerID, n.ExternalID}]
		byName, hasName := usernames[n.Username]
		switch {
		case hasID && byID:
			reasons[i] = reasonKnownExternalID
		case hasName && byName:
			reasons[i] = reasonKnownUsername
		case hasID || hasName:
			reasons[i] = reasonKnownHidden
		}
	}
	return reasons, nil
}

// Check is the dry run of an import. It reads the whole file, records each row that makes
// no customer, and sums the others. It creates no customer and may run any number of times.
// It holds 16 bytes in memory for each username and external id. It returns ErrContradicts
// where rows say different things about one customer, and ErrHidden where the file names
// too many customers of other partners.
func (s *Service) Check(ctx context.Context, id int64, open Opener, complete jobqueue.Completer) error {
	var imp db.CardImport
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var err error
		imp, err = s.flow.StartCheck(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	file, done, err := open(imp)
	if err != nil {
		return err
	}
	defer done()
	c := &checker{s: s, imp: imp, sums: map[int64]*PartnerSum{}, left: tableflow.LeftOut{Hidden: reasonKnownHidden, Counts: map[string]int64{}}, seen: newSeen()}
	_, plan, _, err := Read(imp)
	if err != nil {
		return err
	}
	if c.scope, err = s.scopeOf(ctx, s.db, imp); err != nil {
		return err
	}
	if c.partners, err = s.findPartners(ctx, s.db, c.scope, plan.Partner); err != nil {
		return err
	}
	rows, err := openRows(file, imp.Size, plan, c.partners)
	if err != nil {
		return err
	}
	if err := c.readAll(ctx, rows); err != nil {
		return err
	}
	return c.finish(ctx, complete)
}

// checker is the state of a dry run.
type checker struct {
	s        *Service
	imp      db.CardImport
	scope    audit.Scope
	partners *partners
	sums     map[int64]*PartnerSum
	seen     *seen
	against  tableflow.Contradictions
	left     tableflow.LeftOut
	report   Report
	rows     int32 // rows read, headings included

	list []*customer.Newcomer // rows of this chunk that make a customer unless the customer exists
	says []read               // the rows of list
}

func (c *checker) readAll(ctx context.Context, rows *rowReader) error {
	for last := false; !last; {
		for range chunk {
			got, err := rows.next()
			if errors.Is(err, io.EOF) {
				last = true
				break
			}
			if err != nil {
				return err
			}
			c.rows++
			if got.of != nil && c.seen.contradicts(got.of) {
				c.against.Add(got.of.Row)
			}
			switch {
			case got.left != nil:
				c.leaveOut(*got.left, got)
			case got.Newcomer != nil:
				c.list, c.says = append(c.list, got.Newcomer), append(c.says, got)
			}
		}
		if err := c.saveChunk(ctx); err != nil {
			return err
		}
	}
	return contradictionError(c.against)
}

// leaveOut records a row that makes no customer, and adds its balance to the report.
func (c *checker) leaveOut(l tableflow.Left, got read) {
	c.left.Add(l)
	switch {
	case !got.readable:
		c.report.LeftUnread++
	case got.balance > 0 && got.balance <= customer.MostBalance:
		c.report.LeftCredits += got.balance
	case got.balance < 0 && got.balance >= -customer.MostBalance:
		c.report.LeftDebts -= got.balance
	case got.balance != 0:
		c.report.LeftUnread++
	}
}

// saveChunk looks up the customers of the chunk, adds up the unknown ones, and stores the
// rows that are left out.
func (c *checker) saveChunk(ctx context.Context) error {
	known, err := c.s.known(ctx, c.s.db, c.scope, c.list)
	if err != nil {
		return err
	}
	hidden := int32(0)
	for i, n := range c.list {
		reason := known[i]
		if reason == reasonKnownHidden {
			hidden++
		}
		if reason == "" {
			reason = c.seen.duplicateReason(n)
		}
		if reason != "" {
			c.leaveOut(leftOf(n, reason), c.says[i])
			continue
		}
		c.seen.add(n)
		c.add(n)
	}
	if err := c.s.charge(ctx, c.imp, hidden); err != nil {
		return err
	}
	err = c.s.inTx(ctx, func(tx pgx.Tx) error {
		return c.s.flow.AdvanceCheck(ctx, tx, c.imp, c.rows, c.left.Rows)
	})
	c.left.Rows, c.list, c.says = c.left.Rows[:0], c.list[:0], c.says[:0]
	return err
}

// leftOf returns the row of a customer as one that is left out for a reason.
func leftOf(n *customer.Newcomer, reason string) tableflow.Left {
	value := n.Username
	if reason == reasonTwiceExternalID || reason == reasonKnownExternalID {
		value = n.ExternalID
	}
	if reason != reasonKnownUsername && reason != reasonKnownExternalID { // the person may see these customers; any other value may be a code from a wrongly chosen column
		value = show(value)
	}
	return tableflow.Left{Row: n.Row, Who: truncate(n.Name, 60), Reason: reason, Value: value}
}

func (c *checker) add(n *customer.Newcomer) {
	sum := c.sums[n.PartnerID]
	if sum == nil {
		sum = &PartnerSum{ID: n.PartnerID, Name: c.partners.names[n.PartnerID]}
		c.sums[n.PartnerID] = sum
	}
	c.report.Good++
	sum.Customers++
	if n.Disabled {
		sum.Disabled++
	}
	switch {
	case n.Balance > 0:
		sum.Balances, sum.Credits = sum.Balances+1, sum.Credits+n.Balance
	case n.Balance < 0:
		sum.Balances, sum.Debts = sum.Balances+1, sum.Debts-n.Balance
	}
}

// finish stores the report of the dry run.
func (c *checker) finish(ctx context.Context, complete jobqueue.Completer) error {
	c.report.Partners = []PartnerSum{}
	for _, sum := range c.sums {
		c.report.Partners = append(c.report.Partners, *sum)
	}
	slices.SortFunc(c.report.Partners, func(a, b PartnerSum) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	c.report.Rows = int64(c.report.Good) + c.left.Total()
	return c.s.inTx(ctx, func(tx pgx.Tx) error {
		return c.s.flow.FinishCheck(ctx, tx, c.imp, c.rows, c.report, c.left, tableflow.Checked{Import: c.s.flow.About(c.imp.ID), Customers: new(int64(c.report.Good))}, complete)
	})
}

// charge adds the customers of other partners that a dry run names to the count of the
// person who started it, even if the run fails. Above mostHidden it raises an alarm and
// returns ErrHidden.
func (s *Service) charge(ctx context.Context, imp db.CardImport, hits int32) error {
	if hits > 0 {
		if err := s.q.CustomerImportCharge(ctx, s.db, db.CustomerImportChargeParams{ID: imp.ID, Hits: hits}); err != nil {
			return fmt.Errorf("charge what a file names: %w", err)
		}
	}
	n, err := s.q.CustomerImportCharged(ctx, s.db, imp.PlannedBy)
	if err != nil {
		return fmt.Errorf("count what files named: %w", err)
	}
	if n <= mostHidden {
		return nil
	}
	actor := audit.ForMaker(imp.PlannedBy, nil, nil).Actor()
	err = s.inTx(ctx, func(tx pgx.Tx) error { return s.flow.Alarm(ctx, tx, actor, imp) })
	return errors.Join(ErrHidden, err)
}
