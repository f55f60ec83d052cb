// Package fault owns the error with two faces: what a visitor may read and what
// the log needs. Anything that is not a *fault.Error is internal; its text never
// reaches a visitor. The package knows nothing of HTTP: web turns a Kind into a
// status.
package fault

import (
	"errors"
	"slices"
	"strings"
)

// Kind says what sort of thing went wrong, as far as the caller must react.
type Kind int

// The kinds. Internal is the zero value, so that a forgotten kind hides its text.
const (
	Internal  Kind = iota // Our fault; nothing to show but an id.
	Invalid               // What was entered does not hold; the visitor can mend it.
	NotFound              // There is no such thing, or it is not theirs: the same answer.
	Forbidden             // Signed in, but may not do this.
	Conflict              // The thing is in a state that does not allow this.
	Limited               // Too many tries; later it will work.
	Unsettled             // The outcome of a write is unknown; asking again with the same key tells.
)

// Error is an error whose message a visitor may read.
type Error struct {
	Kind    Kind
	Code    string // Stable name for logs and tests: "card_used".
	Field   string // Name of the form field at fault; empty: the whole form.
	Message string // For people: what happened and what to do next.
	Cause   error  // For the log.
}

// Error returns the code and the cause, for logs. Visitors get Message.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Cause.Error()
	}
	return e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is a fault with the same code, so that callers can
// write errors.Is(err, card.ErrRefused) whatever message the error carries.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// New returns a fault of a kind with its code and message.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Field returns a fault about one field of a form.
func Field(field, code, message string) *Error {
	return &Error{Kind: Invalid, Code: code, Field: field, Message: message}
}

// With returns a copy that carries a cause for the log.
func (e *Error) With(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Saying returns a copy with another message.
func (e *Error) Saying(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// List is several faults of one form, in the order of its fields.
type List []*Error //nolint:errname // fault.List says what it is at every use

// Error joins the codes.
func (l List) Error() string {
	codes := make([]string, len(l))
	for i, e := range l {
		codes[i] = e.Error()
	}
	return strings.Join(codes, ", ")
}

// Unwrap gives errors.Is and errors.As each fault of the list.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errs
}

// Err returns the list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// All returns every fault in err: those of a List, or the one; none when err is
// internal.
func All(err error) []*Error {
	if list, ok := errors.AsType[List](err); ok {
		return slices.Clone(list)
	}
	if one, ok := errors.AsType[*Error](err); ok {
		return []*Error{one}
	}
	return nil
}

// KindOf returns the kind of err; Internal when it carries none.
func KindOf(err error) Kind {
	if all := All(err); len(all) > 0 {
		return all[0].Kind
	}
	return Internal
}

// IsInternal reports whether err has nothing that a visitor may read.
func IsInternal(err error) bool { return err != nil && KindOf(err) == Internal }
