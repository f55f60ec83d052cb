package splynx

import (
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
)

// againWithin is how long the same redemption is answered again instead of refused. Programs
// of Splynx send no key by which a repetition could be known.
const againWithin = 10 * time.Minute

// cardsASeries separates the serial from the series in the id of a card. A series has fewer
// cards.
const cardsASeries = 10_000_000

// cardID returns the number by which these calls name a card.
func cardID(ref card.Ref) int64 { return ref.SeriesID*cardsASeries + int64(ref.Serial) }

// cardRef returns the card of a number, and card.ErrNoCard for a number that names none.
func cardRef(id int64) (card.Ref, error) {
	if id < cardsASeries || id%cardsASeries == 0 {
		return card.Ref{}, card.ErrNoCard
	}
	return card.Ref{SeriesID: id / cardsASeries, Serial: int32(id % cardsASeries)}, nil
}

// Redeem handles PUT /api/2.0/admin/finance/refill-cards/0?redeem=true.
func (s *Server) Redeem(c *gin.Context) error {
	if query := c.Request.URL.Query(); len(query) != 1 || (query.Get("redeem") != "true" && query.Get("redeem") != "1") {
		return card.ErrNoCard // there is no card 0
	}
	f, err := s.read(c)
	if err != nil {
		return err
	}
	customerID := customerOf(c).ID
	if text := f["customer_id"]; text != "" && (text != "0" || customerID == 0) {
		customerID = readID(text)
	}
	if f["code"] == "" || customerID == 0 {
		return errNeeded
	}
	if err := own(c, customerID); err != nil {
		return err
	}
	r := card.Redemption{CustomerID: customerID, Code: f["code"], Key: uuid.New(), Again: againWithin}
	if _, err := s.Cards.Redeem(c.Request.Context(), actor(c), r); err != nil {
		return err
	}
	return accepted(c)
}

// cardInPath returns the card that the address of a request names, with its series. Those
// that the client may not see are card.ErrNoCard.
func (s *Server) cardInPath(c *gin.Context) (card.Ref, db.Series, error) {
	ref, err := cardRef(readID(c.Param("id")))
	if err != nil {
		return ref, db.Series{}, err
	}
	ctx, seen := c.Request.Context(), scope(c)
	row, err := s.Cards.Series(ctx, actor(c), ref.SeriesID)
	if err != nil {
		return ref, row.Series, missingCard(err)
	}
	_, err = db.Need(db.New().CardShow(ctx, s.Pool, db.CardShowParams{
		SeriesID: ref.SeriesID, Serial: ref.Serial, AllPartners: seen.AllPartners, PartnerIds: seen.PartnerIDs,
	})).Or(card.ErrNoCard, "read a card")
	return ref, row.Series, err
}

// CardEdit handles PUT /api/2.0/admin/finance/refill-cards/:id.
func (s *Server) CardEdit(c *gin.Context) error {
	ref, series, err := s.cardInPath(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	f, err := s.read(c)
	if err != nil {
		return err
	}
	till, err := f.day("valid_till")
	if err != nil {
		return err
	}
	if f["price"] != "" {
		price, err := f.amount("price", series.Currency)
		if err != nil {
			return err
		}
		if price != (money.Amount{Minor: series.Price, Currency: series.Currency}) {
			return errCardPrice
		}
	}
	if till.IsZero() {
		return accepted(c) // nothing to change
	}
	err = s.Cards.PatchCard(c.Request.Context(), actor(c), ref, func(e card.Edit) card.Edit {
		e.ValidTill = till
		return e
	})
	if err != nil {
		return err
	}
	return accepted(c)
}

// CardDelete handles DELETE /api/2.0/admin/finance/refill-cards/:id: the card becomes void.
func (s *Server) CardDelete(c *gin.Context) error {
	ref, _, err := s.cardInPath(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	if err := s.Cards.VoidCard(c.Request.Context(), actor(c), ref); err != nil {
		return notDeleted(err)
	}
	return gone(c)
}
