package web

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
	"refill/internal/money"
	"refill/internal/staff"
)

// seriesShowPage is one series: facts, cards, files, and what happened.
type seriesShowPage struct {
	page
	Series              seriesView
	Tiles               []tile
	Actions             []confirmation // what can be done to the series now
	Cards               cardTable
	Exports             exportPanel
	Happened            []happening
	Making              bool // its cards are being made, or were until that failed
	CanCards, CanExport bool
	CanEdit             bool
	CanRedeem           bool
	CanChange           bool
	Bulk                bulkForm
	Find                field // serial or code
	Mistakes            []mistake
	Asked               askedFor // what of it waits for a second person
}

// happening is one line of what happened.
type happening struct {
	Text string
	Who  string
	At   time.Time
	URL  string // what more there is to see; empty: nothing
}

// adminSeriesShow handles GET /admin/finance/refill-cards/series/:number: the page
// or, after the form of columns, the page once more.
func (s *Server) adminSeriesShow(c *gin.Context) error {
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
	return s.render(c, http.StatusOK, "admin/series_show", p)
}

// adminSeriesLive handles GET …/:number/live: the part of the page that moves
// while cards are being made, and turns into the result.
func (s *Server) adminSeriesLive(c *gin.Context) error {
	p, err := s.newSeriesShowPage(c)
	if err != nil {
		return err
	}
	return s.fragment(c, http.StatusOK, "admin/series_show", "series-news", p)
}

func (s *Server) newSeriesShowPage(c *gin.Context) (*seriesShowPage, error) {
	row, err := s.findSeries(c)
	if err != nil {
		return nil, err
	}
	v := viewSeries(row)
	p := &seriesShowPage{page: s.page(c, "Series "+v.Number, sectionSeries), Series: v}
	p.CanCards, p.CanExport = p.Person.Can(staff.CardsView), p.Person.Can(staff.SeriesExport)
	p.CanRedeem = p.Person.Can(staff.RedeemFor) && row.Series.State == db.SeriesStateActive
	p.Making = v.Working || row.Series.State == db.SeriesStateFailed
	p.Find = field{Name: "find", Label: "Serial or code", Plain: true, Mono: true, Autocomplete: "off", Placeholder: "Serial or code"}
	p.Tiles = []tile{
		{Label: "Quantity", Value: money.Group(fmt.Sprint(v.Quantity))},
		{Label: "Face value", Value: v.FaceValue, Note: v.Price + " each"},
		{Label: "Outstanding", Value: v.Outstanding},
		{Label: "Used", Value: money.Group(fmt.Sprint(v.Used)), Note: share(v.Used, v.Quantity)},
		{Label: "Valid till", Value: v.ValidTill.Format("2 Jan 2006")},
	}
	p.Actions = seriesActions(p.Person, row)
	if err := s.secondPerson(c, p, row); err != nil {
		return nil, err
	}
	p.CanEdit = p.Person.Can(staff.SeriesEdit) && card.MayEdit(row.Series) == nil
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

// share says which part of a whole something is.
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

// seriesActions lists what a person may do to a series as it stands, each with
// what exactly will follow.
func seriesActions(person staff.Person, row db.SeriesShowRow) []confirmation {
	var may []confirmation
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

// everyAction lists what can be done to a series. What can't be undone is marked
// as a danger.
func everyAction(row db.SeriesShowRow) []confirmation {
	v, series := viewSeries(row), row.Series
	at := func(action string) string { return v.URL + "/" + action }
	cards := func(n int64) string {
		word := "cards"
		if n == 1 {
			word = "card"
		}
		return money.Group(fmt.Sprint(n)) + " " + word
	}
	left := v.Unused + row.Disabled
	worth := money.Amount{Minor: left * series.Price, Currency: series.Currency}.String()
	activate := confirmation{
		ID: "activate", Opener: "Activate", Title: "Activate series " + v.Number + "?", Action: at("activate"), Button: "Activate " + cards(left),
		Text: fmt.Sprintf("%s worth %s can be redeemed from then on, by whoever has the code.", cards(left), worth),
	}
	void := confirmation{
		ID: "delete", Opener: "Delete", Title: "Delete series " + v.Number + "?", Action: at("delete"), Button: "Delete " + cards(left), Danger: true,
		Text: whatDeleteMeans(row, cards(left), worth),
	}
	lock := confirmation{
		ID: "lock", Opener: "Lock", Title: "Lock series " + v.Number + "?", Action: at("lock"), Button: "Lock " + cards(left),
		Text: fmt.Sprintf("%s worth %s can’t be redeemed until the series is activated again. No money moves.", cards(left), worth),
	}
	cancel := confirmation{
		ID: "cancel", Opener: "Cancel", Title: "Cancel series " + v.Number + "?", Action: at("cancel"), Button: "Cancel the series", Keep: "Don’t cancel", Danger: true,
		Text: fmt.Sprintf("Stop making %s worth %s. Those made so far never become redeemable. This can’t be undone.", cards(v.Quantity), v.FaceValue),
	}
	switch series.State {
	case db.SeriesStateQueued, db.SeriesStateGenerating:
		return []confirmation{cancel}
	case db.SeriesStateFailed:
		retry := confirmation{
			ID: "retry", Opener: "Retry", Title: "Go on with series " + v.Number + "?", Action: at("retry"), Button: "Go on",
			Text: fmt.Sprintf("%s of %s are made. The rest is made now.", cards(int64(series.Made)), cards(v.Quantity)),
		}
		return []confirmation{retry, cancel}
	case db.SeriesStateReady, db.SeriesStateLocked, db.SeriesStateActive:
		switch {
		case row.Expired: // activated, its cards could not be redeemed all the same
			return []confirmation{void}
		case series.State == db.SeriesStateActive:
			return []confirmation{lock, void}
		}
		return []confirmation{activate, void}
	case db.SeriesStateCancelled:
		void.Button = "Delete the series"
		return []confirmation{void}
	default:
		return nil
	}
}

// whatDeleteMeans says what becomes of the cards of a series, and of their money.
func whatDeleteMeans(row db.SeriesShowRow, left, worth string) string {
	const after = " Their codes are erased. The series leaves the list; its used cards, the ledger and the audit trail stay. This can’t be undone."
	switch {
	case row.Series.State == db.SeriesStateCancelled:
		return "The cards made before it was cancelled never held any value." + after
	case row.Series.State == db.SeriesStateReady:
		return fmt.Sprintf("Delete %s with a face value of %s. The series was never activated, so no money moves.", left, worth) + after
	case row.Series.LapsedAt != nil:
		return fmt.Sprintf("Delete %s. Their value of %s went to breakage when they expired, so no money moves.", left, worth) + after
	}
	text := fmt.Sprintf("Delete %s worth %s: nobody can redeem them any more, and their value goes from outstanding to breakage.", left, worth)
	if row.Used > 0 {
		text += fmt.Sprintf(" %s used already; what they paid stays with the customers.", count(row.Used, "card is", "cards are"))
	}
	return text + after
}

// count says how many there are of something.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return money.Group(fmt.Sprint(n)) + " " + many
}

// adminSeriesChange returns the handler of one action on a series. done is what
// the page says afterwards, with the series' number.
func (s *Server) adminSeriesChange(change func(ctx context.Context, actor audit.Actor, id int64) error, done string) handler {
	return func(c *gin.Context) error {
		row, err := s.findSeries(c)
		if err != nil {
			return err
		}
		err = change(c.Request.Context(), s.actor(c), row.Series.ID)
		switch {
		case err == nil:
			s.setFlash(c, fmt.Sprintf(done, row.Series.Number))
		case fault.KindOf(err) == fault.Conflict: // somebody was quicker: show how it stands now
			s.setFlash(c, fault.All(err)[0].Message)
		default:
			return err
		}
		return s.redirect(c, seriesURL(row.Series.Number))
	}
}

// happenings reads what happened to a series.
func (s *Server) happenings(c *gin.Context, seriesID int64) ([]happening, error) {
	rows, err := db.New().AuditListSeries(c.Request.Context(), s.Pool, db.AuditListSeriesParams{SeriesID: &seriesID, Size: 12})
	if err != nil {
		return nil, err
	}
	var list []happening
	for _, row := range rows {
		h := happening{Text: happened(row.Action, row.Detail), At: row.At}
		if row.StaffName != nil {
			h.Who = *row.StaffName
		}
		list = append(list, h)
	}
	return list, nil
}
