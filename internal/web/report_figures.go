package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/money"
)

// counted is one count of cards with its sum.
type counted struct{ n, sum int64 }

func (c *counted) add(n, sum int64) { c.n, c.sum = c.n+n, c.sum+sum }

// standing is how the cards of a series stand now: every card that was made is in
// one of them. Card by card, for a card may have a last day of its own.
type standing struct{ used, active, expired, disabled, inactive, void int64 }

func standingOf(row db.ReportSeriesRow) standing {
	made := int64(row.Made)
	s := standing{used: row.Used, disabled: row.Disabled, void: row.Void}
	unused := made - row.Used - row.Disabled - row.Void
	switch row.State {
	case db.SeriesStateVoid:
		return standing{used: row.Used, void: made - row.Used}
	case db.SeriesStateActive, db.SeriesStateLocked, db.SeriesStateReady:
		s.expired = row.OwnDatePassed
		if row.Expired {
			s.expired += unused - row.OwnDate
		}
		if row.State == db.SeriesStateActive {
			s.active = unused - s.expired
		} else {
			s.inactive = unused - s.expired
		}
	default:
		s.inactive = unused
	}
	return s
}

// makeSeriesReport is "Refill cards statistics".
func makeSeriesReport(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error) {
	rows, err := readReportSeries(ctx, tx, f, scope)
	if err != nil {
		return nil, err
	}
	r := &report{
		Heading: "Series", Sortable: true,
		Text: "Used: redeemed within the period, as the ledger has it. Everything else: how the cards stand now. Inactive: not activated yet, or locked.",
		Columns: []export.Column{
			{Name: "Series"}, {Name: "Prefix"}, {Name: "Partner"}, {Name: "Price", Kind: export.ColumnMoney}, {Name: "Amount", Kind: export.ColumnNumber},
		},
	}
	words := []string{"Used", "Active", "Expired", "Disabled", "Inactive", "Void"}
	for _, word := range words {
		r.Columns = append(r.Columns, export.Column{Name: word, Kind: export.ColumnNumber}, export.Column{Name: word + " sum", Kind: export.ColumnMoney})
	}
	r.Columns = append(r.Columns, export.Column{Name: "Currency"})
	var total [6]counted
	var cards, outstanding int64
	for _, row := range rows {
		partner := row.PartnerNames
		if row.AnyPartner {
			partner = "Any"
		}
		s := standingOf(row)
		cells := []any{row.Number, row.Prefix, partner, f.amount(row.Price), int64(row.Quantity)}
		for i, one := range []counted{
			{row.Redeemed, row.RedeemedSum},
			{s.active, s.active * row.Price},
			{s.expired, s.expired * row.Price},
			{s.disabled, s.disabled * row.Price},
			{s.inactive, s.inactive * row.Price},
			{s.void, s.void * row.Price},
		} {
			cells = append(cells, one.n, f.amount(one.sum))
			total[i].add(one.n, one.sum)
		}
		cards, outstanding = cards+int64(row.Quantity), outstanding+row.Outstanding
		r.Rows = append(r.Rows, append(cells, row.Currency))
	}
	r.Totals = []any{"Total", "", "", nil, cards}
	tones := []tone{toneBusy, toneGood, toneWarn, toneIdle, toneIdle, toneBad}
	for i, one := range total {
		r.Totals = append(r.Totals, one.n, f.amount(one.sum))
		if one.n > 0 {
			r.Bar.Parts = append(r.Bar.Parts, barPart{words[i], one.n, tones[i]})
		}
	}
	r.Totals = append(r.Totals, f.Currency)
	r.Tiles = []tile{
		{Label: "Outstanding now", Value: f.amount(outstanding).String()},
		{Label: "Used in the period", Value: f.amount(total[0].sum).String(), Note: cardCount(total[0].n)},
		{Label: "Active", Value: f.amount(total[1].sum).String(), Note: cardCount(total[1].n)},
		{Label: "Expired", Value: f.amount(total[2].sum).String(), Note: cardCount(total[2].n)},
	}
	return r, nil
}

func readReportSeries(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) ([]db.ReportSeriesRow, error) {
	return db.New().ReportSeries(ctx, tx, db.ReportSeriesParams{
		FromAt: f.Start, TillAt: f.End, PartnerID: f.Partner, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
}

// makeRedemptionReport is redemptions by day and partner.
func makeRedemptionReport(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error) {
	rows, err := db.New().ReportRedemptions(ctx, tx, db.ReportRedemptionsParams{
		TimeZone: f.ZoneName, FromAt: f.Start, TillAt: f.End, PartnerID: f.Partner, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return nil, err
	}
	partners, err := db.New().ReportPartners(ctx, tx, db.ReportPartnersParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return nil, err
	}
	r := &report{
		Heading: "Redemptions", Sortable: true,
		Text:    "Cards that customers redeemed, by day and by the partner that the customer belonged to then. A redemption that was reversed later stays on its day.",
		Chart:   reportChart{Title: "Redemptions by " + f.Unit + " and partner"},
		Columns: []export.Column{{Name: "Day", Kind: export.ColumnDate}, {Name: "Partner"}, {Name: "Cards", Kind: export.ColumnNumber}, {Name: "Sum", Kind: export.ColumnMoney}, {Name: "Currency"}},
	}
	var total counted
	names, place, has := map[int64]string{}, map[int64]int{}, map[int64]bool{}
	for _, row := range rows {
		has[row.PartnerID] = true
	}
	for _, p := range partners { // by name, so that each keeps its colour
		if names[p.ID] = p.Name; !has[p.ID] {
			continue
		}
		place[p.ID] = min(len(place), mostParts-1)
		if len(r.Chart.Legend) < mostParts {
			r.Chart.Legend = append(r.Chart.Legend, p.Name)
		} else {
			r.Chart.Legend[mostParts-1] = "Others"
		}
	}
	for _, row := range rows {
		total.add(row.N, row.Total)
		r.Rows = append(r.Rows, []any{row.Day, names[row.PartnerID], row.N, f.amount(row.Total), f.Currency})
	}
	bars, sums := map[time.Time][]int64{}, map[time.Time]counted{}
	for _, row := range rows {
		at := f.periodOf(row.Day)
		if bars[at] == nil {
			bars[at] = make([]int64, mostParts)
		}
		bars[at][place[row.PartnerID]] += row.Total
		one := sums[at]
		one.add(row.N, row.Total)
		sums[at] = one
	}
	for _, at := range f.periods() {
		label := reportWords(at, f.unitWord())
		title := fmt.Sprintf("%s: %s, %s", label, cardCount(sums[at].n), f.amount(sums[at].sum))
		r.Chart.add(label, title, bars[at]...)
	}
	r.Totals = []any{nil, "Total", total.n, f.amount(total.sum), f.Currency}
	r.Tiles = []tile{{Label: "Redeemed", Value: f.amount(total.sum).String(), Note: cardCount(total.n)}}
	if total.n > 0 {
		r.Tiles = append(r.Tiles, tile{Label: "A card, on average", Value: money.Amount{Minor: total.sum / total.n, Currency: f.Currency}.String()})
	}
	r.Chart.scale(func(n int64) string { return f.amount(n).String() })
	return r, nil
}

// makeTimeToUseReport is how long cards lie before they are used.
func makeTimeToUseReport(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error) {
	rows, err := db.New().ReportTimeToUse(ctx, tx, db.ReportTimeToUseParams{
		FromAt: f.Start, TillAt: f.End, PartnerID: f.Partner, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return nil, err
	}
	r := &report{
		Heading: "Time from activation to use", Sortable: true,
		Text:    "Of the cards redeemed within the period: whole days between the activation of their series and the redemption. Half were used within the median, nine of ten within the 90 % mark.",
		Chart:   reportChart{Title: "Cards by time from activation to use"},
		Columns: []export.Column{{Name: "Series"}, {Name: "Cards", Kind: export.ColumnNumber}, {Name: "Median, days", Kind: export.ColumnNumber}, {Name: "90 %, days", Kind: export.ColumnNumber}},
	}
	spans := []string{"Up to 1 day", "2 to 7 days", "8 to 30 days", "31 to 90 days", "91 to 365 days", "Longer"}
	for _, name := range spans {
		r.Columns = append(r.Columns, export.Column{Name: name, Kind: export.ColumnNumber})
	}
	counts := make([]int64, len(spans))
	var total int64
	for len(rows) > 0 {
		number := rows[0].Number
		end := slices.IndexFunc(rows, func(row db.ReportTimeToUseRow) bool { return row.Number != number })
		if end < 0 {
			end = len(rows)
		}
		lags := rows[:end]
		rows = rows[end:]
		bySpan := make([]int64, len(spans))
		var n int64
		for _, lag := range lags {
			bySpan[spanOf(lag.Days)] += lag.N
			n += lag.N
		}
		cells := []any{number, n, withinDays(lags, n, 50), withinDays(lags, n, 90)}
		for i, one := range bySpan {
			cells, counts[i] = append(cells, one), counts[i]+one
		}
		total += n
		r.Rows = append(r.Rows, cells)
	}
	r.Totals = []any{"Total", total, nil, nil}
	for i, name := range spans {
		r.Totals = append(r.Totals, counts[i])
		r.Chart.add(name, name+": "+cardCount(counts[i]), counts[i])
	}
	r.Chart.scale(cardCount)
	return r, nil
}

// spanOf tells which of the spans a number of whole days lies in.
func spanOf(days int64) int {
	for i, end := range []int64{1, 7, 30, 90, 365} {
		if days < end {
			return i
		}
	}
	return 5
}

// withinDays is the number of whole days after which so many of a hundred cards
// were used. lags are in order and n is their sum.
func withinDays(lags []db.ReportTimeToUseRow, n, ofHundred int64) int64 {
	var used int64
	for _, lag := range lags {
		if used += lag.N; used*100 >= n*ofHundred {
			return lag.Days
		}
	}
	return 0
}
