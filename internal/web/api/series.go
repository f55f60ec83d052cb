package api

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/notify"
	"refill/internal/web/caller"
)

// seriesView is a series as the API tells it.
type seriesView struct {
	Number     string      `json:"number"`
	Prefix     string      `json:"prefix"`
	Price      Amount      `json:"price"`
	Quantity   int32       `json:"quantity"`
	Made       int32       `json:"made"` // progress: cards that are generated
	State      string      `json:"state"`
	Status     string      `json:"status"` // the state, or expired
	AnyPartner bool        `json:"any_partner"`
	PartnerIDs []string    `json:"partner_ids"`
	ValidTill  string      `json:"valid_till"` // the last day, in the time zone of the series
	TimeZone   string      `json:"time_zone"`
	Activate   bool        `json:"activate"` // when generated
	PrintOnce  bool        `json:"print_once"`
	Cards      cardsByKind `json:"cards"`
	CreatedAt  string      `json:"created_at"`
	Activated  *string     `json:"activated_at"`
	Failure    string      `json:"failure"`
	ApprovalID *string     `json:"approval_id"` // what the client asked for and a second person has to approve
}

// cardsByKind counts the cards of a series. Unused cards share the status of the series,
// except those with a last day of their own.
type cardsByKind struct {
	Unused   int64 `json:"unused"`
	Used     int64 `json:"used"`
	Disabled int64 `json:"disabled"`
	Void     int64 `json:"void"`
}

func viewSeries(row db.SeriesPageRow) seriesView {
	s := row.Series
	v := seriesView{
		Number: s.Number, Prefix: s.Prefix, Price: amount(s.Price, s.Currency), Quantity: s.Quantity, Made: s.Made,
		State: string(s.State), Status: string(card.SeriesStatus(s.State, row.Expired)), AnyPartner: s.AnyPartner, PartnerIDs: []string{},
		ValidTill: *day(&s.ValidTill), TimeZone: s.TimeZone, Activate: s.ActivateWhenGenerated, PrintOnce: s.PrintOnce,
		Cards:     cardsByKind{Unused: int64(s.Made) - row.Used - row.Disabled - row.Void, Used: row.Used, Disabled: row.Disabled, Void: row.Void},
		CreatedAt: moment(s.CreatedAt), Activated: momentOrNil(s.ActivatedAt), Failure: fault.Kept(s.Failure).Text(), ApprovalID: idOrNil(&row.ApprovalID),
	}
	if !s.AnyPartner {
		for _, id := range row.PartnerIds {
			v.PartnerIDs = append(v.PartnerIDs, idText(id))
		}
	}
	return v
}

// seriesPage returns the parameters of a list of series that the client may see.
func seriesPage(c *gin.Context) db.SeriesPageParams {
	client := caller.Client(c)
	return db.SeriesPageParams{
		BeforeID: lastID, Size: 1, ClientID: client.ID, AllPartners: client.Scope.AllPartners, PartnerIds: client.Scope.PartnerIDs, HiddenIds: client.Scope.Hidden,
	}
}

// seriesNamed reads a series by its number, and card.ErrNoSeries where there is none that the
// client may see.
func (s *Server) seriesNamed(c *gin.Context, number string) (db.SeriesPageRow, error) {
	params := seriesPage(c)
	if params.Number = number; number == "" {
		return db.SeriesPageRow{}, card.ErrNoSeries
	}
	rows, err := db.New().SeriesPage(c.Request.Context(), s.Pool, params)
	if err != nil {
		return db.SeriesPageRow{}, err
	}
	if len(rows) == 0 {
		return db.SeriesPageRow{}, card.ErrNoSeries
	}
	return rows[0], nil
}

// seriesInPath reads the series that the address of a request names.
func (s *Server) seriesInPath(c *gin.Context) (db.SeriesPageRow, error) {
	return s.seriesNamed(c, c.Param("number"))
}

// SeriesShow handles GET /api/v1/series/:number. It can wait until the cards are generated.
func (s *Server) SeriesShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	row, err := hold(s, c, func() (db.SeriesPageRow, error) { return s.seriesInPath(c) }, func(row db.SeriesPageRow) moving {
		return moving{
			state:   string(row.Series.State),
			working: row.Series.State == db.SeriesStateQueued || row.Series.State == db.SeriesStateGenerating,
			concern: func(e notify.Event) bool { return e.Kind == notify.KindSeries && e.ID == row.Series.ID },
		}
	})
	if err != nil {
		return err
	}
	return answerSeries(c, http.StatusOK, row)
}

func answerSeries(c *gin.Context, status int, row db.SeriesPageRow) error {
	c.Header("ETag", etag(row.Series.Version))
	return answer(c, status, viewSeries(row))
}

// seriesStatuses are the shown statuses of a series.
func seriesStatuses() []card.Status {
	return []card.Status{
		card.StatusQueued, card.StatusWorking, card.StatusReady, card.StatusActive, card.StatusLocked, card.StatusExpired,
		card.StatusVoid, card.StatusCancelled, card.StatusFailed,
	}
}

// SeriesList handles GET /api/v1/series.
func (s *Server) SeriesList(c *gin.Context) error {
	q := readQuery(c, "limit", "after", "status", "partner_id", "created_from", "created_to")
	p, params := q.page(), seriesPage(c)
	params.BeforeID, params.Size = p.after, p.limit()
	params.Status, params.PartnerID = q.text("status"), q.number("partner_id", 0, lastID)
	params.CreatedFrom, params.CreatedTo = q.moment("created_from"), q.moment("created_to")
	if params.Status != "" && !slices.Contains(seriesStatuses(), card.Status(params.Status)) {
		q.bad = true
	}
	if err := q.err(); err != nil {
		return err
	}
	rows, err := db.New().SeriesPage(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.SeriesPageRow) int64 { return r.Series.ID }, viewSeries)
}
