package staff

import (
	"refill/internal/act"
	"refill/internal/signin"
)

// Account is the account of a member of staff that an act is about.
type Account struct {
	StaffID  int64  `json:"staff_id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// Acts upon accounts.
type (
	// Created is a new account.
	Created struct {
		StaffID     int64   `json:"staff_id"`
		Username    string  `json:"username"`
		Role        string  `json:"role"`
		AllPartners bool    `json:"all_partners"`
		PartnerIDs  []int64 `json:"partner_ids"`
	}
	// Edited is a changed account.
	Edited struct {
		StaffID           int64   `json:"staff_id"`
		Username          string  `json:"username"`
		Name              string  `json:"name"`
		NameBefore        string  `json:"name_before"`
		Role              string  `json:"role"`
		RoleBefore        string  `json:"role_before"`
		AllPartners       bool    `json:"all_partners"`
		AllPartnersBefore bool    `json:"all_partners_before"`
		PartnerIDs        []int64 `json:"partner_ids"`
		PartnerIDsBefore  []int64 `json:"partner_ids_before"`
	}
	// Disabled is the end of an account, until it is enabled.
	Disabled Account
	// Enabled undoes Disabled.
	Enabled Account
	// PasswordReset is a password that another person set.
	PasswordReset Account
	// SecondFactorReset is a second factor that another person took away.
	SecondFactorReset Account
	// Vouched records the host's statement that an account belongs to a person of its own.
	Vouched struct {
		StaffID  int64  `json:"staff_id"`
		Username string `json:"username"`
		Reason   string `json:"reason"`
	}
)

// Acts of members of staff upon their own account.
type (
	// SignedIn is a whole sign-in.
	SignedIn struct {
		With string `json:"with,omitempty"` // the kind of second factor; empty: the account has none
	}
	// CodeAsked is a right password where a second factor is due.
	CodeAsked struct {
		StaffID int64 `json:"staff_id"` // whose password it was; they are not proved to be the actor
	}
	// SignInFailed is a sign-in with a wrong username or password, or a disabled account.
	SignInFailed signin.Failure
	// CodeFailed is a wrong code of a second factor.
	CodeFailed signin.Failure
	// SignedOut is the end of the session by which the actor signs out.
	SignedOut struct{}
	// SessionEnded is the end of one other session of the actor.
	SessionEnded struct {
		SignedOut int64 `json:"signed_out"`
	}
	// SessionsEnded is the end of every other session of the actor.
	SessionsEnded struct {
		SignedOut int64 `json:"signed_out"`
	}
	// PasswordChanged is a password that its owner changed.
	PasswordChanged struct{}
	// Renamed is another name of the actor.
	Renamed struct {
		Name       string `json:"name"`
		NameBefore string `json:"name_before"`
	}
	// MailAsked is an e-mail address that waits for its confirmation. The trail keeps no
	// address, because its rows are never deleted.
	MailAsked struct{}
	// MailConfirmed is an e-mail address that its owner confirmed.
	MailConfirmed struct{}
	// MailRemoved is the end of an e-mail address.
	MailRemoved struct{}
	// MailChosen is what the actor wants to be told by e-mail.
	MailChosen struct {
		Files     bool `json:"files"`
		Approvals bool `json:"approvals"`
		Alarms    bool `json:"alarms"`
	}
	// SecondFactorOn is a new second factor.
	SecondFactorOn struct{}
	// SecondFactorOff is the end of a second factor.
	SecondFactorOff struct{}
	// RecoveryCodesMade is a new set of recovery codes.
	RecoveryCodesMade struct{}
	// RecoveryCodeUsed is a sign-in, or a proof, by a recovery code.
	RecoveryCodeUsed struct {
		Left int64 `json:"left"`
	}
	// TableExported is the download of a page's table as a file.
	TableExported struct {
		Table  string `json:"table"`
		Format string `json:"format"`
		Rows   int64  `json:"rows"`
	}
)

// Acts upon roles.
type (
	// RoleCreated is a new role.
	RoleCreated struct {
		RoleID      int64    `json:"role_id"`
		Name        string   `json:"name"`
		Permissions []string `json:"permissions"`
	}
	// RoleEdited is a changed role.
	RoleEdited struct {
		RoleID            int64    `json:"role_id"`
		Name              string   `json:"name"`
		NameBefore        string   `json:"name_before"`
		Permissions       []string `json:"permissions"`
		PermissionsBefore []string `json:"permissions_before"`
	}
	// RoleDeleted is the end of a role.
	RoleDeleted struct {
		RoleID      int64    `json:"role_id"`
		Name        string   `json:"name"`
		Permissions []string `json:"permissions"`
	}
)

func codeFailed(f signin.Failure) act.Act { return CodeFailed(f) }

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Created](),
		act.Of[Edited](),
		act.Of[Disabled](),
		act.Of[Enabled](),
		act.Of[PasswordReset](),
		act.Of[SecondFactorReset](),
		act.Of[Vouched](),
		act.Of[SignedIn](),
		act.Of[CodeAsked](),
		act.Of[SignInFailed](),
		act.Of[CodeFailed](),
		act.Of[SignedOut](),
		act.Of[SessionEnded](),
		act.Of[SessionsEnded](),
		act.Of[PasswordChanged](),
		act.Of[Renamed](),
		act.Of[MailAsked](),
		act.Of[MailConfirmed](),
		act.Of[MailRemoved](),
		act.Of[MailChosen](),
		act.Of[SecondFactorOn](),
		act.Of[SecondFactorOff](),
		act.Of[RecoveryCodesMade](),
		act.Of[RecoveryCodeUsed](),
		act.Of[TableExported](),
		act.Of[RoleCreated](),
		act.Of[RoleEdited](),
		act.Of[RoleDeleted](),
	}
}

// Action is the name in the audit trail.
func (Created) Action() string { return "staff.created" }

// Action is the name in the audit trail.
func (Edited) Action() string { return "staff.edited" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "staff.disabled" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "staff.enabled" }

// Action is the name in the audit trail.
func (PasswordReset) Action() string { return "staff.password_reset" }

// Action is the name in the audit trail.
func (SecondFactorReset) Action() string { return "staff.second_factor_reset" }

// Action is the name in the audit trail.
func (Vouched) Action() string { return "staff.vouched" }

// Action is the name in the audit trail.
func (SignedIn) Action() string { return "staff.signed_in" }

// Action is the name in the audit trail.
func (CodeAsked) Action() string { return "staff.code_asked" }

// Action is the name in the audit trail.
func (SignInFailed) Action() string { return "staff.sign_in_failed" }

// Action is the name in the audit trail.
func (CodeFailed) Action() string { return "staff.code_failed" }

// Action is the name in the audit trail.
func (SignedOut) Action() string { return "staff.signed_out" }

// Action is the name in the audit trail.
func (SessionEnded) Action() string { return "staff.session_ended" }

// Action is the name in the audit trail.
func (SessionsEnded) Action() string { return "staff.sessions_ended" }

// Action is the name in the audit trail.
func (PasswordChanged) Action() string { return "staff.password_changed" }

// Action is the name in the audit trail.
func (Renamed) Action() string { return "staff.renamed" }

// Action is the name in the audit trail.
func (MailAsked) Action() string { return "staff.mail_asked" }

// Action is the name in the audit trail.
func (MailConfirmed) Action() string { return "staff.mail_confirmed" }

// Action is the name in the audit trail.
func (MailRemoved) Action() string { return "staff.mail_removed" }

// Action is the name in the audit trail.
func (MailChosen) Action() string { return "staff.mail_chosen" }

// Action is the name in the audit trail.
func (SecondFactorOn) Action() string { return "staff.second_factor_on" }

// Action is the name in the audit trail.
func (SecondFactorOff) Action() string { return "staff.second_factor_off" }

// Action is the name in the audit trail.
func (RecoveryCodesMade) Action() string { return "staff.recovery_codes_made" }

// Action is the name in the audit trail.
func (RecoveryCodeUsed) Action() string { return "staff.recovery_code_used" }

// Action is the name in the audit trail.
func (TableExported) Action() string { return "table.exported" }

// Action is the name in the audit trail.
func (RoleCreated) Action() string { return "role.created" }

// Action is the name in the audit trail.
func (RoleEdited) Action() string { return "role.edited" }

// Action is the name in the audit trail.
func (RoleDeleted) Action() string { return "role.deleted" }
