package card

import "refill/internal/act"

// Acts that are announced to open pages of their series. Progress without an act is announced
// by NotifySeries.

// Announce returns the event of the series.
func (a SeriesOrdered) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesActivated) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesLocked) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesCancelled) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesRetried) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesFailed) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesEdited) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesVoided) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesShredding) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Edited) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Enabled) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Disabled) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Voided) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Replaced) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a ChangeOrdered) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a ChangeFailed) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a ChangeCancelled) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a ChangeRetried) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesGenerated) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesLapsed) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesErased) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a SeriesShredded) Announce() []act.Event { return ofSeries(a.Subject) }

// Announce returns the event of the series.
func (a Changed) Announce() []act.Event { return ofSeries(a.Subject) }

// ofSeries returns the event of the series that an act concerns.
func ofSeries(of act.Subject) []act.Event { return []act.Event{act.SeriesEvent(of.SeriesID)} }
