package web

import (
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// changeURL is the address of an operation.
func changeURL(number string, id int64) string {
	return fmt.Sprintf("%s/changes/%d", seriesURL(number), id)
}

// changeShowPage is one operation: how far it is, and what came of it.
type changeShowPage struct {
	page
	ID, SeriesID     int64
	URL, SeriesURL   string
	Series           string
	State            badge
	Working, Stopped bool
	CanChange        bool // stop it, and take it up again
	Failure          string
	Progress         progress
	Tiles            []tile
	Range            string
	By               string
	At               time.Time
}

func (s *Server) findChange(c *gin.Context) (db.CardChangeGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.CardChangeGetRow{}, card.ErrNoChange
	}
	row, err := s.Cards.Change(c.Request.Context(), s.actor(c), id)
	if err == nil && row.SeriesNumber != c.Param("number") {
		return db.CardChangeGetRow{}, card.ErrNoChange
	}
	return row, err
}

func (s *Server) newChangeShowPage(c *gin.Context) (*changeShowPage, error) {
	row, err := s.findChange(c)
	if err != nil {
		return nil, err
	}
	ch := row.CardChange
	p := &changeShowPage{
		page: s.page(c, operationTitle(ch, row.PartnerName), sectionSeries), ID: ch.ID, SeriesID: ch.SeriesID,
		URL: changeURL(row.SeriesNumber, ch.ID), SeriesURL: seriesURL(row.SeriesNumber), Series: row.SeriesNumber,
		Failure: ch.Failure, By: row.CreatedByName, At: ch.CreatedAt,
	}
	p.CanChange = p.Person.Can(staff.CardsChange)
	looked := int64(ch.Changed + ch.Already + ch.KeptUsed + ch.KeptVoid)
	p.Progress = progress{Label: "Cards looked at", Done: looked, Total: max(int64(ch.Total), looked)}
	p.Range = fmt.Sprintf("Serials %s to %s", money.Group(fmt.Sprint(ch.FirstSerial)), money.Group(fmt.Sprint(ch.LastSerial)))
	if ch.Serials != nil {
		p.Range = countCards(int64(len(ch.Serials))) + " picked"
	}
	if ch.Status != "" {
		p.Range += ", only " + ch.Status
	}
	switch ch.State {
	case db.CardChangeStateQueued:
		p.State, p.Working = badge{"Queued", toneBusy}, true
		p.Progress.Note = "Waiting for a worker"
	case db.CardChangeStateRunning:
		p.State, p.Working = badge{"Running", toneBusy}, true
	case db.CardChangeStateDone:
		p.State = badge{"Done", toneGood}
	case db.CardChangeStateFailed:
		p.State, p.Stopped = badge{"Failed", toneBad}, true
	case db.CardChangeStateCancelled:
		p.State = badge{"Cancelled", toneIdle}
	}
	for _, t := range []struct {
		label string
		n     int32
	}{{"Changed", ch.Changed}, {"Already so", ch.Already}, {"Used, stayed", ch.KeptUsed}, {"Void, stayed", ch.KeptVoid}} {
		p.Tiles = append(p.Tiles, tile{Label: t.label, Value: money.Group(fmt.Sprint(t.n))})
	}
	if ch.Operation == db.CardOperationVoid {
		p.Tiles = append(p.Tiles, tile{Label: "To breakage", Value: money.Amount{Minor: ch.ValueMoved, Currency: row.Currency}.String()})
	}
	return p, nil
}

// adminChangeShow handles GET …/:number/changes/:id.
func (s *Server) adminChangeShow(c *gin.Context) error {
	p, err := s.newChangeShowPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/card_change_show", p)
}

// adminChangeLive handles GET …/changes/:id/live: the part that moves.
func (s *Server) adminChangeLive(c *gin.Context) error {
	p, err := s.newChangeShowPage(c)
	if err != nil {
		return err
	}
	return s.fragment(c, http.StatusOK, "admin/card_change_show", "change-live", p)
}

// adminChangeEnd handles POST …/changes/:id/cancel and /retry.
func (s *Server) adminChangeEnd(end func(*gin.Context, int64) error) handler {
	return func(c *gin.Context) error {
		row, err := s.findChange(c)
		if err != nil {
			return err
		}
		if err = end(c, row.CardChange.ID); fault.KindOf(err) == fault.Conflict {
			s.setFlash(c, fault.All(err)[0].Message)
		} else if err != nil {
			return err
		}
		return s.redirect(c, changeURL(row.SeriesNumber, row.CardChange.ID))
	}
}

func (s *Server) cancelChange(c *gin.Context, id int64) error {
	return s.Cards.CancelChange(c.Request.Context(), s.actor(c), id)
}

func (s *Server) retryChange(c *gin.Context, id int64) error {
	return s.Cards.RetryChange(c.Request.Context(), s.actor(c), id)
}

// adminChangeFile handles GET …/changes/:id/result.csv: what became of each card,
// without any code.
func (s *Server) adminChangeFile(c *gin.Context) error {
	row, err := s.findChange(c)
	if err != nil {
		return err
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fmt.Sprintf("cards-%s-change-%d.csv", row.SeriesNumber, row.CardChange.ID)}))
	h.Set("Cache-Control", "no-store")
	out := csv.NewWriter(c.Writer)
	if err := out.Write([]string{"series", "serial", "status_before", "outcome"}); err != nil {
		return nil //nolint:nilerr // the visitor left
	}
	err = s.Cards.EachOutcome(c.Request.Context(), row.CardChange.ID, func(o card.ChangeOutcome) error {
		return out.Write([]string{row.SeriesNumber, fmt.Sprint(o.Serial), o.Before, o.Outcome})
	})
	out.Flush()
	return err
}

// operationTitle names an operation, whether it is done or not.
func operationTitle(ch db.CardChange, partner string) string {
	title := operationVerb(string(ch.Operation)) + " cards"
	switch {
	case ch.ValidTill != nil:
		title += " to " + ch.ValidTill.Format("2 January 2006")
	case partner != "":
		title += " to " + partner
	case ch.Operation == db.CardOperationPartner:
		title += " to the series’"
	}
	return title
}

// operationWord says what an operation did.
func operationWord(ch db.CardChange, partner string) string {
	switch ch.Operation {
	case db.CardOperationEnable:
		return "Activated"
	case db.CardOperationDisable:
		return "Disabled"
	case db.CardOperationVoid:
		return "Voided"
	case db.CardOperationExtend:
		if ch.ValidTill != nil {
			return "Valid till set to " + ch.ValidTill.Format("2 January 2006")
		}
	case db.CardOperationPartner:
		if partner != "" {
			return "Partner set to " + partner
		}
		return "Partner set to the series’"
	}
	return "Changed"
}
