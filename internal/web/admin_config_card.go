package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/setting"
)

// configCardsPage is what cards say, in whatever language.
type configCardsPage struct {
	page
	Kind, Serial, Series, ValidTill field
	Line1, Line2, Date              field
	Mistakes                        []mistake
}

// newConfigCardsPage shows the words.
func (s *Server) newConfigCardsPage(c *gin.Context, w setting.CardWords) *configCardsPage {
	word := func(name, label, english, value string) field {
		return field{Name: name, Label: label, Value: cut(value, 200), Placeholder: english, Autocomplete: "off"}
	}
	day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	dates := make([]option, 0, len(setting.Dates()))
	for _, name := range setting.Dates() {
		dates = append(dates, option{name, setting.CardWords{Date: name}.DateText(day), name == w.Date})
	}
	p := &configCardsPage{
		page:      s.page(c, "Cards", sectionCards),
		Kind:      word("card_kind", "What it is", "Refill card", w.Kind),
		Serial:    word("card_serial", "Serial", "Serial", w.Serial),
		Series:    word("card_series", "Series", "Series", w.Series),
		ValidTill: word("card_valid_till", "Valid till", "Valid till", w.ValidTill),
		Line1:     word("card_line1", "First line on cards", "Scan the code or sign in to the portal and", w.Line1),
		Line2:     word("card_line2", "Second line on cards", "open Finance → Payments → Refill card.", w.Line2),
		Date:      field{Name: "card_date", Label: "The last day is written", Options: dates, Short: true},
	}
	p.Line1.Hint = "What the customer has to do. A partner’s own lines stand instead on cards that are for it alone. Where the lines begin in a script that runs right to left, the card is mirrored."
	return p
}

// adminConfigCardsShow handles GET /admin/config/cards.
func (s *Server) adminConfigCardsShow(c *gin.Context) error {
	v, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_cards", s.newConfigCardsPage(c, v.CardWords))
}

// adminConfigCardsPicture handles GET /admin/config/cards/picture: a card with the
// words as they are kept.
func (s *Server) adminConfigCardsPicture(c *gin.Context) error {
	v, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	picture, err := s.maker(c).Specimen(v)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "image/svg+xml", picture)
	return nil
}

func cardWords(form url.Values) setting.CardWords {
	get := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	return setting.CardWords{
		Kind: get("card_kind"), Serial: get("card_serial"), Series: get("card_series"), ValidTill: get("card_valid_till"),
		Line1: get("card_line1"), Line2: get("card_line2"), Date: get("card_date"),
	}
}

// adminConfigCards handles POST /admin/config/cards.
func (s *Server) adminConfigCards(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	words := cardWords(form)
	v, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	v.CardWords = words
	if err = v.Validate(); err == nil {
		err = s.maker(c).CheckWords(v)
	}
	if err == nil {
		err = s.Settings.Change(c.Request.Context(), s.actor(c), func(v *setting.Settings) { v.CardWords = words })
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, sectionCards, err)
	}
	p := s.newConfigCardsPage(c, words)
	p.Mistakes = explain(err, &p.Kind, &p.Serial, &p.Series, &p.ValidTill, &p.Line1, &p.Line2, &p.Date)
	return s.render(c, http.StatusUnprocessableEntity, "admin/config_cards", p)
}
