package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/money"
)

// showCustomerReport shows what a dry run found, and what became of it.
func (s *Server) showCustomerReport(c *gin.Context, p *customerImportPage, i db.CardImport, plan customerimport.Plan, report customerimport.Report) error {
	ctx, q := c.Request.Context(), db.New()
	byReason := map[string]int64{}
	if err := json.Unmarshal(i.LeftOut, &byReason); err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		p.Problems = append(p.Problems, importProblem{customerimport.ReasonWords(reason), byReason[reason]})
		p.BadTotal += byReason[reason]
	}
	var err error
	if p.Kept, err = q.ImportProblemCount(ctx, s.Pool, i.ID); err != nil {
		return err
	}
	first, err := q.ImportProblemList(ctx, s.Pool, db.ImportProblemListParams{ImportID: i.ID, Size: 10})
	if err != nil {
		return err
	}
	for _, row := range first {
		p.Bad = append(p.Bad, importRow{int64(row.Row), row.Serial, customerimport.ReasonWords(row.Reason), row.Value})
	}
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: plan.Currency}.String() }
	sum := report.Sum()
	p.Good, p.Balances = int64(report.Good), plan.Balances()
	for _, g := range report.Partners {
		p.Groups = append(p.Groups, customerImportGroup{g.Name, g.Customers, g.Disabled, amount(g.Credits), amount(g.Debts)})
	}
	known := byReason["known_username"] + byReason["known_external_id"] + byReason["known_hidden"]
	p.Tiles = []tile{
		{Label: "Customers to import", Value: grouped(p.Good)},
		{Label: "Opening balances", Value: amount(sum.Credits - sum.Debts), Note: amount(sum.Credits) + " credited, " + amount(sum.Debts) + " owed"},
		{Label: "Known already", Value: grouped(known)},
		{Label: "Other rows left out", Value: grouped(p.BadTotal - known), Note: leftBalances(report, amount)},
	}
	if i.State == db.ImportStateDone {
		p.Tiles[0].Label, p.Tiles[0].Value = "Customers imported", grouped(int64(i.Made))
		if p.Books, err = s.customerBooks(ctx, i, plan, report); err != nil {
			return err
		}
		p.Books.Left = p.Problems
		return nil
	}
	return s.askCustomerConfirm(c, p, i, report, amount)
}

// leftBalances says what rows that are left out say of balances.
func leftBalances(r customerimport.Report, amount func(int64) string) string {
	if r.LeftCredits == 0 && r.LeftDebts == 0 && r.LeftUnread == 0 {
		return ""
	}
	text := "With balances of " + amount(r.LeftCredits-r.LeftDebts)
	if r.LeftUnread > 0 {
		text += ", and " + count(r.LeftUnread, "balance", "balances") + " that can’t be read"
	}
	return text
}

// askCustomerConfirm says what confirming will do, and whether it takes a second person.
func (s *Server) askCustomerConfirm(c *gin.Context, p *customerImportPage, i db.CardImport, report customerimport.Report, amount func(int64) string) error {
	sum := report.Sum()
	var err error
	if p.Waits, err = s.approvals(c, db.ApprovalListParams{ImportID: p.ID, Waiting: true}); err != nil {
		return err
	}
	text := fmt.Sprintf("Enter %s. %s %s of the file %s left out.", count(p.Good, "customer", "customers"), grouped(p.BadTotal), wordFor(p.BadTotal, "row", "rows"), wordFor(p.BadTotal, "is", "are"))
	if report.Value() > 0 {
		text = fmt.Sprintf("Enter %s with opening balances of %s: %s credited, %s owed. %s %s of the file %s left out.", count(p.Good, "customer", "customers"),
			amount(sum.Credits-sum.Debts), amount(sum.Credits), amount(sum.Debts), grouped(p.BadTotal), wordFor(p.BadTotal, "row", "rows"), wordFor(p.BadTotal, "is", "are"))
		o, err := s.Customers.Solo(c.Request.Context(), p.Person.ID, report)
		if err != nil {
			return err
		}
		if o.Over() {
			p.Second = "Together these balances are more than one person may enter alone within 24 hours. The import waits until another person approves it."
		}
	}
	button := "Import " + count(p.Good, "customer", "customers")
	p.Confirm = confirmation{ID: "confirm", Opener: button, Title: button + "?", Text: text + " They get no passwords.", Button: button, Action: p.URL + "/confirm", Main: true, Hidden: shownRun(i)}
	return nil
}

// adminCustomerImportProblems handles GET …/import/:id/problems: the rows that are left
// out as a CSV.
func (s *Server) adminCustomerImportProblems(c *gin.Context) error {
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	columns := []export.Column{{Name: "row", Kind: export.ColumnNumber}, {Name: "name"}, {Name: "value"}, {Name: "reason"}}
	return s.sendTable(c, fmt.Sprintf("refill-import-%d-left-out", i.ID), export.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
		return eachProblem(ctx, tx, i.ID, func(row db.ImportProblemListRow) error {
			return add(row.Row, row.Serial, row.Value, customerimport.ReasonWords(row.Reason))
		})
	})
}

// pageOfRows is how many rows of a result are read at once.
const pageOfRows = 5000

// eachProblem goes through the rows that an import left out.
func eachProblem(ctx context.Context, tx pgx.Tx, id int64, do func(db.ImportProblemListRow) error) error {
	for after := int32(0); ; {
		rows, err := db.New().ImportProblemList(ctx, tx, db.ImportProblemListParams{ImportID: id, AfterRow: after, Size: pageOfRows})
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.Row
			if err := do(row); err != nil {
				return err
			}
		}
		if len(rows) < pageOfRows {
			return nil
		}
	}
}

// adminCustomerImportResult handles GET …/import/:id/result.csv: every customer that was
// entered, and then the rows that were left out as far as they are kept.
func (s *Server) adminCustomerImportResult(c *gin.Context) error {
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	_, plan, _, err := customerimport.Read(i)
	if err != nil {
		return err
	}
	scope := s.person(c).Scope
	columns := []export.Column{
		{Name: "row", Kind: export.ColumnNumber},
		{Name: "result"},
		{Name: "id", Kind: export.ColumnNumber},
		{Name: "username"},
		{Name: "name"},
		{Name: "external id"},
		{Name: "partner"},
		{Name: "opening balance", Kind: export.ColumnMoney},
		{Name: "currency"},
		{Name: "reason"},
	}
	return s.sendTable(c, fmt.Sprintf("refill-import-%d-result", i.ID), export.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
		for after := int32(0); ; {
			rows, err := db.New().CustomerImportList(ctx, tx, db.CustomerImportListParams{
				ImportID: &i.ID, AfterRow: &after, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: pageOfRows,
			})
			if err != nil {
				return err
			}
			for _, row := range rows {
				after = row.ImportRow
				balance := money.Amount{Minor: row.Balance, Currency: plan.Currency}
				if err := add(row.ImportRow, "entered", row.ID, row.Username, row.Name, row.ExternalID, row.PartnerName, balance, plan.Currency, ""); err != nil {
					return err
				}
			}
			if len(rows) < pageOfRows {
				break
			}
		}
		return eachProblem(ctx, tx, i.ID, func(row db.ImportProblemListRow) error {
			return add(row.Row, "left out", nil, "", row.Serial, "", "", nil, "", customerimport.ReasonWords(row.Reason))
		})
	})
}
