// Command bench measures the product on this machine, each figure beside its
// limit in the same run: what Postgres itself needs for the same rows, bytes or
// statements. It prints one line a figure, "name value unit", on standard output
// and everything else on standard error. `make bench` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"refill/internal/check"
)

// sizes says how much is measured.
type sizes struct {
	binary      string
	cards       int
	pdfCards    int
	redemptions int
	clients     int
}

func main() {
	var s sizes
	flag.StringVar(&s.binary, "bin", "bin/refill", "the program to measure; make build makes it")
	flag.IntVar(&s.cards, "cards", 1_000_000, "cards of the series that is made and exported")
	flag.IntVar(&s.pdfCards, "pdf-cards", 100_000, "cards of the series that is printed")
	flag.IntVar(&s.redemptions, "redemptions", 8000, "cards that are redeemed")
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

// run measures everything on a stage of its own.
func run(ctx context.Context, s sizes, out io.Writer) error {
	st, err := newStage(ctx, s)
	if err != nil {
		return err
	}
	defer st.close()
	print := func(name string, value float64, unit string) {
		fmt.Fprintf(out, "%s %.4g %s\n", name, value, unit)
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *stage, func(string, float64, string)) error
	}{
		{"generation", measureGenerate}, {"CSV", measureCSV}, {"PDF", measurePDF}, {"redemption", measureRedeem},
	} {
		started := time.Now()
		if err := part.measure(ctx, st, print); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s took %s\n", part.name, time.Since(started).Round(time.Second))
	}
	broken, err := check.Run(ctx, st.pool, st.keys)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("invariants are broken after all this: %+v", broken)
	}
	return nil
}
