package setting

import (
	"math"
	"net/netip"
	"slices"
)

// Protections are the settings that detect theft and guessing and protect the accounts of
// staff. While a limit on one person's acts is set, making one of them weaker takes a
// second person: otherwise a thief on the staff could silence the alarm before acting.
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

// Weakens reports whether after detects less than s, in a way that takes a second person.
// One person may return a rule that is stricter than its default to the default. The
// comparison is with the fixed default, so several small steps allow no more than one. A
// second factor for staff has no default in this sense: switching it off always weakens.
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

// rule is one numeric protection.
type rule struct {
	value int64
	// longer says that a larger figure is stricter, as for durations. Otherwise a smaller
	// one is, and zero switches the rule off.
	longer bool
}

// strength orders the values of a rule: a higher strength is stricter.
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

// sharesMore reports whether p excludes a network from counting that before counted.
func (p Protections) sharesMore(before Protections) bool {
	known := before.SharedNetworks()
	return slices.ContainsFunc(p.SharedNetworks(), func(n netip.Prefix) bool {
		return !slices.ContainsFunc(known, func(k netip.Prefix) bool { return k.Bits() <= n.Bits() && k.Contains(n.Addr()) })
	})
}
