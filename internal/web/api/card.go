package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// cardView is a card as the API tells it, never with a part of its code.
type cardView struct {
	Card       string  `json:"card"`
	Series     string  `json:"series"`
	Serial     int32   `json:"serial"`
	Status     string  `json:"status"`
	Price      Amount  `json:"price"`
	ValidTill  string  `json:"valid_till"`
	PartnerID  *string `json:"partner_id"` // null: the partners of the series
	Remark     string  `json:"remark"`
	UsedAt     *string `json:"used_at"`
	HeldUntil  *string `json:"held_until"`  // null: no API client has reserved the card
	CustomerID *string `json:"customer_id"` // who used it; null: nobody, or a customer of another partner
}

func viewCard(series db.Series, row db.CardListRow) cardView {
	v := cardView{
		Card: kit.CardName(series.Number, int64(row.Serial)), Series: series.Number, Serial: row.Serial,
		Status: string(card.StatusOf(row.State, series.State, row.Expired)), Price: amount(series.Price, series.Currency),
		ValidTill: *day(&series.ValidTill), PartnerID: idOrNil(row.PartnerID), Remark: db.Deref(row.Remark), UsedAt: momentOrNil(row.UsedAt),
	}
	if row.ValidTill != nil {
		v.ValidTill = *day(row.ValidTill)
	}
	if row.Held {
		v.HeldUntil = momentOrNil(row.ReservedUntil)
	}
	if row.UsedByName != nil { // within the partners of the client
		v.CustomerID = idOrNil(row.UsedBy)
	}
	return v
}

// isCardStatus reports whether a card can be shown with a status.
func isCardStatus(text string) bool {
	return slices.Contains([]card.Status{
		card.StatusActive, card.StatusUsed, card.StatusExpired, card.StatusInactive, card.StatusLocked, card.StatusDisabled, card.StatusVoid, card.StatusReserved,
	}, card.Status(text))
}

// CardList handles GET /api/v1/series/:number/cards, in the order of serials.
func (s *Server) CardList(c *gin.Context) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	q := readQuery(c, "limit", "after", "status")
	p := page{after: q.number("after", 0, card.MaxQuantity), size: q.number("limit", usualPage, largestPage)}
	status, scope := card.Status(q.text("status")), caller.Client(c).Scope
	if status != "" && !isCardStatus(string(status)) {
		q.bad = true
	}
	if err := q.err(); err != nil {
		return err
	}
	filter := card.FilterOf(status, row.Series.State, row.Expired, row.AskedAt)
	if filter.Status != status { // no card of the series can have it
		return answerList(c, p, nil, func(db.CardListRow) int64 { return 0 }, func(db.CardListRow) cardView { return cardView{} })
	}
	rows, err := db.New().CardList(c.Request.Context(), s.Pool, db.CardListParams{
		SeriesID: row.Series.ID, AfterSerial: int32(p.after), Size: p.limit(), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, //nolint:gosec // at most MaxQuantity
		Way: filter.Way, Status: string(filter.Status), State: filter.State, FromDay: filter.From, ToDay: filter.To,
	})
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.CardListRow) int64 { return int64(r.Serial) }, func(r db.CardListRow) cardView { return viewCard(row.Series, r) })
}

// readCard returns a card with its series.
func (s *Server) readCard(c *gin.Context, ref card.Ref) (cardView, error) {
	ctx, scope := c.Request.Context(), caller.Client(c).Scope
	series, err := s.Cards.Series(ctx, caller.Actor(c), ref.SeriesID)
	if err != nil {
		return cardView{}, err
	}
	row, err := db.Need(db.New().CardShow(ctx, s.Pool, db.CardShowParams{
		SeriesID: ref.SeriesID, Serial: ref.Serial, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})).Or(card.ErrNoCard, "read a card")
	return viewCard(series.Series, db.CardListRow(row)), err
}

// CardShow handles GET /api/v1/cards/:card.
func (s *Server) CardShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	ref, err := s.findCard(c, c.Param("card"))
	if err != nil {
		return err
	}
	v, err := s.readCard(c, ref)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, v)
}

// cardAct is a change of the state of a card.
type cardAct func(cards *card.Service, ctx context.Context, actor audit.Actor, ref card.Ref) error

// changeCard does an act on the card that a request names, once for a key.
func (s *Server) changeCard(c *gin.Context, act cardAct) error {
	ref, err := s.findCard(c, c.Param("card"))
	if err != nil {
		return err
	}
	if _, err := s.readCard(c, ref); err != nil {
		return err
	}
	if err := s.readNone(c); err != nil {
		return err
	}
	replayed, err := s.once(c, ref, nil, func(cards *card.Service) error { return act(cards, c.Request.Context(), caller.Actor(c), ref) })
	if err != nil {
		return cardPlaces.of(err)
	}
	v, err := s.readCard(c, ref)
	if err != nil {
		return err
	}
	return done(c, replayed, v)
}

// CardDisable handles POST /api/v1/cards/:card/disable.
func (s *Server) CardDisable(c *gin.Context) error {
	return s.changeCard(c, (*card.Service).DisableCard)
}

// CardEnable handles POST /api/v1/cards/:card/enable.
func (s *Server) CardEnable(c *gin.Context) error { return s.changeCard(c, (*card.Service).EnableCard) }

// CardVoid handles POST /api/v1/cards/:card/void.
func (s *Server) CardVoid(c *gin.Context) error { return s.changeCard(c, (*card.Service).VoidCard) }

// cardPatch is the body of PATCH /cards/:card. A missing field stays as it is; an empty one
// takes the value of the series, or removes the remark.
type cardPatch struct {
	ValidTill *string `json:"valid_till"`
	PartnerID *string `json:"partner_id"`
	Remark    *string `json:"remark"`
}

// CardPatch handles PATCH /api/v1/cards/:card.
func (s *Server) CardPatch(c *gin.Context) error {
	ref, err := s.findCard(c, c.Param("card"))
	if err != nil {
		return err
	}
	if _, err := s.readCard(c, ref); err != nil {
		return err
	}
	var body cardPatch
	if err := s.read(c, &body); err != nil {
		return err
	}
	till, wrong := readDay(db.Deref(body.ValidTill))
	if wrong != nil {
		return wrong
	}
	err = s.Cards.PatchCard(c.Request.Context(), caller.Actor(c), ref, func(e card.Edit) card.Edit {
		if body.ValidTill != nil {
			e.ValidTill = till
		}
		if body.PartnerID != nil {
			e.PartnerID = readPartner(*body.PartnerID)
		}
		if body.Remark != nil {
			e.Remark = *body.Remark
		}
		return e
	})
	if err != nil {
		return cardPlaces.of(err)
	}
	v, err := s.readCard(c, ref)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, v)
}

// readPartner reads the partner of single cards; 0, the partners of the series, for an empty
// text.
func readPartner(text string) int64 {
	if text == "" {
		return 0
	}
	return readID(text)
}
