package main

import (
	"context"
	"fmt"
	"math"
	"os"
)

// measureGenerate makes a series through the real job, and has psql copy the same
// rows into an identical table with the same indexes.
func measureGenerate(ctx context.Context, st *stage, print func(string, float64, string)) error {
	if err := st.checkpoint(ctx); err != nil {
		return err
	}
	if err := st.resetPeak(); err != nil {
		return err
	}
	series, took, err := st.series(ctx, st.sizes.cards)
	if err != nil {
		return err
	}
	rss, err := st.peak()
	if err != nil {
		return err
	}
	file := st.path("rows.bin")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	columns := "series_id, serial, key_id, code_index, code_sealed"
	if _, err := st.psql(ctx, fmt.Sprintf(`\copy (select %s from card where series_id = %d order by serial) to '%s' (format binary)`, columns, series.ID, file)); err != nil {
		return err
	}
	if _, err := st.pool.Exec(ctx, `create table card_copy (like card including all)`); err != nil {
		return err
	}
	if err := st.checkpoint(ctx); err != nil {
		return err
	}
	copied, err := st.psql(ctx, fmt.Sprintf(`\copy card_copy (%s) from '%s' (format binary)`, columns, file))
	if err != nil {
		return err
	}
	if _, err := st.pool.Exec(ctx, `drop table card_copy`); err != nil {
		return err
	}
	print("generate_seconds", took.Seconds(), "s")
	print("generate_rate", float64(st.sizes.cards)/took.Seconds(), "cards/s")
	print("copy_seconds", copied.Seconds(), "s")
	print("generate_vs_copy", took.Seconds()/copied.Seconds(), "ratio")
	print("rss_generate", rss, "MiB")
	return nil
}

// measureCSV exports the series and has psql write as many bytes from the same
// table.
func measureCSV(ctx context.Context, st *stage, print func(string, float64, string)) error {
	if err := st.checkpoint(ctx); err != nil {
		return err
	}
	if err := st.resetPeak(); err != nil {
		return err
	}
	var id int64
	if err := st.pool.QueryRow(ctx, `select id from series order by quantity desc limit 1`).Scan(&id); err != nil {
		return err
	}
	e, took, err := st.export(ctx, id, "csv")
	if err != nil {
		return err
	}
	rss, err := st.peak()
	if err != nil {
		return err
	}
	file := st.path("rows.csv")
	// As wide a code as ours: prefix, four groups, four dashes.
	copied, err := st.psql(ctx, fmt.Sprintf(`\copy (select serial, 'Bench-' || substr(encode(code_index, 'hex'), 1, 19), '10.00', 'USD', date '2027-01-01', '202601', 'active' from card where series_id = %d order by serial) to '%s' csv`, id, file))
	if err != nil {
		return err
	}
	stat, err := os.Stat(file)
	if err != nil {
		return err
	}
	if off := math.Abs(float64(stat.Size()-e.Size)) / float64(e.Size); off > 0.02 {
		return fmt.Errorf("psql wrote %d bytes where we wrote %d: not comparable", stat.Size(), e.Size)
	}
	print("csv_seconds", took.Seconds(), "s")
	print("csv_vs_copy", took.Seconds()/copied.Seconds(), "ratio")
	print("rss_csv", rss, "MiB")
	return nil
}

// measurePDF prints a series of its own.
func measurePDF(ctx context.Context, st *stage, print func(string, float64, string)) error {
	series, _, err := st.series(ctx, st.pdfCards)
	if err != nil {
		return err
	}
	if err := st.resetPeak(); err != nil {
		return err
	}
	e, took, err := st.export(ctx, series.ID, "pdf")
	if err != nil {
		return err
	}
	rss, err := st.peak()
	if err != nil {
		return err
	}
	print("pdf_seconds", took.Seconds(), "s")
	print("pdf_rate", float64(st.pdfCards)/took.Seconds(), "cards/s")
	print("pdf_bytes_per_card", float64(e.Size)/float64(st.pdfCards), "bytes")
	print("rss_pdf", rss, "MiB")
	return nil
}
