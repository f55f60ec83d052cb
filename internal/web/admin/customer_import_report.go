package admin

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
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// showCustomerReport adds the result of the dry run and, after it, of the import.
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
	p.Tiles = []kit.Tile{
		{Label: lang.M("Customers to import"), Value: grouped(p.Good)},
		{Label: lang.M("Opening balances"), Value: amount(sum.Credits - sum.Debts), Note: amount(sum.Credits) + " credited, " + amount(sum.Debts) + " owed"},
		{Label: lang.M("Known already"), Value: grouped(known)},
		{Label: lang.M("Other rows left out"), Value: grouped(p.BadTotal - known), Note: leftBalances(report, amount)},
	}
	if i.State == db.ImportStateDone {
		p.Tiles[0].Label, p.Tiles[0].Value = lang.M("Customers imported"), grouped(int64(i.Made))
		if p.Books, err = s.customerBooks(ctx, i, plan, report); err != nil {
			return err
		}
		p.Books.Left = p.Problems
		return nil
	}
	return s.askCustomerConfirm(c, p, i, report, amount)
}

// leftBalances describes the balances in rows that are left out.
func leftBalances(r customerimport.Report, amount func(int64) string) string {
	if r.LeftCredits == 0 && r.LeftDebts == 0 && r.LeftUnread == 0 {
		return ""
	}
	text := lang.M("With balances of ") + amount(r.LeftCredits-r.LeftDebts)
	if r.LeftUnread > 0 {
		text += ", and " + kit.Count(r.LeftUnread, "balance", "balances") + lang.M(" that can’t be read")
	}
	return text
}

// askCustomerConfirm adds the confirmation dialog of the import, and whether the import
// needs a second person.
func (s *Server) askCustomerConfirm(c *gin.Context, p *customerImportPage, i db.CardImport, report customerimport.Report, amount func(int64) string) error {
	sum := report.Sum()
	var err error
	if p.Waits, err = s.approvals(c, db.ApprovalListParams{ImportID: p.ID, Waiting: true}); err != nil {
		return err
	}
	text := fmt.Sprintf(lang.M("Enter %s. %s %s of the file %s left out."), kit.Count(p.Good, "customer", "customers"), grouped(p.BadTotal), kit.Word(p.BadTotal, "row", "rows"), kit.Word(p.BadTotal, "is", "are"))
	if report.Value() > 0 {
		text = fmt.Sprintf(lang.M("Enter %s with opening balances of %s: %s credited, %s owed. %s %s of the file %s left out."), kit.Count(p.Good, "customer", "customers"),
			amount(sum.Credits-sum.Debts), amount(sum.Credits), amount(sum.Debts), grouped(p.BadTotal), kit.Word(p.BadTotal, "row", "rows"), kit.Word(p.BadTotal, "is", "are"))
		o, err := s.Customers.Solo(c.Request.Context(), p.Person.ID, report)
		if err != nil {
			return err
		}
		if o.Over() {
			p.Second = lang.M("Together these balances are more than one person may enter alone within 24 hours. The import waits until another person approves it.")
		}
	}
	button := "Import " + kit.Count(p.Good, "customer", "customers")
	p.Confirm = kit.Confirmation{ID: "confirm", Opener: button, Title: button + "?", Text: text + lang.M(" They get no passwords."), Button: button, Action: p.URL + "/confirm", Main: true, Hidden: shownRun(i)}
	return nil
}

// CustomerImportProblems handles GET …/import/:id/problems: the rows that are left
// out as a CSV.
func (s *Server) CustomerImportProblems(c *gin.Context) error {
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	columns := []render.Column{{Name: "row", Kind: render.ColumnNumber}, {Name: "name"}, {Name: "value"}, {Name: "reason"}}
	return s.SendTable(c, fmt.Sprintf("refill-import-%d-left-out", i.ID), render.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
		return eachProblem(ctx, tx, i.ID, func(row db.ImportProblemListRow) error {
			return add(row.Row, row.Serial, row.Value, customerimport.ReasonWords(row.Reason))
		})
	})
}

// pageOfRows is how many rows of a result are read at once.
const pageOfRows = 5000

// eachProblem calls do for every row that an import left out.
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

// CustomerImportResult handles GET …/import/:id/result.csv: every customer that was
// entered, then the stored rows that were left out.
func (s *Server) CustomerImportResult(c *gin.Context) error {
	i, err := s.findCustomerImport(c)
	if err != nil {
		return err
	}
	_, plan, _, err := customerimport.Read(i)
	if err != nil {
		return err
	}
	scope := s.Person(c).Scope
	columns := []render.Column{
		{Name: "row", Kind: render.ColumnNumber},
		{Name: "result"},
		{Name: "id", Kind: render.ColumnNumber},
		{Name: "username"},
		{Name: "name"},
		{Name: lang.M("external id")},
		{Name: "partner"},
		{Name: lang.M("opening balance"), Kind: render.ColumnMoney},
		{Name: "currency"},
		{Name: "reason"},
	}
	return s.SendTable(c, fmt.Sprintf("refill-import-%d-result", i.ID), render.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
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
			return add(row.Row, lang.M("left out"), nil, "", row.Serial, "", "", nil, "", customerimport.ReasonWords(row.Reason))
		})
	})
}
