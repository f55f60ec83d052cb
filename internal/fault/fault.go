// Package fault owns the error type that separates what a visitor may read from what the
// log needs. An error that is not a *fault.Error is internal: its text never reaches a
// visitor. The package knows nothing of HTTP; package web maps a Kind to a status. A
// message is a constant with named placeholders, and the values are kept beside it, so
// that the message can be translated by its code.
package fault

import (
	"errors"
	"slices"
	"strings"
)

// Kind classifies a fault by how the caller has to react.
type Kind int

// The kinds. Internal is the zero value, so that a forgotten kind hides its text.
const (
	Internal  Kind = iota // A failure of the program; the visitor sees an id only.
	Invalid               // The input is invalid; the visitor can correct it.
	NotFound              // There is no such object, or the visitor may not see it: the answer is the same.
	Forbidden             // The visitor is signed in, but lacks the permission.
	Conflict              // The object's state does not allow the act.
	Limited               // Too many attempts; the visitor has to wait.
	Unsettled             // The outcome of a write is unknown; repeating the request with the same idempotency key tells it.
)

// Error is an error whose message a visitor may read.
type Error struct {
	Kind  Kind
	Code  string // Stable name for logs, tests and translations: "card_used".
	Field string // Name of the form field at fault; empty: the whole form.
	Args  []Arg  // Values for the placeholders of the message.
	Cause error  // For the log.

	message string // The English text of the code: see Parse for its form.
}

// Text returns the English message with its arguments filled in: what happened and what to
// do next. It returns "" for nil.
func (e *Error) Text() string {
	if e == nil {
		return ""
	}
	p, err := Parse(e.message)
	if err != nil {
		return e.message // the registry test refuses such a message
	}
	return p.english(e.Args)
}

// Error returns the code, the arguments and the cause, for logs. It leaves out arguments
// of type Text, which may contain the code of a card. Visitors read Text.
func (e *Error) Error() string {
	text := e.Code
	if len(e.Args) > 0 {
		text += " (" + logged(e.Args) + ")"
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is a fault with the same code. So errors.Is(err,
// card.ErrRefused) holds for every set of arguments.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// New returns a fault of a kind. One code has one message in the whole program, and both
// are constants; TestRegistry checks that.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, message: message}
}

// Field returns a fault of kind Invalid about one field of a form.
func Field(field, code, message string) *Error {
	return &Error{Kind: Invalid, Code: code, Field: field, message: message}
}

// With returns a copy that carries a value for a placeholder of the message.
func (e *Error) With(name string, value Value) *Error {
	c := *e
	c.Args = append(slices.Clone(e.Args), Arg{name, value})
	return &c
}

// Because returns a copy that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// At returns a copy that concerns one field of a form.
func (e *Error) At(field string) *Error {
	c := *e
	c.Kind, c.Field = Invalid, field
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

// Unwrap lets errors.Is and errors.As look at each fault of the list.
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
