package kit

import (
	"slices"

	"refill/internal/fault"
)

// Unread collects the faults of fields whose text could not be read. The domain gets the
// zero value for such a field: it checks the other fields, and Merge puts the faults
// together. A form with an unread field is only checked, never done: the zero value may
// mean something.
type Unread struct{ faults fault.List }

// Note adds what a reading function found; nil: the field was read.
func (u *Unread) Note(wrong *fault.Error) {
	if wrong != nil {
		u.faults = append(u.faults, wrong)
	}
}

// Any reports whether a field could not be read.
func (u *Unread) Any() bool { return len(u.faults) > 0 }

// Merge puts the faults of reading into what the domain found. At a field that could not
// be read they take the place of the domain's complaint, which is about a zero value;
// where the domain is silent they come first. A refusal of the domain that concerns no field, and an internal error, stay
// alone.
func (u *Unread) Merge(err error) error {
	found := fault.All(err)
	if !u.Any() || (err != nil && len(found) == 0) || (len(found) == 1 && found[0].Field == "") {
		return err
	}
	var silent, merged fault.List
	for _, own := range u.faults {
		if !slices.ContainsFunc(found, func(one *fault.Error) bool { return one.Field == own.Field }) {
			silent = append(silent, own)
		}
	}
	for _, one := range found {
		if own := u.at(one.Field); own != nil {
			one = own
		}
		if !slices.Contains(merged, one) {
			merged = append(merged, one)
		}
	}
	return append(silent, merged...)
}

// at returns the fault of reading a field; nil: it was read.
func (u *Unread) at(field string) *fault.Error {
	for _, own := range u.faults {
		if own.Field == field {
			return own
		}
	}
	return nil
}
