package render

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"

	"refill/internal/money"
)

// A printer file is input for the machine of a print shop (docs/printing.md): lines of
// cells separated by semicolons. The first cell tells the type of the line.
//
//	H;REFILL-CARDS;1;202611;R26         type of file, version, series, prefix
//	C;serial;code;price;…               names of the columns
//	D;1;R26-…;10.00;…                   one line for each card
//	T;1000;10000.00;USD                 number of cards, their total, its currency
//	S;3a7b…                             SHA-256 of every byte before this line
//
// A file without its last two lines is incomplete.
const (
	printerMagic   = "REFILL-CARDS"
	printerVersion = "1"
)

// printerFile writes cards for a print shop's machine.
type printerFile struct {
	csv      *csvWriter
	sum      hash.Hash
	cards    int64
	total    int64
	currency string
	price    string
	minor    int64
}

// NewPrinterFile starts a printer file of a series. It is UTF-8 without a mark.
func NewPrinterFile(w io.Writer, t CardTable, series, prefix string) (Writer, error) {
	sum := sha256.New()
	csv, err := newCSV(io.MultiWriter(w, sum), CardTable{More: t.More, Delimiter: ';'}, "D;")
	if err != nil {
		return nil, err
	}
	head := csv.buf
	csv.buf = make([]byte, 0, csvFlush+1<<10)
	csv.buf = append(csv.buf, "H;"+printerMagic+";"+printerVersion+";"...)
	csv.buf = append(csv.appendCell(csv.buf, series), ';')
	csv.buf = append(csv.appendCell(csv.buf, prefix), "\nC;"...)
	csv.buf = append(csv.buf, head...)
	return &printerFile{csv: csv, sum: sum}, nil
}

// Write adds a card's line.
func (p *printerFile) Write(c Card) error {
	if c.Price != p.price || c.Currency != p.currency {
		minor, err := money.Parse(c.Price, c.Currency)
		if err != nil {
			return err
		}
		p.price, p.currency, p.minor = c.Price, c.Currency, minor
	}
	p.cards++
	p.total += p.minor
	return p.csv.Write(c)
}

// Close writes counts, totals and the checksum.
func (p *printerFile) Close() error {
	b := strconv.AppendInt(append(p.csv.buf, "T;"...), p.cards, 10)
	b = append(b, ';')
	b = append(b, money.Amount{Minor: p.total, Currency: p.currency}.Decimal()...)
	p.csv.buf = append(append(append(b, ';'), p.currency...), '\n')
	if err := p.csv.Close(); err != nil {
		return err
	}
	p.csv.buf = append(append(append(p.csv.buf, "S;"...), hex.EncodeToString(p.sum.Sum(nil))...), '\n')
	return p.csv.Close()
}
