// Package trail decodes the audit trail: it knows the types of all acts and turns rows
// into values of them. It writes nothing.
package trail

import (
	"slices"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/check"
	"refill/internal/client"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/guess"
	"refill/internal/operate"
	"refill/internal/partner"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/tableflow"
	"refill/internal/theft"
	"refill/internal/webhook"
)

// Acts is the registry of all acts.
func Acts() act.Registry {
	return act.NewRegistry(slices.Concat(
		approval.Acts(),
		billing.Acts(),
		card.Acts(),
		cardfile.Acts(),
		check.Acts(),
		codestore.Acts(),
		customer.Acts(),
		guess.Acts(),
		operate.Acts(),
		partner.Acts(),
		setting.Acts(),
		staff.Acts(),
		client.Acts(),
		tableflow.Acts(),
		theft.Acts(),
		webhook.Acts(),
	)...)
}
