package partner

import (
	"refill/internal/act"
	"refill/internal/db"
)

type (
	// Created is a new partner.
	Created struct {
		Partner int64  `json:"partner"`
		Name    string `json:"name"`
		Test    bool   `json:"test,omitempty"`
	}
	// Changed is a changed partner, with the new values of the fields that changed. Nil:
	// unchanged.
	Changed struct {
		Partner   int64   `json:"partner"`
		Name      *string `json:"name,omitempty"`
		Brand     *string `json:"brand,omitempty"`
		Slug      *string `json:"slug,omitempty"`
		TimeZone  *string `json:"time_zone,omitempty"`
		Accent    *string `json:"accent,omitempty"`
		Welcome   *string `json:"welcome,omitempty"`
		Help      *string `json:"help,omitempty"`
		CardLine1 *string `json:"card_line1,omitempty"`
		CardLine2 *string `json:"card_line2,omitempty"`
		Logo      string  `json:"logo,omitempty"` // width and height in pixels, or "removed"
	}
	// PortalChanged is a change of what the portal of a partner offers. Nil: unchanged.
	PortalChanged struct {
		Partner      int64          `json:"partner"`
		RefillCard   *bool          `json:"refill_card,omitempty"`
		Cash         *OfferedMethod `json:"cash,omitempty"`
		BankTransfer *OfferedMethod `json:"bank_transfer,omitempty"`
		CreditCard   *OfferedMethod `json:"credit_card,omitempty"`
		Other        *OfferedMethod `json:"other,omitempty"`
	}
	// KeepingChanged is a change of where the balances of a partner's customers are kept.
	KeepingChanged struct {
		Partner   int64  `json:"partner"`
		Balances  string `json:"balances"`  // "here" or "outside"
		Customers int64  `json:"customers"` // whose balances these are
	}
	// OfferedMethod is a way to pay as PortalChanged keeps it.
	OfferedMethod struct {
		Offered     bool   `json:"offered"`
		Instruction string `json:"instruction"`
	}
	// Disabled closes a partner.
	Disabled struct {
		Partner   int64  `json:"partner"`
		Name      string `json:"name"`
		SignedOut int64  `json:"signed_out"` // number of its customers' sessions that ended
	}
	// Enabled undoes Disabled.
	Enabled struct {
		Partner int64  `json:"partner"`
		Name    string `json:"name"`
	}
)

// set notes another way to pay.
func (c *PortalChanged) set(method db.PaymentType, m Method) {
	is := &OfferedMethod{Offered: m.Offered, Instruction: m.Instruction}
	switch method {
	case db.PaymentTypeCash:
		c.Cash = is
	case db.PaymentTypeBankTransfer:
		c.BankTransfer = is
	case db.PaymentTypeCreditCard:
		c.CreditCard = is
	default:
		c.Other = is
	}
}

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Created](),
		act.Of[Changed](),
		act.Of[PortalChanged](),
		act.Of[KeepingChanged](),
		act.Of[Disabled](),
		act.Of[Enabled](),
	}
}

// Action is the name in the audit trail.
func (Created) Action() string { return "partner.created" }

// Action is the name in the audit trail.
func (Changed) Action() string { return "partner.changed" }

// Action is the name in the audit trail.
func (PortalChanged) Action() string { return "partner.portal_changed" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "partner.disabled" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "partner.enabled" }

// Action is the name in the audit trail.
func (KeepingChanged) Action() string { return "partner.balances_changed" }
