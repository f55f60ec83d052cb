package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/notify"
	"refill/internal/web/caller"
)

// operationRequest is the body of POST /series/:number/operations. Without serials, first and
// last it means all cards of the series.
type operationRequest struct {
	Operation string  `json:"operation"` // enable, disable, extend, partner, void
	First     *int32  `json:"first"`
	Last      *int32  `json:"last"`
	Serials   []int32 `json:"serials"`
	Status    string  `json:"status"`     // only cards with this status; empty: all
	ValidTill string  `json:"valid_till"` // of extend
	PartnerID string  `json:"partner_id"` // of partner; empty: the partners of the series
}

// operationView is an operation on many cards as the API tells it.
type operationView struct {
	ID           string  `json:"id"`
	Series       string  `json:"series"`
	Operation    string  `json:"operation"`
	State        string  `json:"state"` // queued, running, done, failed, cancelled
	Cards        int32   `json:"cards"` // in the selection when it was ordered
	Changed      int32   `json:"changed"`
	Already      int32   `json:"already"` // were as wanted
	KeptUsed     int32   `json:"kept_used"`
	KeptVoid     int32   `json:"kept_void"`
	KeptReserved int32   `json:"kept_reserved"`
	Voided       Amount  `json:"voided_value"` // went from outstanding to breakage
	Failure      string  `json:"failure"`
	CreatedAt    string  `json:"created_at"`
	FinishedAt   *string `json:"finished_at"`
}

func viewOperation(row db.CardChangeGetRow) operationView {
	o := row.CardChange
	return operationView{
		ID: idText(o.ID), Series: row.SeriesNumber, Operation: string(o.Operation), State: string(o.State), Cards: o.Total,
		Changed: o.Changed, Already: o.Already, KeptUsed: o.KeptUsed, KeptVoid: o.KeptVoid, KeptReserved: o.KeptReserved, Voided: amount(o.ValueMoved, row.Currency),
		Failure: fault.Kept(o.Failure).Text(), CreatedAt: moment(o.CreatedAt), FinishedAt: momentOrNil(o.FinishedAt),
	}
}

// OperationCreate handles POST /api/v1/series/:number/operations.
func (s *Server) OperationCreate(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	row, err := s.seriesInPath(c)
	if err != nil {
		return err
	}
	var body operationRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	o, err := body.operation(row.Series)
	if err != nil {
		return err
	}
	replayed, err := s.keyDone(c, key)
	if err != nil {
		return err
	}
	id, err := s.Cards.OrderChange(c.Request.Context(), caller.Actor(c), o, key)
	if err != nil {
		return cardPlaces.of(err)
	}
	made, err := s.Cards.Change(c.Request.Context(), caller.Actor(c), id)
	if err != nil {
		return err
	}
	return accepted(c, Base+"/operations/"+idText(id), replayed, viewOperation(made))
}

var errSelection = fault.Field("serials", "operation_selection", "Name the cards by serials, or by first and last, and not by both.")

// operation returns the operation that a body asks for.
func (r operationRequest) operation(series db.Series) (card.Operation, error) {
	o := card.Operation{
		SeriesID: series.ID, Operation: db.CardOperation(r.Operation), First: 1, Last: series.Made, Serials: r.Serials, Status: card.Status(r.Status),
	}
	if r.Serials != nil && (r.First != nil || r.Last != nil) {
		return o, errSelection
	}
	if r.First != nil {
		o.First = *r.First
	}
	if r.Last != nil {
		o.Last = *r.Last
	}
	till, wrong := readDay(r.ValidTill)
	o.ValidTill, o.PartnerID = till, readPartner(r.PartnerID)
	return o, allOf(wrong, checkOperation(r))
}

var (
	errOperationStatus = fault.Field("status", "operation_status", "No card has this status. The document of the API lists the statuses.")
	errOperationField  = fault.New(fault.Invalid, "operation_field", "This operation does not need the field. Leave it out.")
)

// checkOperation refuses fields that the operation would not read, because they show that
// another operation is meant.
func checkOperation(r operationRequest) *fault.Error {
	switch {
	case r.ValidTill != "" && r.Operation != string(db.CardOperationExtend):
		return errOperationField.At("/valid_till")
	case r.PartnerID != "" && r.Operation != string(db.CardOperationPartner):
		return errOperationField.At("/partner_id")
	case r.Status != "" && !isCardStatus(r.Status):
		return errOperationStatus
	}
	return nil
}

// OperationShow handles GET /api/v1/operations/:id. It can wait until the state changes.
func (s *Server) OperationShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	id, err := pathID(c, card.ErrNoChange)
	if err != nil {
		return err
	}
	row, err := hold(s, c, func() (db.CardChangeGetRow, error) { return s.Cards.Change(c.Request.Context(), caller.Actor(c), id) }, func(row db.CardChangeGetRow) moving {
		return moving{
			state:   string(row.CardChange.State),
			working: row.CardChange.State == db.CardChangeStateQueued || row.CardChange.State == db.CardChangeStateRunning,
			concern: func(e notify.Event) bool { return e.Kind == notify.KindSeries && e.ID == row.CardChange.SeriesID },
		}
	})
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewOperation(row))
}
