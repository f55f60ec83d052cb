package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/web/caller"
	"refill/internal/webhook"
)

// endpointRequest is the body that makes an endpoint, or changes one.
type endpointRequest struct {
	Name        *string  `json:"name"`
	URL         *string  `json:"url"`
	Types       []string `json:"types"`
	AllPartners *bool    `json:"all_partners"`
	PartnerIDs  []string `json:"partner_ids"`
	InOrder     *bool    `json:"in_order"`
	Enabled     *bool    `json:"enabled"`
}

// endpoint is a webhook endpoint as the API tells it.
type endpoint struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	URL         string   `json:"url"`
	Types       []string `json:"types"`
	AllPartners bool     `json:"all_partners"`
	PartnerIDs  []string `json:"partner_ids"`
	InOrder     bool     `json:"in_order"`
	Enabled     bool     `json:"enabled"`
	DisabledWhy string   `json:"disabled_why,omitempty"`
	Stopped     bool     `json:"stopped"` // the client that made it could not make it now
	FailingFrom *string  `json:"failing_since"`
	Due         int64    `json:"due"`
	Failed      int64    `json:"failed"`
	// Secret is there only in the answer that makes it.
	Secret string `json:"secret,omitempty"`
}

// with puts what a body names into a form.
func (r endpointRequest) with(f webhook.Form) (webhook.Form, error) {
	if r.Name != nil {
		f.Name = *r.Name
	}
	if r.URL != nil {
		f.URL = *r.URL
	}
	if r.Types != nil {
		f.Types = r.Types
	}
	if r.AllPartners != nil {
		f.AllPartners = *r.AllPartners
	}
	if r.InOrder != nil {
		f.InOrder = *r.InOrder
	}
	if r.PartnerIDs != nil {
		f.PartnerIDs = nil
		for _, text := range r.PartnerIDs {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return f, errPartnerID
			}
			f.PartnerIDs = append(f.PartnerIDs, id)
		}
	}
	return f, nil
}

var errPartnerID = fault.Field("partner_ids", "partner_id", "Name partners by their ids.")

func viewEndpoint(w db.WebhookListRow) endpoint {
	v := endpoint{
		ID: idText(w.ID), Name: w.Name, URL: w.Url, Types: w.Types, AllPartners: w.AllPartners, PartnerIDs: []string{}, InOrder: w.InOrder,
		Enabled: w.DisabledAt == nil, DisabledWhy: w.DisabledWhy, Stopped: !w.Runs, Due: w.Due, Failed: w.Failed,
	}
	for _, id := range w.PartnerIds {
		v.PartnerIDs = append(v.PartnerIDs, idText(id))
	}
	if w.FailingSince != nil {
		at := moment(*w.FailingSince)
		v.FailingFrom = &at
	}
	return v
}

// endpoint reads the endpoint that an address names, and webhook.ErrUnknown for one of other
// partners.
func (s *Server) endpoint(c *gin.Context, id int64) (db.WebhookGetRow, error) {
	scope := caller.Client(c).Scope
	return db.Need(db.New().WebhookGet(c.Request.Context(), s.Pool, db.WebhookGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})).
		Or(webhook.ErrUnknown, "read a webhook endpoint")
}

// answerEndpoint answers an endpoint with its ETag.
func (s *Server) answerEndpoint(c *gin.Context, status int, id int64, secret string) error {
	row, err := s.endpoint(c, id)
	if err != nil {
		return err
	}
	v := viewEndpoint(listed(row))
	v.Secret = secret
	c.Header("ETag", etag(row.Version))
	c.Header("Cache-Control", "no-store")
	return answer(c, status, v)
}

// listed is the row of one endpoint as the list has it.
func listed(row db.WebhookGetRow) db.WebhookListRow {
	return db.WebhookListRow{
		ID: row.ID, Name: row.Name, Url: row.Url, Types: row.Types, AllPartners: row.AllPartners, PartnerIds: row.PartnerIds, InOrder: row.InOrder,
		DisabledAt: row.DisabledAt, DisabledWhy: row.DisabledWhy, Runs: row.Runs, FailingSince: row.FailingSince, Due: row.Due, Failed: row.Failed, Version: row.Version,
	}
}

// EndpointList handles GET /api/v1/webhook-endpoints. There are few: it has no pages.
func (s *Server) EndpointList(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	scope := caller.Client(c).Scope
	rows, err := db.New().WebhookList(c.Request.Context(), s.Pool, db.WebhookListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, HiddenIds: scope.Hidden})
	if err != nil {
		return err
	}
	l := list[endpoint]{Data: []endpoint{}}
	for _, row := range rows {
		l.Data = append(l.Data, viewEndpoint(row))
	}
	return answer(c, http.StatusOK, l)
}

// EndpointCreate handles POST /api/v1/webhook-endpoints.
func (s *Server) EndpointCreate(c *gin.Context) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	var body endpointRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	if body.Enabled != nil { // a new endpoint is on
		return errUnknownField.At("/enabled")
	}
	f, err := body.with(webhook.Form{})
	if err != nil {
		return err
	}
	made, err := s.Webhooks.Create(c.Request.Context(), caller.Actor(c), f, key)
	if err != nil {
		return webhookPlaces.of(err)
	}
	c.Header("Location", Base+"/webhook-endpoints/"+idText(made.ID))
	if made.Replayed {
		c.Header("Idempotent-Replayed", "true")
		return s.answerEndpoint(c, http.StatusOK, made.ID, "")
	}
	return s.answerEndpoint(c, http.StatusCreated, made.ID, made.Secret)
}

// EndpointShow handles GET /api/v1/webhook-endpoints/:id.
func (s *Server) EndpointShow(c *gin.Context) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	return s.answerEndpoint(c, http.StatusOK, id, "")
}

// EndpointEdit handles PATCH /api/v1/webhook-endpoints/:id.
func (s *Server) EndpointEdit(c *gin.Context) error {
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	row, err := s.endpoint(c, id)
	if err != nil {
		return err
	}
	asked, err := version(c)
	if err != nil {
		return err
	}
	var body endpointRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	if asked != row.Version {
		return errMatchStale
	}
	was := webhook.Form{Name: row.Name, URL: row.Url, Types: row.Types, AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds, InOrder: row.InOrder}
	f, err := body.with(was)
	if err != nil {
		return err
	}
	var to webhook.Change
	if body.Name != nil || body.URL != nil || body.Types != nil || body.AllPartners != nil || body.PartnerIDs != nil || body.InOrder != nil {
		to.Form = &f
	}
	if body.Enabled != nil {
		off := !*body.Enabled
		to.Off = &off
	}
	err = s.Webhooks.Change(c.Request.Context(), caller.Actor(c), id, asked, to)
	if slices.ContainsFunc(fault.All(err), func(one *fault.Error) bool { return one.Code == webhook.ErrChanged.Code }) {
		return errMatchStale
	}
	if err != nil {
		return webhookPlaces.of(err)
	}
	return s.answerEndpoint(c, http.StatusOK, id, "")
}

// EndpointSecret handles POST /api/v1/webhook-endpoints/:id/secret: a new secret, beside which
// the one before signs for 24 hours. A repetition within that time is refused.
func (s *Server) EndpointSecret(c *gin.Context) error {
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	if err := s.readNone(c); err != nil {
		return err
	}
	secret, err := s.Webhooks.Rotate(c.Request.Context(), caller.Actor(c), id)
	if err != nil {
		return err
	}
	return s.answerEndpoint(c, http.StatusOK, id, secret)
}

// EndpointTest handles POST /api/v1/webhook-endpoints/:id/test: an event of the type ping.
func (s *Server) EndpointTest(c *gin.Context) error {
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	if err := s.readNone(c); err != nil {
		return err
	}
	if err := s.Webhooks.Test(c.Request.Context(), caller.Actor(c), id); err != nil {
		return err
	}
	return s.answerEndpoint(c, http.StatusAccepted, id, "")
}

// replayRequest is the body of a replay.
type replayRequest struct {
	Since string `json:"since"`
	Dry   bool   `json:"dry_run"`
}

// replay is the answer of a replay.
type replay struct {
	Events int64 `json:"events"`
}

var errSince = fault.Field("since", "replay_since", "Name the time from which events are sent again, such as 2026-11-30T00:00:00Z.")

// EndpointReplay handles POST /api/v1/webhook-endpoints/:id/replay.
func (s *Server) EndpointReplay(c *gin.Context) error {
	id, err := pathID(c, webhook.ErrUnknown)
	if err != nil {
		return err
	}
	var body replayRequest
	if err := s.read(c, &body); err != nil {
		return err
	}
	since, err := time.Parse(time.RFC3339Nano, body.Since)
	if err != nil || since.Year() < 1 || since.Year() > 9999 {
		return errSince
	}
	n, err := s.Webhooks.Replay(c.Request.Context(), caller.Actor(c), id, since, body.Dry)
	if err != nil {
		return err
	}
	status := http.StatusAccepted
	if body.Dry {
		status = http.StatusOK
	}
	return answer(c, status, replay{n})
}
