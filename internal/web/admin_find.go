package web

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// findPage is what the box on every page found. It is the answer to a POST: what
// was typed may be a code, and never stands in an address.
type findPage struct {
	page
	Cards                    []foundCard
	Series                   []seriesView
	Customers                []foundCustomer
	MoreCards, MoreCustomers bool
	Mistakes                 []mistake
	Empty                    empty
}

// foundCard is a card among the found.
type foundCard struct {
	Series, URL       string
	Serial            int64
	State             badge
	Code              string // masked
	UsedBy, UsedByURL string
}

// foundCustomer is a customer among the found.
type foundCustomer struct{ Name, Note, URL string }

// mostFound is how many of a kind are shown.
const mostFound = 20

// A card as people write it: 202611-42, 202611/42, series 202611 serial 42.
var cardNumber = regexp.MustCompile(`^(\d{6,12})\s*[-/ ]\s*(\d{1,7})$`)

// adminFind handles POST /admin/find. What is looked for depends on what was
// typed: a full code, series and serial, a serial, a series, the end of a code, a
// customer.
func (s *Server) adminFind(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	person := s.person(c)
	text := strings.TrimSpace(form.Get("find"))
	p := &findPage{page: s.page(c, "Found", "")}
	c.Header("Cache-Control", "no-store")
	status := http.StatusOK
	if settings.RefillCards && person.Can(staff.CardsView) {
		url, err := s.findOneCard(c, text)
		if fault.IsInternal(err) {
			return err
		}
		if url != "" {
			return s.redirect(c, url)
		}
		if err != nil {
			status = classify(err).status
			p.Mistakes = explain(err)
		} else if err := s.findCards(c, text, p); err != nil {
			return err
		}
	}
	// A name may look like a code with a mistake in it; what may be a code is never
	// looked up as a name.
	if person.Can(staff.CustomersView) && (len(p.Mistakes) == 0 || !strings.ContainsAny(text, "0123456789")) {
		if err := s.findCustomers(c, text, settings.RefillCards && person.Can(staff.CardsView), p); err != nil {
			return err
		}
	}
	if len(p.Cards)+len(p.Series)+len(p.Customers) == 0 {
		p.Title = "Nothing found"
		if len(p.Mistakes) == 0 {
			p.Empty = empty{
				Icon: "search", Title: "Nothing matches",
				Text: "Type a serial such as 42 or 202611-42, a full code, the last four symbols of one, or the name, username or phone of a customer.",
			}
		}
	}
	return s.render(c, status, "admin/find", p)
}

// findOneCard returns the address of the card that a text names for certain: by
// its full code, or by series and serial. A text that is no code is no mistake.
func (s *Server) findOneCard(c *gin.Context, text string) (string, error) {
	if m := cardNumber.FindStringSubmatch(text); m != nil {
		serial, err := strconv.ParseInt(m[2], 10, 32)
		if err != nil {
			return "", nil //nolint:nilerr // no serial; what else it may be is looked for
		}
		rows, err := s.cardsBySerial(c, m[1], int32(serial), 1)
		if err != nil || len(rows) == 0 {
			return "", err
		}
		return cardURL(rows[0].Number, rows[0].Serial), nil
	}
	digits := strings.Trim(text, "0123456789 ,-+") == ""
	if digits && len(text) <= len("1,000,000") {
		return "", nil // a serial
	}
	found, err := s.Cards.FindByCode(c.Request.Context(), s.actor(c), text)
	switch {
	case err == nil:
		return cardURL(found.Number, found.Serial), nil
	case digits && fault.KindOf(err) == fault.Invalid: // a phone number looks like a code of digits
		return "", nil
	case errors.Is(err, card.ErrCodeTyping):
		return "", card.ErrCodeTyping.Saying("This looks like a code, but one of its characters is not right. Compare it with the card and try again.")
	case errors.Is(err, card.ErrCodeMissing), errors.Is(err, card.ErrCodeShort), errors.Is(err, card.ErrCodeSymbol):
		return "", nil // no code; what else it may be is looked for
	}
	return "", err
}

func (s *Server) cardsBySerial(c *gin.Context, number string, serial, size int32) ([]db.FindSerialRow, error) {
	scope := s.person(c).Scope
	return db.New().FindSerial(c.Request.Context(), s.Pool, db.FindSerialParams{
		Serial: serial, Number: number, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: size,
	})
}

// findCards adds the cards and series that a text may mean.
func (s *Server) findCards(c *gin.Context, text string, p *findPage) error {
	digits := strings.ReplaceAll(text, ",", "")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 && n <= card.MaxQuantity {
		rows, err := s.cardsBySerial(c, "", int32(n), mostFound+1)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
				return err
			}
		}
	}
	if len(digits) >= 6 && len(digits) <= 12 && strings.Trim(digits, "0123456789") == "" {
		row, err := s.Cards.SeriesByNumber(c.Request.Context(), s.actor(c), digits)
		if err == nil {
			p.Series = append(p.Series, viewSeries(row))
		} else if !errors.Is(err, card.ErrNoSeries) {
			return err
		}
	}
	if end, ok := card.ParseLastFour(text); ok {
		rows, more, err := s.Cards.FindLastFour(c.Request.Context(), s.actor(c), end)
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

// addFound adds a card, unless there are enough or it is there already.
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
		Series: row.Number, Serial: int64(row.Serial), URL: cardURL(row.Number, row.Serial),
		State: statusBadge(card.Status(row.Shown)), Code: masked,
	}
	for _, had := range p.Cards {
		if had.URL == one.URL {
			return nil
		}
	}
	if row.UsedBy != nil && row.UsedByName != nil {
		one.UsedBy, one.UsedByURL = *row.UsedByName, fmt.Sprintf("%s/%d", sectionCustomers, *row.UsedBy)
	}
	p.Cards = append(p.Cards, one)
	return nil
}

// findCustomers adds the customers that a text may mean, and the cards that they
// used.
func (s *Server) findCustomers(c *gin.Context, text string, withCards bool, p *findPage) error {
	if n := len([]rune(text)); n < 2 || n > 80 {
		return nil
	}
	scope := s.person(c).Scope
	rows, err := db.New().CustomerSuggest(c.Request.Context(), s.Pool, db.CustomerSuggestParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Search: text, Pattern: likePattern(text), Number: numberOf(text), Size: mostFound + 1,
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
		p.Customers = append(p.Customers, foundCustomer{row.Name, row.Username + ", " + row.PartnerName, fmt.Sprintf("%s/%d", sectionCustomers, row.ID)})
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
