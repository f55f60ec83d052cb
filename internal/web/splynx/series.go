package splynx

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/notify"
	"refill/internal/web/caller"
)

// seriesView is a series as Splynx tells it.
type seriesView struct {
	Serie     string `json:"serie"`
	Prefix    string `json:"prefix"`
	Amount    int32  `json:"amount"` // of cards
	CreatedAt string `json:"created_at"`
}

// SeriesList handles GET and HEAD /api/2.0/admin/finance/refill-cards-series.
func (s *Server) SeriesList(c *gin.Context) error {
	l, seen := readList(c), scope(c)
	if err := l.err(); err != nil {
		return err
	}
	rows, err := db.New().SplynxSeriesList(c.Request.Context(), s.Pool, db.SplynxSeriesListParams{
		AllPartners: seen.AllPartners, PartnerIds: seen.PartnerIDs, Newest: l.newest, Size: l.size, Skip: l.skip,
	})
	if err != nil {
		return err
	}
	var total int64
	if len(rows) > 0 {
		total = rows[0].Total
	}
	zone := s.zone()
	return answerList(c, rows, total, func(r db.SplynxSeriesListRow) seriesView {
		return seriesView{r.Number, r.Prefix, r.Quantity, r.CreatedAt.In(zone).Format(momentForm)}
	})
}

// madeWithin is how long an order waits for its cards. Clients in PHP end a request after five
// seconds, and would order again.
const madeWithin = 4 * time.Second

// SeriesCreate handles POST /api/2.0/admin/finance/refill-cards-series. The series is active
// once its cards are generated, as in Splynx.
func (s *Server) SeriesCreate(c *gin.Context) error {
	if err := noQuery(c); err != nil {
		return err
	}
	f, err := s.read(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	quantity, err := strconv.ParseInt(f["quantity"], 10, 32)
	if err != nil {
		return errNumber
	}
	price, err := f.amount("price", settings.Currency)
	if err != nil {
		return err
	}
	till, err := f.day("valid_till")
	if err != nil {
		return err
	}
	order := card.OrderRequest{
		Quantity: int32(quantity), Prefix: f["prefix"], Price: price, ValidTill: till, Activate: true, Partners: partners(c, f["partner_id"]), Key: uuid.New(),
	}
	ordered, err := s.Cards.Order(c.Request.Context(), actor(c), order)
	if err != nil {
		return err
	}
	if err := s.awaitCards(c, ordered); err != nil {
		return err
	}
	c.JSON(http.StatusCreated, gin.H{"serie": ordered.Number})
	return nil
}

// partners returns the partners of a new series: the one that the body names, or the only one
// of the client, or any.
func partners(c *gin.Context, text string) card.Partners {
	seen := scope(c)
	switch {
	case text != "" && text != "0":
		return card.Partners{IDs: []int64{readID(text)}}
	case !seen.AllPartners && len(seen.PartnerIDs) == 1:
		return card.Partners{IDs: seen.PartnerIDs}
	}
	return card.Partners{Any: true}
}

// awaitCards waits until a series is generated, or the time is over.
func (s *Server) awaitCards(c *gin.Context, ordered card.Ordered) error {
	if s.hub == nil {
		return nil
	}
	heard, stop := s.hub.Subscribe() // before the first look, so that no change is missed
	defer stop()
	over := time.NewTimer(madeWithin)
	defer over.Stop()
	for {
		row, err := s.Cards.Series(c.Request.Context(), actor(c), ordered.ID)
		if err != nil {
			return err
		}
		if row.Series.State != db.SeriesStateQueued && row.Series.State != db.SeriesStateGenerating {
			return nil
		}
		concern := func(e notify.Event) bool { return e.Kind == notify.KindSeries && e.ID == ordered.ID }
		rested := s.Untimed(c)
		again := caller.Rest(c.Request.Context(), s.closing, over.C, heard, concern)
		rested()
		if !again {
			return nil
		}
	}
}

// seriesInPath reads the series whose number the address of a request has. Those that the
// client may not see, and void ones, are card.ErrNoSeries.
func (s *Server) seriesInPath(c *gin.Context) (db.SeriesPageRow, error) {
	seen := scope(c)
	rows, err := db.New().SeriesPage(c.Request.Context(), s.Pool, db.SeriesPageParams{
		BeforeID: math.MaxInt64, Size: 1, Number: c.Param("serie"), AllPartners: seen.AllPartners, PartnerIds: seen.PartnerIDs,
	})
	switch {
	case err != nil:
		return db.SeriesPageRow{}, err
	case len(rows) == 0 || rows[0].Series.State == db.SeriesStateVoid:
		return db.SeriesPageRow{}, card.ErrNoSeries
	}
	return rows[0], nil
}

// cardView is a card as Splynx tells it. Its code is never told.
type cardView struct {
	ID          int64  `json:"id"`
	Status      string `json:"status"`
	CustomerID  int64  `json:"customer_id"`
	ActivatedAt string `json:"activated_at"`
	FullCode    string `json:"full_code"`
}

// cardStatus returns the status of Splynx that a shown status has: its name with a capital.
// Splynx knows no void cards, and none of a series that is not active.
func cardStatus(status card.Status) string {
	if !slices.Contains([]card.Status{card.StatusActive, card.StatusUsed, card.StatusExpired}, status) {
		status = card.StatusDisabled
	}
	return strings.ToUpper(string(status[:1])) + string(status[1:])
}

// SeriesShow handles GET and HEAD /api/2.0/admin/finance/refill-cards-series/:serie: its cards.
func (s *Server) SeriesShow(c *gin.Context) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	l, seen := readList(c), scope(c)
	if l.bad || l.newest {
		return errFilter
	}
	rows, err := db.New().CardList(c.Request.Context(), s.Pool, db.CardListParams{
		SeriesID: row.Series.ID, AfterSerial: l.skip, Size: l.size, AllPartners: seen.AllPartners, PartnerIds: seen.PartnerIDs, Way: "each",
	})
	if err != nil {
		return err
	}
	masked := row.Series.Number + "-" + row.Series.Prefix + "-****************"
	if row.Series.Prefix == "" {
		masked = row.Series.Number + "-****************"
	}
	zone := s.zone()
	return answerList(c, rows, int64(row.Series.Made), func(r db.CardListRow) cardView {
		v := cardView{
			ID:     cardID(card.Ref{SeriesID: row.Series.ID, Serial: r.Serial}),
			Status: cardStatus(card.StatusOf(r.State, row.Series.State, r.Expired)), ActivatedAt: noMoment, FullCode: masked,
		}
		if r.UsedAt != nil {
			v.ActivatedAt = r.UsedAt.In(zone).Format(momentForm)
		}
		if r.UsedByName != nil { // within the partners of the client
			v.CustomerID = db.Deref(r.UsedBy)
		}
		return v
	})
}

// SeriesEdit handles PUT /api/2.0/admin/finance/refill-cards-series/:serie. A missing field
// stays as it is.
func (s *Server) SeriesEdit(c *gin.Context) error {
	row, err := s.seriesInPath(c)
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
	now := row.Series
	edit := card.SeriesEdit{
		Prefix: now.Prefix, Price: money.Amount{Minor: now.Price, Currency: now.Currency}, ValidTill: now.ValidTill,
		Partners: card.Partners{Any: now.AnyPartner}, PrintOnce: now.PrintOnce, Version: now.Version,
	}
	if !now.AnyPartner {
		edit.Partners.IDs = row.PartnerIds
	}
	if prefix, there := f["prefix"]; there {
		edit.Prefix = prefix
	}
	if f["price"] != "" {
		if edit.Price, err = f.amount("price", now.Currency); err != nil {
			return err
		}
	}
	if till, err := f.day("valid_till"); err != nil {
		return err
	} else if !till.IsZero() {
		edit.ValidTill = till
	}
	if f["partner_id"] != "" {
		edit.Partners = partners(c, f["partner_id"])
	}
	_, err = s.Cards.Edit(c.Request.Context(), actor(c), now.ID, edit)
	switch {
	case errors.Is(err, card.ErrEditWaits), errors.Is(err, card.ErrEditAsked):
		return errWaits
	case err != nil && !errors.Is(err, card.ErrNothingEdited):
		return err
	}
	return accepted(c)
}

// deletedBy is the reason of deletions in the audit trail, where one is required.
const deletedBy = lang.M("Deleted by a call in the shape of Splynx")

// SeriesDelete handles DELETE /api/2.0/admin/finance/refill-cards-series/:serie: the series
// becomes void.
func (s *Server) SeriesDelete(c *gin.Context) error {
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
		return err
	}
	if err := s.Cards.Void(c.Request.Context(), actor(c), row.Series.ID, deletedBy); err != nil {
		return notDeleted(err)
	}
	return gone(c)
}

// missingCard returns card.ErrNoCard for a card whose series the client may not see.
func missingCard(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return card.ErrNoCard
	}
	return err
}

// undeletableError is the refusal of a deletion for the state of what is to be deleted.
type undeletableError struct{ error }

// Unwrap returns the refusal.
func (e undeletableError) Unwrap() error { return e.error }

// notDeleted returns the answer to a deletion that the state, or a second person, forbids. In
// Splynx every such deletion has the same code.
func notDeleted(err error) error {
	switch {
	case errors.Is(err, card.ErrDeletionWaits), errors.Is(err, card.ErrDeletionAsked), errors.Is(err, card.ErrVoidNeedsSecond):
		return errNoDelete
	case fault.KindOf(err) == fault.Conflict, fault.KindOf(err) == fault.Invalid:
		return undeletableError{err}
	}
	return err
}
