// Command ours writes the bench's sheets of cards with the product's own writer: "ours
// CARDS.json OUT.pdf". It is compared with the programs of cmd/bench/peers.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"refill/internal/render"
)

// job is the input of a writer.
type job struct {
	Brand, Kind, Price, Series, ValidTill string
	Instructions                          []string
	Portal                                string
	Cards                                 []struct{ Serial, Code string }
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("call it as: ours CARDS.json OUT.pdf")
	}
	data, err := os.ReadFile(args[0]) //nolint:gosec // the file that the bench names
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	f, err := os.Create(args[1]) //nolint:gosec // likewise
	if err != nil {
		return err
	}
	return errors.Join(write(f, &j), f.Close())
}

func write(f *os.File, j *job) error {
	w, err := render.NewPDF(f, render.Meta{
		Brand: j.Brand, Series: j.Series, PortalURL: j.Portal, Instructions: j.Instructions,
		Count: int64(len(j.Cards)), Labels: render.Labels{Kind: j.Kind},
	})
	if err != nil {
		return err
	}
	for _, c := range j.Cards {
		serial, err := strconv.ParseInt(c.Serial, 10, 64)
		if err != nil {
			return err
		}
		if err := w.Write(render.Card{Serial: serial, Code: c.Code, PriceText: j.Price, ValidTillText: j.ValidTill, Series: j.Series}); err != nil {
			return err
		}
	}
	return w.Close()
}
