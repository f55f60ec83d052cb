package admin

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/cardfile"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// configCardsPage is the settings page for the texts on cards, in any language.
type configCardsPage struct {
	kit.Page
	Kind, Serial, Series, ValidTill kit.Field
	Line1, Line2, Date              kit.Field
	Mistakes                        []kit.Mistake
}

// newConfigCardsPage returns the page with the texts w.
func (s *Server) newConfigCardsPage(c *gin.Context, w setting.CardWords) *configCardsPage {
	word := func(name, label, english, value string) kit.Field {
		return kit.Field{Name: name, Label: label, Value: kit.Truncate(value, 200), Placeholder: english, Autocomplete: "off"}
	}
	day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	dates := make([]kit.Option, 0, len(setting.Dates()))
	for _, name := range setting.Dates() {
		dates = append(dates, kit.Option{Value: name, Text: setting.CardWords{Date: name}.DateText(day), Selected: name == w.Date})
	}
	lines := cardfile.DefaultLines(render.QRCode)
	p := &configCardsPage{
		Page:      s.Page(c, lang.M("Card texts"), SectionCards),
		Kind:      word("card_kind", lang.M("What it is"), lang.M("Refill card"), w.Kind),
		Serial:    word("card_serial", lang.M("Serial"), lang.M("Serial"), w.Serial),
		Series:    word("card_series", lang.M("Series"), lang.M("Series"), w.Series),
		ValidTill: word("card_valid_till", lang.M("Valid till"), lang.M("Valid till"), w.ValidTill),
		Line1:     word("card_line1", lang.M("First line on cards"), lines[0], w.Line1),
		Line2:     word("card_line2", lang.M("Second line on cards"), lines[1], w.Line2),
		Date:      kit.Field{Name: "card_date", Label: lang.M("The last day is written"), Options: dates, Short: true},
	}
	p.Line1.Hint = lang.M("What the customer has to do. The portal’s address stands below. Your own lines are printed on cards without a QR code too, so write them for both. A partner’s own lines stand instead on cards that are for it alone. Where the lines begin in a script that runs right to left, the card is mirrored.")
	return p
}

// ConfigCardsShow handles GET /admin/config/cards.
func (s *Server) ConfigCardsShow(c *gin.Context) error {
	v, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/config_cards", s.newConfigCardsPage(c, v.CardWords))
}

// ConfigCardsPicture handles GET /admin/config/cards/picture: a specimen card with the
// saved texts.
func (s *Server) ConfigCardsPicture(c *gin.Context) error {
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

// ConfigCards handles POST /admin/config/cards.
func (s *Server) ConfigCards(c *gin.Context) error {
	form, err := s.Form(c)
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
		err = s.Settings.Change(c.Request.Context(), s.Actor(c), func(v *setting.Settings) { v.CardWords = words })
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionCards, err)
	}
	p := s.newConfigCardsPage(c, words)
	p.Mistakes = kit.Explain(err, &p.Kind, &p.Serial, &p.Series, &p.ValidTill, &p.Line1, &p.Line2, &p.Date)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/config_cards", p)
}
