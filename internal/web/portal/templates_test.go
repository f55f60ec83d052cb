package portal

import (
	"testing"

	"refill/internal/web/kit/kittest"
)

// pageTemplates lists the pages and fragments of this package with their structs.
func pageTemplates() map[string]any {
	return map[string]any{
		"portal/offline":      &offlinePage{},
		"portal/link_dead":    &deadLinkPage{},
		"portal/landing":      &landingPage{},
		"portal/welcome":      &welcomePage{},
		"portal/help":         &helpPage{},
		"portal/home":         &portalHomePage{},
		"portal/payment_list": &paymentListPage{},
		"portal/payment_show": &receiptPage{},
		"portal/password":     &passwordPage{},
		"portal/refill_card":  &redeemPage{},
		"portal/scan":         &scanPage{},
	}
}

func TestTemplatesFitTheirStructs(t *testing.T) {
	t.Parallel()
	kittest.CheckTemplates(t, "portal", pageTemplates())
}
