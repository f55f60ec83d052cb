// Command bench measures the speed of the product on this machine, and compares it with
// a reference that is measured in the same run: Postgres alone with the same rows, bytes or
// statements, or another PDF writer with the same cards. Each figure is one line "name
// value unit" on standard output; everything else goes to standard error. `make bench` runs
// it from the root of the repository.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"refill/internal/check"
)

// sizes holds the values of the flags: what to measure, and how much of it.
type sizes struct {
	binary      string
	only        string
	keep        bool
	rounds      int
	cards       int
	pdfCards    int
	peerCards   int
	redemptions int
	clients     int
	events      int
}

// part is a group of figures that are measured together.
type part struct {
	name    string
	tools   []string // programs that the part needs
	figures []string
	measure func(context.Context, *testbed) (figures, error)
}

// parts lists the parts in the order of measurement. Generation comes first, while the
// table of cards is empty.
func parts() []part {
	return []part{
		{"generate", []string{"psql"}, []string{"generate_vs_copy", "generate_seconds", "generate_rate", "copy_seconds", "rss_generate"}, measureGenerate},
		{"csv", []string{"psql"}, []string{"csv_vs_copy", "csv_seconds", "csv_copy_seconds", "rss_csv"}, measureCSV},
		{"pdf", nil, []string{"pdf_rate", "pdf_seconds", "pdf_bytes_per_card", "rss_pdf", "rss_idle"}, measurePDF},
		{"formats", nil, formatFigures(), measureFormats},
		{"restore", []string{"pg_dump", "pg_restore"}, []string{"restore_seconds", "backup_seconds"}, measureRestore},
		{"redeem", []string{"pgbench"}, []string{"redeem_vs_pgbench", "redeem_per_s", "pgbench_per_s"}, measureRedeem},
		{"api", nil, []string{"api_redeem_vs_portal", "api_redeem_per_s", "portal_redeem_per_s"}, measureAPI},
		{"events", []string{"pgbench"}, []string{
			"outbox_cost", "outbox_wal_cost", "redemption_ms", "redemption_wal_bytes", "relay_per_s",
			"webhook_per_s", "webhook_delay_seconds", "webhook_worst_delay_seconds",
		}, measureEvents},
		{"feed", nil, []string{"feed_page_ms", "feed_page_small_ms"}, measureFeed},
		{"peers", []string{"pdfinfo", "pdftotext", "pdftoppm", "zbarimg"}, []string{
			"pdf_vs_maroto", "pdf_vs_gofpdf", "pdf_vs_chromium", "pdf_vs_reportlab",
			"pdf_cpu_rate", "maroto_cpu_rate", "gofpdf_cpu_rate", "chromium_cpu_rate", "reportlab_cpu_rate",
		}, measurePeers},
	}
}

func main() {
	var s sizes
	flag.StringVar(&s.binary, "bin", "", "the program to measure; empty: build it from this source")
	flag.StringVar(&s.only, "only", "", "measure only these, separated by commas: generate, csv, pdf, formats, restore, redeem, api, events, feed, peers, or names of figures")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with the database, the files and the logs")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each comparison is made; the median is printed")
	flag.IntVar(&s.cards, "cards", 1_000_000, "cards of a series that is made and exported")
	flag.IntVar(&s.pdfCards, "pdf-cards", 100_000, "cards that the PDF writers print side by side")
	flag.IntVar(&s.peerCards, "peer-cards", 1000, "cards that Chromium and reportlab print")
	flag.IntVar(&s.redemptions, "redemptions", 8000, "cards that are redeemed in a round, on each side")
	flag.IntVar(&s.clients, "clients", 32, "customers who redeem at once")
	flag.IntVar(&s.events, "events", 10_000_000, "events in the feed of which pages are read")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures the wanted parts on a testbed.
func run(ctx context.Context, s sizes, out io.Writer) error {
	chosen, err := choose(s.only)
	if err != nil {
		return err
	}
	if s.rounds < 1 || s.clients < 1 || s.cards < 1 || s.pdfCards < 1 || s.peerCards < 1 || s.redemptions < s.clients || s.events < leastEvents {
		return fmt.Errorf("there is nothing to measure: %d clients need as many redemptions, the feed needs %d events, and everything else must be one or more", s.clients, leastEvents)
	}
	tb, err := newTestbed(ctx, s)
	if err != nil {
		return err
	}
	defer tb.close()
	for _, p := range chosen { // fails at the start instead of after minutes
		for _, tool := range p.tools {
			if _, err := tb.tool(tool); err != nil {
				return err
			}
		}
	}
	for _, p := range chosen {
		started := time.Now()
		tb.wanted = p.figures
		found, err := p.measure(ctx, tb)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, name := range p.figures {
			found.print(out, name)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", p.name, time.Since(started).Round(time.Second))
	}
	broken, err := check.Run(ctx, tb.pool, tb.keys)
	if err != nil {
		return fmt.Errorf("look at the invariants: %w", err)
	}
	if len(broken) > 0 {
		return fmt.Errorf("invariants are broken after all this, so the figures are worth nothing: %+v", broken)
	}
	return nil
}

// choose returns the parts that only names, separated by commas; all if it is empty. A
// part is named directly, or by some of its figures, and then has those figures only.
func choose(only string) ([]part, error) {
	all := parts()
	if only == "" {
		return all, nil
	}
	wanted := strings.Split(only, ",")
	var chosen []part
	for _, p := range all {
		if !slices.Contains(wanted, p.name) {
			p.figures = slices.DeleteFunc(p.figures, func(name string) bool { return !slices.Contains(wanted, name) })
		}
		if len(p.figures) > 0 {
			chosen = append(chosen, p)
		}
	}
	for _, name := range wanted {
		known := slices.ContainsFunc(all, func(p part) bool { return p.name == name }) ||
			slices.ContainsFunc(chosen, func(p part) bool { return slices.Contains(p.figures, name) })
		if !known {
			return nil, fmt.Errorf("-only %q: there is no such part or figure; bench -h lists the parts", name)
		}
	}
	return chosen, nil
}

// figures holds the measured values, one for each round.
type figures map[string]*figure

type figure struct {
	unit   string
	values []float64
}

// add adds the value of one round.
func (f figures) add(name string, value float64, unit string) {
	if f[name] == nil {
		f[name] = &figure{unit: unit}
	}
	f[name].values = append(f[name].values, value)
}

// print prints the median on standard output, and the single values on standard error. A
// figure without values is reported as left out: not every machine has every peer.
func (f figures) print(out io.Writer, name string) {
	fig := f[name]
	if fig == nil {
		fmt.Fprintf(os.Stderr, "bench: %s is left out: this machine lacks what it is measured with\n", name)
		return
	}
	fmt.Fprintf(out, "%s %.4g %s\n", name, median(fig.values), fig.unit)
	if len(fig.values) > 1 {
		fmt.Fprintf(os.Stderr, "bench: %s is the median of %.4g\n", name, fig.values)
	}
}

// median returns the middle value, or the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
