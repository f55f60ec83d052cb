package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// findPage is what a search found. A text that may be a code is answered by the POST and
// is no part of an address; any other search has the address /admin/find?q=….
type findPage struct {
	kit.Page
	Cards                                []foundCard
	Series                               []seriesView
	Customers                            []foundCustomer
	Payments                             []foundPayment
	MoreCards, MoreSeries, MoreCustomers bool
	CustomersFirst                       bool       // the text is a name, or the exact username of a customer
	Barred                               *time.Time // until when the person may try no code; nil: they may
	AsCode                               string     // what was found otherwise or may be a serial, and may be a code as well
	Held                                 bool       // the address has what may be a code; nothing was looked up
	Forgets                              bool       // the script takes this answer to a POST, or this address, out of the browser's history
	RedeemHint                           bool       // cards that the person may not look up can be redeemed on a customer's page
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

// foundCustomer is a customer among the found.
type foundCustomer struct {
	Name, Note, URL string
	Disabled        bool
}

// foundPayment is a payment among the found.
type foundPayment struct{ Title, Note, URL string }

// mostFound is the greatest number of results of one kind.
const mostFound = 20

// SectionFind is the address of searches.
const SectionFind = "/admin/find"

// soughtText is a typed text as it is searched.
func soughtText(text string) string { return strings.TrimSpace(cardcode.PlainText(text)) }

// newFindPage returns a page without results.
func (s *Server) newFindPage(c *gin.Context, text string) *findPage {
	p := &findPage{Page: s.Page(c, lang.M("Found"), "")}
	p.Sought = text
	c.Header("Cache-Control", "no-store")
	return p
}

// FindShow handles GET /admin/find, a search with an address. It looks up no code. A text
// that may be one is not looked up at all: the page offers to send it by POST.
func (s *Server) FindShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	text := soughtText(kit.Truncate(c.Query("q"), longestSought))
	p := s.newFindPage(c, text)
	cards := settings.RefillCards && p.Person.Can(staff.CardsView)
	if text == "" {
		p.Title = lang.M("Search")
		return s.Render(c, http.StatusOK, "admin/find", p)
	}
	secret, err := s.Cards.Codes.IsSecret(c.Request.Context(), s.Actor(c), text)
	if err != nil {
		return err
	}
	if secret {
		c.Header("Referrer-Policy", "no-referrer")
		p.Title, p.Held, p.Forgets = lang.M("Search"), true, true
		return s.Render(c, http.StatusOK, "admin/find", p)
	}
	if url, err := s.findNamed(c, text, cards); err != nil || url != "" {
		if err != nil {
			return err
		}
		return s.Redirect(c, url)
	}
	if err := s.findOpenly(c, text, cards, p); err != nil {
		return err
	}
	return s.showFound(c, http.StatusOK, p, settings)
}

// longestSought is how much of a typed text is read.
const longestSought = 300

// findOpenly adds all that a text may mean without being a code.
func (s *Server) findOpenly(c *gin.Context, text string, cards bool, p *findPage) error {
	if p.Person.Can(staff.CustomersView) {
		if err := s.findCustomers(c, text, cards, p); err != nil {
			return err
		}
	}
	if err := s.findPayment(c, text, p); err != nil {
		return err
	}
	if !cards {
		return nil
	}
	return s.findCards(c, text, p)
}

// Find handles POST /admin/find. A text that may be no code is answered at an address of its
// own. For any other, what costs nothing comes first: series and serial, a customer, a
// serial, a series, the end of a code. Only what is none of those is tried as a full code,
// and charged. A text that is one of those, or a serial that no card has, and that may be a
// code as well, is tried as one where the person asks for that (as=code).
func (s *Server) Find(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	text := soughtText(form.Get("find"))
	p := s.newFindPage(c, text)
	cards := settings.RefillCards && p.Person.Can(staff.CardsView)
	if p.Forgets = true; cards && form.Get("as") == "code" {
		return s.findAsCode(c, text, p, settings)
	}
	if url, err := s.findNamed(c, text, cards); err != nil || url != "" {
		if err != nil {
			return err
		}
		return s.Redirect(c, url)
	}
	secret, err := s.Cards.Codes.IsSecret(c.Request.Context(), s.Actor(c), text)
	if err != nil {
		return err
	}
	if !secret {
		return s.Redirect(c, kit.ListURL(SectionFind, "q", text))
	}
	if err := s.findOpenly(c, text, cards, p); err != nil {
		return err
	}
	if !cards {
		p.Sought = ""
		return s.showFound(c, http.StatusOK, p, settings)
	}
	return s.findSecret(c, text, p, settings)
}

// findSecret tries a text as a code if nothing else was found, and offers that otherwise.
// The page does not show a text that was tried.
func (s *Server) findSecret(c *gin.Context, text string, p *findPage, settings setting.Settings) error {
	status := http.StatusOK
	found := len(p.Cards)+len(p.Series)+len(p.Customers)+len(p.Payments) > 0
	url, tried, err := s.findByCode(c, text, found)
	if fault.IsInternal(err) {
		return err
	}
	if url != "" {
		return s.Redirect(c, url)
	}
	if err != nil {
		status, p.Mistakes = s.Refuse(c, err), kit.Explain(err)
		p.RedeemHint = errors.Is(err, card.ErrUnknownHere) && p.Person.Can(staff.RedeemFor)
	}
	if tried {
		p.Sought = ""
	} else {
		may, err := s.Cards.Codes.MayBeCode(c.Request.Context(), s.Actor(c), text)
		if err != nil {
			return err
		}
		if may {
			p.AsCode = text
		}
	}
	return s.showFound(c, status, p, settings)
}

// findAsCode tries a text only as a code, which counts as an attempt.
func (s *Server) findAsCode(c *gin.Context, text string, p *findPage, settings setting.Settings) error {
	status := http.StatusOK
	p.Sought = ""
	url, err := s.findCode(c, text)
	if fault.IsInternal(err) {
		return err
	}
	if url != "" {
		return s.Redirect(c, url)
	}
	if err != nil {
		status, p.Mistakes = s.Refuse(c, err), kit.Explain(err)
		p.RedeemHint = errors.Is(err, card.ErrUnknownHere) && p.Person.Can(staff.RedeemFor)
	}
	return s.showFound(c, status, p, settings)
}

// showFound renders what was found, or that nothing was.
func (s *Server) showFound(c *gin.Context, status int, p *findPage, settings setting.Settings) error {
	var err error
	cards := settings.RefillCards && p.Person.Can(staff.CardsView)
	if cards {
		if p.Barred, err = s.ownBar(c, settings); err != nil {
			return err
		}
	}
	if len(p.Cards)+len(p.Series)+len(p.Customers)+len(p.Payments) > 0 {
		return s.Render(c, status, "admin/find", p)
	}
	p.Title = lang.M("Nothing found")
	if len(p.Mistakes) == 0 {
		p.Empty = kit.Empty{
			Icon: "search", Title: lang.M("Nothing matches"),
			Text: lang.M("Type a serial such as 42 or 202611-42, a full code, the last four symbols of one, or the name, username or phone of a customer."),
		}
		switch {
		case cards:
		case settings.RefillCards && p.Person.Can(staff.RedeemFor):
			p.Empty.Text = lang.M("You may not look cards up. To redeem a code, open the customer and use Redeem.")
		default:
			p.Empty.Text = lang.M("Type the name, username, phone or number of a customer. You may not look cards up.")
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
