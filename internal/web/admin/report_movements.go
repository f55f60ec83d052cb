package admin

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/report"
	"refill/internal/web/kit"
)

// viewOutstandingReport reads the report on outstanding value: for each period the opening
// value, the movements and the closing value.
func viewOutstandingReport(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error) {
	figures, err := report.Outstanding(ctx, pool, q)
	if err != nil {
		return nil, err
	}
	v := &reportView{
		Frame: figures.Frame, Heading: lang.M("Outstanding value"), Text: lang.M("The value that customers can still redeem: for each period the opening value, the movements and the closing value."),
		Tiles: []kit.Tile{
			countTile(lang.M("Outstanding now"), figures.Now),
			countTile(lang.M("In active series"), figures.Active),
			countTile(lang.M("In locked series"), figures.Locked),
		},
		Chart:   barChart{ID: "chart", Title: lang.M("Outstanding value at the end of each ") + unitName(figures.Unit)},
		Columns: periodColumns(figures.Unit, lang.M("Opening"), lang.M("Issued"), lang.M("Redeemed"), lang.M("Expired"), lang.M("Voided"), lang.M("Repriced"), lang.M("Other"), lang.M("Closing")),
	}
	row := func(label any, r report.Rolled) []any {
		return []any{label, r.Opening, r.Issued, r.Redeemed, r.Expired, r.Voided, r.Repriced, r.Other, r.Closing}
	}
	for _, period := range figures.Periods {
		v.Rows = append(v.Rows, row(period.First, period.Rolled))
		label := reportWords(period.First, unitWord(v.Unit))
		v.Chart.add(label, label+": "+period.Closing.String(), period.Closing.Minor)
	}
	v.Totals = row(nil, figures.Total)
	v.Chart.scale(v.money)
	return v, nil
}

// viewBreakageReport reads the report on breakage, the value that will never be redeemed.
func viewBreakageReport(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error) {
	figures, err := report.Breakage(ctx, pool, q)
	if err != nil {
		return nil, err
	}
	total := figures.Total
	v := &reportView{
		Frame: figures.Frame, Heading: lang.M("Breakage"), Text: lang.M("Value that will never be redeemed: cards that expired, were voided, or were taken back by a reversal."),
		Tiles: []kit.Tile{
			{Label: lang.M("Breakage"), Value: total.Sum.String()},
			{Label: lang.M("Expired"), Value: total.Expired.String()},
			{Label: lang.M("Voided"), Value: total.Voided.String()},
		},
		Chart:   barChart{ID: "chart", Title: lang.M("Breakage by ") + unitName(figures.Unit), Legend: []string{lang.M("Expired"), lang.M("Voided"), lang.M("Reversed and other")}},
		Columns: periodColumns(figures.Unit, lang.M("Expired"), lang.M("Voided"), lang.M("Reversed and other"), lang.M("Total")),
	}
	row := func(label any, b report.Broken) []any { return []any{label, b.Expired, b.Voided, b.Other, b.Sum} }
	for _, period := range figures.Periods {
		v.Rows = append(v.Rows, row(period.First, period.Broken))
		label := reportWords(period.First, unitWord(v.Unit))
		v.Chart.add(label, label+": "+period.Sum.String(), period.Expired.Minor, period.Voided.Minor, period.Other.Minor)
	}
	v.Totals = row(nil, total)
	v.Chart.scale(v.money)
	return v, nil
}

// periodColumns returns a column for the period and one for each amount.
func periodColumns(unit report.Unit, amounts ...string) []render.Column {
	columns := []render.Column{{Name: unitWord(unit), Kind: render.ColumnDate}}
	for _, name := range amounts {
		columns = append(columns, render.Column{Name: name, Kind: render.ColumnMoney})
	}
	return columns
}
