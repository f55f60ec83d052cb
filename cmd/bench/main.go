// Command bench measures the product on this machine, each figure beside its
// limit in the same run: what Postgres itself needs for the same rows, bytes or
// statements. It prints one line a figure, "name value unit", on standard output
// and everything else on standard error. `make bench` runs it from the root of
// the repository.
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

// sizes says how much is measured, and with what.
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
}

// part is a group of figures that are taken together.
type part struct {
	name    string
	tools   []string // programs that it needs
	figures []string
	measure func(context.Context, *stage) (figures, error)
}

// parts are in the order in which they are measured: generation first, while the
// table of cards is still empty.
func parts() []part {
	return []part{
		{"generate", []string{"psql"}, []string{"generate_vs_copy", "generate_seconds", "generate_rate", "copy_seconds", "rss_generate"}, measureGenerate},
		{"csv", []string{"psql"}, []string{"csv_vs_copy", "csv_seconds", "csv_copy_seconds", "rss_csv"}, measureCSV},
		{"pdf", nil, []string{"pdf_rate", "pdf_seconds", "pdf_bytes_per_card", "rss_pdf", "rss_idle"}, measurePDF},
		{"formats", nil, formatFigures(), measureFormats},
		{"redeem", []string{"pgbench"}, []string{"redeem_vs_pgbench", "redeem_rate", "pgbench_rate"}, measureRedeem},
		{"peers", []string{"pdfinfo", "pdftotext", "pdftoppm", "zbarimg"}, []string{
			"pdf_vs_maroto", "pdf_vs_gofpdf", "pdf_vs_chromium", "pdf_vs_reportlab",
			"pdf_cpu_rate", "maroto_cpu_rate", "gofpdf_cpu_rate", "chromium_cpu_rate", "reportlab_cpu_rate",
		}, measurePeers},
	}
}

func main() {
	var s sizes
	flag.StringVar(&s.binary, "bin", "", "the program to measure; empty: build it from this source")
	flag.StringVar(&s.only, "only", "", "measure only these, separated by commas: generate, csv, pdf, formats, redeem, peers, or names of figures")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with the database, the files and the logs")
	flag.IntVar(&s.rounds, "rounds", 3, "how often each comparison is made; the median is printed")
	flag.IntVar(&s.cards, "cards", 1_000_000, "cards of a series that is made and exported")
	flag.IntVar(&s.pdfCards, "pdf-cards", 100_000, "cards that the PDF writers print side by side")
	flag.IntVar(&s.peerCards, "peer-cards", 1000, "cards that Chromium and reportlab print")
	flag.IntVar(&s.redemptions, "redemptions", 8000, "cards that are redeemed in a round, on each side")
	flag.IntVar(&s.clients, "clients", 32, "customers who redeem at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what was asked for on a stage of its own.
func run(ctx context.Context, s sizes, out io.Writer) error {
	chosen, err := choose(s.only)
	if err != nil {
		return err
	}
	if s.rounds < 1 || s.clients < 1 || s.cards < 1 || s.pdfCards < 1 || s.peerCards < 1 || s.redemptions < s.clients {
		return fmt.Errorf("there is nothing to measure: %d clients need as many redemptions, and everything else must be one or more", s.clients)
	}
	st, err := newStage(ctx, s)
	if err != nil {
		return err
	}
	defer st.close()
	for _, p := range chosen { // rather now than after minutes
		for _, tool := range p.tools {
			if _, err := st.tool(tool); err != nil {
				return err
			}
		}
	}
	for _, p := range chosen {
		started := time.Now()
		st.wanted = p.figures
		found, err := p.measure(ctx, st)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, name := range p.figures {
			found.print(out, name)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", p.name, time.Since(started).Round(time.Second))
	}
	broken, err := check.Run(ctx, st.pool, st.keys)
	if err != nil {
		return fmt.Errorf("look at the invariants: %w", err)
	}
	if len(broken) > 0 {
		return fmt.Errorf("invariants are broken after all this, so the figures are worth nothing: %+v", broken)
	}
	return nil
}

// choose returns the parts that are named, by their own name or by a figure of
// theirs, with the figures that are asked for.
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

// figures holds what was measured, one value a round.
type figures map[string]*figure

type figure struct {
	unit   string
	values []float64
}

// add notes one round's value.
func (f figures) add(name string, value float64, unit string) {
	if f[name] == nil {
		f[name] = &figure{unit: unit}
	}
	f[name].values = append(f[name].values, value)
}

// print prints the median, and on standard error what it was taken from, or that
// there is none: a peer need not be on every machine.
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

// median is the middle value, or the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
