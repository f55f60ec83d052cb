package main

import (
	"context"
	"fmt"
	"os"

	"filippo.io/age"

	"refill/internal/card"
	"refill/internal/setting"
)

// formats are the files beside CSV and PDF, each by a name for its figures. One is
// encrypted, which takes its own buffers.
func formats() []struct {
	name, format string
	options      card.ExportOptions
} {
	return []struct {
		name, format string
		options      card.ExportOptions
	}{
		{"zip", "pdf", card.ExportOptions{Parts: true}},
		{"xlsx", "xlsx", card.ExportOptions{}},
		{"jsonl", "jsonl", card.ExportOptions{}},
		{"printer", "printer", card.ExportOptions{}},
		{"age", "xlsx", card.ExportOptions{ShopID: "bench", Shop: "Bench", SealedAs: "age"}},
	}
}

// formatFigures are the names of what measureFormats measures.
func formatFigures() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name+"_seconds", "rss_"+f.name)
	}
	return names
}

// measureFormats exports a series in each format, once: what counts is that memory
// stays the same whatever the file.
func measureFormats(ctx context.Context, st *stage) (figures, error) {
	series, err := st.anySeries(ctx, st.cards)
	if err != nil {
		return nil, err
	}
	if err := st.enterPrintShop(ctx); err != nil {
		return nil, err
	}
	found := figures{}
	for _, f := range formats() {
		if err := st.calm(ctx); err != nil {
			return nil, err
		}
		e, took, err := st.exportOf(ctx, series.ID, f.format, f.options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		rss, err := st.worker.peak()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "bench: %s: %d bytes\n", f.name, e.Size)
		found.add(f.name+"_seconds", took.Seconds(), "s")
		found.add("rss_"+f.name, rss, "MiB")
	}
	return found, nil
}

// enterPrintShop enters somebody to encrypt files for.
func (st *stage) enterPrintShop(ctx context.Context) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	key := identity.Recipient().String()
	return st.settings.Change(ctx, st.admin, func(s *setting.Settings) {
		s.PrintShops = []setting.PrintShop{{ID: "bench", Name: "Bench", Kind: "age", Fingerprint: key, Key: key}}
	})
}
