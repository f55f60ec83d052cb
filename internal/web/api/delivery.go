package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/web/caller"
	"refill/internal/webhook"
)

// delivery is what became of an event for an endpoint.
type delivery struct {
	EndpointID string  `json:"endpoint_id"`
	Seq        int64   `json:"seq"`
	EventID    string  `json:"event_id"` // the webhook-id of every try
	Type       string  `json:"type"`
	State      string  `json:"state"` // due, done or failed
	Attempts   int32   `json:"attempts"`
	Status     int32   `json:"status"` // of the last answer; 0: there was none
	Error      string  `json:"error"`  // why the last try failed; empty: it did not
	Answer     string  `json:"answer"` // its first 200 characters
	TookMS     int32   `json:"took_ms"`
	TriedAt    *string `json:"tried_at"`
	NextAt     *string `json:"next_at"` // null: there is no further try
}

func viewDelivery(endpointID int64, row db.WebhookDeliveryListRow) delivery {
	d := delivery{
		EndpointID: idText(endpointID), Seq: row.Seq, EventID: row.EventID.String(), Type: row.Type, State: row.State, Attempts: row.Attempts,
		Status: row.Status, Error: row.Error, Answer: row.Answer, TookMS: row.TookMs, TriedAt: momentOf(row.TriedAt),
	}
	if row.State == webhook.StateDue {
		d.NextAt = momentOf(&row.NextAt)
	}
	return d
}

// momentOf writes a time that may be missing.
func momentOf(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := moment(*t)
	return &text
}

// DeliveryList handles GET /api/v1/webhook-endpoints/:id/deliveries.
func (s *Server) DeliveryList(c *gin.Context) error {
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	if _, err := s.endpoint(c, id); err != nil {
		return err
	}
	q := readQuery(c, "limit", "after", "state")
	p, state := q.page(), q.text("state")
	if !slices.Contains([]string{"", webhook.StateDue, webhook.StateDone, webhook.StateFailed}, state) {
		q.bad = true
	}
	if err := q.err(); err != nil {
		return err
	}
	rows, err := db.New().WebhookDeliveryList(c.Request.Context(), s.Pool, db.WebhookDeliveryListParams{EndpointID: id, BeforeSeq: p.after, State: state, Size: p.limit()})
	if err != nil {
		return err
	}
	return answerList(c, p, rows, func(r db.WebhookDeliveryListRow) int64 { return r.Seq },
		func(r db.WebhookDeliveryListRow) delivery { return viewDelivery(id, r) })
}

// delivery reads the delivery that an address names.
func (s *Server) delivery(c *gin.Context) (endpointID int64, row db.WebhookDeliveryGetRow, err error) {
	if endpointID, err = pathID(c, webhook.ErrNoDelivery); err != nil {
		return 0, row, err
	}
	if _, err := s.endpoint(c, endpointID); err != nil {
		return 0, row, webhook.ErrNoDelivery
	}
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil {
		return 0, row, webhook.ErrNoDelivery
	}
	row, err = db.Need(db.New().WebhookDeliveryGet(c.Request.Context(), s.Pool, db.WebhookDeliveryGetParams{EndpointID: endpointID, Seq: seq})).
		Or(webhook.ErrNoDelivery, "read a delivery")
	return endpointID, row, err
}

func answerDelivery(c *gin.Context, status int, endpointID int64, r db.WebhookDeliveryGetRow) error {
	return answer(c, status, viewDelivery(endpointID, db.WebhookDeliveryListRow{
		Seq: r.Seq, State: r.State, Attempts: r.Attempts, NextAt: r.NextAt, Status: r.Status, Error: r.Error, Answer: r.Answer, TookMs: r.TookMs,
		TriedAt: r.TriedAt, DoneAt: r.DoneAt, EventID: r.EventID, Type: r.Type, At: r.At,
	}))
}

// DeliveryShow handles GET /api/v1/deliveries/:id/:seq.
func (s *Server) DeliveryShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	endpointID, row, err := s.delivery(c)
	if err != nil {
		return err
	}
	return answerDelivery(c, http.StatusOK, endpointID, row)
}

// DeliveryRetry handles POST /api/v1/deliveries/:id/:seq/retry.
func (s *Server) DeliveryRetry(c *gin.Context) error {
	endpointID, row, err := s.delivery(c)
	if err != nil {
		return err
	}
	if err := s.readNone(c); err != nil {
		return err
	}
	if err := s.Webhooks.Resend(c.Request.Context(), caller.Actor(c), endpointID, row.Seq); err != nil {
		return err
	}
	if endpointID, row, err = s.delivery(c); err != nil {
		return err
	}
	return answerDelivery(c, http.StatusAccepted, endpointID, row)
}
