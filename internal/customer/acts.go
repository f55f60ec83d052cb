package customer

import (
	"refill/internal/act"
	"refill/internal/signin"
)

// Acts of staff upon customers. Each concerns the customer.
type (
	// Created is a new customer.
	Created struct {
		act.Subject
		Import int64 `json:"import,omitempty"` // that entered them; 0: entered by hand
		Row    int32 `json:"row,omitempty"`    // of the import's file
	}
	// Edited is a changed customer. It records the names of the changed fields without
	// their values, so that the trail keeps no personal data of an erased customer.
	Edited struct {
		act.Subject
		Changed     []string `json:"changed"`
		PartnerFrom int64    `json:"partner_from,omitempty"` // where the partner changed
		PartnerTo   int64    `json:"partner_to,omitempty"`
	}
	// Charged is money taken from a balance for services.
	Charged struct {
		act.Subject
		Payment   int64  `json:"payment"`
		Amount    string `json:"amount"` // decimal, below zero: what the balance changes by
		Currency  string `json:"currency"`
		Reference string `json:"reference,omitempty"` // of the API client
	}
	// Disabled ends a customer's access.
	Disabled struct{ act.Subject }
	// Enabled undoes Disabled.
	Enabled struct{ act.Subject }
	// Erased removes a customer's personal data.
	Erased struct {
		act.Subject
		Reason      string `json:"reason"`
		BalanceKept string `json:"balance_kept,omitempty"` // decimal; empty: there was none
		Currency    string `json:"currency,omitempty"`
	}
	// PasswordSet is a password that staff chose.
	PasswordSet struct{ act.Subject }
	// LinkMade is a link for a first sign-in.
	LinkMade struct {
		act.Subject
		Hours int `json:"hours"` // how long it works
	}
	// LinkMailed is a link that the customer asked for and that is mailed to the address of
	// the account.
	LinkMailed struct{ act.Subject }
	// HelpClosed closes a request for help with signing in that needs no link.
	HelpClosed struct{ act.Subject }
)

// Acts by customers. Each concerns its actor, who is not named a second time.
type (
	// LinkUsed is a sign-in by a link.
	LinkUsed struct {
		act.Subject
		Password bool `json:"password"` // one was chosen
	}
	// HelpAsked is a request of a person who can't sign in. It concerns the customer with the
	// username; no customer, where none has it or a request is open already.
	HelpAsked struct {
		act.Subject
		Mailed bool `json:"mailed,omitempty"` // a message with a link answers it; otherwise staff do
	}
	// SignedIn is a sign-in by a password.
	SignedIn struct{ act.Subject }
	// SignInFailed is a sign-in with a wrong username or password, or a disabled account.
	SignInFailed struct {
		act.Subject
		signin.Failure
	}
	// SignedOut is the end of the session by which the customer signs out.
	SignedOut struct{ act.Subject }
	// SessionEnded is the end of one other session of the customer.
	SessionEnded struct {
		act.Subject
		SignedOut int64 `json:"signed_out"`
	}
	// SessionsEnded is the end of every other session of the customer.
	SessionsEnded struct {
		act.Subject
		SignedOut int64 `json:"signed_out"`
	}
	// PasswordChanged is a password that the customer changed.
	PasswordChanged struct {
		act.Subject
		SignedOut int64 `json:"signed_out"` // other sessions
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Created](), act.Of[Charged](),
		act.Of[Edited](),
		act.Of[Disabled](),
		act.Of[Enabled](),
		act.Of[Erased](),
		act.Of[PasswordSet](),
		act.Of[LinkMade](),
		act.Of[LinkMailed](),
		act.Of[LinkUsed](),
		act.Of[HelpAsked](),
		act.Of[HelpClosed](),
		act.Of[SignedIn](),
		act.Of[SignInFailed](),
		act.Of[SignedOut](),
		act.Of[SessionEnded](),
		act.Of[SessionsEnded](),
		act.Of[PasswordChanged](),
	}
}

// Action is the name in the audit trail.
func (Created) Action() string { return "customer.created" }

// Action is the name in the audit trail.
func (Edited) Action() string { return "customer.edited" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "customer.disabled" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "customer.enabled" }

// Action is the name in the audit trail.
func (Erased) Action() string { return "customer.erased" }

// Action is the name in the audit trail.
func (PasswordSet) Action() string { return "customer.password_set" }

// Action is the name in the audit trail.
func (LinkMailed) Action() string { return "customer.link_mailed" }

// Action is the name in the audit trail.
func (LinkMade) Action() string { return "customer.link_made" }

// Action is the name in the audit trail.
func (HelpAsked) Action() string { return "customer.help_asked" }

// Action is the name in the audit trail.
func (HelpClosed) Action() string { return "customer.help_closed" }

// Action is the name in the audit trail.
func (LinkUsed) Action() string { return "customer.link_used" }

// Action is the name in the audit trail.
func (SignedIn) Action() string { return "customer.signed_in" }

// Action is the name in the audit trail.
func (SignInFailed) Action() string { return "customer.sign_in_failed" }

// Action is the name in the audit trail.
func (SignedOut) Action() string { return "customer.signed_out" }

// Action is the name in the audit trail.
func (SessionEnded) Action() string { return "customer.session_ended" }

// Action is the name in the audit trail.
func (SessionsEnded) Action() string { return "customer.sessions_ended" }

// Action is the name in the audit trail.
func (PasswordChanged) Action() string { return "customer.password_changed" }

// Action is the name in the audit trail.
func (Charged) Action() string { return "customer.charged" }
