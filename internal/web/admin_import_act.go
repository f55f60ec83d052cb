package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// showSeries shows what an import made so far, and how all of it can be voided.
func (s *Server) showSeries(ctx context.Context, p *importShowPage, i db.CardImport) error {
	series, err := db.New().ImportListSeries(ctx, s.Pool, &i.ID)
	if err != nil {
		return err
	}
	for _, one := range series {
		p.Series = append(p.Series, importSeries{one.Number, seriesURL(one.Number), money.Amount{Minor: one.Price, Currency: one.Currency}.String(), seriesBadge(card.SeriesStatus(one.State, false)), int64(one.Made)})
	}
	p.Begun = len(series) > 0
	stopped := i.State == db.ImportStateFailed
	if !p.Begun || i.VoidedAt != nil || i.State != db.ImportStateDone && !stopped || !p.Person.Can(staff.SeriesVoid) {
		return nil
	}
	worth, err := s.Cards.ImportWorth(ctx, i.ID)
	if err != nil {
		return err
	}
	value := money.Amount{Minor: worth.Value, Currency: series[0].Currency}.String()
	cards := count(worth.Cards, "unused card", "unused cards")
	text := fmt.Sprintf("Void %s worth %s, in %s. %s used already and %s so. The codes of this file can never be imported again. This can’t be undone.",
		cards, value, count(int64(len(series)), "series", "series"), count(worth.Used, "card is", "cards are"), wordFor(worth.Used, "stays", "stay"))
	if worth.Used == 0 {
		text = fmt.Sprintf("Void %s worth %s, in %s. None is used. The codes of this file can never be imported again. This can’t be undone.", cards, value, count(int64(len(series)), "series", "series"))
	}
	p.Void = &confirmation{
		ID: "void", Opener: "Void this import", Title: "Void everything that this import made?", Text: text,
		Button: "Void " + cards, Keep: "Keep them", Action: p.URL + "/void", Danger: true,
		Reason: &field{Name: "reason", Label: "Reason", Hint: "Kept in the audit trail.", MaxLength: 300, Autocomplete: "off"},
	}
	return nil
}

// adminImportVoid handles POST …/import/:id/void.
func (s *Server) adminImportVoid(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Cards.VoidImport(c.Request.Context(), s.actor(c), row.CardImport.ID, form.Get("reason"))
	if err == nil {
		return s.redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Void == nil {
		return err
	}
	p.Void.Reason.Value = cut(form.Get("reason"), 300)
	p.Void.Refused = explain(err, p.Void.Reason)[0].Text
	return s.render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}

// adminImportTick handles POST …/import/:id/outliers: rows that a person holds right
// although they differ from the rest of the file.
func (s *Server) adminImportTick(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	rows := []int32{}
	for _, text := range append(form["row"], form["kept_row"]...) {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
			rows = append(rows, int32(n))
		}
	}
	if err := s.Cards.TickImport(c.Request.Context(), s.actor(c), row.CardImport.ID, rows, append(form["shape"], form["kept_shape"]...)); err != nil {
		return err
	}
	return s.redirect(c, importURL(row.CardImport.ID))
}

// adminImportSheet handles POST …/import/:id/sheet: another sheet of the workbook.
func (s *Server) adminImportSheet(c *gin.Context) error {
	s.takesTime(c)
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Cards.ChooseSheet(c.Request.Context(), s.actor(c), row.CardImport.ID, form.Get("sheet"), func(i db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := s.Files.Open(c.Request.Context(), i.File)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil
	})
	if err == nil {
		return s.redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Sheet == nil {
		return err
	}
	p.Sheet.choose(form.Get("sheet"))
	p.Sheet.Error = fault.All(err)[0].Message
	return s.render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}

// showBar offers to lift the bar of whoever asked for the dry run, to somebody else who
// may.
func (s *Server) showBar(ctx context.Context, p *importShowPage, i db.CardImport) error {
	till, err := s.Cards.ImportBarredUntil(ctx, i)
	if err != nil || till.IsZero() {
		return err
	}
	p.Notice = "Whoever asked for this dry run can import again from " + s.local(till).Format("15:04 MST on 2 January 2006") + "." //nolint:contextcheck // a page is being rendered
	if !p.Person.Can(staff.GuessClear) || *i.PlannedBy == p.Person.ID {
		return nil
	}
	p.Unbar = &confirmation{
		ID: "unbar", Opener: "Lift the bar", Title: "Let them import again?", Text: "Ask first what the file was for: it held codes of cards that are here already.",
		Button: "Lift the bar", Action: p.URL + "/unbar", Reason: &field{Name: "reason", Label: "Reason", Hint: "Kept in the audit trail.", MaxLength: 300, Autocomplete: "off"},
	}
	return nil
}

// adminImportUnbar handles POST …/import/:id/unbar.
func (s *Server) adminImportUnbar(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Cards.ClearImportBar(c.Request.Context(), s.actor(c), row.CardImport.ID, form.Get("reason"))
	if err == nil {
		return s.redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Unbar == nil {
		return err
	}
	p.Unbar.Reason.Value = cut(form.Get("reason"), 300)
	p.Unbar.Refused = explain(err, p.Unbar.Reason)[0].Text
	return s.render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}
