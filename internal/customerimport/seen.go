package customerimport

import (
	"hash/maphash"
	"strconv"

	"refill/internal/customer"
	"refill/internal/fault"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// ErrContradicts stops a file that says different things of one customer.
var ErrContradicts = fault.New(fault.Invalid, "import_contradicts_customer", "This file names customers more than once, and what it says of them differs.")

// seen remembers usernames and external ids of a file in 16 bytes each: with each what its
// first row said, and whether a row makes a customer of it.
type seen struct {
	seed maphash.Seed
	said map[uint64]uint64
	made map[uint64]struct{}
}

func newSeen() *seen {
	return &seen{maphash.MakeSeed(), map[uint64]uint64{}, map[uint64]struct{}{}}
}

// keys are the hashes of what a customer is known by: the external id and the username.
func (s *seen) keys(n *customer.Newcomer) (externalID, username uint64) {
	if n.ExternalID != "" {
		externalID = maphash.String(s.seed, "e"+n.ExternalID)
	}
	if n.Username != "" {
		username = maphash.String(s.seed, "u"+n.Username)
	}
	return externalID, username
}

// differs notes what a row says of a customer, and reports whether a row before says
// something else of the same one: another name, balance, partner or status.
func (s *seen) differs(n *customer.Newcomer) (differs bool) {
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

// twice says why a row before makes the same customer; empty: none does.
func (s *seen) twice(n *customer.Newcomer) string {
	externalID, username := s.keys(n)
	if _, has := s.made[externalID]; has && externalID != 0 {
		return reasonTwiceExternalID
	}
	if _, has := s.made[username]; has && username != 0 {
		return reasonTwiceUsername
	}
	return ""
}

// makes reports whether a row makes a customer of a username.
func (s *seen) makes(username string) bool {
	_, has := s.made[maphash.String(s.seed, "u"+username)]
	return has
}

// add notes that a row makes a customer.
func (s *seen) add(n *customer.Newcomer) {
	externalID, username := s.keys(n)
	s.made[externalID], s.made[username] = struct{}{}, struct{}{}
}

// contradicted is nil where no row says something else of its customer than a row before.
func contradicted(c tableflow.Contradictions) error {
	say := c.Say()
	if say == "" {
		return nil
	}
	return ErrContradicts.Saying(say + " something else of a customer than a row before: another name, balance, partner or status under the same external id or username. " +
		"Which of them holds can’t be told. Keep one row of each customer, and upload the file again.")
}
