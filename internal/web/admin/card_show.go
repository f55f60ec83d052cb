package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// cardShowPage is the page of one card: facts, history, and the form to redeem it for a
// customer.
type cardShowPage struct {
	kit.Page
	Name      kit.Copyable // of the card, as staff name it
	Series    seriesView
	Card      cardView
	Replaces  cardLink // the card that it replaces
	By        cardLink // the card that replaces it
	Picture   string   // URL of its picture; empty: another system printed it
	Held      cardHeld // the reservation that holds it
	Before    string   // its serial in the system it was imported from
	Happened  []happening
	CanRedeem bool
	Redeem    cardRedeem
	Changes   cardChanges
	Mistakes  []kit.Mistake

	Asked       askedFor
	RevealUntil time.Time // end of the time in which the viewer may see the code after an approval; zero: not approved
}

// cardLink names another card; the zero value names none.
type cardLink struct{ Name, URL string }

// linkCard returns the name and the address of a card.
func linkCard(number string, serial int32) cardLink {
	return cardLink{kit.CardName(number, int64(serial)), CardURL(number, serial)}
}

// replaced reads which card this one replaces, and which one replaces it.
func (s *Server) replaced(ctx context.Context, p *cardShowPage, series db.Series, serial int32) error {
	if series.ReplacesSeriesID != nil && series.ReplacesSerial != nil {
		old, err := db.New().SeriesGet(ctx, s.Pool, *series.ReplacesSeriesID)
		if err != nil {
			return err
		}
		p.Replaces = linkCard(old.Number, *series.ReplacesSerial)
	}
	by, found, err := db.Found(db.New().SeriesReplacing(ctx, s.Pool, db.SeriesReplacingParams{SeriesID: &series.ID, Serial: &serial}))
	if found {
		p.By = linkCard(by.Number, 1)
	}
	return err
}

// cardRedeem is the form that redeems the card for a customer.
type cardRedeem struct {
	URL     string
	Key     string
	Search  string
	Hint    string
	Error   string
	Choices []customerChoice
	Second  string // why this person cannot redeem it without its code; empty: they can
}

// newCardRedeem returns the form to redeem a card, with a new idempotency key.
func newCardRedeem(v cardView, search string) cardRedeem {
	return cardRedeem{URL: v.URL, Key: uuid.NewString(), Search: kit.Truncate(strings.TrimSpace(search), 80)}
}

// customerChoice is a customer that the search found.
type customerChoice struct {
	ID      int64
	Name    string
	Note    string
	Checked bool
	// Disabled customers are listed too, so that a search for one shows that they are
	// disabled.
	Disabled bool
}

// shortestSearch is the least number of characters in a search for customers.
const shortestSearch = 3

// findCard reads the card named in the address.
func (s *Server) findCard(c *gin.Context) (db.SeriesShowRow, db.CardShowRow, error) {
	series, err := s.findSeries(c)
	if err != nil {
		return series, db.CardShowRow{}, err
	}
	serial, err := strconv.ParseInt(c.Param("serial"), 10, 32)
	if err != nil || serial < 1 {
		return series, db.CardShowRow{}, card.ErrNoCard
	}
	scope := s.Person(c).Scope
	row, err := db.Need(db.New().CardShow(c.Request.Context(), s.Pool, db.CardShowParams{
		SeriesID: series.Series.ID, Serial: int32(serial), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})).Or(card.ErrNoCard, "read a card")
	return series, row, err
}

// CardShow handles GET …/series/:number/cards/:serial.
func (s *Server) CardShow(c *gin.Context) error {
	p, err := s.newCardShowPage(c, c.Query("q"), 0)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/card_show", p)
}

// CardPicture handles GET …/series/:number/cards/:serial/picture: the card as it is printed,
// with its code masked. Cards that another system printed have no picture.
func (s *Server) CardPicture(c *gin.Context) error {
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	if series.Series.ImportID != nil {
		return card.ErrNoCard
	}
	v, err := s.viewCard(c.Request.Context(), series, row)
	if err != nil {
		return err
	}
	if v.Erased() {
		v.Code = codestore.FormatOfSeries(series.Series).Mask()
	}
	picture, err := s.maker(c).Face(c.Request.Context(), series.Series, row.Serial, v.Code, v.ValidTill)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "image/svg+xml", picture)
	return nil
}

// CardSearch handles POST …/series/:number/cards/:serial, the search for a customer. It
// answers directly if the text may be a code. It redirects any other text to an address
// that contains it.
func (s *Server) CardSearch(c *gin.Context) error {
	if _, _, err := s.findCard(c); err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	secret, err := s.mayHoldCode(c, form.Get("q"))
	if err != nil {
		return err
	}
	if !secret {
		return s.Redirect(c, kit.ListURL(c.Request.URL.Path, "q", kit.Truncate(strings.TrimSpace(form.Get("q")), 80)))
	}
	c.Header("Cache-Control", "no-store")
	p, err := s.newCardShowPage(c, form.Get("q"), 0)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/card_show", p)
}

// CardCustomers handles …/cards/:serial/customers: the choices alone, while the search is
// typed. The page uses POST because the text may be a code.
func (s *Server) CardCustomers(c *gin.Context) error {
	search := c.Query("q")
	if c.Request.Method == http.MethodPost {
		form, err := s.Form(c)
		if err != nil {
			return err
		}
		search = form.Get("q")
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	v, err := s.viewCard(c.Request.Context(), series, row)
	if err != nil {
		return err
	}
	var r cardRedeem
	if v.Redeemable {
		r = newCardRedeem(v, search)
		err = s.chooseCustomers(c, s.Person(c), &r, 0)
	}
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/card_show", "customer-list", &r)
}

func (s *Server) newCardShowPage(c *gin.Context, search string, chosen int64) (*cardShowPage, error) {
	series, row, err := s.findCard(c)
	if err != nil {
		return nil, err
	}
	v, err := s.viewCard(c.Request.Context(), series, row)
	if err != nil {
		return nil, err
	}
	name := kit.CardName(series.Series.Number, int64(row.Serial))
	p := &cardShowPage{
		Name:   kit.Copyable{Text: name, Label: lang.M("Copy the name of the card")},
		Page:   s.Page(c, fmt.Sprintf(lang.M("Card %s"), name), SectionSeries),
		Series: viewSeries(series), Card: v,
	}
	if series.Series.ImportID == nil {
		p.Picture = v.URL + "/picture"
	} else {
		p.Before, err = db.New().CardImportedSerial(c.Request.Context(), s.Pool, db.CardImportedSerialParams{SeriesID: series.Series.ID, Serial: row.Serial})
		if err != nil {
			return nil, err
		}
	}
	if p.Held, err = s.held(c, series.Series.ID, row.Serial); err != nil {
		return nil, err
	}
	if err := s.replaced(c.Request.Context(), p, series.Series, row.Serial); err != nil {
		return nil, err
	}
	p.CanRedeem = v.Redeemable && p.Held.By == "" && p.Person.Can(staff.RedeemFor)
	if p.Happened, err = s.cardHistory(c, series.Series, row); err != nil {
		return nil, err
	}
	if err := s.revealStands(c, p, series.Series, row); err != nil {
		return nil, err
	}
	if p.Changes, err = s.cardChanges(c, series, row, v); err != nil {
		return nil, err
	}
	if p.Held.By != "" && p.Changes.Edit != nil { // nothing else can be done to it
		p.Changes.Edit, p.Changes.Actions = nil, []kit.Confirmation{releaseDialog(name, v.URL)}
	}
	if err := s.revealTakesTwo(c, p, series.Series, row); err != nil {
		return nil, err
	}
	if err := s.enableTakesTwo(c, p, series.Series, row.Serial); err != nil {
		return nil, err
	}
	if p.CanRedeem {
		p.Redeem = newCardRedeem(v, search)
		if err := s.redeemTakesTwo(c, p, series.Series, row.Serial); err != nil {
			return nil, err
		}
		err = s.chooseCustomers(c, p.Person, &p.Redeem, chosen)
	}
	return p, err
}

// chooseCustomers adds the customers that match the search.
func (s *Server) chooseCustomers(c *gin.Context, person staff.Person, r *cardRedeem, chosen int64) error {
	r.Hint = fmt.Sprintf(lang.M("Type at least %d characters of a name, username, e-mail or phone number."), shortestSearch)
	if len([]rune(r.Search)) < shortestSearch {
		return nil
	}
	const most = 8
	rows, err := db.New().CustomerSuggest(c.Request.Context(), s.Pool, db.CustomerSuggestParams{
		AllPartners: person.Scope.AllPartners, PartnerIds: person.Scope.PartnerIDs, Search: cardcode.PlainText(r.Search), Number: customerNumber(r.Search), Size: most + 1,
	})
	if err != nil {
		return err
	}
	r.Hint = fmt.Sprintf(lang.M("%d customers found."), len(rows))
	switch {
	case len(rows) == 1:
		r.Hint = lang.M("1 customer found.")
	case len(rows) == 0:
		r.Hint = lang.M("Nobody is called that. Check the spelling, or search by username.")
	case len(rows) > most:
		rows = rows[:most]
		r.Hint = lang.M("There are more. Type more of the name to narrow it down.")
	}
	for _, row := range rows {
		note := row.Username + ", " + row.PartnerName
		if row.DisabledAt != nil {
			note += ", disabled"
		}
		r.Choices = append(r.Choices, customerChoice{row.ID, row.Name, note, row.ID == chosen || len(rows) == 1, row.DisabledAt != nil})
	}
	return nil
}

// CardRedeem handles POST …/cards/:serial/redeem.
func (s *Server) CardRedeem(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	customerID, err := strconv.ParseInt(form.Get("customer"), 10, 64)
	if err != nil {
		err = fault.Field("customer", "customer_missing", "Choose the customer whose balance the card goes to.")
	} else {
		var receipt card.Receipt
		receipt, err = s.Cards.Redeem(c.Request.Context(), s.Actor(c), card.Redemption{
			CustomerID: customerID, Card: card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}, Key: key,
		})
		if err == nil {
			return s.toReceipt(c, customerID, receipt)
		}
	}
	if fault.IsInternal(err) {
		return err
	}
	p, pageErr := s.newCardShowPage(c, form.Get("q"), customerID)
	if pageErr != nil {
		return pageErr
	}
	if fault.KindOf(err) == fault.Unsettled {
		p.Redeem.Key = key.String() // a repeated request with the same key returns the outcome
	}
	p.Redeem.Error = fault.All(err)[0].Text()
	p.Mistakes = kit.Explain(err)
	return s.Render(c, s.RefuseForm(c, err), "admin/card_show", p)
}
