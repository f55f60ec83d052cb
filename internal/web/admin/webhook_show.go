package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// webhookPage is the page of an endpoint with its deliveries.
type webhookPage struct {
	kit.Page
	URL, Address, Types string
	State               kit.Badge
	AllPartners         bool
	Partners            []string
	InOrder             bool
	MadeBy              string
	Failing, OldUntil   *time.Time
	Off, Stopped        bool         // Stopped: the API client that made it could not make it now
	Fresh               kit.Copyable // a new secret, shown only once
	Replaying           bool
	Since               kit.Field
	Count               *replayCount // what would be sent again; nil: it was not counted
	Mistakes            []kit.Mistake
	Rotate, Switch      *kit.Confirmation
	Words               []kit.FilterWord
	Rows                []deliveryView
	Pager               kit.Pager
	Empty               kit.Empty
}

// replayCount is how many events a replay would send.
type replayCount struct {
	Events int64
	Since  string
}

// deliveryView is what became of an event.
type deliveryView struct {
	Seq         int64
	Type, URL   string
	At          time.Time
	State       kit.Badge
	Attempts    int32
	Status      int32
	Error       string
	Answer      string
	TookMS      int32
	Next, Tried *time.Time
	EventID     string
	Again       string // the address that sends it again; empty: the endpoint is off
}

// deliveriesPerPage is how many deliveries a page lists.
const deliveriesPerPage = 50

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return ""
}

func viewDelivery(endpoint int64, off bool, r db.WebhookDeliveryListRow) deliveryView {
	v := deliveryView{
		Seq: r.Seq, Type: r.Type, URL: fmt.Sprintf("%s/deliveries/%d", webhookURL(endpoint), r.Seq), At: r.At, Attempts: r.Attempts, Status: r.Status,
		Error: webhook.FailureWords(r.Error), Answer: r.Answer, TookMS: r.TookMs, Tried: r.TriedAt, EventID: r.EventID.String(),
	}
	switch r.State {
	case webhook.StateDone:
		v.State = kit.Badge{Word: lang.M("Sent"), Tone: kit.ToneGood}
	case webhook.StateFailed:
		v.State = kit.Badge{Word: lang.M("Failed"), Tone: kit.ToneBad}
	default:
		v.State, v.Next = kit.Badge{Word: lang.M("Waiting"), Tone: kit.ToneBusy}, &r.NextAt
		if r.Attempts > 0 {
			v.State = kit.Badge{Word: lang.M("Trying again"), Tone: kit.ToneWarn}
		}
	}
	if !off {
		v.Again = v.URL + "/retry"
	}
	return v
}

// newWebhookPage returns the page of the endpoint that an address names.
func (s *Server) newWebhookPage(c *gin.Context, id int64) (*webhookPage, error) {
	scope := s.Person(c).Scope
	w, err := db.Need(db.New().WebhookGet(c.Request.Context(), s.Pool, db.WebhookGetParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).
		Or(webhook.ErrUnknown, "read a webhook endpoint")
	if err != nil {
		return nil, err
	}
	to := webhookURL(w.ID)
	p := &webhookPage{
		Page: s.Page(c, w.Name, SectionWebhooks), URL: to, Address: w.Url, Types: typesText(w.Types), State: webhookState(w.DisabledWhy, !w.Runs, w.FailingSince != nil),
		AllPartners: w.AllPartners, InOrder: w.InOrder, MadeBy: w.MadeBy, Failing: w.FailingSince, Off: w.DisabledAt != nil, Stopped: !w.Runs, Replaying: w.ReplaySeq != nil,
		Since: kit.Field{Name: "since", Label: lang.M("Since"), Type: "date", Short: true, Required: true, Hint: lang.M("The day from whose beginning on, at most 30 days back.")},
	}
	if w.OldUntil != nil && w.OldUntil.After(s.Now()) {
		p.OldUntil = w.OldUntil
	}
	partners, err := s.partners(c)
	if err != nil {
		return nil, err
	}
	for _, one := range partners {
		for _, id := range w.PartnerIds {
			if one.ID == id {
				p.Partners = append(p.Partners, one.Name)
			}
		}
	}
	p.Rotate = &kit.Confirmation{
		ID: "rotate", Opener: lang.M("New secret"), Title: lang.M("Make a new secret?"), Button: lang.M("Make a new secret"), Action: to + "/secret",
		Text: lang.M("It is shown once. For 24 hours every event is signed with both secrets, so that you can change the receiver in that time."),
	}
	p.Switch = &kit.Confirmation{
		ID: "switch", Opener: lang.M("Switch off"), Title: lang.M("Switch this endpoint off?"), Button: lang.M("Switch off"), Action: to + "/disable", Danger: true,
		Text: lang.M("It gets no new events. What waits is sent when it is on again; “Send all since” sends what came in between."),
	}
	if p.Off {
		p.Switch = &kit.Confirmation{
			ID: "switch", Opener: lang.M("Switch on"), Title: lang.M("Switch this endpoint on?"), Button: lang.M("Switch on"), Action: to + "/enable", Main: true,
			Text: lang.M("What waits is sent now, and new events are."),
		}
	}
	return p, s.listDeliveries(c, p, w.ID)
}

// listDeliveries puts a page of deliveries on the page of an endpoint.
func (s *Server) listDeliveries(c *gin.Context, p *webhookPage, id int64) error {
	state := c.Query("state")
	params := db.WebhookDeliveryListParams{EndpointID: id, BeforeSeq: math.MaxInt64, Size: deliveriesPerPage + 1, State: state}
	if before, ok := idParam(c, "before"); ok {
		params.BeforeSeq, p.Pager.Newer = before, kit.ListURL(p.URL, "state", state)
	}
	rows, err := db.New().WebhookDeliveryList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	for _, row := range rows[:min(len(rows), deliveriesPerPage)] {
		p.Rows = append(p.Rows, viewDelivery(id, p.Off, row))
	}
	if len(rows) > deliveriesPerPage {
		p.Pager.Older = kit.ListURL(p.URL, "state", state, "before", strconv.FormatInt(rows[deliveriesPerPage-1].Seq, 10))
	}
	for _, w := range []struct{ text, state string }{
		{lang.M("All"), ""}, {lang.M("Waiting"), webhook.StateDue}, {lang.M("Failed"), webhook.StateFailed}, {lang.M("Sent"), webhook.StateDone},
	} {
		p.Words = append(p.Words, kit.FilterWord{Text: w.text, URL: kit.ListURL(p.URL, "state", w.state), Current: w.state == state})
	}
	p.Empty = kit.Empty{Icon: "history", Title: lang.M("Nothing sent yet"), Text: lang.M("Press “Send a test event” to see whether the receiver answers.")}
	if state != "" {
		p.Empty = kit.Empty{Icon: "history", Title: lang.M("No event in this state")}
	}
	return nil
}

// showSecret answers with the page of an endpoint and its new secret, which is in this answer
// only.
func (s *Server) showSecret(c *gin.Context, id int64, secret string) error {
	p, err := s.newWebhookPage(c, id)
	if err != nil {
		return err
	}
	p.Fresh = kit.Copyable{Text: secret, Label: lang.M("Copy the secret")}
	c.Header("Cache-Control", "no-store")
	return s.Render(c, http.StatusOK, "admin/webhook_show", p)
}

// WebhookShow handles GET /admin/config/integrations/webhooks/:id.
func (s *Server) WebhookShow(c *gin.Context) error {
	p, err := s.newWebhookPage(c, NumberOf(c.Param("id")))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/webhook_show", p)
}

// WebhookSecret handles POST /admin/config/integrations/webhooks/:id/secret.
func (s *Server) WebhookSecret(c *gin.Context) error {
	id := NumberOf(c.Param("id"))
	secret, err := s.Webhooks.Rotate(c.Request.Context(), s.Actor(c), id)
	if err != nil {
		return s.webhookRefused(c, id, err)
	}
	return s.showSecret(c, id, secret)
}

// webhookRefused shows the page of an endpoint with the reason why an action was refused.
func (s *Server) webhookRefused(c *gin.Context, id int64, err error) error {
	if kind := fault.KindOf(err); kind != fault.Conflict && kind != fault.Invalid {
		return err
	}
	p, pageErr := s.newWebhookPage(c, id)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = kit.Explain(err, &p.Since)
	return s.Render(c, s.RefuseForm(c, err), "admin/webhook_show", p)
}

// WebhookAct returns the handler of an action upon an endpoint.
func (s *Server) WebhookAct(do func(c *gin.Context, id int64) error, said string) kit.Handler {
	return func(c *gin.Context) error {
		id := NumberOf(c.Param("id"))
		if err := do(c, id); err != nil {
			return s.webhookRefused(c, id, err)
		}
		s.SetFlash(c, kit.ToneGood, said)
		return s.Redirect(c, webhookURL(id))
	}
}

// WebhookSwitch switches an endpoint off or on.
func (s *Server) WebhookSwitch(off bool) func(c *gin.Context, id int64) error {
	return func(c *gin.Context, id int64) error {
		return s.Webhooks.Switch(c.Request.Context(), s.Actor(c), id, off)
	}
}

// WebhookTest sends a test event.
func (s *Server) WebhookTest(c *gin.Context, id int64) error {
	return s.Webhooks.Test(c.Request.Context(), s.Actor(c), id)
}

// WebhookReplay handles POST /admin/config/integrations/webhooks/:id/replay: it counts first,
// and sends when the count was confirmed.
func (s *Server) WebhookReplay(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	id := NumberOf(c.Param("id"))
	since, err := time.ParseInLocation(time.DateOnly, form.Get("since"), kit.Zone(settings.TimeZone))
	if err != nil || since.Year() < 2000 {
		return s.webhookRefused(c, id, errSinceDay)
	}
	dry := form.Get("confirmed") != "on"
	n, err := s.Webhooks.Replay(c.Request.Context(), s.Actor(c), id, since, dry)
	switch {
	case err != nil:
		return s.webhookRefused(c, id, err)
	case !dry:
		s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("%s are sent again, the oldest first."), kit.Count(n, "event", "events")))
		return s.Redirect(c, webhookURL(id))
	}
	p, err := s.newWebhookPage(c, id)
	if err != nil {
		return err
	}
	p.Count, p.Since.Value = &replayCount{n, form.Get("since")}, form.Get("since")
	return s.Render(c, http.StatusOK, "admin/webhook_show", p)
}

var errSinceDay = fault.Field("since", "replay_since_day", "Choose the day from which on events are sent again.")

// deliveryPage is the page of one delivery.
type deliveryPage struct {
	kit.Page
	Delivery deliveryView
	Endpoint string
	Back     string
	Body     string
}

// DeliveryShow handles GET /admin/config/integrations/webhooks/:id/deliveries/:seq.
func (s *Server) DeliveryShow(c *gin.Context) error {
	w, err := s.webhook(c)
	if err != nil {
		return webhook.ErrNoDelivery
	}
	row, err := db.Need(db.New().WebhookDeliveryGet(c.Request.Context(), s.Pool, db.WebhookDeliveryGetParams{EndpointID: w.ID, Seq: NumberOf(c.Param("seq"))})).
		Or(webhook.ErrNoDelivery, "read a delivery")
	if err != nil {
		return err
	}
	sent, err := event.Body(row.Seq, row.Type, row.At, row.Data)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := json.Indent(&body, sent, "", "  "); err != nil {
		return err
	}
	p := &deliveryPage{Page: s.Page(c, fmt.Sprintf(lang.M("Event %d"), row.Seq), SectionWebhooks), Endpoint: w.Name, Back: webhookURL(w.ID), Body: body.String()}
	p.Delivery = viewDelivery(w.ID, w.DisabledAt != nil, db.WebhookDeliveryListRow{
		Seq: row.Seq, State: row.State, Attempts: row.Attempts, NextAt: row.NextAt, Status: row.Status, Error: row.Error, Answer: row.Answer, TookMs: row.TookMs,
		TriedAt: row.TriedAt, DoneAt: row.DoneAt, EventID: row.EventID, Type: row.Type, At: row.At,
	})
	return s.Render(c, http.StatusOK, "admin/webhook_delivery", p)
}

// DeliveryRetry handles POST …/deliveries/:seq/retry.
func (s *Server) DeliveryRetry(c *gin.Context) error {
	id, seq := NumberOf(c.Param("id")), NumberOf(c.Param("seq"))
	if err := s.Webhooks.Resend(c.Request.Context(), s.Actor(c), id, seq); err != nil {
		return s.webhookRefused(c, id, err)
	}
	s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("Event %d is sent again."), seq))
	return s.Redirect(c, webhookURL(id))
}
