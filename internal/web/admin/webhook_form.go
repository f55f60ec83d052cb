package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// webhookFormPage is the form for a new or an existing endpoint.
type webhookFormPage struct {
	kit.Page
	Action, Button string
	Key            string // idempotency key of a new endpoint
	Version        int32  // of an existing one
	Name, URL      kit.Field
	Groups         []permissionGroup // types of events by group
	TypesError     string
	AllPartners    *kit.Choice // nil: the person does not see all partners
	Partners       []kit.Choice
	PartnersError  string
	InOrder        kit.Choice
	Mistakes       []kit.Mistake
}

// TypeField names the check box of a type of events.
func TypeField(name string) string { return "type-" + strings.ReplaceAll(name, ".", "-") }

// newWebhookForm returns the form with the values of f.
func (s *Server) newWebhookForm(c *gin.Context, title string, f webhook.Form) (*webhookFormPage, error) {
	p := &webhookFormPage{Page: s.Page(c, title, SectionWebhooks)}
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(f.Name, 100), Required: true, Autocomplete: "off", Hint: lang.M("What people call the program behind the address.")}
	p.URL = kit.Field{
		Name: "url", Label: lang.M("Address"), Type: "url", Value: kit.Truncate(f.URL, 600), Required: true, Plain: true, Mono: true, Autocomplete: "off", Placeholder: "https://",
		Hint: lang.M("Where events are sent to, by POST. Redirects are not followed."),
	}
	types := event.MatchingAny(f.Types)
	for _, t := range event.Types() {
		group, _, _ := strings.Cut(t, ".")
		if len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Title != group {
			p.Groups = append(p.Groups, permissionGroup{Title: group})
		}
		last := &p.Groups[len(p.Groups)-1]
		last.Choices = append(last.Choices, kit.Choice{Name: TypeField(t), Label: t, Checked: slices.Contains(types, t)})
	}
	partners, err := s.offeredPartners(c.Request.Context(), p.Person.Scope, f.PartnerIDs...)
	if err != nil {
		return nil, err
	}
	if p.Person.Scope.AllPartners {
		p.AllPartners = &kit.Choice{Name: "all_partners", Label: lang.M("All partners, also those to come"), Checked: f.AllPartners}
	}
	for _, one := range partners {
		p.Partners = append(p.Partners, kit.Choice{Name: PartnerField(NumberOf(one.Value)), Label: one.Text, Checked: slices.Contains(f.PartnerIDs, NumberOf(one.Value))})
	}
	p.InOrder = kit.Choice{
		Name: "in_order", Label: lang.M("Send one event after the other"), Checked: f.InOrder,
		Hint: lang.M("An event that fails holds all later ones back, for up to three days. Without this, four are sent at once, and their seq tells the order."),
	}
	return p, nil
}

// typedWebhook reads the submitted form.
func (s *Server) typedWebhook(c *gin.Context, form url.Values) (webhook.Form, error) {
	f := webhook.Form{Name: form.Get("name"), URL: form.Get("url"), AllPartners: form.Get("all_partners") == "on", InOrder: form.Get("in_order") == "on"}
	for _, t := range event.Types() {
		if form.Get(TypeField(t)) == "on" {
			f.Types = append(f.Types, t)
		}
	}
	partners, err := s.partners(c)
	if err != nil {
		return f, err
	}
	for _, one := range partners {
		if form.Get(PartnerField(one.ID)) == "on" {
			f.PartnerIDs = append(f.PartnerIDs, one.ID)
		}
	}
	return f, nil
}

func (s *Server) mendWebhook(c *gin.Context, p *webhookFormPage, err error) error {
	types, partners := kit.Field{Name: "types"}, kit.Field{Name: "partners"}
	p.Mistakes = kit.Explain(err, &p.Name, &p.URL, &types, &partners)
	p.TypesError, p.PartnersError = types.Error, partners.Error
	return s.Render(c, s.RefuseForm(c, err), "admin/webhook_form", p)
}

// WebhookNew handles GET /admin/config/integrations/webhooks/new.
func (s *Server) WebhookNew(c *gin.Context) error {
	p, err := s.newWebhookForm(c, lang.M("New webhook endpoint"), webhook.Form{Types: []string{"*"}, AllPartners: s.Person(c).Scope.AllPartners})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Key, p.Name.Autofocus = SectionWebhooks, lang.M("Create endpoint"), uuid.NewString(), true
	return s.Render(c, http.StatusOK, "admin/webhook_form", p)
}

// WebhookCreate handles POST /admin/config/integrations/webhooks. The secret is in this answer
// only.
func (s *Server) WebhookCreate(c *gin.Context) error {
	form, key, err := s.KeyedForm(c)
	if err != nil {
		return err
	}
	f, err := s.typedWebhook(c, form)
	if err != nil {
		return err
	}
	made, err := s.Webhooks.Create(c.Request.Context(), s.Actor(c), f, key)
	switch {
	case err == nil && made.Replayed:
		s.SetFlash(c, kit.ToneGood, lang.M("The endpoint was made before. Its secret was shown then; make a new one if it got lost."))
		return s.Redirect(c, webhookURL(made.ID))
	case err == nil:
		return s.showSecret(c, made.ID, made.Secret)
	case fault.IsInternal(err):
		return err
	}
	p, pageErr := s.newWebhookForm(c, lang.M("New webhook endpoint"), f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button, p.Key = SectionWebhooks, lang.M("Create endpoint"), key.String()
	return s.mendWebhook(c, p, err)
}

// webhook reads the endpoint that an address names.
func (s *Server) webhook(c *gin.Context) (db.WebhookGetRow, error) {
	scope := s.Person(c).Scope
	return db.Need(db.New().WebhookGet(c.Request.Context(), s.Pool, db.WebhookGetParams{ID: NumberOf(c.Param("id")), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).
		Or(webhook.ErrUnknown, "read a webhook endpoint")
}

// WebhookEditShow handles GET /admin/config/integrations/webhooks/:id/edit.
func (s *Server) WebhookEditShow(c *gin.Context) error {
	w, err := s.webhook(c)
	if err != nil {
		return err
	}
	p, err := s.newWebhookForm(c, w.Name, webhook.Form{Name: w.Name, URL: w.Url, Types: w.Types, AllPartners: w.AllPartners, PartnerIDs: w.PartnerIds, InOrder: w.InOrder})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Version = webhookURL(w.ID)+"/edit", lang.M("Save"), w.Version
	return s.Render(c, http.StatusOK, "admin/webhook_form", p)
}

// WebhookEdit handles POST /admin/config/integrations/webhooks/:id/edit.
func (s *Server) WebhookEdit(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	w, err := s.webhook(c)
	if err != nil {
		return err
	}
	f, err := s.typedWebhook(c, form)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 32) // 0 is no version
	err = s.Webhooks.Change(c.Request.Context(), s.Actor(c), w.ID, int32(version), webhook.Change{Form: &f})
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, webhookURL(w.ID), err)
	}
	p, pageErr := s.newWebhookForm(c, w.Name, f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button, p.Version = webhookURL(w.ID)+"/edit", lang.M("Save"), int32(version)
	return s.mendWebhook(c, p, err)
}
