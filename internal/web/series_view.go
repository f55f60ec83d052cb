package web

import (
	"fmt"
	"time"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
)

// seriesView is a series as its row and its page show it.
type seriesView struct {
	ID          int64
	Number      string
	Prefix      string
	URL         string
	State       badge
	Working     bool // its cards are being made, or wait for it
	Erasing     bool // it is deleted, and its codes are being erased
	Failed      string
	Price       string
	Quantity    int64
	Partners    string
	Unlocked    bool // partners are only for information
	ValidTill   time.Time
	CreatedBy   string
	CreatedAt   time.Time
	Unused      int64
	Used        int64
	FaceValue   string
	Outstanding string
	Bar         bar
	Progress    progress
	Redeemable  bool // its unused cards can be redeemed now
	Exportable  bool
}

// seriesURL is the address of a series.
func seriesURL(number string) string { return sectionSeries + "/" + number }

// viewSeries makes the view of a series. name tells apart what the columns mean:
// counts of cards that exist, and of cards that were ordered.
func viewSeries(row db.SeriesShowRow) seriesView {
	s := row.Series
	unused := card.Unused(row)
	amount := func(cards int64) string {
		return money.Amount{Minor: cards * s.Price, Currency: s.Currency}.String()
	}
	v := seriesView{
		ID: s.ID, Number: s.Number, Prefix: s.Prefix, URL: seriesURL(s.Number),
		State:   seriesBadge(card.SeriesStatus(s.State, row.Expired)),
		Working: s.State == db.SeriesStateQueued || s.State == db.SeriesStateGenerating,
		Failed:  s.Failure, Price: amount(1), Quantity: int64(s.Quantity), Partners: row.PartnerNames, Unlocked: !s.PartnerLock,
		ValidTill: s.ValidTill, CreatedBy: row.CreatedByName, CreatedAt: s.CreatedAt,
		Unused: unused, Used: row.Used, FaceValue: amount(int64(s.Quantity)), Outstanding: money.Amount{Minor: card.Outstanding(row), Currency: s.Currency}.String(),
		Redeemable: s.State == db.SeriesStateActive && !row.Expired,
		Exportable: s.State == db.SeriesStateReady || s.State == db.SeriesStateActive || s.State == db.SeriesStateLocked,
	}
	if s.AnyPartner {
		v.Partners = "Any"
	}
	left := statusBadge(card.StatusOf(db.CardStateActive, s.State, row.Expired))
	for _, part := range []barPart{
		{left.Word, unused, left.Tone},
		{"Used", row.Used, toneIdle},
		{"Disabled", row.Disabled, toneWarn},
		{"Void", row.Void, toneBad},
	} {
		switch n := len(v.Bar.Parts); {
		case part.Count == 0:
		case n > 0 && v.Bar.Parts[0].Word == part.Word: // of a deleted series all that were unused
			v.Bar.Parts[0].Count += part.Count
		default:
			v.Bar.Parts = append(v.Bar.Parts, part)
		}
	}
	if v.Erasing = s.State == db.SeriesStateVoid && s.ErasedAt == nil; v.Erasing {
		v.State = badge{"Deleting", toneBusy}
		v.Progress = progress{Label: "Codes erased", Done: int64(s.ErasedTo), Total: int64(s.Made)}
	}
	if v.Working || s.State == db.SeriesStateFailed {
		v.Progress = progress{Label: "Cards made", Done: int64(s.Made), Total: int64(s.Quantity), Note: pace(row)}
	}
	return v
}

// pace says how fast the cards come and when they will be there.
func pace(row db.SeriesShowRow) string {
	s := row.Series
	if s.State == db.SeriesStateQueued {
		return "Waiting for a worker"
	}
	if s.State != db.SeriesStateGenerating || s.StartedAt == nil || s.Made == 0 {
		return ""
	}
	passed := row.AskedAt.Sub(*s.StartedAt)
	if passed <= 0 {
		return ""
	}
	rate := float64(s.Made) / passed.Seconds()
	left := time.Duration(float64(s.Quantity-s.Made) / rate * float64(time.Second))
	return fmt.Sprintf("%s a second, %s left", money.Group(fmt.Sprintf("%.0f", rate)), span(left))
}

// span says a length of time in the unit that fits.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "a moment"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

// seriesBadge is statusBadge for a series: one that is void was deleted.
func seriesBadge(s card.Status) badge {
	if s == card.StatusVoid {
		return badge{"Deleted", toneBad}
	}
	return statusBadge(s)
}

// statusBadge gives a status its word and its colour.
func statusBadge(s card.Status) badge {
	switch s {
	case card.StatusActive:
		return badge{"Active", toneGood}
	case card.StatusUsed:
		return badge{"Used", toneIdle}
	case card.StatusExpired:
		return badge{"Expired", toneWarn}
	case card.StatusInactive:
		return badge{"Inactive", toneIdle}
	case card.StatusLocked:
		return badge{"Locked", toneWarn}
	case card.StatusDisabled:
		return badge{"Disabled", toneWarn}
	case card.StatusVoid:
		return badge{"Void", toneBad}
	case card.StatusQueued:
		return badge{"Queued", toneBusy}
	case card.StatusWorking:
		return badge{"Generating", toneBusy}
	case card.StatusReady:
		return badge{"Not activated", toneIdle}
	case card.StatusCancelled:
		return badge{"Cancelled", toneIdle}
	case card.StatusFailed:
		return badge{"Failed", toneBad}
	}
	return badge{string(s), toneIdle}
}
