package kit

import (
	"slices"

	"refill/internal/fault"
)

// Unread collects the faults of form fields whose text could not be parsed. The domain gets
// the zero value for such a field and checks the other fields; Merge then combines the
// faults of both. A form with such a field must only be checked and not carried out,
// because the zero value may have a meaning.
type Unread struct{ faults fault.List }

// Note adds the fault that parsing a field returned; nil means that the field was parsed.
func (u *Unread) Note(wrong *fault.Error) {
	if wrong != nil {
		u.faults = append(u.faults, wrong)
	}
}

// Any reports whether any field could not be parsed.
func (u *Unread) Any() bool { return len(u.faults) > 0 }

// Merge combines the faults of parsing with the error of the domain. At a field that could
// not be parsed, the fault of parsing replaces that of the domain, which is about a zero
// value. Faults of parsing at other fields come first. An internal error, or a single fault
// without a field, is returned alone.
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

// at returns the fault of parsing a field; nil if the field was parsed.
func (u *Unread) at(field string) *fault.Error {
	for _, own := range u.faults {
		if own.Field == field {
			return own
		}
	}
	return nil
}
