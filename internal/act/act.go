// Package act owns acts: typed values that say what was done, one type for each action,
// and their record in the audit trail. A type lives in the package that acts. Its action
// and its JSON field names never change, because the rows of the trail are sealed. A field
// may be added to a type; none may be renamed or change its meaning.
package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"refill/internal/audit"
	"refill/internal/db"
)

// Act is a value that says what was done. Its JSON is the detail of the audit row: facts
// that explain the act, never the code of a card.
type Act interface {
	// Action is the permanent name of the action, noun and past participle:
	// "series.ordered". It is the same for every value of the type.
	Action() string
}

// Subject is the customer, series or card that an act concerns. The types of acts embed
// it. A zero field is unset. An act by a customer concerns that customer unless it names
// another one.
type Subject struct {
	CustomerID int64 `json:"-"`
	SeriesID   int64 `json:"-"`
	Serial     int32 `json:"-"`
}

// Concerns returns what an act concerns.
func (s Subject) Concerns() Subject { return s }

// setSubject gives a decoded act its subject.
func (s *Subject) setSubject(of Subject) { *s = of }

// OfCustomer is the subject of an act that concerns a customer.
func OfCustomer(id int64) Subject { return Subject{CustomerID: id} }

// OfSeries is the subject of an act that concerns a series.
func OfSeries(id int64) Subject { return Subject{SeriesID: id} }

// OfCard is the subject of an act that concerns a card.
func OfCard(seriesID int64, serial int32) Subject { return Subject{SeriesID: seriesID, Serial: serial} }

// Concerns returns what an act concerns: nothing, unless its type embeds a Subject.
func Concerns(a Act) Subject {
	if of, ok := a.(interface{ Concerns() Subject }); ok {
		return of.Concerns()
	}
	return Subject{}
}

// Event tells open pages that something has changed. Its kind and id are those of package
// notify.
type Event struct {
	Kind string `json:"kind"`
	ID   int64  `json:"id"`
}

// SeriesEvent tells pages that a series or its cards have changed.
func SeriesEvent(id int64) Event { return Event{Kind: "series", ID: id} }

// ImportEvent tells pages that an import has changed.
func ImportEvent(id int64) Event { return Event{Kind: "import", ID: id} }

// ApprovalEvent tells pages that a request for a second person has changed.
func ApprovalEvent(id int64) Event { return Event{Kind: "approval", ID: id} }

// Announcer is an act that open pages are told of. Record sends its events at commit;
// RecordMany sends none.
type Announcer interface{ Announce() []Event }

// announce sends the events of an act.
func announce(ctx context.Context, dbtx db.DBTX, a Act) error {
	told, ok := a.(Announcer)
	if !ok {
		return nil
	}
	var payloads []string
	for _, e := range told.Announce() {
		payload, err := json.Marshal(e)
		if err != nil {
			return err
		}
		payloads = append(payloads, string(payload))
	}
	if err := db.New().ActAnnounce(ctx, dbtx, payloads); err != nil {
		return fmt.Errorf("announce %s: %w", a.Action(), err)
	}
	return nil
}

// ByDealers marks the acts that a user of a dealer may do. Dealers are outsiders, so every
// act without the mark is refused to them here, whatever the pages allow.
type ByDealers interface{ ByDealers() }

// errOutsider reports a programming error: a user of a dealer reached an act that is not
// for dealers.
var errOutsider = errors.New("act: not for a user of a dealer")

// checkActor returns errOutsider where a user of a dealer does an act whose type is not
// marked ByDealers.
func checkActor(actor audit.Actor, a Act) error {
	if _, open := a.(ByDealers); actor.Kind == audit.KindDealer && !open {
		return fmt.Errorf("%w: %s", errOutsider, a.Action())
	}
	return nil
}

// Record writes an act to the audit trail in the transaction of the act itself. It queues
// its event where its type is a Publisher, and announces it where it is an Announcer. It
// refuses an invalid actor, so that the act fails with it.
func Record(ctx context.Context, dbtx db.DBTX, actor audit.Actor, a Act) error {
	if err := checkActor(actor, a); err != nil {
		return err
	}
	r, err := row(a)
	if err != nil {
		return err
	}
	if err := audit.Write(ctx, dbtx, actor, r); err != nil {
		return err
	}
	if err := publish(ctx, dbtx, actor, a, r); err != nil {
		return err
	}
	return announce(ctx, dbtx, a)
}

// RecordMany writes acts of one type on many customers in the caller's transaction, one
// row each. Of their subjects it writes the customer only. It queues their events too.
func RecordMany[T Act](ctx context.Context, dbtx db.DBTX, actor audit.Actor, acts []T) error {
	if len(acts) == 0 {
		return nil
	}
	rows := make([]audit.Row, len(acts))
	for i, one := range acts {
		err := checkActor(actor, one)
		if err != nil {
			return err
		}
		if rows[i], err = row(one); err != nil {
			return err
		}
	}
	if err := audit.WriteMany(ctx, dbtx, actor, acts[0].Action(), rows); err != nil {
		return err
	}
	return publishMany(ctx, dbtx, actor, acts)
}

func row(a Act) (audit.Row, error) {
	detail, err := json.Marshal(a)
	if err != nil {
		return audit.Row{}, fmt.Errorf("detail of %s: %w", a.Action(), err)
	}
	of := Concerns(a)
	return audit.Row{Action: a.Action(), CustomerID: of.CustomerID, SeriesID: of.SeriesID, Serial: of.Serial, Detail: detail}, nil
}
