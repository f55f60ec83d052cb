package customerimport

import (
	"hash/maphash"
	"strconv"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// ErrContradicts stops a file in which two rows say different things about one customer.
var ErrContradicts = fault.New(fault.Invalid, "import_contradicts_customer", "{count, plural, one {Row {rows} says} other {# rows, such as {rows}, say}} something else of a customer than a row before: another name, balance, partner or status under the same external id or username. "+
	"Which of them holds can’t be told. Keep one row of each customer, and upload the file again.")

// seen holds the usernames and external ids of a file in 16 bytes each, with what the first
// row says and whether a row makes a customer.
type seen struct {
	seed maphash.Seed
	said map[uint64]uint64
	made map[uint64]struct{}
}

func newSeen() *seen {
	return &seen{maphash.MakeSeed(), map[uint64]uint64{}, map[uint64]struct{}{}}
}

// keys returns the hashes of the external id and of the username of a customer; 0: the
// customer has none.
func (s *seen) keys(n *customer.Newcomer) (externalID, username uint64) {
	if n.ExternalID != "" {
		externalID = maphash.String(s.seed, "e"+strconv.FormatInt(n.PartnerID, 10)+":"+n.ExternalID) // another partner's customer may have the same
	}
	if n.Username != "" {
		username = maphash.String(s.seed, "u"+n.Username)
	}
	return externalID, username
}

// contradicts records what a row says about a customer. It reports whether an earlier row
// gives the same customer another name, balance, partner or status.
func (s *seen) contradicts(n *customer.Newcomer) (differs bool) {
	says := maphash.String(s.seed, tableimport.Fold(n.Name)+"\x00"+strconv.FormatInt(n.Balance, 10)+"\x00"+strconv.FormatInt(n.PartnerID, 10)+"\x00"+strconv.FormatBool(n.Disabled))
	externalID, username := s.keys(n)
	for _, key := range []uint64{externalID, username} {
		if key == 0 {
			continue
		}
		if before, has := s.said[key]; !has {
			s.said[key] = says
		} else if before != says {
			differs = true
		}
	}
	return differs
}

// duplicateReason returns the reason for which an earlier row makes the same customer, or
// an empty text.
func (s *seen) duplicateReason(n *customer.Newcomer) string {
	externalID, username := s.keys(n)
	if _, has := s.made[externalID]; has && externalID != 0 {
		return reasonTwiceExternalID
	}
	if _, has := s.made[username]; has && username != 0 {
		return reasonTwiceUsername
	}
	return ""
}

// hasUsername reports whether a row makes a customer with the username.
func (s *seen) hasUsername(username string) bool {
	_, has := s.made[maphash.String(s.seed, "u"+username)]
	return has
}

// add records that a row makes the customer.
func (s *seen) add(n *customer.Newcomer) {
	externalID, username := s.keys(n)
	s.made[externalID], s.made[username] = struct{}{}, struct{}{}
}

// contradictionError returns ErrContradicts where rows contradict an earlier row, or nil.
func contradictionError(c tableflow.Contradictions) error {
	if c.Count() == 0 {
		return nil
	}
	return ErrContradicts.With("count", fault.Number(c.Count())).With("rows", fault.Numbers(c.First()))
}
