package customer

import "refill/internal/act"

// Publish tells of a new customer.
func (Created) Publish() act.Publication { return act.Publication{Type: "customer.created"} }

// Publish tells of a changed customer.
func (Edited) Publish() act.Publication { return act.Publication{Type: "customer.changed"} }

// Publish tells of a customer who can sign in and redeem again.
func (Enabled) Publish() act.Publication { return act.Publication{Type: "customer.changed"} }

// Publish tells of a customer without personal data.
func (Erased) Publish() act.Publication { return act.Publication{Type: "customer.changed"} }

// Publish tells of a disabled customer.
func (Disabled) Publish() act.Publication { return act.Publication{Type: "customer.disabled"} }

// Publish tells of money taken for services.
func (a Charged) Publish() act.Publication {
	return act.Publication{Type: "charge.created", Ref: a.Payment}
}
