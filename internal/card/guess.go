package card

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
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
	importedHour  = 10 // from one address
	longestBar    = 30 * 24 * time.Hour
	hoursOfAYear  = 365 * 24
	leastBarHours = 24
)

// Tightened returns the limits for imported codes, which are shorter than ours and
// have no check symbol: chance is that of one attempt to hit a card. Half as many
// wrong codes are let through, and the bar grows, by whole days up to thirty, until
// somebody who goes on trying for a year has a chance of mostLucky.
func (l GuessLimits) Tightened(chance float64) GuessLimits {
	l.Soft, l.Hard, l.PerAddress = min(l.Soft, importedSoft), min(l.Hard, importedHard), min(l.PerAddress, importedHour)
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

// ErrBarred answers an attempt past the limits; nothing was looked up.
var ErrBarred = fault.New(fault.Limited, "code_barred", "Too many codes were wrong.")

// guessScopes names who is charged for an attempt: the person, and the address
// (an IPv6 network of 64 bits, since one household has all of it).
func guessScopes(actor audit.Actor, customerID int64) (who, address string) {
	who = customerScope(customerID)
	if actor.StaffID != 0 {
		who = fmt.Sprintf("staff:%d", actor.StaffID)
	}
	return who, "address:" + audit.AddressScope(actor.Address)
}

// bars are those that one charge set itself; nil: none.
type bars struct{ who, address *time.Time }

// customerScope names a customer's own count.
func customerScope(customerID int64) string { return fmt.Sprintf("customer:%d", customerID) }

// chargeIn counts an attempt before anything is looked up and refuses it where a
// limit is reached, in words for somebody in a time zone.
func (s *Service) chargeIn(ctx context.Context, actor audit.Actor, customerID int64, zone *time.Location, l GuessLimits) (bars, error) {
	who, address := guessScopes(actor, customerID)
	rows, err := s.q.GuessCharge(ctx, s.db, db.GuessChargeParams{
		Who: who, WhoWindow: l.Window, HardLimit: l.Hard, HardPause: l.HardPause,
		SoftLimit: l.Soft, FirstPause: l.FirstPause, TopPause: l.TopPause,
		Address: address, AddressWindow: l.AddressHours, AddressLimit: l.PerAddress,
	})
	if err != nil {
		return bars{}, fmt.Errorf("charge an attempt: %w", err)
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
		return set, nil
	}
	// Staff may sit elsewhere than the customer, so they are told whose time it is.
	named := zone == time.UTC || actor.StaffID != 0
	return bars{}, ErrBarred.Saying("Too many codes were wrong. You can try again " + until(barred.In(zone), named) + ". Nothing has been lost: a card keeps its value.")
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

// takeBack takes back one charge and the bars that it set itself. Like forgive it
// outlives the request: whoever gave up waiting has still been right.
func (s *Service) takeBack(ctx context.Context, actor audit.Actor, customerID int64, set bars) {
	ctx = context.WithoutCancel(ctx)
	who, address := guessScopes(actor, customerID)
	if err := s.q.GuessTakeBack(ctx, s.db, db.GuessTakeBackParams{Who: who, Address: address, WhoBar: set.who, AddressBar: set.address}); err != nil {
		s.log.WarnContext(ctx, "an attempt stays charged", slog.Any("error", err))
	}
}

// forgive takes the charge back: the code was right. Losing this is harmless, so
// its failure does not undo what was done.
func (s *Service) forgive(ctx context.Context, actor audit.Actor, customerID int64, l GuessLimits) {
	ctx = context.WithoutCancel(ctx)
	who, address := guessScopes(actor, customerID)
	if err := s.q.GuessForgive(ctx, s.db, db.GuessForgiveParams{Who: who, Address: address, AddressLimit: l.PerAddress}); err != nil {
		s.log.WarnContext(ctx, "an attempt stays charged", slog.Any("error", err))
	}
}

// ClearGuesses lifts the bar of a customer, for a reason that the audit keeps.
func (s *Service) ClearGuesses(ctx context.Context, actor audit.Actor, customerID int64, reason string) error {
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		_, err := s.q.CustomerGet(ctx, tx, db.CustomerGetParams{ID: customerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrCustomer
		}
		if err != nil {
			return fmt.Errorf("read a customer: %w", err)
		}
		if _, err := s.q.GuessClear(ctx, tx, customerScope(customerID)); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "guesses.cleared", CustomerID: customerID, Detail: map[string]any{"reason": strings.TrimSpace(reason)}})
	})
}

// BarredUntil says until when a customer may try no code; the zero time where they
// may.
func (s *Service) BarredUntil(ctx context.Context, customerID int64) (time.Time, error) {
	row, err := s.q.GuessGet(ctx, s.db, customerScope(customerID))
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && row == nil) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a bar: %w", err)
	}
	return *row, nil
}
