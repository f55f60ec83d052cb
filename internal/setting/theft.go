package setting

import (
	"fmt"
	"net/netip"
	"strings"

	"refill/internal/fault"
)

// Theft is when redemptions look like theft. A number of cards of 0 switches its rule
// off.
type Theft struct {
	RunCards   int32 `json:"run_cards"`   // cards of one series with serials side by side …
	RunMinutes int32 `json:"run_minutes"` // … redeemed within so many minutes
	RunGap     int32 `json:"run_gap"`     // … with at most so many missing between two

	AccountCards int32    `json:"account_cards"` // cards by one customer within Hours, at least
	AddressCards int32    `json:"address_cards"` // cards from one address within Hours, at least
	Factor       int32    `json:"factor"`        // … and as many times the median of all active ones
	Shared       []string `json:"shared"`        // networks that many people share; they are not counted

	EarlyCards    int32 `json:"early_cards"`    // cards tried of a series that was never activated
	LockedCards   int32 `json:"locked_cards"`   // cards tried that staff took out of use
	CopiedCards   int32 `json:"copied_cards"`   // used cards tried by others than who used them
	RevealedCards int32 `json:"revealed_cards"` // cards redeemed after one member of staff had their code shown

	Hours int32 `json:"hours"` // what rules without a time of their own look back
}

// usualTheft is the rules of a new installation. Ten cards that one customer buys at a
// kiosk raise no alarm.
func usualTheft() Theft {
	return Theft{
		RunCards: 20, RunMinutes: 60, RunGap: 2,
		AccountCards: 20, AddressCards: 50, Factor: 10, Shared: []string{},
		EarlyCards: 1, LockedCards: 3, CopiedCards: 5, RevealedCards: 5,
		Hours: 24,
	}
}

// mostShared bounds the list of networks.
const mostShared = 100

// validate returns a fault for every rule that cannot be.
func (t Theft) validate() (list fault.List) {
	for _, n := range []struct {
		name, text  string
		value       int32
		least, most int32
		off         bool
	}{
		{"run_cards", "Neighbouring cards", t.RunCards, 5, 1000, true},
		{"run_minutes", "The time of neighbouring cards", t.RunMinutes, 1, 24 * 60, false},
		{"run_gap", "Cards missing between two", t.RunGap, 0, 10, false},
		{"account_cards", "Cards by one customer", t.AccountCards, 2, 100_000, true},
		{"address_cards", "Cards from one address", t.AddressCards, 2, 1_000_000, true},
		{"factor", "Times the usual", t.Factor, 1, 1000, false},
		{"early_cards", "Cards tried before the sale", t.EarlyCards, 1, 1000, true},
		{"locked_cards", "Cards tried out of use", t.LockedCards, 1, 1000, true},
		{"copied_cards", "Used cards tried", t.CopiedCards, 1, 1000, true},
		{"revealed_cards", "Cards redeemed after their code was shown", t.RevealedCards, 1, 1000, true},
		{"hours", "The hours to look back", t.Hours, 1, 168, false},
	} {
		if n.off && n.value == 0 || n.value >= n.least && n.value <= n.most {
			continue
		}
		text := fmt.Sprintf("%s must be a whole number from %d to %d.", n.text, n.least, n.most)
		if n.off {
			text = fmt.Sprintf("%s must be a whole number from %d to %d, or empty for off.", n.text, n.least, n.most)
		}
		list = append(list, fault.Field(n.name, "setting_theft_"+n.name, text))
	}
	if len(t.Shared) > mostShared {
		list = append(list, fault.Field("shared", "setting_theft_shared", fmt.Sprintf("There can be up to %d shared addresses; these are %d.", mostShared, len(t.Shared))))
		return list
	}
	for _, text := range t.Shared {
		if _, err := readNetwork(text); err != nil {
			list = append(list, fault.Field("shared", "setting_theft_shared",
				fmt.Sprintf("%q is no address or network. Write one a line, such as 192.0.2.7 or 2001:db8::/48.", cutText(text, 60))))
			break
		}
	}
	return list
}

// SharedNetworks returns the networks that many people share.
func (t Theft) SharedNetworks() []netip.Prefix {
	networks := make([]netip.Prefix, 0, len(t.Shared))
	for _, text := range t.Shared {
		if network, err := readNetwork(text); err == nil { // validated when it was set
			networks = append(networks, network)
		}
	}
	return networks
}

// readNetwork reads an address or a network in CIDR notation.
func readNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "/") {
		network, err := netip.ParsePrefix(text)
		return network.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	address = address.Unmap().WithZone("")
	return address.Prefix(address.BitLen())
}

func cutText(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
