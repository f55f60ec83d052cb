package admin

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/event"
	"refill/internal/lang"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// Addresses of the pages of webhooks.
const (
	SectionWebhooks = "/admin/config/integrations/webhooks"
	WebhookNew      = SectionWebhooks + "/new"
	OneWebhook      = SectionWebhooks + "/:id"
	OneDelivery     = OneWebhook + "/deliveries/:seq"
)

// webhookListPage is the list of endpoints.
type webhookListPage struct {
	kit.Page
	Rows  []webhookRow
	Queue string // what is wrong with the queue of events; empty: nothing
	Empty kit.Empty
}

// webhookRow is one endpoint.
type webhookRow struct {
	Name, Host, URL string
	Types           string
	AllPartners     bool
	Partners        []string
	State           kit.Badge
	Due, Failed     int64
}

func webhookURL(id int64) string { return fmt.Sprintf("%s/%d", SectionWebhooks, id) }

// webhookState shows whether an endpoint gets what it should.
func webhookState(why string, stopped, failing bool) kit.Badge {
	switch {
	case why == webhook.WhyGone:
		return kit.Badge{Word: lang.M("Off: the address is gone"), Tone: kit.ToneBad}
	case why == webhook.WhyFailing:
		return kit.Badge{Word: lang.M("Off: three days of failures"), Tone: kit.ToneBad}
	case why != "":
		return kit.Badge{Word: lang.M("Off"), Tone: kit.ToneIdle}
	case stopped:
		return kit.Badge{Word: lang.M("Stopped with its API client"), Tone: kit.ToneWarn}
	case failing:
		return kit.Badge{Word: lang.M("Failing"), Tone: kit.ToneWarn}
	}
	return kit.Badge{Word: lang.M("On"), Tone: kit.ToneGood}
}

// typesText says which types an endpoint takes.
func typesText(patterns []string) string {
	types := event.MatchingAny(patterns)
	if len(types) == len(event.Types()) {
		return lang.M("All types")
	}
	return kit.Count(int64(len(types)), "type", "types")
}

// WebhookList handles GET /admin/config/integrations/webhooks.
func (s *Server) WebhookList(c *gin.Context) error {
	p := &webhookListPage{Page: s.Page(c, lang.M("Webhooks"), SectionWebhooks)}
	ctx, scope := c.Request.Context(), p.Person.Scope
	rows, err := db.New().WebhookList(ctx, s.Pool, db.WebhookListParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, w := range rows {
		p.Rows = append(p.Rows, webhookRow{
			Name: w.Name, Host: hostOf(w.Url), URL: webhookURL(w.ID), Types: typesText(w.Types), AllPartners: w.AllPartners, Partners: w.Partners,
			State: webhookState(w.DisabledWhy, !w.Runs, w.FailingSince != nil), Due: w.Due, Failed: w.Failed,
		})
	}
	waiting, err := event.QueueState(ctx, s.Pool)
	if err != nil {
		return err
	}
	if waiting.Behind() {
		p.Queue = lang.M("Events wait longer than they should, so nothing is sent. Start a worker with refill work, or look into the log of the one that runs.")
	}
	p.Empty = kit.Empty{
		Icon: "external-link", Title: lang.M("No webhook endpoint yet"), Action: lang.M("New endpoint"), URL: WebhookNew,
		Text: lang.M("An endpoint is an address of your billing or another program. Refill tells it within seconds when a card is redeemed, a payment is entered or a series is ready."),
	}
	return s.Render(c, http.StatusOK, "admin/webhook_list", p)
}
