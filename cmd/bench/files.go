package main

import (
	"context"
	"fmt"
	"math"
	"os"

	"refill/internal/db"
)

// cardColumns are the columns that generation fills.
const cardColumns = "series_id, serial, key_id, code_index, code_sealed, last_four"

// measureGenerate makes series through the real job, and copies the same rows with psql
// into a table with the same indexes. The second table keeps the rows of all rounds, as the
// table of cards does, so that the indexes of both have the same size.
func measureGenerate(ctx context.Context, tb *testbed) (figures, error) {
	if _, err := tb.pool.Exec(ctx, `create table card_copy (like card including all)`); err != nil {
		return nil, err
	}
	f := figures{}
	for range tb.rounds {
		if err := generateOnce(ctx, tb, f); err != nil {
			return nil, err
		}
	}
	_, err := tb.pool.Exec(ctx, `drop table card_copy`)
	return f, err
}

func generateOnce(ctx context.Context, tb *testbed, f figures) error {
	if err := tb.resetBaseline(ctx); err != nil {
		return err
	}
	series, took, err := tb.series(ctx, tb.cards)
	if err != nil {
		return err
	}
	rss, err := tb.worker.peak()
	if err != nil {
		return err
	}
	file := tb.path("rows.bin")
	if _, err := tb.psql(ctx, fmt.Sprintf(`\copy (select %s from card where series_id = %d order by serial) to '%s' (format binary)`, cardColumns, series.ID, file)); err != nil {
		return err
	}
	if err := tb.resetBaseline(ctx); err != nil {
		return err
	}
	copied, err := tb.psql(ctx, fmt.Sprintf(`\copy card_copy (%s) from '%s' (format binary)`, cardColumns, file))
	if err != nil {
		return err
	}
	f.add("generate_seconds", took.Seconds(), "s")
	f.add("generate_rate", float64(tb.cards)/took.Seconds(), "cards/s")
	f.add("copy_seconds", copied.Seconds(), "s")
	f.add("generate_vs_copy", took.Seconds()/copied.Seconds(), "ratio")
	f.add("rss_generate", rss, "MiB")
	return os.Remove(file)
}

// measureCSV exports a series through the real job, and writes as many bytes of the same
// table with psql.
func measureCSV(ctx context.Context, tb *testbed) (figures, error) {
	series, err := tb.seriesOfSize(ctx, tb.cards)
	if err != nil {
		return nil, err
	}
	f := figures{}
	for range tb.rounds {
		if err := csvOnce(ctx, tb, series, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func csvOnce(ctx context.Context, tb *testbed, series db.Series, f figures) error {
	if err := tb.resetBaseline(ctx); err != nil {
		return err
	}
	e, took, err := tb.export(ctx, series.ID, "csv")
	if err != nil {
		return err
	}
	rss, err := tb.worker.peak()
	if err != nil {
		return err
	}
	if err := tb.resetBaseline(ctx); err != nil {
		return err
	}
	file := tb.path("rows.csv")
	// The placeholder is as long as a code: prefix, four groups, four dashes.
	copied, err := tb.psql(ctx, fmt.Sprintf(`\copy (select serial, '%s-' || substr(encode(code_index, 'hex'), 1, 19), '10.00', 'USD', date '%s', '%s', 'active' from card where series_id = %d order by serial) to '%s' csv`,
		series.Prefix, series.ValidTill.Format("2006-01-02"), series.Number, series.ID, file))
	if err != nil {
		return err
	}
	stat, err := os.Stat(file)
	if err != nil {
		return err
	}
	if off := math.Abs(float64(stat.Size()-e.Size)) / float64(e.Size); off > 0.02 {
		return fmt.Errorf("psql wrote %d bytes where the export has %d: not comparable; bring the select in cmd/bench/files.go to the width of a line of the CSV", stat.Size(), e.Size)
	}
	f.add("csv_seconds", took.Seconds(), "s")
	f.add("csv_copy_seconds", copied.Seconds(), "s")
	f.add("csv_vs_copy", took.Seconds()/copied.Seconds(), "ratio")
	f.add("rss_csv", rss, "MiB")
	return os.Remove(file)
}

// measurePDF exports a series as PDF, only once, because it takes half a minute.
func measurePDF(ctx context.Context, tb *testbed) (figures, error) {
	series, err := tb.seriesOfSize(ctx, tb.cards)
	if err != nil {
		return nil, err
	}
	if err := tb.resetBaseline(ctx); err != nil {
		return nil, err
	}
	e, took, err := tb.export(ctx, series.ID, "pdf")
	if err != nil {
		return nil, err
	}
	rss, err := tb.worker.peak()
	if err != nil {
		return nil, err
	}
	f := figures{}
	f.add("pdf_seconds", took.Seconds(), "s")
	f.add("pdf_rate", float64(tb.cards)/took.Seconds(), "cards/s")
	f.add("pdf_bytes_per_card", float64(e.Size)/float64(tb.cards), "bytes")
	f.add("rss_pdf", rss, "MiB")
	f.add("rss_idle", tb.idle, "MiB")
	return f, nil
}
