package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/web/caller"
)

// seriesRequest is the body of POST /series.
type seriesRequest struct {
	Quantity   int32    `json:"quantity"`
	Prefix     string   `json:"prefix"`
	Price      *Amount  `json:"price"` // of one card
	PartnerIDs []string `json:"partner_ids"`
	AnyPartner bool     `json:"any_partner"`
	ValidTill  string   `json:"valid_till"`
	Activate   bool     `json:"activate"` // when generated
	PrintOnce  bool     `json:"print_once"`
}

// SeriesCreate handles POST /api/v1/series: it orders a series, which a worker generates.
func (s *Server) SeriesCreate(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	var body seriesRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	price, wrongPrice := readAmount(body.Price, currency(c, settings), "/price")
	till, wrongTill := readDay(body.ValidTill)
	if err := allOf(wrongPrice, wrongTill); err != nil {
		return err
	}
	replayed, err := s.keyDone(c, key)
	if err != nil {
		return err
	}
	ordered, err := s.Cards.Order(c.Request.Context(), caller.Actor(c), card.OrderRequest{
		Quantity: body.Quantity, Prefix: body.Prefix, Price: price, ValidTill: till, Activate: body.Activate, PrintOnce: body.PrintOnce,
		Partners: partners(body.AnyPartner, body.PartnerIDs), Key: key,
	})
	if err != nil {
		return seriesPlaces.of(err)
	}
	row, err := s.seriesNamed(c, ordered.Number)
	if err != nil {
		return err
	}
	c.Header("ETag", etag(row.Series.Version))
	return created(c, Base+"/series/"+ordered.Number, replayed, viewSeries(row))
}

// partners returns the choice of partners of a body.
func partners(everyone bool, ids []string) card.Partners {
	p := card.Partners{Any: everyone}
	for _, id := range ids {
		p.IDs = append(p.IDs, readID(id))
	}
	return p
}

// allOf returns those of the faults that are there.
func allOf(faults ...*fault.Error) error {
	var list fault.List
	for _, f := range faults {
		if f != nil {
			list = append(list, f)
		}
	}
	return list.Err()
}

// seriesPatch is the body of PATCH /series/:number. A missing field stays as it is.
type seriesPatch struct {
	Prefix     *string  `json:"prefix"`
	Price      *Amount  `json:"price"`
	PartnerIDs []string `json:"partner_ids"`
	AnyPartner *bool    `json:"any_partner"`
	ValidTill  *string  `json:"valid_till"`
	PrintOnce  *bool    `json:"print_once"`
}

// edit returns the edit of a series that a body asks for.
func (p seriesPatch) edit(row db.SeriesPageRow) (card.SeriesEdit, error) {
	now := row.Series
	e := card.SeriesEdit{
		Prefix: now.Prefix, Price: money.Amount{Minor: now.Price, Currency: now.Currency}, ValidTill: now.ValidTill,
		Partners: card.Partners{Any: now.AnyPartner}, PrintOnce: now.PrintOnce, Version: now.Version,
	}
	if !now.AnyPartner {
		e.Partners.IDs = row.PartnerIds
	}
	if p.PartnerIDs != nil || p.AnyPartner != nil {
		e.Partners = partners(p.AnyPartner != nil && *p.AnyPartner, p.PartnerIDs)
	}
	var wrongPrice, wrongTill *fault.Error
	if p.Price != nil {
		e.Price, wrongPrice = readAmount(p.Price, now.Currency, "/price")
	}
	if p.ValidTill != nil {
		e.ValidTill, wrongTill = readDay(*p.ValidTill)
	}
	if p.Prefix != nil {
		e.Prefix = *p.Prefix
	}
	if p.PrintOnce != nil {
		e.PrintOnce = *p.PrintOnce
	}
	return e, allOf(wrongPrice, wrongTill)
}

// SeriesChange handles PATCH /api/v1/series/:number. An edit that brings more into use than
// one person may waits for a second person.
func (s *Server) SeriesChange(c *gin.Context) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	match, err := version(c)
	if err != nil {
		return err
	}
	var body seriesPatch
	if err := s.read(c, &body); err != nil {
		return err
	}
	if match != row.Series.Version {
		return errMatchStale
	}
	edit, err := body.edit(row)
	if err != nil {
		return err
	}
	_, err = s.Cards.Edit(c.Request.Context(), caller.Actor(c), row.Series.ID, edit)
	switch {
	case errors.Is(err, card.ErrEditWaits), errors.Is(err, card.ErrEditAsked):
		return s.answerWaits(c, db.ApprovalWaitingOfClientParams{SeriesID: &row.Series.ID})
	case errors.Is(err, card.ErrSeriesEdited):
		return errMatchStale
	case err != nil && !errors.Is(err, card.ErrNothingEdited):
		return seriesPlaces.of(err)
	}
	if row, err = s.seriesInPath(c); err != nil {
		return err
	}
	return answerSeries(c, http.StatusOK, row)
}

// seriesAct is a change of the state of a series.
type seriesAct func(cards *card.Service, ctx context.Context, actor audit.Actor, seriesID int64) error

// changeSeries does an act on the series that a request names, once for a key. asked is what
// the body says.
func (s *Server) changeSeries(c *gin.Context, row db.SeriesPageRow, asked any, mayWait bool, act seriesAct) error {
	ctx := c.Request.Context()
	replayed, err := s.once(c, row.Series.ID, asked, func(cards *card.Service) error { return act(cards, ctx, caller.Actor(c), row.Series.ID) })
	waits := errors.Is(err, card.ErrActivationWaits) || errors.Is(err, card.ErrDeletionWaits)
	if err != nil && !waits {
		return seriesPlaces.of(err)
	}
	if row, err = s.seriesInPath(c); err != nil {
		return err
	}
	if row.ApprovalID != 0 && (waits || replayed && mayWait) {
		id := idText(row.ApprovalID)
		return accepted(c, Base+"/approvals/"+id, replayed, waiting{State: waitsForApproval, ApprovalID: id})
	}
	if waits {
		return errWaitsOther
	}
	c.Header("ETag", etag(row.Series.Version))
	return done(c, replayed, viewSeries(row))
}

// changeState is changeSeries for acts that need no body.
func (s *Server) changeState(c *gin.Context, mayWait bool, act seriesAct) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	if err := s.readNone(c); err != nil {
		return err
	}
	return s.changeSeries(c, row, nil, mayWait, act)
}

// SeriesActivate handles POST /api/v1/series/:number/activate. It unlocks a locked series too.
func (s *Server) SeriesActivate(c *gin.Context) error {
	return s.changeState(c, true, (*card.Service).Activate)
}

// SeriesLock handles POST /api/v1/series/:number/lock.
func (s *Server) SeriesLock(c *gin.Context) error {
	return s.changeState(c, false, (*card.Service).Lock)
}

// SeriesCancel handles POST /api/v1/series/:number/cancel.
func (s *Server) SeriesCancel(c *gin.Context) error {
	return s.changeState(c, false, (*card.Service).Cancel)
}

// SeriesRetry handles POST /api/v1/series/:number/retry.
func (s *Server) SeriesRetry(c *gin.Context) error {
	return s.changeState(c, false, (*card.Service).Retry)
}

// SeriesVoid handles POST /api/v1/series/:number/void.
func (s *Server) SeriesVoid(c *gin.Context) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	var body reversalRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	return s.changeSeries(c, row, body, true, func(cards *card.Service, ctx context.Context, actor audit.Actor, seriesID int64) error {
		return cards.Void(ctx, actor, seriesID, body.Reason)
	})
}
