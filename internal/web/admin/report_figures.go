package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/card"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/report"
	"refill/internal/web/kit"
)

// viewSeriesReport reads the report on series.
func viewSeriesReport(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error) {
	figures, err := report.Series(ctx, pool, q)
	if err != nil {
		return nil, err
	}
	v := &reportView{
		Frame: figures.Frame, Heading: lang.M("Series"), Sortable: true,
		Text: lang.M("Amount: cards that were made. Used: cards redeemed in the period. All other columns: the cards as they are now. Inactive: not activated yet, or locked."),
		Columns: []render.Column{
			{Name: lang.M("Series")}, {Name: prefixColumn}, {Name: lang.M("Partner")}, {Name: lang.M("Price"), Kind: render.ColumnMoney}, {Name: lang.M("Amount"), Kind: render.ColumnNumber},
		},
	}
	statuses := []card.Status{card.StatusUsed, card.StatusActive, card.StatusExpired, card.StatusDisabled, card.StatusInactive, card.StatusVoid}
	counts := func(s report.SeriesSum) []report.Count {
		now := s.Standing
		return []report.Count{s.Redeemed, now.Active, now.Expired, now.Disabled, now.Inactive, now.Void}
	}
	for _, status := range statuses {
		word := statusBadge(status).Word
		v.Columns = append(v.Columns, render.Column{Name: word, Kind: render.ColumnNumber}, render.Column{Name: word + sumSuffix, Kind: render.ColumnMoney})
	}
	v.Columns = append(v.Columns, render.Column{Name: lang.M("Currency")})
	for _, line := range figures.Lines {
		partner := strings.Join(line.Partners, ", ")
		if line.AnyPartner {
			partner = lang.M("Any")
		}
		cells := []any{line.Number, line.Prefix, partner, line.Price, line.Cards}
		for _, one := range counts(line.SeriesSum) {
			cells = append(cells, one.Cards, one.Sum)
		}
		v.Rows = append(v.Rows, append(cells, line.Price.Currency))
	}
	total := figures.Total
	v.Totals = []any{lang.M("Total"), "", "", nil, total.Cards}
	for i, one := range counts(total) {
		v.Totals = append(v.Totals, one.Cards, one.Sum)
		if one.Cards > 0 {
			v.Bar.Parts = append(v.Bar.Parts, statusPart(statuses[i], one.Cards))
		}
	}
	v.Totals = append(v.Totals, v.Currency)
	v.Tiles = []kit.Tile{
		{Label: lang.M("Outstanding now"), Value: total.Outstanding.String()},
		countTile(lang.M("Used in the period"), total.Redeemed),
		countTile(lang.M("Active"), total.Standing.Active),
		countTile(lang.M("Expired"), total.Standing.Expired),
	}
	return v, nil
}

// countTile shows a sum and the number of its cards.
func countTile(label string, count report.Count) kit.Tile {
	return kit.Tile{Label: label, Value: count.Sum.String(), Note: cardCount(count.Cards)}
}

// viewRedemptionReport reads the report on redemptions by day and partner.
func viewRedemptionReport(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error) {
	figures, err := report.Redemptions(ctx, pool, q)
	if err != nil {
		return nil, err
	}
	v := &reportView{
		Frame: figures.Frame, Heading: lang.M("Redemptions"), Sortable: true,
		Text:    lang.M("Cards that customers redeemed, by day and by the partner that the customer belonged to then. A redemption that was reversed later stays on its day."),
		Chart:   barChart{ID: "chart", Title: lang.M("Redemptions by ") + unitName(figures.Unit) + lang.M(" and partner")},
		Columns: []render.Column{{Name: lang.M("Day"), Kind: render.ColumnDate}, {Name: lang.M("Partner")}, {Name: lang.M("Cards"), Kind: render.ColumnNumber}, {Name: lang.M("Sum"), Kind: render.ColumnMoney}, {Name: lang.M("Currency")}},
	}
	for _, line := range figures.Lines {
		v.Rows = append(v.Rows, []any{line.Day, line.Partner.Name, line.Cards, line.Sum, v.Currency})
	}
	for i, p := range figures.Partners { // sorted by name, so that each partner keeps its colour
		if i < mostParts {
			v.Chart.Legend = append(v.Chart.Legend, p.Name)
		} else {
			v.Chart.Legend[mostParts-1] = lang.M("Others")
		}
	}
	for _, period := range figures.Periods {
		label := reportWords(period.First, unitWord(v.Unit))
		sums := make([]int64, mostParts)
		for i, one := range period.ByPartner {
			sums[min(i, mostParts-1)] += one.Sum.Minor
		}
		v.Chart.add(label, fmt.Sprintf("%s: %s, %s", label, cardCount(period.Cards), period.Sum), sums...)
	}
	v.Totals = []any{nil, lang.M("Total"), figures.Total.Cards, figures.Total.Sum, v.Currency}
	v.Tiles = []kit.Tile{countTile(lang.M("Redeemed"), figures.Total)}
	if figures.Total.Cards > 0 {
		v.Tiles = append(v.Tiles, kit.Tile{Label: lang.M("A card, on average"), Value: figures.Average.String()})
	}
	v.Chart.scale(v.money)
	return v, nil
}

// money formats a sum in minor units.
func (r *reportView) money(minor int64) string {
	return money.Amount{Minor: minor, Currency: r.Currency}.String()
}

// viewTimeToUseReport reads the report on the time from activation to redemption.
func viewTimeToUseReport(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error) {
	figures, err := report.TimeToUse(ctx, pool, q)
	if err != nil {
		return nil, err
	}
	v := &reportView{
		Frame: figures.Frame, Heading: lang.M("Time from activation to use"), Sortable: true,
		Text:    lang.M("Of the cards redeemed within the period: whole days between the activation of their series and the redemption. Half were used within the median, nine of ten within the 90 % mark."),
		Chart:   barChart{ID: "chart", Title: lang.M("Cards by time from activation to use")},
		Columns: []render.Column{{Name: lang.M("Series")}, {Name: lang.M("Cards"), Kind: render.ColumnNumber}, {Name: lang.M("Median, days"), Kind: render.ColumnNumber}, {Name: "90 %, days", Kind: render.ColumnNumber}},
		Totals:  []any{lang.M("Total"), figures.Cards, nil, nil},
	}
	for _, line := range figures.Lines {
		cells := []any{line.Number, line.Cards, line.Median, line.NineTenths}
		for _, cards := range line.Lags {
			cells = append(cells, cards)
		}
		v.Rows = append(v.Rows, cells)
	}
	for i, name := range [len(figures.Lags)]string{
		report.FirstDay: lang.M("Up to 1 day"), report.To7Days: "2 to 7 days", report.To30Days: "8 to 30 days",
		report.To90Days: "31 to 90 days", report.To365Days: "91 to 365 days", report.Longer: lang.M("Longer"),
	} {
		cards := figures.Lags[i]
		v.Columns = append(v.Columns, render.Column{Name: name, Kind: render.ColumnNumber})
		v.Totals = append(v.Totals, cards)
		v.Chart.add(name, name+": "+cardCount(cards), cards)
	}
	v.Chart.scale(cardCount)
	return v, nil
}
