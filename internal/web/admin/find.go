package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// findPage is the result of the search box on every page. It is the response to a POST,
// because the text may be a card code, which no address may contain.
type findPage struct {
	kit.Page
	Cards                                []foundCard
	Series                               []seriesView
	Customers                            []foundCustomer
	MoreCards, MoreSeries, MoreCustomers bool
	Barred                               *time.Time // end of the bar on trying codes; nil: not barred
	AsCode                               string     // the text, if it may be a code but was not tried as one
	Mistakes                             []kit.Mistake
	Empty                                kit.Empty
}

// foundCard is a card in the result.
type foundCard struct {
	Series, URL       string
	Serial            int64
	State             kit.Badge
	Code              string // masked
	UsedBy, UsedByURL string
}

// foundCustomer is a customer in the result.
type foundCustomer struct{ Name, Note, URL string }

// mostFound is the greatest number of results of one kind.
const mostFound = 20

// Find handles POST /admin/find. The text decides what is searched. Searches without a
// limit come first: series and serial, customer, serial, series, end of a code. Only a text
// without such a result is tried as a full code, which counts as an attempt. A text that
// was not tried but may be a code is tried if the person asks for it (as=code).
func (s *Server) Find(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	person := s.Person(c)
	text := strings.TrimSpace(cardcode.PlainText(form.Get("find")))
	p := &findPage{Page: s.Page(c, lang.M("Found"), "")}
	c.Header("Cache-Control", "no-store")
	cards := settings.RefillCards && person.Can(staff.CardsView)
	if cards && form.Get("as") == "code" {
		return s.findAsCode(c, text, p, settings)
	}
	if url, err := s.findNamed(c, text, cards); err != nil || url != "" {
		if err != nil {
			return err
		}
		return s.Redirect(c, url)
	}
	if person.Can(staff.CustomersView) {
		if err := s.findCustomers(c, text, cards, p); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if cards {
		if err := s.findCards(c, text, p); err != nil {
			return err
		}
		found := len(p.Cards)+len(p.Series)+len(p.Customers) > 0
		url, tried, err := s.findByCode(c, text, found)
		if fault.IsInternal(err) {
			return err
		}
		if url != "" {
			return s.Redirect(c, url)
		}
		if err != nil {
			status, p.Mistakes = s.Refuse(c, err), kit.Explain(err)
		}
		if p.Barred, err = s.ownBar(c, settings); err != nil {
			return err
		}
		if !tried && text != "" {
			may, err := s.Cards.Codes.MayBeCode(c.Request.Context(), s.Actor(c), text)
			if err != nil {
				return err
			}
			if may {
				p.AsCode = text
			}
		}
	}
	return s.showFound(c, status, p)
}

// findAsCode tries a text only as a code, which counts as an attempt.
func (s *Server) findAsCode(c *gin.Context, text string, p *findPage, settings setting.Settings) error {
	status := http.StatusOK
	url, err := s.findCode(c, text)
	if fault.IsInternal(err) {
		return err
	}
	if url != "" {
		return s.Redirect(c, url)
	}
	if err != nil {
		status, p.Mistakes = s.Refuse(c, err), kit.Explain(err)
	}
	if p.Barred, err = s.ownBar(c, settings); err != nil {
		return err
	}
	return s.showFound(c, status, p)
}

// showFound renders the result, or that nothing was found.
func (s *Server) showFound(c *gin.Context, status int, p *findPage) error {
	if len(p.Cards)+len(p.Series)+len(p.Customers) == 0 {
		p.Title = lang.M("Nothing found")
		if len(p.Mistakes) == 0 {
			p.Empty = kit.Empty{
				Icon: "search", Title: lang.M("Nothing matches"),
				Text: lang.M("Type a serial such as 42 or 202611-42, a full code, the last four symbols of one, or the name, username or phone of a customer."),
			}
		}
	}
	return s.Render(c, status, "admin/find", p)
}

// ownBar returns until when the person is barred from trying codes, or nil.
func (s *Server) ownBar(c *gin.Context, settings setting.Settings) (*time.Time, error) {
	until, err := s.Cards.Guesses.StaffBarredUntil(c.Request.Context(), s.Person(c).ID)
	if err != nil || until.IsZero() {
		return nil, err
	}
	until = until.In(kit.Zone(settings.TimeZone))
	return &until, nil
}

// findNamed returns the address of the card whose series and serial a text names.
func (s *Server) findNamed(c *gin.Context, text string, cards bool) (string, error) {
	number, serial, ok := namedCard(text)
	if !ok || !cards {
		return "", nil
	}
	rows, err := s.cardsBySerial(c, number, serial, 1)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return CardURL(rows[0].Number, rows[0].Serial), nil
}

// findByCode returns the address of the card with a full code. It does not try a text that
// has other results or that may be a serial, so that such a search does not count as an
// attempt.
func (s *Server) findByCode(c *gin.Context, text string, found bool) (url string, tried bool, err error) {
	if _, isSerial := plainSerial(text); found || isSerial || text == "" {
		return "", false, nil
	}
	url, err = s.findCode(c, text)
	return url, true, err
}

var errFindTyping = fault.Field("code", "find_code_typing", "This looks like a code, but one of its characters is not right. Compare it with the card and try again.")

// findCode tries a text as a code, which counts as an attempt, and returns the address of
// the card. A text that is not a code is not an error.
func (s *Server) findCode(c *gin.Context, text string) (string, error) {
	row, err := s.Cards.FindByCode(c.Request.Context(), s.Actor(c), text)
	switch {
	case err == nil:
		return CardURL(row.Number, row.Serial), nil
	case errors.Is(err, cardcode.ErrCodeTyping) && strings.Trim(text, "0123456789 ,-+()./") == "": // a phone number looks like a code of digits
		return "", nil
	case errors.Is(err, cardcode.ErrCodeTyping):
		return "", errFindTyping.Because(err)
	case errors.Is(err, cardcode.ErrCodeMissing), errors.Is(err, cardcode.ErrCodeShort), errors.Is(err, cardcode.ErrCodeSymbol), errors.Is(err, cardcode.ErrCodeScript):
		return "", nil // not a code
	}
	return "", err
}

func (s *Server) cardsBySerial(c *gin.Context, number string, serial, size int32) ([]db.FindSerialRow, error) {
	scope := s.Person(c).Scope
	return db.New().FindSerial(c.Request.Context(), s.Pool, db.FindSerialParams{
		Serial: serial, Number: number, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: size,
	})
}

// findCards adds the cards and series that a text may mean, other than as a full code.
func (s *Server) findCards(c *gin.Context, text string, p *findPage) error {
	if serial, ok := plainSerial(text); ok {
		rows, err := s.cardsBySerial(c, "", serial, mostFound+1)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
				return err
			}
		}
	}
	if err := s.findSeriesBy(c, text, p); err != nil {
		return err
	}
	if end, ok := cardcode.ParseLastFour(text); ok {
		rows, more, err := s.Cards.Codes.FindLastFour(c.Request.Context(), s.Actor(c), end)
		if err != nil {
			return err
		}
		p.MoreCards = p.MoreCards || more
		for _, row := range rows {
			if err := s.addFound(p, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostSeries is the greatest number of series in the result.
const mostSeries = 10

// findSeriesBy adds the series whose number or prefix begins with a text.
func (s *Server) findSeriesBy(c *gin.Context, text string, p *findPage) error {
	number, prefix := seriesStart(text)
	if number == "" && prefix == "" {
		return nil
	}
	scope := s.Person(c).Scope
	numbers, err := db.New().FindSeries(c.Request.Context(), s.Pool, db.FindSeriesParams{
		ByNumber: number, ByPrefix: prefix, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: mostSeries + 1,
	})
	if err != nil {
		return err
	}
	if len(numbers) > mostSeries {
		numbers, p.MoreSeries = numbers[:mostSeries], true
	}
	for _, number := range numbers {
		row, err := s.Cards.SeriesByNumber(c.Request.Context(), s.Actor(c), number)
		if err != nil {
			return err
		}
		p.Series = append(p.Series, viewSeries(row))
	}
	return nil
}

// addFound adds a card, unless the list is full or contains it already.
func (s *Server) addFound(p *findPage, row db.FindLastFourRow) error {
	if len(p.Cards) == mostFound {
		p.MoreCards = true
		return nil
	}
	masked, err := s.Cards.Masked(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
	if err != nil {
		return err
	}
	one := foundCard{
		Series: row.Number, Serial: int64(row.Serial), URL: CardURL(row.Number, row.Serial),
		State: statusBadge(card.Status(row.Shown)), Code: masked,
	}
	for _, had := range p.Cards {
		if had.URL == one.URL {
			return nil
		}
	}
	one.UsedBy, one.UsedByURL = usedBy(row.UsedBy, row.UsedByName)
	p.Cards = append(p.Cards, one)
	return nil
}

// findCustomers adds the customers that a text may mean, and the cards that they used.
func (s *Server) findCustomers(c *gin.Context, text string, withCards bool, p *findPage) error {
	search, number := text, customerNumber(text)
	if n := len([]rune(text)); n > 80 || (n < 2 && number == 0) {
		return nil
	} else if n < 2 { // every phone number contains a single digit
		search = ""
	}
	scope := s.Person(c).Scope
	rows, err := db.New().CustomerSuggest(c.Request.Context(), s.Pool, db.CustomerSuggestParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Search: search, Number: number, Size: mostFound + 1,
	})
	if err != nil {
		return err
	}
	if len(rows) > mostFound {
		rows, p.MoreCustomers = rows[:mostFound], true
	}
	var ids []int64
	for _, row := range rows {
		ids = append(ids, row.ID)
		p.Customers = append(p.Customers, foundCustomer{row.Name, row.Username + ", " + row.PartnerName, fmt.Sprintf("%s/%d", SectionCustomers, row.ID)})
	}
	if len(ids) == 0 || !withCards {
		return nil
	}
	used, err := db.New().FindUsedBy(c.Request.Context(), s.Pool, db.FindUsedByParams{
		CustomerIds: ids, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: mostFound + 1,
	})
	if err != nil {
		return err
	}
	for _, row := range used {
		if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
			return err
		}
	}
	return nil
}
