package webhook

import (
	"net/url"
	"time"

	"refill/internal/act"
	"refill/internal/db"
	"refill/internal/event"
)

// Rules is what an endpoint gets. Of its address the trail has the host only, because the
// rest may hold a password of the receiver.
type Rules struct {
	Host        string   `json:"host"`
	Types       []string `json:"types"`
	AllPartners bool     `json:"all_partners"`
	PartnerIDs  []int64  `json:"partner_ids"`
	InOrder     bool     `json:"in_order"`
}

func (f Form) rules() Rules {
	r := Rules{Types: f.Types, AllPartners: f.AllPartners, PartnerIDs: f.PartnerIDs, InOrder: f.InOrder}
	if u, err := url.Parse(f.URL); err == nil {
		r.Host = u.Host
	}
	return r
}

func formOf(row db.WebhookEndpoint) Form {
	return Form{Name: row.Name, URL: row.Url, Types: row.Types, AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds, InOrder: row.InOrder}
}

// Ref names the endpoint of an act.
type Ref struct {
	EndpointID int64  `json:"endpoint_id"`
	Name       string `json:"name"`
}

// Acts upon webhook endpoints.
type (
	// Created is a new endpoint. Its actor has seen the secret.
	Created struct {
		Ref
		Rules
	}
	// Edited is a changed endpoint.
	Edited struct {
		Ref
		Rules
		Before Rules `json:"before"`
	}
	// Disabled switches an endpoint off.
	Disabled struct {
		Ref
		Why string `json:"why"` // staff, gone or failing
	}
	// Enabled undoes Disabled.
	Enabled struct{ Ref }
	// SecretChanged is a new secret. Its actor has seen it.
	SecretChanged struct{ Ref }
	// Tested sends an event that means nothing.
	Tested struct{ Ref }
	// Resent sends one event again.
	Resent struct {
		Ref
		Seq int64 `json:"seq"`
	}
	// Replayed sends all events since a time again.
	Replayed struct {
		Ref
		Since  time.Time `json:"since"`
		Events int64     `json:"events"` // by the count before
	}
)

// Publish makes the event that tests the endpoint.
func (a Tested) Publish() act.Publication {
	return act.Publication{Type: event.Ping, Ref: a.EndpointID}
}

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Created](), act.Of[Edited](), act.Of[Disabled](), act.Of[Enabled](), act.Of[SecretChanged](),
		act.Of[Tested](), act.Of[Resent](), act.Of[Replayed](),
	}
}

// Action is the name in the audit trail.
func (Created) Action() string { return "webhook.created" }

// Action is the name in the audit trail.
func (Edited) Action() string { return "webhook.edited" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "webhook.disabled" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "webhook.enabled" }

// Action is the name in the audit trail.
func (SecretChanged) Action() string { return "webhook.secret_changed" }

// Action is the name in the audit trail.
func (Tested) Action() string { return "webhook.tested" }

// Action is the name in the audit trail.
func (Resent) Action() string { return "webhook.resent" }

// Action is the name in the audit trail.
func (Replayed) Action() string { return "webhook.replayed" }
