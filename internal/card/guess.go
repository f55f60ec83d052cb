package card

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// GuessLimits bound wrong codes. They are held by the domain, so that no way in
// can forget them: portal, staff and whatever comes later share one count.
type GuessLimits struct {
	Soft         int32         // wrong codes in a row until the first pause
	FirstPause   time.Duration // doubles with each further wrong code …
	TopPause     time.Duration // … up to this
	Hard         int32         // wrong codes in a row until the long bar
	HardPause    time.Duration
	Window       time.Duration // a count this old starts anew
	PerAddress   int32         // wrong codes from one address within AddressHour
	AddressHours time.Duration
}

// limits are those of the settings, around pauses of our own: 30 s doubling to an
// hour, and a day at the hard limit.
func (s *Service) limits(ctx context.Context) (GuessLimits, error) {
	settings, err := s.settings.Get(ctx)
	return GuessLimits{
		Soft: settings.WrongSoft, FirstPause: 30 * time.Second, TopPause: time.Hour,
		Hard: settings.WrongHard, HardPause: 24 * time.Hour, Window: 24 * time.Hour,
		PerAddress: settings.WrongAddress, AddressHours: time.Hour,
	}, err
}

// What an attempt at an imported code is held to.
const (
	mostLucky     = 1e-5 // chance that one person who never stops trying hits a card within a year
	importedHard  = 5
	importedSoft  = 3
	longestBar    = 30 * 24 * time.Hour
	hoursOfAYear  = 365 * 24
	leastBarHours = 24
)

// Tightened returns the limits for imported codes, which are shorter than ours and
// have no check symbol: chance is that of one attempt to hit a card. Half as many
// wrong codes are let through, and the bar grows, by whole days up to thirty, until
// somebody who goes on trying for a year has a chance of mostLucky. The limit of an
// address stays that of the settings.
func (l GuessLimits) Tightened(chance float64) GuessLimits {
	l.Soft, l.Hard = min(l.Soft, importedSoft), min(l.Hard, importedHard)
	days := math.Ceil(float64(l.Hard) * hoursOfAYear / 24 * chance / mostLucky)
	bar := longestBar
	if days < longestBar.Hours()/24 {
		bar = time.Duration(max(days*24, leastBarHours)) * time.Hour
	}
	l.HardPause, l.Window = max(l.HardPause, bar), max(l.Window, bar)
	return l
}

// Yearly is the chance that one person who tries for a year as often as the limits
// let them hits a card, where each attempt has the given chance.
func (l GuessLimits) Yearly(chance float64) float64 {
	return min(1, float64(l.Hard)*hoursOfAYear/l.HardPause.Hours()*chance)
}

// yearlyAt is the same for an address, with any number of people behind it.
func (l GuessLimits) yearlyAt(chance float64) float64 {
	return min(1, float64(l.PerAddress)*hoursOfAYear/l.AddressHours.Hours()*chance)
}

// ErrBarred answers an attempt past the limits; nothing was looked up.
var ErrBarred = fault.New(fault.Limited, "code_barred", "Too many codes were wrong.")

// guessScopes names who is charged for an attempt: the person, and the address
// (an IPv6 network of 64 bits, since one household has all of it). Attempts at
// imported codes have counts of their own, a person's for each length: what is
// found by one kind of code says nothing about attempts at another, and the limits
// of a count are those of codes that are equally hard to guess. length 0: codes of
// ours.
func guessScopes(actor audit.Actor, customerID int64, length int) (who, address string) {
	who = customerScope(customerID)
	if actor.StaffID != 0 {
		who = staffScope(actor.StaffID)
	}
	address = "address:" + audit.AddressScope(actor.Address)
	if length > 0 {
		return importedScope(who, length), address + ":imported"
	}
	return who, address
}

// customerScope names a customer's own count, staffScope that of a member of staff.
func customerScope(customerID int64) string { return fmt.Sprintf("customer:%d", customerID) }

func staffScope(staffID int64) string { return fmt.Sprintf("staff:%d", staffID) }

// importedScope names the count of somebody's attempts at imported codes of a length.
func importedScope(who string, length int) string { return fmt.Sprintf("%s:imported:%d", who, length) }

// scopesOf names every count of a person.
func scopesOf(who string) []string {
	all := []string{who}
	for length := minImported; length <= maxImported; length++ {
		all = append(all, importedScope(who, length))
	}
	return all
}

// bars are those that one charge set itself; nil: none.
type bars struct{ who, address *time.Time }

// charge is an attempt that was counted.
type charge struct {
	who, address string
	imported     bool
	limits       GuessLimits
	bars         bars
}

// chargeTyped counts an attempt in every scope whose cards it may find, before
// anything is looked up. Where attempts at imported codes are barred, what may be a
// code of ours is looked up as that alone.
func (s *Service) chargeTyped(ctx context.Context, actor audit.Actor, customerID int64, zone *time.Location, at *whereabouts) error {
	at.charges = nil
	if len(at.indexes) > 0 {
		if err := s.chargeIn(ctx, actor, customerID, zone, 0, at); err != nil {
			return err
		}
	}
	if at.imported.empty() {
		return nil
	}
	err := s.chargeIn(ctx, actor, customerID, zone, at.length, at)
	if errors.Is(err, ErrBarred) && len(at.charges) > 0 {
		at.imported = lookup{}
		return nil
	}
	return err
}

// chargeIn counts an attempt in one scope and refuses it where a limit is reached, in
// words for somebody in a time zone.
func (s *Service) chargeIn(ctx context.Context, actor audit.Actor, customerID int64, zone *time.Location, length int, at *whereabouts) error {
	l := at.limits
	if length > 0 {
		l = l.Tightened(at.chance)
	}
	who, address := guessScopes(actor, customerID, length)
	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{
		Who: who, WhoWindow: l.Window, HardLimit: l.Hard, HardPause: l.HardPause,
		SoftLimit: l.Soft, FirstPause: l.FirstPause, TopPause: l.TopPause,
		Address: address, AddressWindow: l.AddressHours, AddressLimit: l.PerAddress,
	})
	if err != nil {
		return fmt.Errorf("charge an attempt: %w", err)
	}
	var barred *time.Time
	var set bars
	for _, row := range rows {
		switch {
		case !row.Allowed && (barred == nil || row.BarredUntil.After(*barred)):
			barred = row.BarredUntil
		case row.Allowed && row.Scope == who:
			set.who = row.BarredUntil
		case row.Allowed:
			set.address = row.BarredUntil
		}
	}
	if barred == nil {
		at.charges = append(at.charges, charge{who, address, length > 0, l, set})
		return nil
	}
	// Staff may sit elsewhere than the customer, so they are told whose time it is.
	named := zone == time.UTC || actor.StaffID != 0
	return ErrBarred.Saying("Too many codes were wrong. You can try again " + until(barred.In(zone), named) + ". Nothing has been lost: a card keeps its value.")
}

// until says when a bar ends, to the minute after it has.
func until(t time.Time, named bool) string {
	t = t.Add(time.Minute - 1).Truncate(time.Minute)
	clock := t.Format("15:04")
	if named {
		clock = t.Format("15:04 MST")
	}
	return "from " + clock + " on " + t.Format("2 January")
}

// takeBack takes back the charges of one attempt and the bars that it set itself. Like
// forgive it outlives the request: whoever gave up waiting has still been right.
func (s *Service) takeBack(ctx context.Context, charges []charge) {
	ctx = context.WithoutCancel(ctx)
	for _, c := range charges {
		if err := s.q.GuessTakeBack(ctx, s.db, db.GuessTakeBackParams{Who: c.who, Address: c.address, WhoBar: c.bars.who, AddressBar: c.bars.address}); err != nil {
			s.log.WarnContext(ctx, "an attempt stays charged", slog.Any("error", err))
		}
	}
}

// forgive takes the charges back: the code was right, and a card was spent. The count
// of codes of ours starts anew. That of imported codes does not: a cheap card between
// guesses must not keep every bar away from short codes. Losing this is harmless, so
// its failure does not undo what was done.
func (s *Service) forgive(ctx context.Context, charges []charge) {
	for _, c := range charges {
		if c.imported {
			s.takeBack(ctx, []charge{c})
			continue
		}
		if err := s.q.GuessForgive(context.WithoutCancel(ctx), s.db, db.GuessForgiveParams{Who: c.who, Address: c.address, AddressLimit: c.limits.PerAddress}); err != nil {
			s.log.WarnContext(ctx, "an attempt stays charged", slog.Any("error", err))
		}
	}
}
