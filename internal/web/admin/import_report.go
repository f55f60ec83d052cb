package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// mostOutliers limits the rows that can be ticked one by one.
const mostOutliers = 100

func grouped(n int64) string { return money.Group(strconv.FormatInt(n, 10)) }

// showReport adds the result of the dry run and, after it, of the import.
func (s *Server) showReport(ctx context.Context, p *importShowPage, i db.CardImport, look cardimport.Look, plan cardimport.Plan, report cardimport.Report) error {
	byReason := map[string]int64{}
	if err := json.Unmarshal(i.LeftOut, &byReason); err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		p.Problems = append(p.Problems, importProblem{cardimport.ReasonWords(reason), byReason[reason]})
		p.BadTotal += byReason[reason]
	}
	if err := s.showProblems(ctx, p, i, look, plan); err != nil {
		return err
	}
	var worth int64
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: plan.Currency}.String() }
	for _, g := range report.Groups {
		worth += g.Worth()
		as := lang.M("Active")
		switch {
		case g.Inactive:
			as, p.Inactive = lang.M("Inactive"), true
		case !plan.Activate:
			as = lang.M("Not activated")
		}
		p.Groups = append(p.Groups, importGroup{
			Price: amount(g.Price), Worth: amount(g.Worth()), As: as,
			Cards: int64(g.Cards), Disabled: int64(g.Disabled), Void: int64(g.Void), Expired: int64(g.Expired), ValidTill: g.ValidTill,
		})
	}
	known := byReason["known"] + byReason["known_hidden"]
	good := int64(report.Good)
	if later := int64(i.RowsKnown) - known - byReason["duplicate"]; i.State == db.ImportStateDone && later > 0 {
		p.Problems = append(p.Problems, importProblem{lang.M("code became known between the dry run and the import"), later})
		p.BadTotal, known, good = p.BadTotal+later, known+later, good-later
		p.Late = true
	}
	p.Tiles = []kit.Tile{
		{Label: lang.M("Cards to import"), Value: grouped(good), Note: amount(worth)},
		{Label: lang.M("Twice in the file"), Value: grouped(byReason["duplicate"])},
		{Label: lang.M("Known already"), Value: grouped(known)},
		{Label: lang.M("Other rows left out"), Value: grouped(p.BadTotal - byReason["duplicate"] - known)},
	}
	if i.State == db.ImportStateDone {
		p.Tiles[0].Label = lang.M("Cards imported")
	}
	if p.Late {
		p.Tiles[0].Note = "of " + grouped(int64(report.Good)) + lang.M(" that the dry run found")
	}
	coming := report
	if i.State == db.ImportStateDone {
		coming = cardimport.Report{} // its cards count as existing ones
	}
	odds, err := s.Imports.Odds(ctx, coming)
	if err != nil {
		return err
	}
	if report.Longest > 0 {
		p.Odds = lang.M("The chance that a wrong code hits a card is ") + oddsOf(odds.Chance) + lang.M(". The chance that a person who keeps trying within the limits hits one within a year is ") +
			oddsOf(odds.Person) + lang.M("; for an address with many people behind it, it is ") + oddsOf(odds.Address) + "."
		p.Guessable = odds.Person >= guessable
		p.Throttle = lang.M("These codes are found in any case and have no check symbol, so attempts at them are counted apart and throttled harder: ") + odds.Limits.LiveNote() + lang.M(". A right code takes back its own attempt and no other.")
	}
	return s.askConfirm(ctx, p, i, plan, report, amount(worth))
}

// askConfirm adds the confirmation dialog of the import.
func (s *Server) askConfirm(ctx context.Context, p *importShowPage, i db.CardImport, plan cardimport.Plan, report cardimport.Report, worth string) error {
	cards := grouped(int64(report.Good)) + " cards"
	if report.Good == 1 {
		cards = "1 card"
	}
	when := lang.M("They can be redeemed as soon as the import is done.")
	if !plan.Activate {
		when = lang.M("They are worth nothing until their series is activated.")
	}
	if i.State == db.ImportStateChecked {
		var err error
		if p.Second, err = s.importTakesTwo(ctx, p.Person, plan.Currency, plan.Activate, report.Groups); err != nil {
			return err
		}
		if p.Second != "" {
			when = p.Second
		}
	}
	if expired, value := report.Expired(); expired > 0 {
		past := fmt.Sprintf(lang.M("%s worth %s %s passed %s last day: nobody can redeem %s."), kit.Count(int64(expired), "card", "cards"), money.Amount{Minor: value, Currency: plan.Currency},
			kit.Word(int64(expired), "has", "have"), kit.Word(int64(expired), "its", "their"), kit.Word(int64(expired), "it", "them"))
		if expired == report.Good {
			when = past
		} else {
			when += " But " + past
		}
	}
	if p.Inactive {
		when += lang.M(" Those that were inactive come into series of their own, which are worth nothing until somebody activates them.")
	}
	p.Confirm = kit.Confirmation{
		ID: "confirm", Opener: "Import " + cards, Title: "Import " + cards + "?",
		Text:   fmt.Sprintf(lang.M("Import %s worth %s. %s %s %s of the file %s left out."), cards, worth, when, grouped(p.BadTotal), kit.Word(p.BadTotal, "row", "rows"), kit.Word(p.BadTotal, "is", "are")),
		Button: "Import " + cards, Action: p.URL + "/confirm", Main: true, Hidden: shownRun(i),
	}
	return nil
}

// showProblems adds the first rows that are left out, and the rows that a person may tick.
func (s *Server) showProblems(ctx context.Context, p *importShowPage, i db.CardImport, look cardimport.Look, plan cardimport.Plan) error {
	q := db.New()
	var err error
	if p.Kept, err = q.ImportProblemCount(ctx, s.Pool, i.ID); err != nil {
		return err
	}
	first, err := q.ImportProblemList(ctx, s.Pool, db.ImportProblemListParams{ImportID: i.ID, Size: 10})
	if err != nil {
		return err
	}
	for _, row := range first {
		p.Bad = append(p.Bad, importRow{int64(row.Row), row.Serial, cardimport.ReasonWords(row.Reason), row.Value})
	}
	p.TickedRows, p.TickedShapes = plan.Form.Rows, plan.Form.Shapes
	p.RowsTicked, p.KindsTicked = int64(len(p.TickedRows)), int64(len(p.TickedShapes))
	if i.State != db.ImportStateChecked {
		return nil
	}
	for _, reason := range cardimport.Outliers() {
		rows, err := q.ImportProblemList(ctx, s.Pool, db.ImportProblemListParams{ImportID: i.ID, Reason: reason, Size: int32(mostOutliers - len(p.Outliers))}) //nolint:gosec // at most mostOutliers
		if err != nil {
			return err
		}
		for _, row := range rows {
			p.Outliers = append(p.Outliers, importRow{int64(row.Row), row.Serial, cardimport.ReasonWords(row.Reason), row.Value})
		}
	}
	for _, shape := range cardimport.OutlierShapes(look, plan) {
		p.Shapes = append(p.Shapes, importShape{shape.Key, shape.Words, shape.Sample, shape.N})
	}
	return nil
}

// oddsOf formats a chance, such as "1 in 5".
func oddsOf(chance float64) string {
	switch {
	case chance <= 0:
		return "none"
	case chance >= 0.5:
		return lang.M("more than 1 in 2")
	}
	return "1 in " + money.Group(strconv.FormatFloat(1/chance, 'f', 0, 64))
}

// guessable is the chance to hit a card within a year at which the page warns.
const guessable = 0.001

// ImportProblems handles GET …/import/:id/problems: every row that is left out as a CSV,
// without codes.
func (s *Server) ImportProblems(c *gin.Context) error {
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	columns := []render.Column{{Name: "row", Kind: render.ColumnNumber}, {Name: "serial"}, {Name: "value"}, {Name: "reason"}}
	name := fmt.Sprintf("refill-import-%d-left-out", row.CardImport.ID)
	return s.SendTable(c, name, render.TableCSV, columns, func(ctx context.Context, tx pgx.Tx, add func(cells ...any) error) error {
		const size = 5000
		for after := int32(0); ; {
			page, err := db.New().ImportProblemList(ctx, tx, db.ImportProblemListParams{ImportID: row.CardImport.ID, AfterRow: after, Size: size})
			if err != nil {
				return err
			}
			for _, one := range page {
				after = one.Row
				if err := add(one.Row, one.Serial, one.Value, cardimport.ReasonWords(one.Reason)); err != nil {
					return err
				}
			}
			if len(page) < size {
				return nil
			}
		}
	})
}
