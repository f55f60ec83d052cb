package admin

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/cardimport"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// reconciliation compares a file with what its import entered in the books.
type reconciliation struct {
	What     string // "Cards"
	Sum      string // "Worth"
	Currency string
	Rows     []reconciled
	Differs  bool
	Left     []importProblem
	CSV      string
	Note     string
}

// reconciled is one line of a reconciliation. A count or a sum that does not apply is nil.
type reconciled struct {
	What             string
	File, Here       *int64 // number of cards or customers
	FileSum, HereSum *int64 // minor units
}

// Differs reports whether file and books differ.
func (r reconciled) Differs() bool { return !same(r.File, r.Here) || !same(r.FileSum, r.HereSum) }

// FileCount formats the count in the file. It is empty if the line has none.
func (r reconciled) FileCount() string { return countText(r.File) }

// HereCount is FileCount for the books.
func (r reconciled) HereCount() string { return countText(r.Here) }

func countText(n *int64) string {
	if n == nil {
		return ""
	}
	return grouped(*n)
}

func same(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Good returns the badge of a line without a difference.
func (reconciliation) Good() kit.Badge { return kit.Badge{Word: lang.M("Equal"), Tone: kit.ToneGood} }

// Bad returns the badge of a line with a difference.
func (reconciliation) Bad() kit.Badge { return kit.Badge{Word: lang.M("Different"), Tone: kit.ToneBad} }

// add adds a line.
func (r *reconciliation) add(row reconciled) {
	r.Rows = append(r.Rows, row)
	r.Differs = r.Differs || row.Differs()
}

// cardKey identifies the cards of one price and status.
type cardKey struct {
	price  int64
	status string
}

// cardStatuses returns the statuses in the order of the lines of one price.
func cardStatuses() []string {
	return []string{"active", "inactive", "disabled", lang.M("used or void")}
}

// cardBooks reconciles an import of cards by price and status. Cards that were redeemed
// since the import count with the status that they were imported with.
func (s *Server) cardBooks(ctx context.Context, i db.CardImport, plan cardimport.Plan, report cardimport.Report) (*reconciliation, error) {
	rows, err := db.New().CardImportMade(ctx, s.Pool, &i.ID)
	if err != nil {
		return nil, err
	}
	file, here := map[cardKey]int64{}, map[cardKey]int64{}
	prices, seen := []int64{}, map[int64]bool{}
	take := func(of map[cardKey]int64, price int64, status string, n int64) {
		if !seen[price] {
			seen[price], prices = true, append(prices, price)
		}
		of[cardKey{price, status}] += n
	}
	status := func(inactive bool) string {
		if inactive {
			return "inactive"
		}
		return "active"
	}
	for _, g := range report.Groups {
		take(file, g.Price, status(g.Inactive), int64(g.Cards-g.Disabled-g.Void))
		take(file, g.Price, "disabled", int64(g.Disabled))
		take(file, g.Price, lang.M("used or void"), int64(g.Void))
	}
	var redeemed int64
	for _, row := range rows {
		switch row.State {
		case db.CardStateActive:
			take(here, row.Price, status(row.ImportInactive), row.Cards)
		case db.CardStateUsed:
			redeemed += row.Cards
			take(here, row.Price, status(row.ImportInactive), row.Cards)
		case db.CardStateDisabled:
			take(here, row.Price, "disabled", row.Cards)
		case db.CardStateVoid:
			take(here, row.Price, lang.M("used or void"), row.Cards)
		}
	}
	r := &reconciliation{What: lang.M("Cards"), Sum: lang.M("Worth"), Currency: plan.Currency, CSV: importURL(i.ID) + "/reconciliation.csv"}
	if redeemed > 0 {
		r.Note = kit.Count(redeemed, lang.M("card was"), lang.M("cards were")) + lang.M(" redeemed since and counted as active.")
	}
	var total [4]int64
	for _, price := range prices {
		for _, status := range cardStatuses() {
			inFile, inBooks := file[cardKey{price, status}], here[cardKey{price, status}]
			if inFile == 0 && inBooks == 0 {
				continue
			}
			fileSum, hereSum := inFile*price, inBooks*price
			if status == "used or void" {
				fileSum, hereSum = 0, 0
			}
			what := fmt.Sprintf("%s, %s", money.Amount{Minor: price, Currency: plan.Currency}, status)
			r.add(reconciled{what, &inFile, &inBooks, &fileSum, &hereSum})
			total = [4]int64{total[0] + inFile, total[1] + inBooks, total[2] + fileSum, total[3] + hereSum}
		}
	}
	r.add(reconciled{lang.M("All cards"), &total[0], &total[1], &total[2], &total[3]})
	return r, nil
}

// customerBooks reconciles an import of customers by partner.
func (s *Server) customerBooks(ctx context.Context, i db.CardImport, plan customerimport.Plan, report customerimport.Report) (*reconciliation, error) {
	rows, err := db.New().CustomerImportMade(ctx, s.Pool, &i.ID)
	if err != nil {
		return nil, err
	}
	r := &reconciliation{What: lang.M("Customers"), Sum: lang.M("Opening balances"), Currency: plan.Currency, CSV: customerImportURL(i.ID) + "/reconciliation.csv"}
	here := map[int64]customerimport.PartnerSum{}
	made := customerimport.Report{}
	for _, row := range rows {
		sum := customerimport.PartnerSum{ID: row.PartnerID, Name: row.Name, Customers: row.Customers, Disabled: row.Disabled, Credits: row.Credits, Debts: row.Debts}
		here[row.PartnerID] = sum
		made.Partners = append(made.Partners, sum)
	}
	line := func(name string, file, books customerimport.PartnerSum) {
		r.add(reconciled{name, &file.Customers, &books.Customers, netOf(file), netOf(books)})
		if file.Disabled+books.Disabled > 0 {
			r.add(reconciled{name + ", disabled", &file.Disabled, &books.Disabled, nil, nil})
		}
		if file.Debts+books.Debts > 0 {
			debts, owed := -file.Debts, -books.Debts
			r.add(reconciled{name + lang.M(", in credit"), nil, nil, &file.Credits, &books.Credits})
			r.add(reconciled{name + lang.M(", in debt"), nil, nil, &debts, &owed})
		}
	}
	for _, p := range report.Partners {
		line(p.Name, p, here[p.ID])
		delete(here, p.ID)
	}
	for _, p := range made.Partners { // customers moved since to a partner that the file does not name
		if books, ok := here[p.ID]; ok {
			line(p.Name, customerimport.PartnerSum{}, books)
		}
	}
	line(lang.M("All customers"), report.Sum(), made.Sum())
	return r, nil
}

// netOf returns credits minus debts.
func netOf(p customerimport.PartnerSum) *int64 { n := p.Credits - p.Debts; return &n }

// sendBooks responds with a reconciliation as a table, with the rows that were left out.
func (s *Server) sendBooks(c *gin.Context, name string, r *reconciliation) error {
	columns := []render.Column{
		{Name: "what"},
		{Name: lang.M("in the file"), Kind: render.ColumnNumber},
		{Name: "here", Kind: render.ColumnNumber},
		{Name: lang.M("sum in the file"), Kind: render.ColumnMoney},
		{Name: lang.M("sum here"), Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "result"},
	}
	number := func(n *int64) any {
		if n == nil {
			return nil
		}
		return *n
	}
	amount := func(n *int64) any {
		if n == nil {
			return nil
		}
		return money.Amount{Minor: *n, Currency: r.Currency}
	}
	return s.SendTable(c, name, render.TableCSV, columns, func(_ context.Context, _ pgx.Tx, add func(cells ...any) error) error {
		for _, row := range r.Rows {
			result := "equal"
			if row.Differs() {
				result = "different"
			}
			if err := add(row.What, number(row.File), number(row.Here), amount(row.FileSum), amount(row.HereSum), r.Currency, result); err != nil {
				return err
			}
		}
		for _, left := range r.Left {
			if err := add(lang.M("left out: ")+left.Reason, left.Count, int64(0), nil, nil, "", lang.M("left out")); err != nil {
				return err
			}
		}
		return nil
	})
}

// ImportBooks handles GET …/import/:id/reconciliation.csv of cards.
func (s *Server) ImportBooks(c *gin.Context) error {
	p, err := s.newImportShowPage(c, nil)
	if err != nil {
		return err
	}
	if p.Books == nil {
		return cardimport.ErrState
	}
	return s.sendBooks(c, fmt.Sprintf("refill-import-%d-reconciliation", p.ID), p.Books)
}

// CustomerImportBooks handles GET …/import/:id/reconciliation.csv of customers.
func (s *Server) CustomerImportBooks(c *gin.Context) error {
	p, err := s.newCustomerImportPage(c, nil)
	if err != nil {
		return err
	}
	if p.Books == nil {
		return customerimport.ErrState
	}
	return s.sendBooks(c, fmt.Sprintf("refill-import-%d-reconciliation", p.ID), p.Books)
}
