package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/fault"
	"refill/internal/money"
)

// importShowPage is one import, wherever it stands.
type importShowPage struct {
	page
	ID       int64
	URL      string
	State    badge
	FileName string
	SHA256   string
	Size     int64
	Failure  string

	Planning bool // the form is open
	Preview  [][]string
	Headings []string // above the preview: which column it is
	Columns  []field
	Form     []field
	Partners []partnerChoice
	Activate choice
	Heading  choice
	Mistakes []mistake

	Working  bool
	Progress progress

	Checked  bool
	Tiles    []tile
	Groups   []importGroup
	Problems []importProblem // how many, by reason
	Bad      []importRow     // the first of them
	BadTotal int64
	Odds     string
	Throttle string
	Second   string // what of it takes a second person
	Confirm  confirmation
	Cancel   confirmation
	Begun    bool // some of its cards exist
	Series   []importSeries
}

type importGroup struct {
	Price, Worth          string
	Cards, Disabled, Void int64
	ValidTill             string
}

type importProblem struct {
	Reason string
	Count  int64
}

type importRow struct {
	Row            int64
	Serial, Reason string
}

type importSeries struct {
	Number, URL, Price string
	Cards              int64
}

// findImport reads the import of the address.
func (s *Server) findImport(c *gin.Context) (db.ImportGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.ImportGetRow{}, card.ErrNoImport
	}
	return s.Cards.Import(c.Request.Context(), s.actor(c), id)
}

// adminImportShow handles GET /admin/finance/refill-cards/import/:id.
func (s *Server) adminImportShow(c *gin.Context) error {
	p, err := s.newImportShowPage(c, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/import_show", p)
}

// adminImportLive handles GET …/import/:id/live: the page while something is under
// way, which turns into what came of it.
func (s *Server) adminImportLive(c *gin.Context) error {
	p, err := s.newImportShowPage(c, nil)
	if err != nil {
		return err
	}
	return s.fragment(c, http.StatusOK, "admin/import_show", "import-live", p)
}

// newImportShowPage shows an import; form is the plan as it was typed, nil where it
// was not.
func (s *Server) newImportShowPage(c *gin.Context, form url.Values) (*importShowPage, error) {
	row, err := s.findImport(c)
	if err != nil {
		return nil, err
	}
	i := row.CardImport
	p := &importShowPage{
		page: s.page(c, "Import "+i.FileName, sectionImport), ID: i.ID, URL: importURL(i.ID), State: importBadge(i.State),
		FileName: i.FileName, SHA256: fmt.Sprintf("%x", i.SHA256), Size: i.Size, Failure: i.Failure,
	}
	series, err := db.New().ImportListSeries(c.Request.Context(), s.Pool, &i.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range series {
		p.Series = append(p.Series, importSeries{one.Number, seriesURL(one.Number), money.Amount{Minor: one.Price, Currency: one.Currency}.String(), int64(one.Made)})
	}
	p.Begun = len(series) > 0
	var look card.ImportPreview
	var plan card.ImportPlan
	var report card.ImportReport
	if err := errors.Join(json.Unmarshal(i.Preview, &look), json.Unmarshal(i.Plan, &plan), json.Unmarshal(i.Report, &report)); err != nil {
		return nil, err
	}
	p.Cancel = confirmation{
		ID: "cancel", Opener: "Cancel import", Title: "Cancel the import of " + i.FileName + "?", Text: "The file is deleted. No card has been imported.",
		Button: "Cancel import", Keep: "Go on with it", Action: p.URL + "/cancel", Danger: true,
	}
	switch i.State {
	case db.ImportStateChecking:
		p.Working = true
		p.Progress = progress{Label: "Checking the file", Done: int64(i.RowsDone), Total: max(look.Lines, int64(i.RowsDone)), Note: "Nothing is imported yet."}
	case db.ImportStateRunning:
		p.Working = true
		p.Progress = progress{Label: "Importing", Done: int64(i.RowsDone), Total: int64(i.RowsTotal)}
		p.Cancel.Opener, p.Cancel.Title, p.Cancel.Button, p.Cancel.Keep = "Stop import", "Stop the import of "+i.FileName+"?", "Stop import", "Let it run"
		p.Cancel.Text = "Cards imported so far stay, and are worth nothing until the import has gone on to its end. You can let it go on here at any time."
	case db.ImportStateChecked, db.ImportStateDone:
		p.Checked = true
		if err := s.showReport(c.Request.Context(), p, i, plan, report); err != nil {
			return nil, err
		}
	default:
	}
	if i.State == db.ImportStateUploaded || i.State == db.ImportStateFailed && !p.Begun || form != nil {
		return p, s.showPlan(c, p, look, form)
	}
	return p, nil
}

// showReport shows what a dry run found.
func (s *Server) showReport(ctx context.Context, p *importShowPage, i db.CardImport, plan card.ImportPlan, report card.ImportReport) error {
	q := db.New()
	counts, err := q.ImportProblemCount(ctx, s.Pool, i.ID)
	if err != nil {
		return err
	}
	byReason := map[string]int64{}
	for _, n := range counts {
		p.Problems = append(p.Problems, importProblem{card.ReasonWords(n.Reason), n.N})
		p.BadTotal += n.N
		byReason[n.Reason] = n.N
	}
	first, err := q.ImportProblemList(ctx, s.Pool, db.ImportProblemListParams{ImportID: i.ID, Size: 10})
	if err != nil {
		return err
	}
	for _, row := range first {
		p.Bad = append(p.Bad, importRow{int64(row.Row), row.Serial, card.ReasonWords(row.Reason)})
	}
	var worth int64
	for _, g := range report.Groups {
		worth += g.Worth()
		p.Groups = append(p.Groups, importGroup{
			Price: money.Amount{Minor: g.Price, Currency: plan.Currency}.String(), Worth: money.Amount{Minor: g.Worth(), Currency: plan.Currency}.String(),
			Cards: int64(g.Cards), Disabled: int64(g.Disabled), Void: int64(g.Void), ValidTill: g.ValidTill,
		})
	}
	grouped := func(n int64) string { return money.Group(strconv.FormatInt(n, 10)) }
	total := money.Amount{Minor: worth, Currency: plan.Currency}.String()
	p.Tiles = []tile{
		{Label: "Cards to import", Value: grouped(int64(report.Good)), Note: total},
		{Label: "Twice in the file", Value: grouped(byReason["duplicate"])},
		{Label: "Known already", Value: grouped(byReason["known"])},
		{Label: "Other bad rows", Value: grouped(p.BadTotal - byReason["duplicate"] - byReason["known"])},
	}
	if i.State == db.ImportStateDone {
		p.Tiles[0].Label = "Cards imported"
	}
	coming := report
	if i.State == db.ImportStateDone {
		coming = card.ImportReport{} // its cards count among those that are here
	}
	odds, err := s.Cards.ImportOdds(ctx, coming)
	if err != nil {
		return err
	}
	if report.Longest > 0 {
		p.Odds = "One wrong code hits a card " + oddsOf(odds.Chance) + ". A person who never stops trying within the limits hits one " + oddsOf(odds.Person) +
			" in a year, an address with many people behind it " + oddsOf(odds.Address) + "."
		p.Throttle = "These codes are found in any case and have no check symbol, so attempts at them are counted apart and throttled harder: " + odds.Limits.LiveNote() + ". A right code takes back its own attempt and no other."
	}
	cards := grouped(int64(report.Good)) + " cards"
	if report.Good == 1 {
		cards = "1 card"
	}
	when := "They can be redeemed as soon as the import is done."
	if !plan.Activate {
		when = "They are worth nothing until their series is activated."
	}
	if plan.Activate && i.State == db.ImportStateChecked {
		if p.Second, err = s.importTakesTwo(ctx, p.Person, plan.Currency, report.Groups); err != nil {
			return err
		}
		if p.Second != "" {
			when = p.Second
		}
	}
	p.Confirm = confirmation{
		ID: "confirm", Opener: "Import " + cards, Title: "Import " + cards + "?",
		Text:   fmt.Sprintf("Import %s worth %s. %s %s rows of the file are left out.", cards, total, when, grouped(p.BadTotal)),
		Button: "Import " + cards, Action: p.URL + "/confirm", Main: true,
	}
	return nil
}

// oddsOf says a chance as people do.
func oddsOf(chance float64) string {
	if chance <= 0 {
		return "never"
	}
	return "once in " + money.Group(strconv.FormatFloat(max(1, 1/chance), 'f', 0, 64)) + " times"
}

// adminImportChange confirms, cancels or resumes an import.
func (s *Server) adminImportChange(change func(context.Context, audit.Actor, int64) error) handler {
	return func(c *gin.Context) error {
		row, err := s.findImport(c)
		if err != nil {
			return err
		}
		if err := change(c.Request.Context(), s.actor(c), row.CardImport.ID); err != nil {
			return err
		}
		return s.redirect(c, importURL(row.CardImport.ID))
	}
}

// adminImportPlan handles POST …/import/:id/plan: the dry run begins.
func (s *Server) adminImportPlan(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Cards.PlanImport(c.Request.Context(), s.actor(c), row.CardImport.ID, planForm(form))
	if fault.IsInternal(err) || fault.KindOf(err) == fault.Conflict {
		return err
	}
	if err != nil {
		p, pageErr := s.newImportShowPage(c, form)
		if pageErr != nil {
			return pageErr
		}
		p.Mistakes = explain(err, p.fields()...)
		return s.part(c, http.StatusUnprocessableEntity, "admin/import_show", "plan-form", p)
	}
	return s.redirect(c, importURL(row.CardImport.ID))
}

// adminImportProblems handles GET …/import/:id/problems: every bad row as a CSV,
// never with a code.
func (s *Server) adminImportProblems(c *gin.Context) error {
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	columns := []export.Column{{Name: "row", Kind: export.ColumnNumber}, {Name: "serial"}, {Name: "reason"}}
	name := fmt.Sprintf("refill-import-%d-left-out", row.CardImport.ID)
	return s.sendTable(c, name, export.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
		const size = 5000
		for after := int32(0); ; {
			page, err := db.New().ImportProblemList(ctx, tx, db.ImportProblemListParams{ImportID: row.CardImport.ID, AfterRow: after, Size: size})
			if err != nil {
				return err
			}
			for _, one := range page {
				after = one.Row
				if err := add(one.Row, one.Serial, card.ReasonWords(one.Reason)); err != nil {
					return err
				}
			}
			if len(page) < size {
				return nil
			}
		}
	})
}

// inAYear is what the form suggests where the file has no date.
func (s *Server) inAYear() string { return s.local(s.Now()).AddDate(1, 0, 0).Format(time.DateOnly) }
