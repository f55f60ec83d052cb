package guess

import (
	"fmt"

	"refill/internal/audit"
	"refill/internal/cardcode"
)

// guessScopes returns the two scopes that an attempt charges: the person, and the address. An
// IPv6 address counts as its network of 64 bits, because one household has all of it. An API
// client calls for many customers from one address, so the count of the client takes the place
// of the address, and the customer is charged as the person.
//
// Attempts at imported codes have counts of their own; those of a person are one for each
// length. So all codes of one count are equally hard to guess, and a hit in one count does not
// affect another. length is in symbols; 0 means generated codes.
func guessScopes(actor audit.Actor, customerID int64, length int) (who, address string) {
	who, address = customerScope(customerID), "address:"+audit.AddressScope(actor.Address)
	switch actor.Kind {
	case audit.KindStaff:
		who = staffScope(actor.ID)
	case audit.KindClient:
		address = clientScope(actor.ID)
	case audit.KindCustomer, audit.KindSystem, audit.KindDealer, audit.KindVisitor: // dealers and visitors may try no code
	}
	if length > 0 {
		return importedScope(who, length), sharedImported(address)
	}
	return who, address
}

// customerScope names the scope of a customer, staffScope that of a member of staff.
func customerScope(customerID int64) string { return fmt.Sprintf("customer:%d", customerID) }

func staffScope(staffID int64) string { return fmt.Sprintf("staff:%d", staffID) }

// clientScope names the scope of an API client, for all its customers together.
func clientScope(clientID int64) string { return fmt.Sprintf("client:%d", clientID) }

// clientScopes names every scope of an API client.
func clientScopes(clientID int64) []string {
	return []string{clientScope(clientID), sharedImported(clientScope(clientID))}
}

// sharedImported names the scope of the attempts at imported codes of any length from one
// address or by one API client.
func sharedImported(shared string) string { return shared + ":imported" }

// importedScope names the scope of a person's attempts at imported codes of a length.
func importedScope(who string, length int) string { return fmt.Sprintf("%s:imported:%d", who, length) }

// allScopes names every scope of a person.
func allScopes(who string) []string {
	all := []string{who}
	for length := cardcode.MinImported; length <= cardcode.MaxImported; length++ {
		all = append(all, importedScope(who, length))
	}
	return all
}

// ImportScope names the scope that counts the existing cards in import files of a member of
// staff. A right code does not reset this count.
func ImportScope(staffID int64) string { return fmt.Sprintf("import:staff:%d", staffID) }
