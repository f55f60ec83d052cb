package main

import (
	"context"
	"fmt"
	"os"

	"filippo.io/age"

	"refill/internal/cardfile"
	"refill/internal/setting"
)

// formats lists the files besides CSV and PDF, with the names of their figures. One file is
// encrypted, which needs buffers of its own.
func formats() []struct {
	name, format string
	options      cardfile.Options
} {
	return []struct {
		name, format string
		options      cardfile.Options
	}{
		{"zip", "pdf", cardfile.Options{Parts: true}},
		{"xlsx", "xlsx", cardfile.Options{}},
		{"jsonl", "jsonl", cardfile.Options{}},
		{"printer", "printer", cardfile.Options{}},
		{"age", "xlsx", cardfile.Options{ShopID: "bench"}},
	}
}

// formatFigures returns the names of the figures of measureFormats.
func formatFigures() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name+"_seconds", "rss_"+f.name)
	}
	return names
}

// measureFormats exports a series in each format, once. The purpose is to show that the
// memory does not depend on the format.
func measureFormats(ctx context.Context, tb *testbed) (figures, error) {
	series, err := tb.seriesOfSize(ctx, tb.cards)
	if err != nil {
		return nil, err
	}
	if err := tb.enterPrintShop(ctx); err != nil {
		return nil, err
	}
	found := figures{}
	for _, f := range formats() {
		if err := tb.resetBaseline(ctx); err != nil {
			return nil, err
		}
		e, took, err := tb.exportOf(ctx, series.ID, f.format, f.options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		rss, err := tb.worker.peak()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "bench: %s: %d bytes\n", f.name, e.Size)
		found.add(f.name+"_seconds", took.Seconds(), "s")
		found.add("rss_"+f.name, rss, "MiB")
	}
	return found, nil
}

// enterPrintShop creates a recipient for the encrypted file.
func (tb *testbed) enterPrintShop(ctx context.Context) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	key := identity.Recipient().String()
	return tb.settings.Change(ctx, tb.admin, func(s *setting.Settings) {
		s.PrintShops = []setting.PrintShop{{ID: "bench", Name: "Bench", Kind: "age", Fingerprint: key, Key: key}}
	})
}
