package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// seriesShowPage is the page of one series: facts, cards, files and history.
type seriesShowPage struct {
	kit.Page
	Series              seriesView
	Tiles               []kit.Tile
	Actions             []kit.Confirmation // what can be done to the series now
	Cards               cardTable
	Exports             exportPanel
	Happened            []happening
	Making              bool // its cards are being generated, or their generation failed
	CanCards, CanExport bool
	CanEdit             bool
	CanRedeem           bool
	SeesUses            bool // the chart of redemptions
	CanChange           bool
	Bulk                bulkForm
	Find                kit.Field // serial or code
	Mistakes            []kit.Mistake
	Asked               askedFor // requests about it that wait for a second person
}

// happening is one line of the history of a series or a card.
type happening struct {
	Text string
	Who  string
	At   time.Time
	URL  string // address of more details; empty: none
}

// SeriesShow handles GET /admin/finance/refill-cards/series/:number: the page or, after a
// choice of columns, a redirect to the page.
func (s *Server) SeriesShow(c *gin.Context) error {
	if c.Query("view") != "" {
		row, err := s.findSeries(c)
		if err != nil {
			return err
		}
		return s.keepCardView(c, row)
	}
	p, err := s.newSeriesShowPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/series_show", p)
}

// SeriesLive handles GET …/:number/live: the fragment that is refreshed while cards are
// generated, and then shows the result.
func (s *Server) SeriesLive(c *gin.Context) error {
	p, err := s.newSeriesShowPage(c)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/series_show", "series-news", p)
}

func (s *Server) newSeriesShowPage(c *gin.Context) (*seriesShowPage, error) {
	row, err := s.findSeries(c)
	if err != nil {
		return nil, err
	}
	v := viewSeries(row)
	p := &seriesShowPage{Page: s.Page(c, "Series "+v.Number, SectionSeries), Series: v}
	p.CanCards, p.CanExport = p.Person.Can(staff.CardsView), p.Person.Can(staff.SeriesExport)
	p.CanRedeem = p.Person.Can(staff.RedeemFor) && row.Series.State == db.SeriesStateActive
	p.SeesUses = p.Person.Can(staff.PaymentsView) && v.Used > 0
	p.Making = v.Working || row.Series.State == db.SeriesStateFailed
	p.Find = kit.Field{Name: "find", Label: lang.M("Serial or code"), Plain: true, Mono: true, Autocomplete: "off", Placeholder: lang.M("Serial or code")}
	p.Tiles = []kit.Tile{
		{Label: lang.M("Quantity"), Value: money.Group(fmt.Sprint(v.Quantity))},
		{Label: lang.M("Face value"), Value: v.FaceValue, Note: v.Price + " each"},
		{Label: lang.M("Outstanding"), Value: v.Outstanding},
		{Label: lang.M("Used"), Value: money.Group(fmt.Sprint(v.Used)), Note: share(v.Used, v.Quantity)},
		{Label: lang.M("Valid till"), Value: kit.Day(v.ValidTill)},
	}
	p.Actions = seriesActions(p.Person, row)
	if err := s.secondPerson(c, p, row); err != nil {
		return nil, err
	}
	p.CanEdit = p.Person.Can(staff.SeriesEdit) && card.CheckEditable(row.Series) == nil
	if p.Happened, err = s.happenings(c, row.Series.ID); err != nil {
		return nil, err
	}
	if !v.Working && p.CanCards {
		if p.Cards, err = s.cardTable(c, row); err != nil {
			return nil, err
		}
		p.CanChange = p.Person.Can(staff.CardsChange) && v.Exportable && len(p.Cards.Rows) > 0
		if p.CanChange {
			if p.Bulk, err = s.bulkForm(c, row, p.Cards); err != nil {
				return nil, err
			}
		}
	}
	if p.CanExport && v.Exportable {
		p.Exports, err = s.exportPanel(c, row)
	}
	return p, err
}

// share formats part as a percentage of whole.
func share(part, whole int64) string {
	if whole == 0 || part == 0 {
		return ""
	}
	percent := float64(part) * 100 / float64(whole)
	if percent < 0.1 {
		return "under 0.1 %"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", percent), ".0") + " %"
}

// seriesActions returns the confirmation dialogs of what a person may do to a series in its
// present state.
func seriesActions(person staff.Person, row db.SeriesShowRow) []kit.Confirmation {
	var may []kit.Confirmation
	for _, action := range everyAction(row) {
		needs := staff.SeriesActivate
		if action.Danger {
			needs = staff.SeriesVoid
		}
		if person.Can(needs) {
			may = append(may, action)
		}
	}
	return may
}

// everyAction returns the dialogs of all that can be done to a series in its present state.
// Actions that cannot be undone have Danger set.
func everyAction(row db.SeriesShowRow) []kit.Confirmation {
	v, series := viewSeries(row), row.Series
	at := func(action string) string { return v.URL + "/" + action }
	cards := cardCount
	left := v.Unused + row.Disabled
	worth := money.Amount{Minor: left * series.Price, Currency: series.Currency}.String()
	activate := kit.Confirmation{
		ID: "activate", Opener: lang.M("Activate"), Title: lang.M("Activate series ") + v.Number + "?", Action: at("activate"), Button: "Activate " + cards(left),
		Text: fmt.Sprintf(lang.M("%s worth %s can be redeemed from then on, by anyone who has the code."), cards(left), worth),
	}
	void := kit.Confirmation{
		ID: "delete", Opener: lang.M("Delete"), Title: lang.M("Delete series ") + v.Number + "?", Action: at("delete"), Button: "Delete " + cards(left), Danger: true,
		Text:   whatDeleteMeans(row, cards(left), worth),
		Typed:  &kit.Field{Name: "number", Label: fmt.Sprintf(lang.M("Type %s to confirm"), v.Number), Mono: true, Short: true, Plain: true, InputMode: "numeric", Autocomplete: "off", MaxLength: 20},
		Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Autocomplete: "off", Hint: lang.M("Why the series is deleted. It stays in the audit trail.")},
	}
	lock := kit.Confirmation{
		ID: "lock", Opener: lang.M("Lock"), Title: lang.M("Lock series ") + v.Number + "?", Action: at("lock"), Button: "Lock " + cards(left),
		Text: fmt.Sprintf(lang.M("%s worth %s can’t be redeemed until the series is activated again. No money moves."), cards(left), worth),
	}
	cancel := kit.Confirmation{
		ID: "cancel", Opener: lang.M("Cancel"), Title: lang.M("Cancel series ") + v.Number + "?", Action: at("cancel"), Button: lang.M("Cancel the series"), Keep: "Don’t cancel", Danger: true,
		Text: fmt.Sprintf(lang.M("Stop making %s worth %s. Those made so far never become redeemable. This can’t be undone."), cards(v.Quantity), v.FaceValue),
	}
	switch series.State {
	case db.SeriesStateQueued, db.SeriesStateGenerating:
		return []kit.Confirmation{cancel}
	case db.SeriesStateFailed:
		retry := kit.Confirmation{
			ID: "retry", Opener: lang.M("Retry"), Title: lang.M("Go on with series ") + v.Number + "?", Action: at("retry"), Button: lang.M("Go on"),
			Text: fmt.Sprintf(lang.M("%s of %s are made. The rest is made now."), cards(int64(series.Made)), cards(v.Quantity)),
		}
		return []kit.Confirmation{retry, cancel}
	case db.SeriesStateReady, db.SeriesStateLocked, db.SeriesStateActive:
		switch {
		case row.Expired: // its cards could not be redeemed after an activation
			return []kit.Confirmation{void}
		case series.State == db.SeriesStateActive:
			return []kit.Confirmation{lock, void}
		}
		return []kit.Confirmation{activate, void}
	case db.SeriesStateCancelled:
		void.Button = lang.M("Delete the series")
		return []kit.Confirmation{void}
	default:
		return nil
	}
}

// whatDeleteMeans says what a deletion does to the cards of a series and to their value.
func whatDeleteMeans(row db.SeriesShowRow, left, worth string) string {
	const after = lang.M(" Their codes are erased. The series leaves the list; its used cards, the ledger and the audit trail stay. This can’t be undone.")
	switch {
	case row.Series.State == db.SeriesStateCancelled:
		return lang.M("The cards made before it was cancelled never held any value.") + after
	case row.Series.State == db.SeriesStateReady:
		return fmt.Sprintf(lang.M("Delete %s with a face value of %s. The series was never activated, so no money moves."), left, worth) + after
	case row.Series.LapsedAt != nil:
		return fmt.Sprintf(lang.M("Delete %s. Their value of %s went to breakage when they expired, so no money moves."), left, worth) + after
	}
	text := fmt.Sprintf(lang.M("Delete %s worth %s: nobody can redeem them any more, and their value goes from outstanding to breakage."), left, worth)
	if row.Used > 0 {
		text += fmt.Sprintf(lang.M(" %s used already; what they paid stays with the customers."), kit.Count(row.Used, lang.M("card is"), lang.M("cards are")))
	}
	return text + after
}

// SeriesChange returns the handler that applies change to a series. done is the message
// shown afterwards, a format with one place for the number.
func (s *Server) SeriesChange(change func(ctx context.Context, actor audit.Actor, id int64) error, done string) kit.Handler {
	return func(c *gin.Context) error {
		row, err := s.findSeries(c)
		if err != nil {
			return err
		}
		err = change(c.Request.Context(), s.Actor(c), row.Series.ID)
		switch {
		case err == nil:
			s.SetFlash(c, kit.ToneGood, fmt.Sprintf(done, row.Series.Number))
		case fault.KindOf(err) == fault.Conflict: // the series changed meanwhile: show its present state
			s.SetFaultFlash(c, err)
		default:
			return err
		}
		return s.Redirect(c, SeriesURL(row.Series.Number))
	}
}

// errDeleteNumber is returned where the typed number is not that of the series.
var errDeleteNumber = fault.Field("number", "series_delete_number", "Type the number of this series: {number}.")

// SeriesDelete handles POST …/:number/delete.
func (s *Server) SeriesDelete(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	number := row.Series.Number
	if strings.TrimSpace(form.Get("number")) != number {
		err = errDeleteNumber.With("number", fault.Name(number))
	} else {
		err = s.Cards.Void(c.Request.Context(), s.Actor(c), row.Series.ID, form.Get("reason"))
	}
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("Series %s is deleted. Its codes are being erased."), number))
	case s.waits(c, err):
	case fault.KindOf(err) == fault.Conflict: // the series changed meanwhile: show its present state
		s.SetFaultFlash(c, err)
	case fault.KindOf(err) == fault.Invalid && !fault.IsInternal(err):
		p, pageErr := s.newSeriesShowPage(c)
		if pageErr != nil {
			return pageErr
		}
		for i := range p.Actions {
			if one := &p.Actions[i]; one.ID == "delete" {
				one.Typed.Value = kit.Truncate(form.Get("number"), 20)
				one.Refuse(err, form.Get("reason"))
			}
		}
		return s.Render(c, http.StatusUnprocessableEntity, "admin/series_show", p)
	default:
		return err
	}
	return s.Redirect(c, SeriesURL(number))
}

// happenings reads the latest history of a series.
func (s *Server) happenings(c *gin.Context, seriesID int64) ([]happening, error) {
	rows, err := db.New().AuditListSeries(c.Request.Context(), s.Pool, db.AuditListSeriesParams{SeriesID: &seriesID, Size: 12})
	if err != nil {
		return nil, err
	}
	var list []happening
	words := newNarrator()
	for _, row := range rows {
		list = append(list, happening{Text: words.describe(row.Action, row.Detail), At: row.At, Who: audit.Who(row.Detail, row.StaffName, row.ClientName)})
	}
	return list, nil
}
