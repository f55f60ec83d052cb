package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// cardsPerPage is the default number of cards on a page. The query may name another of
// pageSizes.
const cardsPerPage = 50

// pageSizes are the page sizes that the query may name.
var pageSizes = []int32{cardsPerPage, 100, 200} //nolint:gochecknoglobals // a constant, were slices allowed to be

// pageSize returns the number of cards on a page.
func pageSize(c *gin.Context) int32 {
	if n, ok := serialParam(c, "size"); ok && slices.Contains(pageSizes, n) {
		return n
	}
	return cardsPerPage
}

// cardTable is the table of a series' cards.
type cardTable struct {
	Rows   []cardView
	Status string // narrows to one state; empty: all
	Words  []kit.FilterWord
	View   kit.TableView
	Pager  kit.Pager
	Empty  kit.Empty
	Size   int32 // 0: the default
}

// cardColumns returns the columns that a person can show or hide.
func cardColumns() []kit.TableColumn {
	return []kit.TableColumn{
		{Name: "state", Text: lang.M("State"), Sort: "", Num: false, Usual: true},
		{Name: "code", Text: lang.M("Code"), Sort: "", Num: false, Usual: true},
		{Name: "till", Text: lang.M("Valid till"), Sort: "", Num: false, Usual: true},
		{Name: "partner", Text: lang.M("Partner"), Sort: "", Num: false, Usual: false},
		{Name: "customer", Text: lang.M("Customer"), Sort: "", Num: false, Usual: true},
		{Name: "revealed", Text: lang.M("Code revealed"), Sort: "", Num: false, Usual: false},
		{Name: "remark", Text: lang.M("Remark"), Sort: "", Num: false, Usual: true},
	}
}

// cardColumnsCookie names the cookie that holds the columns a person chose.
const cardColumnsCookie = "refill-card-columns"

// keepCardView stores the chosen columns in a cookie and redirects to the table.
func (s *Server) keepCardView(c *gin.Context, series db.SeriesShowRow) error {
	s.KeepColumns(c, cardColumnsCookie, cardColumns())
	size := ""
	if n := pageSize(c); n != cardsPerPage {
		size = fmt.Sprint(n)
	}
	return s.Redirect(c, kit.ListURL(SeriesURL(series.Series.Number), "status", string(card.FilterOf(card.Status(c.Query("status")), series.Series.State, series.Expired, series.AskedAt).Status), "size", size)+"#series-cards")
}

// cardTableView returns the form that chooses what the table shows.
func cardTableView(c *gin.Context, action, status string, size int32) kit.TableView {
	v := kit.NewTableView(c, action, cardColumnsCookie, cardColumns())
	v.Size = kit.Field{Name: "size", Label: lang.M("Cards on a page")}
	for _, n := range pageSizes {
		v.Size.Options = append(v.Size.Options, kit.Option{Value: fmt.Sprint(n), Text: fmt.Sprint(n), Selected: n == size})
	}
	if status != "" {
		v.Keep = []kit.Hidden{{Name: "status", Value: status}}
	}
	return v
}

// cardView is a card, prepared for its row in the table and for its page.
type cardView struct {
	Serial     int64
	Number     string // the serial in the format of the settings
	URL        string
	State      kit.Badge
	Code       string // masked
	ValidTill  time.Time
	UsedAt     *time.Time
	RevealedAt *time.Time
	UsedBy     string
	UsedByURL  string
	Remark     string
	Partner    string // whose customers may redeem it
	Redeemable bool
	Changeable bool // the card is unused
	Menu       []menuLink
}

// Erased reports whether the code of the card was erased, so that no part of it can be
// shown.
func (r cardView) Erased() bool { return r.Code == card.Erased }

// cardMenu returns the actions that the person may take on a card, as links to its page.
func cardMenu(person staff.Person, v cardView, canRedeem, inUse bool) []menuLink {
	menu := []menuLink{{Text: lang.M("View"), URL: v.URL}}
	if canRedeem && v.Redeemable {
		menu = append(menu, menuLink{Text: lang.M("Redeem"), URL: v.URL + "#redeem-title"})
	}
	if person.Can(staff.CardsReveal) {
		menu = append(menu, menuLink{Text: lang.M("Reveal code"), URL: v.URL + "#reveal"})
	}
	if !inUse || !v.Changeable || !person.Can(staff.CardsChange) {
		return menu
	}
	menu = append(menu, menuLink{Text: lang.M("Edit"), URL: v.URL + "#edit-title"})
	if v.State.Word == "Disabled" {
		menu = append(menu, menuLink{Text: lang.M("Enable"), URL: v.URL + "#enable"})
	} else {
		menu = append(menu, menuLink{Text: lang.M("Disable"), URL: v.URL + "#disable"})
	}
	return append(menu, menuLink{Text: lang.M("Delete"), URL: v.URL + "#delete", Danger: true})
}

// usedBy returns the name of the customer who used a card and the address of their page.
// name is nil if the customer belongs to a partner that the person does not see.
func usedBy(id *int64, name *string) (text, url string) {
	switch {
	case id == nil:
		return "", ""
	case name == nil:
		return lang.M("Customer of another partner"), ""
	}
	return *name, CustomerURL(*id)
}

// viewCard prepares a card of a series for display.
func (s *Server) viewCard(ctx context.Context, series db.SeriesShowRow, row db.CardShowRow) (cardView, error) {
	masked, err := s.Cards.Masked(series.Series.ID, row.KeyID, row.Serial, row.CodeSealed)
	if err != nil {
		return cardView{}, err
	}
	till := series.Series.ValidTill
	if row.ValidTill != nil {
		till = *row.ValidTill
	}
	status := card.StatusOf(row.State, series.Series.State, row.Expired)
	number, err := s.SerialText(ctx, "", row.Serial)
	if err != nil {
		return cardView{}, err
	}
	state := statusBadge(status)
	if row.Held && status == card.StatusActive {
		state = statusBadge(card.StatusReserved)
	}
	v := cardView{
		Serial: int64(row.Serial), Number: number, URL: fmt.Sprintf("%s/cards/%d", SeriesURL(series.Series.Number), row.Serial),
		State: state, Code: masked, ValidTill: till, UsedAt: row.UsedAt, RevealedAt: row.RevealedAt, Redeemable: status == card.StatusActive,
		Changeable: row.State == db.CardStateActive || row.State == db.CardStateDisabled,
	}
	v.UsedBy, v.UsedByURL = usedBy(row.UsedBy, row.UsedByName)
	if row.Remark != nil {
		v.Remark = *row.Remark
	}
	v.Partner = viewSeries(series).Partners
	if row.PartnerName != nil {
		v.Partner = *row.PartnerName
	}
	return v, nil
}

// cardTable reads a page of cards: after a serial, before one, or from one on. It pages by
// serial, not by offset, so that the last page of a million cards is as quick as the first.
func (s *Server) cardTable(c *gin.Context, series db.SeriesShowRow) (cardTable, error) {
	var t cardTable
	status := c.Query("status")
	left := statusBadge(card.StatusOf(db.CardStateActive, series.Series.State, series.Expired))
	self := SeriesURL(series.Series.Number)
	words := []kit.FilterWord{{Text: lang.M("All")}, {Text: left.Word, URL: strings.ToLower(left.Word), Current: false}, {Text: lang.M("Used"), URL: "used", Current: false}, {Text: lang.M("Disabled"), URL: "disabled", Current: false}, {Text: lang.M("Void"), URL: "void", Current: false}}
	if left.Word != "Expired" {
		words = slices.Insert(words, 3, kit.FilterWord{Text: lang.M("Expired"), URL: "expired", Current: false})
	}
	filter := card.FilterOf(card.Status(status), series.Series.State, series.Expired, series.AskedAt)
	t.Status = string(filter.Status)
	held, err := db.New().ReservationCountSeries(c.Request.Context(), s.Pool, series.Series.ID)
	if err != nil {
		return t, err
	}
	if held.Held > 0 || filter.Status == card.StatusReserved {
		words = slices.Insert(words, 2, kit.FilterWord{Text: lang.M("Reserved"), URL: string(card.StatusReserved), Current: false})
	}
	size := pageSize(c)
	sizeText := ""
	if size != cardsPerPage {
		t.Size, sizeText = size, fmt.Sprint(size)
	}
	for _, w := range words {
		w.Current = w.URL == t.Status
		w.URL = kit.ListURL(self, "status", w.URL, "size", sizeText)
		t.Words = append(t.Words, w)
	}
	t.View = cardTableView(c, self, t.Status, size)
	rows, newer, older, err := s.readCards(c, series.Series, filter, size)
	if err != nil {
		return t, err
	}
	person, inUse, remarks := s.Person(c), viewSeries(series).Exportable, false
	for _, row := range rows {
		v, err := s.viewCard(c.Request.Context(), series, db.CardShowRow(row))
		if err != nil {
			return t, err
		}
		v.Menu = cardMenu(person, v, person.Can(staff.RedeemFor), inUse)
		t.Rows = append(t.Rows, v)
		remarks = remarks || v.Remark != ""
	}
	t.View.Show["remark"] = t.View.Show["remark"] && remarks // few cards have one
	if len(rows) == 0 {
		t.Empty = kit.Empty{Icon: "cards", Title: lang.M("No such cards"), Text: lang.M("No card of this series is in this state."), Action: lang.M("Show all cards"), URL: self}
		return t, nil
	}
	first, last := rows[0].Serial, rows[len(rows)-1].Serial
	if newer {
		t.Pager.Newer = kit.ListURL(self, "status", t.Status, "size", sizeText, "before", fmt.Sprint(first))
	}
	if older {
		t.Pager.Older = kit.ListURL(self, "status", t.Status, "size", sizeText, "after", fmt.Sprint(last))
	}
	t.Pager.Text = fmt.Sprintf("Serials %s to %s", money.Group(fmt.Sprint(first)), money.Group(fmt.Sprint(last)))
	return t, nil
}

// readCards returns one page of cards in the order of serials, and whether there are cards
// before (newer) and after it (older).
func (s *Server) readCards(c *gin.Context, series db.Series, filter card.Filter, size int32) (rows []db.CardListRow, newer, older bool, err error) {
	if before, ok := serialParam(c, "before"); ok {
		rows, newer, err = s.cardsBefore(c, series.ID, before, filter, size)
		return rows, newer, len(rows) > 0, err
	}
	after, ok := serialParam(c, "after")
	if from, jump := serialParam(c, "from"); jump && !ok {
		after = max(min(from, series.Made)-1, 0) // a serial beyond the last shows the last card
	}
	scope := s.Person(c).Scope
	rows, err = db.New().CardList(c.Request.Context(), s.Pool, db.CardListParams{
		SeriesID: series.ID, AfterSerial: after, Size: size + 1, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
		Way: filter.Way, Status: string(filter.Status), State: filter.State, FromDay: filter.From, ToDay: filter.To,
	})
	if err != nil {
		return nil, false, false, err
	}
	older = len(rows) > int(size)
	rows = rows[:min(len(rows), int(size))]
	if after > 0 && len(rows) > 0 { // with a filter, the serial does not tell whether cards come before it
		var before []db.CardListRow
		before, _, err = s.cardsBefore(c, series.ID, rows[0].Serial, filter, 1)
		newer = len(before) > 0
	}
	return rows, newer, older, err
}

// cardsBefore returns the cards just before a serial, and whether there are more before
// them.
func (s *Server) cardsBefore(c *gin.Context, seriesID int64, serial int32, filter card.Filter, size int32) ([]db.CardListRow, bool, error) {
	scope := s.Person(c).Scope
	list, err := db.New().CardListBack(c.Request.Context(), s.Pool, db.CardListBackParams{
		SeriesID: seriesID, BeforeSerial: serial, Size: size + 1, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
		Way: filter.Way, Status: string(filter.Status), State: filter.State, FromDay: filter.From, ToDay: filter.To,
	})
	if err != nil {
		return nil, false, err
	}
	more := len(list) > int(size)
	list = list[:min(len(list), int(size))]
	slices.Reverse(list)
	rows := make([]db.CardListRow, 0, len(list))
	for _, row := range list {
		rows = append(rows, db.CardListRow(row))
	}
	return rows, more, nil
}

// serialParam reads a serial from the query. It returns false for text that is not a
// serial.
func serialParam(c *gin.Context, name string) (int32, bool) {
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(c.Query(name)), ",", ""), 10, 32)
	if err != nil || n < 0 || n > math.MaxInt32-1 {
		return 0, false
	}
	return int32(n), true
}

// CardFind handles POST …/:number/find: it finds a card by its serial or its full code. It
// uses POST so that no address contains a code.
func (s *Server) CardFind(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(form.Get("find"))
	if row.Series.ImportID != nil { // by the serial that the card had before its import
		serial, found, err := db.Found(db.New().CardFindImported(c.Request.Context(), s.Pool, db.CardFindImportedParams{SeriesID: row.Series.ID, ImportedSerial: &text}))
		if err != nil {
			return err
		}
		if found {
			return s.Redirect(c, fmt.Sprintf("%s/cards/%d", SeriesURL(row.Series.Number), serial))
		}
	}
	if serial, ok := cardcode.ReadSerial(row.Series.Number, text); ok {
		if serial < 1 || serial > row.Series.Made {
			return s.refuseFind(c, text, fault.Field("find", "serial_unknown", "This series has the serials 1 to {last}.").With("last", fault.Number(row.Series.Made)))
		}
		return s.Redirect(c, fmt.Sprintf("%s/cards/%d", SeriesURL(row.Series.Number), serial))
	}
	found, err := s.Cards.FindByCode(c.Request.Context(), s.Actor(c), text)
	if fault.IsInternal(err) {
		return err
	}
	if err != nil {
		return s.refuseFind(c, "", refind(err))
	}
	return s.Redirect(c, fmt.Sprintf("%s/cards/%d", SeriesURL(found.Number), found.Serial))
}

// refind assigns an error about a code to the search field.
func refind(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		moved := *f
		moved.Field = "find"
		return &moved
	}
	return err
}

func (s *Server) refuseFind(c *gin.Context, text string, err error) error {
	p, pageErr := s.newSeriesShowPage(c)
	if pageErr != nil {
		return pageErr
	}
	p.Find.Value = kit.Truncate(text, 40)
	p.Mistakes = kit.Explain(err, &p.Find)
	return s.Render(c, s.Refuse(c, err), "admin/series_show", p)
}
