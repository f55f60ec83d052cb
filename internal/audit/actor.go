package audit

import (
	"errors"
	"net/netip"
	"slices"

	"refill/internal/fault"
)

// Scope is the set of partners whose data an actor may see: all of them, or a list.
type Scope struct {
	AllPartners bool
	PartnerIDs  []int64
	// Hidden are partners that are not in the scope although AllPartners is set: test partners,
	// for an API client that is no test client.
	Hidden []int64
	Test   bool // of a test client: PartnerIDs are test partners
}

// Everything is the scope of the program itself: all partners.
func Everything() Scope { return Scope{AllPartners: true, PartnerIDs: []int64{}} }

// Holds reports whether a partner is in the scope.
func (s Scope) Holds(partnerID int64) bool {
	return (s.AllPartners || slices.Contains(s.PartnerIDs, partnerID)) && !slices.Contains(s.Hidden, partnerID)
}

// Kind is the kind of an actor. The names never change, because the sealed trail contains
// those of clients and dealers.
type Kind string

// The kinds of actors.
const (
	KindStaff    Kind = "staff"    // a member of staff, in person
	KindCustomer Kind = "customer" // a customer
	KindClient   Kind = "client"   // a program that calls the API with a key, for its owner on the staff
	KindDealer   Kind = "dealer"   // a person who sells cards for a dealer; no member of staff answers for them
	KindVisitor  Kind = "visitor"  // a person who has not proved yet who they are
	KindSystem   Kind = "system"   // the program itself: workers, seeds, the host's commands
)

// Actor says who acts and from where. The zero Actor is invalid: it sees no data, and its
// acts are refused. Use the constructors below.
type Actor struct {
	Kind Kind
	ID   int64 // of the row that the kind names; 0: visitor, system
	// Owner is the member of staff for whom an API client acts: its acts take the owner's
	// rights and limits. 0: any other kind.
	Owner int64
	// KeyMaker is the member of staff who made the key of an API client, and so may hold it.
	// 0: any other kind.
	KeyMaker int64
	// Terms are those of an API client at the time of its request. Zero: any other kind.
	Terms     Terms
	Scope     Scope
	Address   netip.Addr
	RequestID string
}

// Terms are what an API client is treated by beside the rights of its owner. The zero value
// is the strictest.
type Terms struct {
	Reasons        bool  // it is told why a code is refused
	WrongCodesHour int32 // that it may send, for all its customers together
}

// ByStaff returns the actor of a member of staff who acts in person.
func ByStaff(id int64, scope Scope) Actor { return Actor{Kind: KindStaff, ID: id, Scope: scope} }

// ByCustomer returns the actor of a customer.
func ByCustomer(id int64, scope Scope) Actor { return Actor{Kind: KindCustomer, ID: id, Scope: scope} }

// ByClient returns the actor of an API client of an owner; keyMaker is the member of staff
// who made the client's key.
func ByClient(id, owner, keyMaker int64, scope Scope) Actor {
	return Actor{Kind: KindClient, ID: id, Owner: owner, KeyMaker: keyMaker, Scope: scope}
}

// ByDealer returns the actor of a user of a dealer.
func ByDealer(id int64, scope Scope) Actor { return Actor{Kind: KindDealer, ID: id, Scope: scope} }

// Visitor returns the actor of a person who is not signed in. Its scope is empty.
func Visitor() Actor { return Actor{Kind: KindVisitor} }

// System returns the actor of the program itself: workers, seeds, periodic jobs.
func System() Actor { return Actor{Kind: KindSystem, Scope: Everything()} }

// From returns the actor with the address and the id of its request.
func (a Actor) From(address netip.Addr, requestID string) Actor {
	a.Address, a.RequestID = address, requestID
	return a
}

// On returns the actor of an API client with its terms.
func (a Actor) On(terms Terms) Actor {
	a.Terms = terms
	return a
}

// Within returns the actor with another scope.
func (a Actor) Within(scope Scope) Actor {
	a.Scope = scope
	return a
}

// errNoActor reports a programming error: an act without a valid actor.
var errNoActor = errors.New("audit: an act without an actor")

// Check refuses an actor that no constructor makes: without a kind, without an id, or a
// client without an owner.
func (a Actor) Check() error {
	ok := false
	switch a.Kind {
	case KindStaff, KindCustomer, KindDealer:
		ok = a.ID > 0 && a.Owner == 0 && a.KeyMaker == 0 && a.Terms == Terms{}
	case KindClient:
		ok = a.ID > 0 && a.Owner > 0 && a.KeyMaker > 0
	case KindVisitor, KindSystem:
		ok = a.ID == 0 && a.Owner == 0 && a.KeyMaker == 0 && a.Terms == Terms{}
	}
	if !ok {
		return errNoActor
	}
	return nil
}

// IsSystem reports whether the program itself acts.
func (a Actor) IsSystem() bool { return a.Kind == KindSystem }

// Person returns the id of the member of staff who acts in person; 0 for any other actor.
// Use it for who may decide, whose reasons are asked for, and whose own account is meant. Use
// Accountable for limits.
func (a Actor) Person() int64 { return a.of(KindStaff) }

// CustomerID returns the id of the acting customer; 0 for any other actor.
func (a Actor) CustomerID() int64 { return a.of(KindCustomer) }

func (a Actor) of(kind Kind) int64 {
	if a.Kind == kind {
		return a.ID
	}
	return 0
}

// Reasons reports whether the actor may be told why a code is refused: members of staff in
// person, and API clients by their terms.
func (a Actor) Reasons() bool { return a.Person() != 0 || a.Kind == KindClient && a.Terms.Reasons }

// Responsible returns the id of the member of staff who answers for an act: the one who
// acts in person, or the owner of the acting API client. 0: none does.
func (a Actor) Responsible() int64 {
	if a.Kind == KindClient {
		return a.Owner
	}
	return a.Person()
}

// ErrNeedsStaff refuses an act that needs a responsible member of staff, where the actor
// has none.
var ErrNeedsStaff = fault.New(fault.Forbidden, "staff_needed", "A member of staff has to answer for this, and none does.")

// Member returns Responsible for an act that needs a responsible member of staff, and
// ErrNeedsStaff where the actor has none.
func (a Actor) Member() (int64, error) {
	if err := a.Check(); err != nil {
		return 0, err
	}
	id := a.Responsible()
	if id == 0 {
		return 0, ErrNeedsStaff
	}
	return id, nil
}

// Staff returns Responsible for a nullable column.
func (a Actor) Staff() *int64 { return optional(a.Responsible()) }

// Client returns the id of the acting API client for a nullable column.
func (a Actor) Client() *int64 { return optional(a.of(KindClient)) }

// Customer returns the id of the acting customer for a nullable column.
func (a Actor) Customer() *int64 { return optional(a.CustomerID()) }

// Accountable returns whose rights and limits the actor's acts take.
func (a Actor) Accountable() Accountable {
	switch {
	case a.Check() != nil:
		return Accountable{}
	case a.Kind == KindSystem:
		return ForSystem()
	case a.Kind == KindClient:
		return ForClient(a.ID, a.Owner, a.KeyMaker)
	}
	return ForStaff(a.Person())
}

// Accountable names the party whose rights and limits an act uses: a member of staff, in
// person or through an API client, or the program itself. The zero value names none, and
// every check of a right or a limit refuses it.
type Accountable struct {
	staff, client, keyMaker int64
	system                  bool
}

// ForStaff returns the Accountable of a member of staff; the zero value for id 0.
func ForStaff(id int64) Accountable { return Accountable{staff: max(id, 0)} }

// ForClient returns the Accountable of an API client's owner; keyMaker is the member of
// staff who made the client's key.
func ForClient(id, owner, keyMaker int64) Accountable {
	return Accountable{staff: owner, client: id, keyMaker: keyMaker}
}

// ForSystem returns the Accountable of the program itself.
func ForSystem() Accountable { return Accountable{system: true} }

// ForMaker returns the Accountable of a stored row from its columns: the member of staff
// who made it, and the API client with the maker of its key where one did. Without a
// member of staff the program made the row.
func ForMaker(staff, client, keyMaker *int64) Accountable {
	switch {
	case staff == nil:
		return ForSystem()
	case client != nil && keyMaker != nil:
		return ForClient(*client, *staff, *keyMaker)
	}
	return ForStaff(*staff)
}

// Staff returns the id of the member of staff; 0 for the program and for the zero value.
func (x Accountable) Staff() int64 { return x.staff }

// IsSystem reports whether it names the program.
func (x Accountable) IsSystem() bool { return x.system }

// IsNobody reports whether it is the zero value.
func (x Accountable) IsNobody() bool { return !x.system && x.staff == 0 }

// Client returns the API client through which the member of staff acts, and the maker of
// its key, for nullable columns; both nil where they act in person.
func (x Accountable) Client() (id, keyMaker *int64) { return optional(x.client), optional(x.keyMaker) }

// Actor returns the actor that carries out a stored request. Its scope is all partners:
// the scope was checked when the request was made, and is checked again where it is
// carried out.
func (x Accountable) Actor() Actor {
	switch {
	case x.system:
		return System()
	case x.client != 0:
		return ByClient(x.client, x.staff, x.keyMaker, Everything())
	}
	return ByStaff(x.staff, Everything())
}
