package render_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"refill/internal/render"
)

// TestMain fails the package where a goroutine is left running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sampleCard returns a card whose code follows from its serial, so that tests can compute
// each code.
func sampleCard(serial int64) render.Card {
	return render.Card{
		Serial: serial, Code: sampleCode("R26", serial),
		Price: "10.00", PriceText: "USD 10.00", Currency: "USD",
		ValidTill: "2027-12-31", ValidTillText: "31 Dec 2027", Series: "202611", Status: "active",
	}
}

// sampleCode converts a serial to sixteen symbols by a multiplicative hash, so that codes
// of adjacent serials look unrelated, as real codes do.
func sampleCode(prefix string, serial int64) string {
	const symbols = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	var b strings.Builder
	b.WriteString(prefix)
	h := uint64(serial) //nolint:gosec // any bits will do
	for i := range 16 {
		if i%4 == 0 {
			b.WriteByte('-')
		}
		h = (h ^ h>>29) * 0x9E3779B97F4A7C15
		b.WriteByte(symbols[(h>>32)%31])
	}
	return b.String()
}

// sampleMeta returns the design of most tests.
func sampleMeta() render.Meta {
	return render.Meta{
		Brand: "Northwind Net", Series: "202611", PortalURL: "https://refill.example.net", Count: 24,
		Instructions: []string{"Scan the code, or sign in at refill.example.net", "and enter it under Finance, Refill card."},
	}
}
