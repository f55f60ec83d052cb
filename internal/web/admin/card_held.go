package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// cardHeld is the reservation that holds a card; the zero value where none does.
type cardHeld struct {
	By    string // the API client
	Until time.Time
}

// held reads the reservation that holds a card now.
func (s *Server) held(c *gin.Context, seriesID int64, serial int32) (cardHeld, error) {
	row, found, err := db.Found(db.New().ReservationOfCard(c.Request.Context(), s.Pool, db.ReservationOfCardParams{SeriesID: seriesID, Serial: serial}))
	if err != nil {
		return cardHeld{}, fmt.Errorf("read the reservation of a card: %w", err)
	}
	if !found {
		return cardHeld{}, nil
	}
	by := row.ClientName
	if by == "" {
		by = fmt.Sprintf(lang.M("API client %d"), row.ClientID)
	}
	return cardHeld{By: by, Until: row.HeldUntil}, nil
}

// releaseDialog returns the dialog that frees a reserved card.
func releaseDialog(name, url string) kit.Confirmation {
	return kit.Confirmation{
		ID: "release", Opener: lang.M("Release"), Title: fmt.Sprintf(lang.M("Release card %s?"), name), Action: url + "/release", Button: lang.M("Release card"),
		Text:   lang.M("The card can be redeemed again at once. The API client that reserved it may have credited its customer already: its reservation is refused then, and the value has to be settled there."),
		Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Autocomplete: "off", Hint: lang.M("It stays in the audit trail.")},
	}
}

// CardRelease handles POST …/cards/:serial/release.
func (s *Server) CardRelease(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	series, row, err := s.findCard(c)
	if err != nil {
		return err
	}
	ref := card.Ref{SeriesID: series.Series.ID, Serial: row.Serial}
	err = s.Cards.ReleaseCard(c.Request.Context(), s.Actor(c), ref, form.Get("reason"))
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("The card is released."))
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	case fault.IsInternal(err):
		return err
	case fault.KindOf(err) == fault.Conflict:
		s.SetFaultFlash(c, err)
		return s.Redirect(c, CardURL(series.Series.Number, row.Serial))
	}
	p, pageErr := s.newCardShowPage(c, "", 0)
	if pageErr != nil {
		return pageErr
	}
	for i := range p.Changes.Actions {
		if one := &p.Changes.Actions[i]; one.ID == "release" {
			one.Refuse(err, form.Get("reason"))
		}
	}
	return s.Render(c, http.StatusUnprocessableEntity, "admin/card_show", p)
}
