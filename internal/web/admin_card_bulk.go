package web

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
	"refill/internal/money"
)

// bulkForm chooses an operation and the cards for it, above the table.
type bulkForm struct {
	URL                                               string
	Which, First, Last, Operation, ValidTill, Partner field
	OnPage                                            string // the serials that the page shows
	Open                                              bool   // something is to be mended
	Ticked                                            map[int64]bool
}

// The choices of cards.
const (
	whichTicked = "ticked"
	whichPage   = "page"
	whichMatch  = "match"
	whichRange  = "range"
)

// bulkForm makes the form for a table of cards.
func (s *Server) bulkForm(c *gin.Context, series db.SeriesShowRow, t cardTable) (bulkForm, error) {
	f := bulkForm{URL: seriesURL(series.Series.Number) + "/changes", Ticked: map[int64]bool{}}
	var serials []string
	for _, row := range t.Rows {
		serials = append(serials, fmt.Sprint(row.Serial))
	}
	f.OnPage = strings.Join(serials, ",")
	match := fmt.Sprintf("All %s of the series", countCards(int64(series.Series.Made)))
	if t.Status != "" {
		match = "All that match the filter"
	}
	f.Which = field{Name: "which", Label: "Cards", Options: []option{
		{Value: whichTicked, Text: "Those ticked below"},
		{Value: whichPage, Text: fmt.Sprintf("All %d on this page", len(t.Rows))},
		{Value: whichMatch, Text: match},
		{Value: whichRange, Text: "From serial to serial"},
	}}
	f.First = field{Name: "first", Label: "From serial", InputMode: "numeric", Autocomplete: "off", MaxLength: 9}
	f.Last = field{Name: "last", Label: "To serial", InputMode: "numeric", Autocomplete: "off", MaxLength: 9}
	f.Operation = field{Name: "operation", Label: "What to do", Options: []option{
		{Value: "disable", Text: "Disable"},
		{Value: "enable", Text: "Activate (enable)"},
		{Value: "extend", Text: "Extend: set valid till"},
		{Value: "partner", Text: "Set partner"},
		{Value: "void", Text: "Void (delete)"},
	}}
	f.ValidTill = field{Name: "valid_till", Label: "New valid till", Type: "date"}
	var err error
	f.Partner, err = s.partnerField(c)
	f.Partner.Label = "New partner"
	return f, err
}

// readChange reads the form, from the table or from the page that asks again.
func readChange(form url.Values, series db.Series) card.Operation {
	number := func(text string) int32 {
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), 10, 32)
		if err != nil {
			return 0
		}
		return int32(n)
	}
	ch := card.Operation{
		SeriesID: series.ID, Operation: db.CardOperation(form.Get("operation")), First: 1, Last: series.Made,
	}
	switch form.Get("which") {
	case whichRange:
		ch.First, ch.Last = number(form.Get("first")), number(form.Get("last"))
	case whichMatch:
		ch.Status = card.Status(form.Get("status"))
	case whichPage:
		ch.Serials = []int32{}
		for one := range strings.SplitSeq(form.Get("on_page"), ",") {
			ch.Serials = append(ch.Serials, number(one))
		}
	default:
		ch.Serials = []int32{}
		for _, one := range form["serial"] {
			ch.Serials = append(ch.Serials, number(one))
		}
	}
	if ch.Operation == db.CardOperationExtend {
		ch.ValidTill = strings.TrimSpace(form.Get("valid_till"))
	}
	if ch.Operation == db.CardOperationPartner {
		id, err := strconv.ParseInt(form.Get("partner"), 10, 64)
		if err != nil || id < 0 {
			id = -1 // refused at its field
		}
		ch.PartnerID = id
	}
	return ch
}

// changeCheckPage says what an operation would do, before it is done.
type changeCheckPage struct {
	page
	Series  seriesView
	Counts  []tile
	Text    string // what exactly will happen
	Stay    []string
	Button  string
	Danger  bool
	Nothing bool // none of the cards would be changed
	Action  string
	Hidden  []hidden
}

// adminChangeCheck handles POST …/:number/changes/check: the dry run.
func (s *Server) adminChangeCheck(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	ch := readChange(form, row.Series)
	dry, err := s.Cards.TryChange(c.Request.Context(), s.actor(c), ch)
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
		page: s.page(c, "Check before you change", sectionSeries), Series: v, Action: v.URL + "/changes",
		Danger: ch.Operation == db.CardOperationVoid, Nothing: dry.Fits == 0,
	}
	for _, one := range dry.Counts {
		p.Counts = append(p.Counts, tile{Label: statusBadge(one.Status).Word, Value: money.Group(fmt.Sprint(one.Cards))})
	}
	p.say(ch, dry, row.Series, partner)
	for _, name := range []string{"which", "first", "last", "operation", "valid_till", "partner", "status", "on_page"} {
		if value := form.Get(name); value != "" {
			p.Hidden = append(p.Hidden, hidden{name, value})
		}
	}
	for _, serial := range form["serial"] {
		p.Hidden = append(p.Hidden, hidden{"serial", serial})
	}
	p.Hidden = append(p.Hidden, hidden{"key", uuid.NewString()})
	return s.render(c, http.StatusOK, "admin/card_change_check", p)
}

// say puts the dry run into words.
func (p *changeCheckPage) say(ch card.Operation, dry card.DryRun, series db.Series, partner string) {
	cards := countCards(dry.Fits)
	switch ch.Operation {
	case db.CardOperationVoid:
		p.Button = "Void " + cards
		worth := money.Amount{Minor: dry.Fits * series.Price, Currency: series.Currency}.String()
		p.Text = fmt.Sprintf("Void %s worth %s. %s can’t be redeemed any more. This can’t be undone.", cards, worth, oneOrMany(dry.Fits, "Its code", "Their codes"))
		if dry.Value == 0 {
			p.Text += " No money moves: what they are worth does not stand as outstanding."
		}
	case db.CardOperationDisable:
		p.Button = "Disable " + cards
		p.Text = p.Button + oneOrMany(dry.Fits, ". It can’t be redeemed until it is activated again, and keeps its value.", ". They can’t be redeemed until they are activated again, and keep their value.")
	case db.CardOperationEnable:
		p.Button = "Activate " + cards
		p.Text = fmt.Sprintf("Activate %s that %s disabled.", cards, oneOrMany(dry.Fits, "is", "are"))
		if series.State == db.SeriesStateReady {
			p.Text += " The series itself is not activated yet; that is done for all its cards at once, on its page."
		}
	case db.CardOperationExtend:
		p.Button = "Change " + cards
		p.Text = fmt.Sprintf("Set valid till of %s to %s, whatever the date of the series.", cards, ch.ValidTill)
	case db.CardOperationPartner:
		p.Button = "Change " + cards
		p.Text = fmt.Sprintf("Only customers of %s can redeem %s from then on.", partner, cards)
		if partner == "" {
			p.Text = fmt.Sprintf("Whose customers can redeem %s is from then on what the series says.", cards)
		}
	}
	for _, stay := range []struct {
		n    int64
		word string
	}{{dry.Used, "used"}, {dry.Void, "void"}} {
		if stay.n > 0 {
			p.Stay = append(p.Stay, fmt.Sprintf("%s %s %s", money.Group(fmt.Sprint(stay.n)), stay.word, oneOrMany(stay.n, "card stays", "cards stay")))
		}
	}
	if dry.Already > 0 {
		p.Stay = append(p.Stay, fmt.Sprintf("%s %s so already", countCards(dry.Already), oneOrMany(dry.Already, "is", "are")))
	}
}

// refuseChange shows the table again, with what was chosen.
func (s *Server) refuseChange(c *gin.Context, form url.Values, err error) error {
	p, pageErr := s.newSeriesShowPage(c)
	if pageErr != nil {
		return pageErr
	}
	f := &p.Bulk
	f.Open = true
	f.Which.choose(form.Get("which"))
	f.Operation.choose(form.Get("operation"))
	f.Partner.choose(form.Get("partner"))
	f.First.Value, f.Last.Value, f.ValidTill.Value = cut(form.Get("first"), 20), cut(form.Get("last"), 20), cut(form.Get("valid_till"), 40)
	for _, one := range form["serial"] {
		if n, err := strconv.ParseInt(one, 10, 64); err == nil {
			f.Ticked[n] = true
		}
	}
	p.Mistakes = explain(err, &f.Which, &f.First, &f.Last, &f.Operation, &f.ValidTill, &f.Partner)
	return s.render(c, http.StatusUnprocessableEntity, "admin/series_show", p)
}

// adminChangeOrder handles POST …/:number/changes: the operation is queued.
func (s *Server) adminChangeOrder(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	key, err := readKey(form.Get("key"))
	if err != nil {
		return errMalformed
	}
	id, err := s.Cards.OrderChange(c.Request.Context(), s.actor(c), readChange(form, row.Series), key)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		return s.refuseChange(c, form, err)
	}
	return s.redirect(c, changeURL(row.Series.Number, id))
}

// countCards says how many cards.
func countCards(n int64) string {
	return money.Group(fmt.Sprint(n)) + " " + oneOrMany(n, "card", "cards")
}

// oneOrMany chooses the word that goes with a number.
func oneOrMany(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
