package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// showSeries adds the series that an import has made, and the dialog that voids all of
// them.
func (s *Server) showSeries(ctx context.Context, p *importShowPage, i db.CardImport) error {
	series, err := db.New().ImportListSeries(ctx, s.Pool, &i.ID)
	if err != nil {
		return err
	}
	for _, one := range series {
		p.Series = append(p.Series, importSeries{one.Number, SeriesURL(one.Number), money.Amount{Minor: one.Price, Currency: one.Currency}.String(), seriesBadge(card.SeriesStatus(one.State, false)), int64(one.Made)})
	}
	p.Begun = len(series) > 0
	stopped := i.State == db.ImportStateFailed
	if !p.Begun || i.VoidedAt != nil || i.State != db.ImportStateDone && !stopped || !p.Person.Can(staff.SeriesVoid) {
		return nil
	}
	worth, err := s.Imports.Worth(ctx, i.ID)
	if err != nil {
		return err
	}
	value := money.Amount{Minor: worth.Value, Currency: series[0].Currency}.String()
	cards := kit.Count(worth.Cards, lang.M("unused card"), lang.M("unused cards"))
	text := fmt.Sprintf(lang.M("Void %s worth %s, in %s. %s used already and %s so. The codes of this file can never be imported again. This can’t be undone."),
		cards, value, kit.Count(int64(len(series)), "series", "series"), kit.Count(worth.Used, lang.M("card is"), lang.M("cards are")), kit.Word(worth.Used, "stays", "stay"))
	if worth.Used == 0 {
		text = fmt.Sprintf(lang.M("Void %s worth %s, in %s. None is used. The codes of this file can never be imported again. This can’t be undone."), cards, value, kit.Count(int64(len(series)), "series", "series"))
	}
	p.Void = &kit.Confirmation{
		ID: "void", Opener: lang.M("Void this import"), Title: lang.M("Void everything that this import made?"), Text: text,
		Button: "Void " + cards, Keep: lang.M("Keep them"), Action: p.URL + "/void", Danger: true,
		Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Hint: lang.M("Kept in the audit trail."), MaxLength: 300, Autocomplete: "off"},
	}
	return nil
}

// ImportVoid handles POST …/import/:id/void.
func (s *Server) ImportVoid(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Imports.Void(c.Request.Context(), s.Actor(c), row.CardImport.ID, form.Get("reason"))
	if err == nil {
		return s.Redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid && !errors.Is(err, card.ErrVoidNeedsSecond) {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Void == nil {
		return err
	}
	p.Void.Reason.Value = kit.Truncate(form.Get("reason"), 300)
	p.Void.Refused = kit.Explain(err, p.Void.Reason)[0].Text
	return s.Render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}

// ImportTick handles POST …/import/:id/outliers: it accepts rows that a person ticked as
// right although they differ from the rest of the file.
func (s *Server) ImportTick(c *gin.Context) error {
	form, err := s.Form(c)
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
	if err := s.Imports.Tick(c.Request.Context(), s.Actor(c), row.CardImport.ID, rows, append(form["shape"], form["kept_shape"]...)); err != nil {
		return err
	}
	return s.Redirect(c, importURL(row.CardImport.ID))
}

// ImportSheet handles POST …/import/:id/sheet: it chooses another sheet of the workbook.
func (s *Server) ImportSheet(c *gin.Context) error {
	s.TakesTime(c)
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Imports.ChooseSheet(c.Request.Context(), s.Actor(c), row.CardImport.ID, form.Get("sheet"), func(i db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := s.Files.Open(c.Request.Context(), i.File)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil
	})
	if err == nil {
		return s.Redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Sheet == nil {
		return err
	}
	p.Sheet.Choose(form.Get("sheet"))
	p.Sheet.Error = fault.All(err)[0].Text()
	return s.Render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}

// showBar shows until when the person who requested the dry run is barred from importing.
// It offers another person with the permission to lift the bar.
func (s *Server) showBar(ctx context.Context, p *importShowPage, i db.CardImport) error {
	till, err := s.Imports.BarredUntil(ctx, i)
	if err != nil || till.IsZero() {
		return err
	}
	p.Notice = fmt.Sprintf(lang.M("The person who asked for this dry run can import again from %s."), s.Clock(till)) //nolint:contextcheck // a page is being rendered
	if !p.Person.Can(staff.GuessClear) || *i.PlannedBy == p.Person.ID {
		return nil
	}
	p.Unbar = &kit.Confirmation{
		ID: "unbar", Opener: lang.M("Lift the bar"), Title: lang.M("Let them import again?"), Text: lang.M("Ask first what the file was for: it held codes of cards that are here already."),
		Button: lang.M("Lift the bar"), Action: p.URL + "/unbar", Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Hint: lang.M("Kept in the audit trail."), MaxLength: 300, Autocomplete: "off"},
	}
	return nil
}

// ImportUnbar handles POST …/import/:id/unbar.
func (s *Server) ImportUnbar(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findImport(c)
	if err != nil {
		return err
	}
	err = s.Imports.ClearBar(c.Request.Context(), s.Actor(c), row.CardImport.ID, form.Get("reason"))
	if err == nil {
		return s.Redirect(c, importURL(row.CardImport.ID))
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	p, pageErr := s.newImportShowPage(c, nil)
	if pageErr != nil || p.Unbar == nil {
		return err
	}
	p.Unbar.Reason.Value = kit.Truncate(form.Get("reason"), 300)
	p.Unbar.Refused = kit.Explain(err, p.Unbar.Reason)[0].Text
	return s.Render(c, http.StatusUnprocessableEntity, "admin/import_show", p)
}
