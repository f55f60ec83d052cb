package admin

import (
	"fmt"
	"time"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/web/kit"
)

// seriesView is a series, prepared for its row in the list and for its page.
type seriesView struct {
	ID          int64
	Number      string
	Prefix      string
	URL         string
	State       kit.Badge
	Test        bool
	Working     bool // its cards are being generated, or wait for that
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
	Bar         kit.Bar
	Progress    kit.Progress
	Redeemable  bool // its unused cards can be redeemed now
	Exportable  bool
	Replaces    cardLink // the card that its one card replaces
}

// SeriesURL is the address of a series.
func SeriesURL(number string) string { return SectionSeries + "/" + number }

// viewSeries prepares a series for display.
func viewSeries(row db.SeriesShowRow) seriesView {
	s := row.Series
	unused := card.Unused(row)
	amount := func(cards int64) string {
		return money.Amount{Minor: cards * s.Price, Currency: s.Currency}.String()
	}
	v := seriesView{
		ID: s.ID, Number: s.Number, Prefix: s.Prefix, URL: SeriesURL(s.Number),
		Test:    s.Currency == money.Test,
		State:   seriesBadge(card.SeriesStatus(s.State, row.Expired)),
		Working: s.State == db.SeriesStateQueued || s.State == db.SeriesStateGenerating,
		Failed:  fault.Kept(s.Failure).Text(), Price: amount(1), Quantity: int64(s.Quantity), Partners: row.PartnerNames, Unlocked: !s.PartnerLock,
		ValidTill: s.ValidTill, CreatedBy: audit.Named(&row.CreatedByName, row.ClientName), CreatedAt: s.CreatedAt,
		Unused: unused, Used: row.Used, FaceValue: amount(int64(s.Quantity)), Outstanding: money.Amount{Minor: card.Outstanding(row), Currency: s.Currency}.String(),
		Redeemable: s.State == db.SeriesStateActive && !row.Expired,
		Exportable: s.State == db.SeriesStateReady || s.State == db.SeriesStateActive || s.State == db.SeriesStateLocked,
	}
	if s.ReplacesSerial != nil {
		v.Replaces = linkCard(row.ReplacesNumber, *s.ReplacesSerial)
	}
	if s.AnyPartner {
		v.Partners = lang.M("Any")
	}
	left := card.StatusOf(db.CardStateActive, s.State, row.Expired)
	for _, part := range []kit.BarPart{
		statusPart(left, unused), statusPart(card.StatusUsed, row.Used), statusPart(card.StatusDisabled, row.Disabled), statusPart(card.StatusVoid, row.Void),
	} {
		switch n := len(v.Bar.Parts); {
		case part.Count == 0:
		case n > 0 && v.Bar.Parts[0].Word == part.Word: // in a deleted series, unused cards are void as well
			v.Bar.Parts[0].Count += part.Count
		default:
			v.Bar.Parts = append(v.Bar.Parts, part)
		}
	}
	if v.Erasing = s.State == db.SeriesStateVoid && s.ErasedAt == nil; v.Erasing {
		v.State = kit.Badge{Word: lang.M("Deleting"), Tone: kit.ToneBusy}
		v.Progress = kit.Progress{Label: lang.M("Codes erased"), Done: int64(s.ErasedTo), Total: int64(s.Made)}
	}
	if v.Working || s.State == db.SeriesStateFailed {
		v.Progress = kit.Progress{Label: lang.M("Cards made"), Done: int64(s.Made), Total: int64(s.Quantity), Note: pace(row)}
	}
	return v
}

// pace returns the speed of the generation and the time that is left.
func pace(row db.SeriesShowRow) string {
	s := row.Series
	if s.State == db.SeriesStateQueued {
		return lang.M("Waiting for a worker")
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

// span formats a duration in a suitable unit.
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

// seriesBadge is statusBadge for a series: a void series is shown as deleted.
func seriesBadge(s card.Status) kit.Badge {
	if s == card.StatusVoid {
		return kit.Badge{Word: lang.M("Deleted"), Tone: kit.ToneBad}
	}
	return statusBadge(s)
}

// statusPart returns a part of a bar, in the colour that the status has everywhere.
func statusPart(s card.Status, cards int64) kit.BarPart {
	b := statusBadge(s)
	return kit.BarPart{Word: b.Word, Count: cards, Tone: b.Tone}
}

// statusBadge returns the badge of a status.
func statusBadge(s card.Status) kit.Badge {
	switch s {
	case card.StatusActive:
		return kit.Badge{Word: lang.M("Active"), Tone: kit.ToneGood}
	case card.StatusUsed:
		return kit.Badge{Word: lang.M("Used"), Tone: kit.ToneIdle}
	case card.StatusExpired:
		return kit.Badge{Word: lang.M("Expired"), Tone: kit.ToneWarn}
	case card.StatusInactive:
		return kit.Badge{Word: lang.M("Inactive"), Tone: kit.ToneIdle}
	case card.StatusLocked:
		return kit.Badge{Word: lang.M("Locked"), Tone: kit.ToneWarn}
	case card.StatusDisabled:
		return kit.Badge{Word: lang.M("Disabled"), Tone: kit.ToneWarn}
	case card.StatusVoid:
		return kit.Badge{Word: lang.M("Void"), Tone: kit.ToneBad}
	case card.StatusReserved:
		return kit.Badge{Word: lang.M("Reserved"), Tone: kit.ToneBusy}
	case card.StatusQueued:
		return kit.Badge{Word: lang.M("Queued"), Tone: kit.ToneBusy}
	case card.StatusWorking:
		return kit.Badge{Word: lang.M("Generating"), Tone: kit.ToneBusy}
	case card.StatusReady:
		return kit.Badge{Word: lang.M("Not activated"), Tone: kit.ToneIdle}
	case card.StatusCancelled:
		return kit.Badge{Word: lang.M("Cancelled"), Tone: kit.ToneIdle}
	case card.StatusFailed:
		return kit.Badge{Word: lang.M("Failed"), Tone: kit.ToneBad}
	}
	return kit.Badge{Word: string(s), Tone: kit.ToneIdle}
}
