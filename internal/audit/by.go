package audit

import (
	"encoding/json"
	"errors"
	"fmt"
)

// By names the actor of a row inside its detail. The sealed columns of the trail have room
// for staff and customers only, so clients and dealers are named in the detail.
type By struct {
	Kind Kind  `json:"kind"` // client or dealer
	ID   int64 `json:"id"`
}

// byName is the field of a detail that is reserved for By. No act has a field of that
// name.
const byName = "by"

// errBy reports a programming error: an act has a field with the reserved name.
var errBy = errors.New(`an act with a detail named "by"`)

// named is the part of a detail that names the actor.
type named struct {
	By *By `json:"by"`
}

// signed refuses an invalid actor and returns the detail of a row, with the actor added
// where the columns have no room for it.
func signed(actor Actor, detail json.RawMessage) (json.RawMessage, error) {
	if err := actor.Check(); err != nil {
		return nil, err
	}
	if actor.Kind != KindClient && actor.Kind != KindDealer {
		return detail, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(detail, &fields); err != nil {
		return nil, fmt.Errorf("read a detail: %w", err)
	}
	if _, taken := fields[byName]; taken {
		return nil, errBy
	}
	by, err := json.Marshal(By{actor.Kind, actor.ID})
	if err != nil {
		return nil, err
	}
	fields[byName] = by
	return json.Marshal(fields)
}

// NamedBy returns the actor that the detail of a row names; false where the columns name
// it.
func NamedBy(detail []byte) (By, bool) {
	var n named
	if err := json.Unmarshal(detail, &n); err != nil || n.By == nil {
		return By{}, false
	}
	return *n.By, n.By.Kind == KindClient || n.By.Kind == KindDealer
}

// Who returns the name of a row's actor for a page: the member of staff, or the client or
// dealer in its detail with the responsible member of staff. clientName is the name of the
// client in the detail; nil: it is not known. Empty where the actor is neither.
func Who(detail []byte, staffName, clientName *string) string {
	by, _ := NamedBy(detail)
	switch {
	case by.Kind == KindDealer:
		return fmt.Sprintf("Dealer user %d", by.ID)
	case by.Kind == KindClient && clientName == nil:
		return owned(fmt.Sprintf("API client %d", by.ID), staffName)
	}
	return Named(staffName, clientName)
}

// Named returns the name of a member of staff for a page, or of the API client that acted for
// them. Empty where there is neither.
func Named(staffName, clientName *string) string {
	switch {
	case clientName != nil:
		return owned(*clientName+" (API)", staffName)
	case staffName != nil:
		return *staffName
	}
	return ""
}

// owned adds the owner to the name of an API client.
func owned(client string, owner *string) string {
	if owner == nil {
		return client
	}
	return client + ", owner " + *owner
}
