package setting

import (
	"net/netip"
	"strings"

	"refill/internal/fault"
)

// Theft has the thresholds at which redemptions look like theft. A threshold of 0 cards
// switches its rule off.
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
	CopiedCards   int32 `json:"copied_cards"`   // used cards tried by accounts other than the one that used them
	RevealedCards int32 `json:"revealed_cards"` // cards redeemed after one member of staff had their code shown

	Hours int32 `json:"hours"` // what rules without a time of their own look back
}

// usualTheft returns the thresholds of a new installation. Ten cards that one customer
// buys at a kiosk raise no alarm with them.
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

// validate returns a fault for every invalid threshold.
func (t Theft) validate() (list fault.List) {
	for _, n := range []struct {
		value, least, most int32
		off                bool // 0 is allowed too
		wrong              *fault.Error
	}{
		{t.RunCards, 5, 1000, true, fault.Field("run_cards", "setting_theft_run_cards", "Neighbouring cards must be a whole number from {least} to {most}, or empty for off.")},
		{t.RunMinutes, 1, 24 * 60, false, fault.Field("run_minutes", "setting_theft_run_minutes", "The time of neighbouring cards must be a whole number from {least} to {most}.")},
		{t.RunGap, 0, 10, false, fault.Field("run_gap", "setting_theft_run_gap", "Cards missing between two must be a whole number from {least} to {most}.")},
		{t.AccountCards, 2, 100_000, true, fault.Field("account_cards", "setting_theft_account_cards", "Cards by one customer must be a whole number from {least} to {most}, or empty for off.")},
		{t.AddressCards, 2, 1_000_000, true, fault.Field("address_cards", "setting_theft_address_cards", "Cards from one address must be a whole number from {least} to {most}, or empty for off.")},
		{t.Factor, 1, 1000, false, fault.Field("factor", "setting_theft_factor", "Times the usual must be a whole number from {least} to {most}.")},
		{t.EarlyCards, 1, 1000, true, fault.Field("early_cards", "setting_theft_early_cards", "Cards tried before the sale must be a whole number from {least} to {most}, or empty for off.")},
		{t.LockedCards, 1, 1000, true, fault.Field("locked_cards", "setting_theft_locked_cards", "Cards tried out of use must be a whole number from {least} to {most}, or empty for off.")},
		{t.CopiedCards, 1, 1000, true, fault.Field("copied_cards", "setting_theft_copied_cards", "Used cards tried must be a whole number from {least} to {most}, or empty for off.")},
		{t.RevealedCards, 1, 1000, true, fault.Field("revealed_cards", "setting_theft_revealed_cards", "Cards redeemed after their code was shown must be a whole number from {least} to {most}, or empty for off.")},
		{t.Hours, 1, 168, false, fault.Field("hours", "setting_theft_hours", "The hours to look back must be a whole number from {least} to {most}.")},
	} {
		if n.off && n.value == 0 || n.value >= n.least && n.value <= n.most {
			continue
		}
		list = append(list, n.wrong.With("least", fault.Number(n.least)).With("most", fault.Number(n.most)))
	}
	if len(t.Shared) > mostShared {
		list = append(list, fault.Field("shared", "setting_theft_shared_many", "There can be up to {most} shared addresses; these are {count}.").
			With("most", fault.Number(mostShared)).With("count", fault.Number(len(t.Shared))))
		return list
	}
	for _, text := range t.Shared {
		if _, err := readNetwork(text); err != nil {
			list = append(list, fault.Field("shared", "setting_theft_shared", "“{text}” is no address or network. Write one a line, such as 192.0.2.7 or 2001:db8::/48.").
				With("text", fault.Text(cutText(text, 60))))
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
