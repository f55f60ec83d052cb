package setting

import (
	"math"
	"net/netip"
	"slices"
)

// Protections are the settings that notice theft and guessing and keep strangers out of the
// accounts of staff. To make one of them weaker
// takes a second person wherever there is a limit to what one person may do: else one
// person silences the alarm before they act.
type Protections struct {
	Theft

	WrongSoft    int32 `json:"wrong_soft"`
	WrongHard    int32 `json:"wrong_hard"`
	WrongAddress int32 `json:"wrong_address"`
	WrongPartner int32 `json:"wrong_partner"`
	GuessesDaily int64 `json:"guesses_daily"` // fewer let codes be shorter
	StaffFactor  bool  `json:"staff_factor"`
}

// Protections returns those settings.
func (s Settings) Protections() Protections {
	return Protections{s.Theft, s.WrongSoft, s.WrongHard, s.WrongAddress, s.WrongPartner, s.GuessesDaily, s.StaffFactor}
}

// Protect puts protections into the settings.
func (s *Settings) Protect(p Protections) {
	s.Theft, s.WrongSoft, s.WrongHard, s.WrongAddress, s.WrongPartner = p.Theft, p.WrongSoft, p.WrongHard, p.WrongAddress, p.WrongPartner
	s.GuessesDaily, s.StaffFactor = p.GuessesDaily, p.StaffFactor
}

// Weakens reports whether after notices less than before, in a way that takes a second
// person. A rule that is stricter than usual may be brought back to the usual by one
// person. The usual does not move, so several small steps get no further than one. That staff
// must use a second factor has no usual: to switch it off is always weaker.
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
	return was.StaffFactor && !is.StaffFactor || is.sharesMore(was)
}

// rule is one figure of the protections.
type rule struct {
	value int64
	// longer says that a larger figure is stricter, as a longer time is. Else a smaller
	// one does, and zero is off.
	longer bool
}

// strength orders the values of a rule: more notices more.
func (r rule) strength() int64 {
	switch {
	case r.longer:
		return r.value
	case r.value == 0:
		return math.MinInt64 // off
	}
	return -r.value
}

// rules are the figures in one order.
func (p Protections) rules() []rule {
	return []rule{
		{int64(p.RunCards), false},
		{int64(p.RunMinutes), true},
		{int64(p.RunGap), true},
		{int64(p.AccountCards), false},
		{int64(p.AddressCards), false},
		{int64(p.Factor), false},
		{int64(p.EarlyCards), false},
		{int64(p.LockedCards), false},
		{int64(p.CopiedCards), false},
		{int64(p.RevealedCards), false},
		{int64(p.Hours), true},
		{int64(p.WrongSoft), false},
		{int64(p.WrongHard), false},
		{int64(p.WrongAddress), false},
		{int64(p.WrongPartner), false},
		{p.GuessesDaily, true},
	}
}

// sharesMore reports whether a network is left out of the counts that was counted before.
func (p Protections) sharesMore(before Protections) bool {
	known := before.SharedNetworks()
	return slices.ContainsFunc(p.SharedNetworks(), func(n netip.Prefix) bool {
		return !slices.ContainsFunc(known, func(k netip.Prefix) bool { return k.Bits() <= n.Bits() && k.Contains(n.Addr()) })
	})
}
