package setting

import (
	"math"
	"net/netip"
	"slices"
)

// Protections are the settings that notice theft and guessing. To make one of them weaker
// takes a second person wherever there is a limit to what one person may do: else one
// person silences the alarm before they act.
type Protections struct {
	Theft

	WrongSoft    int32 `json:"wrong_soft"`
	WrongHard    int32 `json:"wrong_hard"`
	WrongAddress int32 `json:"wrong_address"`
	WrongPartner int32 `json:"wrong_partner"`
}

// Protections returns those settings.
func (s Settings) Protections() Protections {
	return Protections{s.Theft, s.WrongSoft, s.WrongHard, s.WrongAddress, s.WrongPartner}
}

// Protect puts protections into the settings.
func (s *Settings) Protect(p Protections) {
	s.Theft, s.WrongSoft, s.WrongHard, s.WrongAddress, s.WrongPartner = p.Theft, p.WrongSoft, p.WrongHard, p.WrongAddress, p.WrongPartner
}

// Weakens reports whether after notices less than before, in a way that takes a second
// person. A rule that is stricter than usual may be brought back to the usual by one
// person. The usual does not move, so several small steps get no further than one.
func (s Settings) Weakens(after Settings) bool {
	if s.ApproveAbove == nil {
		return false
	}
	was, is, usual := s.Protections(), after.Protections(), Default().Protections()
	for i, rule := range is.rules() {
		before, ordinary := was.rules()[i].strength(), usual.rules()[i].strength()
		if now := rule.strength(); now < before && now < ordinary {
			return true
		}
	}
	return is.sharesMore(was)
}

// rule is one figure of the protections.
type rule struct {
	value int32
	// longer says that a larger figure notices more, as a longer time does. Else a smaller
	// one does, and zero is off.
	longer bool
}

// strength orders the values of a rule: more notices more.
func (r rule) strength() int64 {
	switch {
	case r.longer:
		return int64(r.value)
	case r.value == 0:
		return math.MinInt64 // off
	}
	return -int64(r.value)
}

// rules are the figures in one order.
func (p Protections) rules() []rule {
	return []rule{
		{p.RunCards, false},
		{p.RunMinutes, true},
		{p.RunGap, true},
		{p.AccountCards, false},
		{p.AddressCards, false},
		{p.Factor, false},
		{p.EarlyCards, false},
		{p.LockedCards, false},
		{p.CopiedCards, false},
		{p.RevealedCards, false},
		{p.Hours, true},
		{p.WrongSoft, false},
		{p.WrongHard, false},
		{p.WrongAddress, false},
		{p.WrongPartner, false},
	}
}

// sharesMore reports whether a network is left out of the counts that was counted before.
func (p Protections) sharesMore(before Protections) bool {
	known := before.SharedNetworks()
	return slices.ContainsFunc(p.SharedNetworks(), func(n netip.Prefix) bool {
		return !slices.ContainsFunc(known, func(k netip.Prefix) bool { return k.Bits() <= n.Bits() && k.Contains(n.Addr()) })
	})
}
