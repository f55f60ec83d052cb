// Command peers writes the bench's sheets of cards with other libraries, as a developer
// does who knows the library well. Each peer draws the same: ten cards on an A4 sheet with
// brand, value, code on a tinted panel, instructions, serial, series, date and a QR code,
// in the Go fonts, compressed.
//
//	peers maroto|gofpdf|chromium CARDS.json OUT.pdf
//	peers measure COMMAND ARGUMENT...
//
// CHROME_PATH names the browser. "measure" runs any command and prints the resources that
// it used. with_reportlab.py draws the same in Python.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// job is the input of a writer.
type job struct {
	Brand, Kind, Price, Series, ValidTill string
	Instructions                          []string
	Address                               string // the QR code holds it and the code
	Fonts                                 string // folder with regular.ttf, bold.ttf and mono.ttf
	Cards                                 []card
}

type card struct{ Serial, Code string }

// The sheet in millimetres, and the positions of texts on a card: those of the product's
// layout a4-2x5.
const (
	perSheet                       = 10
	cols                           = 2
	cardWidth, cardHeight          = 85.6, 54.0
	sheetLeft, sheetTop            = 19.4, 13.5
	pad                            = 5.0
	headHeight, panelHeight        = 16.8, 10.2
	barWidth                       = 1.2
	qrSide                         = 19.0
	brandSize, priceSize, codeSize = 13.0, 20.0, 14.0
	lineSize, labelSize, valueSize = 7.5, 6.0, 8.5
)

// columns are the values at the foot of a card, with their distances from its padding.
func (j *job) columns(c card) []struct {
	label, value string
	left         float64
} {
	return []struct {
		label, value string
		left         float64
	}{{"Serial", c.Serial, 0}, {"Series", j.Series, 14.6}, {"Valid till", j.ValidTill, 29.2}}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 1 && args[0] == "measure" {
		return measure(args[1:])
	}
	writers := map[string]func(*job, string) error{"maroto": writeMaroto, "gofpdf": writeGofpdf, "chromium": writeChromium}
	if len(args) != 3 || writers[args[0]] == nil {
		return fmt.Errorf("call it as: peers maroto|gofpdf|chromium CARDS.json OUT.pdf")
	}
	data, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	return writers[args[0]](&j, args[2])
}
