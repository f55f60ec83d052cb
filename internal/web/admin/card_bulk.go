package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// bulkForm is the form above the card table that chooses an operation and its cards.
type bulkForm struct {
	URL                                               string
	Which, First, Last, Operation, ValidTill, Partner kit.Field
	OnPage                                            string // the serials that the page shows
	Open                                              bool   // unfolded, because the form has an error
	Ticked                                            map[int64]bool
	DoTill, DoPartner                                 kit.Field // of the bar for selected rows
	All, AllButton                                    string    // all cards that the filter shows, in words
}

// Values of the field "which": how the cards are selected.
const (
	whichTicked = "ticked"
	whichPage   = "page"
	whichMatch  = "match"
	WhichRange  = "range"
)

// bulkForm returns the form for a table of cards.
func (s *Server) bulkForm(c *gin.Context, series db.SeriesShowRow, t cardTable) (bulkForm, error) {
	f := bulkForm{URL: SeriesURL(series.Series.Number) + "/changes", Ticked: map[int64]bool{}}
	var serials []string
	for _, row := range t.Rows {
		serials = append(serials, fmt.Sprint(row.Serial))
	}
	f.OnPage = strings.Join(serials, ",")
	match := fmt.Sprintf(lang.M("All %s of the series"), cardCount(int64(series.Series.Made)))
	if t.Status != "" {
		match = lang.M("All that match the filter")
	}
	f.All, f.AllButton = match, fmt.Sprintf(lang.M("all %s"), cardCount(int64(series.Series.Made)))
	if t.Status != "" {
		f.AllButton = lang.M("all that match the filter")
	}
	f.Which = kit.Field{Name: "which", Label: lang.M("Cards"), Options: []kit.Option{
		{Value: whichTicked, Text: lang.M("Those ticked below")},
		{Value: whichPage, Text: fmt.Sprintf(lang.M("All %d on this page"), len(t.Rows))},
		{Value: whichMatch, Text: match},
		{Value: WhichRange, Text: lang.M("From serial to serial")},
	}}
	f.First = kit.Field{Name: "first", Label: lang.M("From serial"), InputMode: "numeric", Autocomplete: "off", MaxLength: 9}
	f.Last = kit.Field{Name: "last", Label: lang.M("To serial"), InputMode: "numeric", Autocomplete: "off", MaxLength: 9}
	f.Operation = kit.Field{Name: "operation", Label: lang.M("What to do"), Options: []kit.Option{
		{Value: "disable", Text: lang.M("Disable")},
		{Value: "enable", Text: "Activate (enable)"},
		{Value: "extend", Text: lang.M("Extend: set valid till")},
		{Value: "partner", Text: lang.M("Set partner")},
		{Value: "void", Text: "Void (delete)"},
	}}
	f.ValidTill = kit.Field{Name: "valid_till", Label: lang.M("New valid till"), Type: "date"}
	var err error
	f.Partner, err = s.partnerField(c)
	f.Partner.Label = lang.M("New partner")
	f.DoTill, f.DoPartner = f.ValidTill, f.Partner
	f.DoTill.Name, f.DoPartner.Name = "do_valid_till", "do_partner"
	return f, err
}

// ReadChange reads the form as posted by the card table or by the confirmation page.
func ReadChange(form url.Values, series db.Series) (card.Operation, *kit.Unread) {
	unread := &kit.Unread{}
	ch := card.Operation{
		SeriesID: series.ID, Operation: db.CardOperation(form.Get("operation")), First: 1, Last: series.Made,
	}
	switch form.Get("which") {
	case WhichRange:
		ch.First, ch.Last = readCount(form.Get("first")), readCount(form.Get("last"))
	case whichMatch:
		ch.Status = card.Status(form.Get("status"))
	case whichPage:
		ch.Serials = []int32{}
		for one := range strings.SplitSeq(form.Get("on_page"), ",") {
			ch.Serials = append(ch.Serials, readCount(one))
		}
	default:
		ch.Serials = []int32{}
		for _, one := range form["serial"] {
			ch.Serials = append(ch.Serials, readCount(one))
		}
	}
	if ch.Operation == db.CardOperationExtend {
		till, wrong := readCardDay(form.Get("valid_till"))
		unread.Note(wrong)
		ch.ValidTill = till
	}
	if ch.Operation == db.CardOperationPartner {
		ch.PartnerID = readCardPartner(form.Get("partner"))
	}
	return ch, unread
}

// changeCheckPage shows what an operation would do, before it is confirmed.
type changeCheckPage struct {
	kit.Page
	Series  seriesView
	Counts  []kit.Tile
	Text    string // what exactly would happen
	Stay    []string
	Button  string
	Danger  bool
	Nothing bool // none of the cards would be changed
	Action  string
	Hidden  []kit.Hidden
}

// ChangeCheck handles POST …/:number/changes/check: the dry run.
func (s *Server) ChangeCheck(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if do := form.Get("do"); do != "" { // a button of the bar
		form.Set("operation", do)
		form.Set("valid_till", form.Get("do_valid_till"))
		form.Set("partner", form.Get("do_partner"))
	}
	ch, unread := ReadChange(form, row.Series)
	dry, err := s.Cards.TryChange(c.Request.Context(), s.Actor(c), ch)
	err = unread.Merge(err)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		return s.refuseChange(c, form, err)
	}
	partner := ""
	f, err := s.partnerField(c)
	if err != nil {
		return err
	}
	for _, o := range f.Options[1:] {
		if o.Value == fmt.Sprint(ch.PartnerID) {
			partner = o.Text
		}
	}
	v := viewSeries(row)
	p := &changeCheckPage{
		Page: s.Page(c, lang.M("Check before you change"), SectionSeries), Series: v, Action: v.URL + "/changes",
		Danger: ch.Operation == db.CardOperationVoid, Nothing: dry.Fits == 0,
	}
	for _, one := range dry.Counts {
		p.Counts = append(p.Counts, kit.Tile{Label: statusBadge(one.Status).Word, Value: money.Group(fmt.Sprint(one.Cards))})
	}
	if !p.Nothing {
		worth := money.Amount{Minor: dry.Fits * row.Series.Price, Currency: row.Series.Currency}
		p.Counts = append(p.Counts, kit.Tile{Label: lang.M("To be changed"), Value: worth.String(), Note: cardCount(dry.Fits)})
	}
	p.say(ch, dry, row.Series, partner)
	for _, name := range []string{"which", "first", "last", "operation", "valid_till", "partner", "status", "on_page"} {
		if value := form.Get(name); value != "" {
			p.Hidden = append(p.Hidden, kit.Hidden{Name: name, Value: value})
		}
	}
	for _, serial := range form["serial"] {
		p.Hidden = append(p.Hidden, kit.Hidden{Name: "serial", Value: serial})
	}
	p.Hidden = append(p.Hidden, kit.Hidden{Name: "key", Value: uuid.NewString()})
	return s.Render(c, http.StatusOK, "admin/card_change_check", p)
}

// say fills in the texts of the dry run.
func (p *changeCheckPage) say(ch card.Operation, dry card.DryRun, series db.Series, partner string) {
	cards := cardCount(dry.Fits)
	switch ch.Operation {
	case db.CardOperationVoid:
		p.Button = "Void " + cards
		worth := money.Amount{Minor: dry.Fits * series.Price, Currency: series.Currency}.String()
		p.Text = fmt.Sprintf(lang.M("Void %s worth %s. %s can’t be redeemed any more. This can’t be undone."), cards, worth, kit.Word(dry.Fits, lang.M("Its code"), lang.M("Their codes")))
		if dry.Value == 0 {
			p.Text += lang.M(" No money moves: what they are worth does not stand as outstanding.")
		}
	case db.CardOperationDisable:
		p.Button = "Disable " + cards
		p.Text = p.Button + kit.Word(dry.Fits, lang.M(". It can’t be redeemed until it is activated again, and keeps its value."), lang.M(". They can’t be redeemed until they are activated again, and keep their value."))
	case db.CardOperationEnable:
		p.Button = "Activate " + cards
		p.Text = fmt.Sprintf("Activate %s that %s disabled.", cards, kit.Word(dry.Fits, "is", "are"))
		if series.State == db.SeriesStateReady {
			p.Text += lang.M(" The series itself is not activated yet; that is done for all its cards at once, on its page.")
		}
	case db.CardOperationExtend:
		p.Button = "Change " + cards
		p.Text = fmt.Sprintf(lang.M("Set valid till of %s to %s, whatever the date of the series."), cards, kit.Day(ch.ValidTill))
	case db.CardOperationPartner:
		p.Button = "Change " + cards
		p.Text = fmt.Sprintf(lang.M("Only customers of %s can redeem %s from then on."), partner, cards)
		if partner == "" {
			p.Text = fmt.Sprintf(lang.M("Whose customers can redeem %s is from then on what the series says."), cards)
		}
	}
	for _, stay := range []struct {
		n    int64
		word string
	}{{dry.Used, "used"}, {dry.Void, "void"}} {
		if stay.n > 0 {
			p.Stay = append(p.Stay, fmt.Sprintf("%s %s %s", money.Group(fmt.Sprint(stay.n)), stay.word, kit.Word(stay.n, lang.M("card stays"), lang.M("cards stay"))))
		}
	}
	if dry.Already > 0 {
		p.Stay = append(p.Stay, fmt.Sprintf(lang.M("%s %s so already"), cardCount(dry.Already), kit.Word(dry.Already, "is", "are")))
	}
}

// refuseChange shows the series page again, with the submitted choices and the errors.
func (s *Server) refuseChange(c *gin.Context, form url.Values, err error) error {
	p, pageErr := s.newSeriesShowPage(c)
	if pageErr != nil {
		return pageErr
	}
	f := &p.Bulk
	f.Open = true
	f.Which.Choose(form.Get("which"))
	f.Operation.Choose(form.Get("operation"))
	f.Partner.Choose(form.Get("partner"))
	f.First.Value, f.Last.Value, f.ValidTill.Value = kit.Truncate(form.Get("first"), 20), kit.Truncate(form.Get("last"), 20), kit.Truncate(form.Get("valid_till"), 40)
	for _, one := range form["serial"] {
		if n, err := strconv.ParseInt(one, 10, 64); err == nil {
			f.Ticked[n] = true
		}
	}
	p.Mistakes = kit.Explain(err, &f.Which, &f.First, &f.Last, &f.Operation, &f.ValidTill, &f.Partner)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/series_show", p)
}

// ChangeOrder handles POST …/:number/changes: it queues the operation.
func (s *Server) ChangeOrder(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	ch, unread := ReadChange(form, row.Series)
	var id int64
	if unread.Any() {
		_, err = s.Cards.TryChange(c.Request.Context(), s.Actor(c), ch)
		err = unread.Merge(err)
	} else {
		id, err = s.Cards.OrderChange(c.Request.Context(), s.Actor(c), ch, key)
	}
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		return s.refuseChange(c, form, err)
	}
	return s.Redirect(c, changeURL(row.Series.Number, id))
}
