package admin

import (
	"encoding/csv"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// changeURL returns the address of an operation on many cards.
func changeURL(number string, id int64) string {
	return fmt.Sprintf("%s/changes/%d", SeriesURL(number), id)
}

// changeShowPage is the page of one operation: its progress and its result.
type changeShowPage struct {
	kit.Page
	ID, SeriesID     int64
	URL, SeriesURL   string
	Series           string
	State            kit.Badge
	Working, Stopped bool
	CanChange        bool // may cancel and retry it
	Failure          string
	Progress         kit.Progress
	Tiles            []kit.Tile
	Range            string
	By               string
	At               time.Time
}

func (s *Server) findChange(c *gin.Context) (db.CardChangeGetRow, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.CardChangeGetRow{}, card.ErrNoChange
	}
	row, err := s.Cards.Change(c.Request.Context(), s.Actor(c), id)
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
		Page: s.Page(c, operationTitle(ch, row.PartnerName), SectionSeries), ID: ch.ID, SeriesID: ch.SeriesID,
		URL: changeURL(row.SeriesNumber, ch.ID), SeriesURL: SeriesURL(row.SeriesNumber), Series: row.SeriesNumber,
		Failure: fault.Kept(ch.Failure).Text(), By: audit.Named(&row.CreatedByName, row.ClientName), At: ch.CreatedAt,
	}
	p.CanChange = p.Person.Can(staff.CardsChange)
	looked := int64(ch.Changed + ch.Already + ch.KeptUsed + ch.KeptVoid + ch.KeptReserved)
	p.Progress = kit.Progress{Label: lang.M("Cards looked at"), Done: looked, Total: max(int64(ch.Total), looked)}
	p.Range = fmt.Sprintf("Serials %s to %s", money.Group(fmt.Sprint(ch.FirstSerial)), money.Group(fmt.Sprint(ch.LastSerial)))
	if ch.Serials != nil {
		p.Range = cardCount(int64(len(ch.Serials))) + " picked"
	}
	if ch.Status != "" {
		p.Range += ", only " + ch.Status
	}
	switch ch.State {
	case db.CardChangeStateQueued:
		p.State, p.Working = kit.Badge{Word: lang.M("Queued"), Tone: kit.ToneBusy}, true
		p.Progress.Note = lang.M("Waiting for a worker")
	case db.CardChangeStateRunning:
		p.State, p.Working = kit.Badge{Word: lang.M("Running"), Tone: kit.ToneBusy}, true
	case db.CardChangeStateDone:
		p.State = kit.Badge{Word: lang.M("Done"), Tone: kit.ToneGood}
	case db.CardChangeStateFailed:
		p.State, p.Stopped = kit.Badge{Word: lang.M("Failed"), Tone: kit.ToneBad}, true
	case db.CardChangeStateCancelled:
		p.State = kit.Badge{Word: lang.M("Cancelled"), Tone: kit.ToneIdle}
	}
	for _, t := range []struct {
		label string
		n     int32
	}{{lang.M("Changed"), ch.Changed}, {lang.M("Already so"), ch.Already}, {lang.M("Used, stayed"), ch.KeptUsed}, {lang.M("Void, stayed"), ch.KeptVoid}} {
		p.Tiles = append(p.Tiles, kit.Tile{Label: t.label, Value: money.Group(fmt.Sprint(t.n))})
	}
	if ch.KeptReserved > 0 {
		p.Tiles = append(p.Tiles, kit.Tile{Label: lang.M("Reserved, stayed"), Value: money.Group(fmt.Sprint(ch.KeptReserved))})
	}
	if ch.Operation == db.CardOperationVoid {
		p.Tiles = append(p.Tiles, kit.Tile{Label: lang.M("To breakage"), Value: money.Amount{Minor: ch.ValueMoved, Currency: row.Currency}.String()})
	}
	return p, nil
}

// ChangeShow handles GET …/:number/changes/:id.
func (s *Server) ChangeShow(c *gin.Context) error {
	p, err := s.newChangeShowPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/card_change_show", p)
}

// ChangeLive handles GET …/changes/:id/live: the fragment that is refreshed.
func (s *Server) ChangeLive(c *gin.Context) error {
	p, err := s.newChangeShowPage(c)
	if err != nil {
		return err
	}
	return s.Fragment(c, http.StatusOK, "admin/card_change_show", "change-live", p)
}

// ChangeEnd returns the handler of POST …/changes/:id/cancel or /retry, which calls end.
func (s *Server) ChangeEnd(end func(*gin.Context, int64) error) kit.Handler {
	return func(c *gin.Context) error {
		row, err := s.findChange(c)
		if err != nil {
			return err
		}
		if err = end(c, row.CardChange.ID); fault.KindOf(err) == fault.Conflict {
			s.SetFaultFlash(c, err)
		} else if err != nil {
			return err
		}
		return s.Redirect(c, changeURL(row.SeriesNumber, row.CardChange.ID))
	}
}

// CancelChange cancels a change of many cards.
func (s *Server) CancelChange(c *gin.Context, id int64) error {
	return s.Cards.CancelChange(c.Request.Context(), s.Actor(c), id)
}

// RetryChange retries a failed change of many cards.
func (s *Server) RetryChange(c *gin.Context, id int64) error {
	return s.Cards.RetryChange(c.Request.Context(), s.Actor(c), id)
}

// ChangeFile handles GET …/changes/:id/result.csv: the outcome for each card, without its
// code.
func (s *Server) ChangeFile(c *gin.Context) error {
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

// operationTitle returns the title of an operation, whether or not it has run.
func operationTitle(ch db.CardChange, partner string) string {
	title := operationVerb(ch.Operation) + " cards"
	switch {
	case ch.ValidTill != nil:
		title += " to " + kit.Day(*ch.ValidTill)
	case partner != "":
		title += " to " + partner
	case ch.Operation == db.CardOperationPartner:
		title += lang.M(" to the series’")
	}
	return title
}

// operationWord returns what an operation did, in the past tense.
func operationWord(ch db.CardChange, partner string) string {
	switch ch.Operation {
	case db.CardOperationEnable:
		return lang.M("Activated")
	case db.CardOperationDisable:
		return lang.M("Disabled")
	case db.CardOperationVoid:
		return lang.M("Voided")
	case db.CardOperationExtend:
		if ch.ValidTill != nil {
			return lang.M("Valid till set to ") + kit.Day(*ch.ValidTill)
		}
	case db.CardOperationPartner:
		if partner != "" {
			return lang.M("Partner set to ") + partner
		}
		return lang.M("Partner set to the series’")
	}
	return lang.M("Changed")
}
