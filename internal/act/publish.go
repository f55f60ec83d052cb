package act

import (
	"context"
	"fmt"

	"refill/internal/audit"
	"refill/internal/db"
)

// Publication is what an act tells other systems: the type of an event of package event, and
// the id of what the event is about where the subject of the act does not name it.
type Publication struct {
	Type string // "redemption.created"; empty: this act tells nothing
	Ref  int64  // of the payment, file, request, operation or endpoint, by type; 0: none
}

// Publisher is an act that other systems are told of. Record and RecordMany queue its event
// in the transaction of the act, so that no caller can forget it and no event is of an act
// that was rolled back.
type Publisher interface{ Publish() Publication }

// published returns what an act tells other systems.
func published(a Act) Publication {
	if p, ok := a.(Publisher); ok {
		return p.Publish()
	}
	return Publication{}
}

// publish queues the event of an act. In a db.Batch it costs no round trip.
func publish(ctx context.Context, dbtx db.DBTX, actor audit.Actor, a Act, r audit.Row) error {
	p := published(a)
	if p.Type == "" {
		return nil
	}
	if r.CustomerID == 0 {
		r.CustomerID = actor.CustomerID()
	}
	err := db.New().EventOutAdd(ctx, dbtx, db.EventOutAddParams{
		Type: p.Type, CustomerID: optional(r.CustomerID), SeriesID: optional(r.SeriesID), Serial: optional(r.Serial),
		RefID: optional(p.Ref), ClientID: actor.Client(),
	})
	if err != nil {
		return fmt.Errorf("queue the event of %s: %w", a.Action(), err)
	}
	return nil
}

// publishMany queues the events of acts of one type on many customers.
func publishMany[T Act](ctx context.Context, dbtx db.DBTX, actor audit.Actor, acts []T) error {
	params := db.EventOutAddManyParams{ClientID: actor.Client()}
	for _, one := range acts {
		p := published(one)
		if p.Type == "" {
			continue
		}
		params.Type = p.Type
		params.CustomerIds, params.RefIds = append(params.CustomerIds, Concerns(one).CustomerID), append(params.RefIds, p.Ref)
	}
	if len(params.CustomerIds) == 0 {
		return nil
	}
	if err := db.New().EventOutAddMany(ctx, dbtx, params); err != nil {
		return fmt.Errorf("queue the events of %s: %w", acts[0].Action(), err)
	}
	return nil
}

func optional[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
