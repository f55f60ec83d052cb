package guess

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Limits are the limits of wrong codes of one person and one address.
type Limits struct {
	Soft         int32         // wrong codes in a row until the first bar
	FirstPause   time.Duration // length of the first bar; it doubles with each further wrong code (backoff)
	TopPause     time.Duration // maximum length of that bar
	Hard         int32         // wrong codes in a row until the long bar
	HardPause    time.Duration // length of the long bar
	Window       time.Duration // age after which a count restarts
	PerAddress   int32         // wrong codes from one address within AddressHours until its bar
	AddressHours time.Duration // window and length of the bar of an address
}

// Limits returns the limits of generated codes. The numbers of wrong codes come from the
// settings. The lengths of the bars are fixed: 30 seconds, doubling to an hour, and 24 hours at
// the hard limit.
func (t *Throttle) Limits(ctx context.Context) (Limits, error) {
	settings, err := t.settings.Get(ctx)
	return Limits{
		Soft: settings.WrongSoft, FirstPause: 30 * time.Second, TopPause: time.Hour,
		Hard: settings.WrongHard, HardPause: 24 * time.Hour, Window: 24 * time.Hour,
		PerAddress: settings.WrongAddress, AddressHours: time.Hour,
	}, err
}

// Limits of attempts at imported codes.
const (
	maxYearlyChance = 1e-5 // chance that one person who tries for a year without a pause hits a card
	importedHard    = 5    // wrong codes
	importedSoft    = 3    // wrong codes
	maxBar          = 30 * 24 * time.Hour
	hoursOfAYear    = 365 * 24
	minBarHours     = 24
)

// Tightened returns the limits for imported codes, which may be shorter than generated codes
// and have no check symbol. chance is the chance that one attempt hits a card, 0 to 1.
//
// Soft is at most 3 and Hard at most 5 wrong codes. The long bar lasts whole days, at least
// one and at most thirty: as long as needed for a person who tries for a year to have a
// chance of at most maxYearlyChance,
//
//	days = ceil(Hard × 365 × chance ÷ maxYearlyChance).
//
// If more than thirty days were needed, that chance is larger (Yearly). Window is at least as
// long as the bar. The limit of an address is unchanged.
func (l Limits) Tightened(chance float64) Limits {
	l.Soft, l.Hard = min(l.Soft, importedSoft), min(l.Hard, importedHard)
	days := math.Ceil(float64(l.Hard) * hoursOfAYear / 24 * chance / maxYearlyChance)
	bar := maxBar
	if days < maxBar.Hours()/24 {
		bar = time.Duration(max(days*24, minBarHours)) * time.Hour
	}
	l.HardPause, l.Window = max(l.HardPause, bar), max(l.Window, bar)
	return l
}

// Yearly returns the chance that a person who tries for a year as often as the limits allow
// hits a card: Hard attempts for each HardPause, each with the given chance. It is at most 1.
func (l Limits) Yearly(chance float64) float64 {
	return min(1, float64(l.Hard)*hoursOfAYear/l.HardPause.Hours()*chance)
}

// YearlyAt is Yearly for an address with any number of persons: PerAddress attempts for each
// AddressHours.
func (l Limits) YearlyAt(chance float64) float64 {
	return min(1, float64(l.PerAddress)*hoursOfAYear/l.AddressHours.Hours()*chance)
}

// LiveNote describes the limits of imported codes for display.
func (l Limits) LiveNote() string {
	days := int(l.HardPause.Hours() / 24)
	unit := "day"
	if days != 1 {
		unit = "days"
	}
	return fmt.Sprintf("%d wrong codes bar a customer for %d %s, and %d an hour bar an address", l.Hard, days, unit, l.PerAddress)
}
