package card

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/tableflow"
)

// importChunk is how many rows of a file are looked at, or imported, in one
// transaction.
const importChunk = 20_000

// mostPrices is how many prices, and so series, a file may have.
const mostPrices = 50

// ErrManyPrices says that the price column is probably another one.
var ErrManyPrices = fault.New(fault.Invalid, "import_prices", "This file has more than 50 different prices. A series has one price, so each price becomes a series of its own, and so many could not be looked after. Choose the right column for the price, or split the file by price.")

// ImportReport is what a dry run found.
type ImportReport struct {
	Good     int32         `json:"good"`
	Groups   []ImportGroup `json:"groups"`
	Today    string        `json:"today"`    // what counted as today
	Shortest int           `json:"shortest"` // symbols of foreign codes; 0: all are ours
	Longest  int           `json:"longest"`
	Bits     float64       `json:"bits"`
}

// ImportGroup is the cards of one price: a series to be.
type ImportGroup struct {
	Price     int64   `json:"price"`
	Inactive  bool    `json:"inactive,omitempty"` // they were not active where they come from
	Cards     int32   `json:"cards"`
	Disabled  int32   `json:"disabled"`
	Void      int32   `json:"void"`
	Expired   int32   `json:"expired,omitempty"` // active ones whose last day has passed
	ValidTill string  `json:"valid_till"`        // the latest
	Shapes    []Shape `json:"shapes"`            // of codes that another system made
}

// Worth is the value in minor units of the cards of the group that hold any.
func (g ImportGroup) Worth() int64 { return int64(g.Cards-g.Void) * g.Price }

// Expired is how many active cards of a file have passed their last day, and their value in
// minor units.
func (r ImportReport) Expired() (cards int32, value int64) {
	for _, g := range r.Groups {
		cards, value = cards+g.Expired, value+int64(g.Expired)*g.Price
	}
	return cards, value
}

// FaceValue is the value in minor units of all cards of the group. It fits: a file has at
// most a million rows, and a price at most twelve digits.
func (g ImportGroup) FaceValue() int64 { return int64(g.Cards) * g.Price }

// CheckImport is the dry run: it reads the whole file, notes every row that makes no
// card, and what the others come to. It writes no card, may run any number of times,
// and keeps 16 bytes a row in memory to find codes that repeat.
func (s *Service) CheckImport(ctx context.Context, id int64, open func(db.CardImport) (io.ReaderAt, func(), error), complete Completer) error {
	var imp db.CardImport
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var err error
		imp, err = s.imports().StartCheck(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	file, done, err := open(imp)
	if err != nil {
		return err
	}
	defer done()
	if imp.PlannedBy != nil {
		if err := s.mayImport(ctx, *imp.PlannedBy); err != nil {
			return err
		}
	}
	c := &checker{s: s, imp: imp, groups: map[groupKey]*ImportGroup{}, shapes: map[groupKey]codeShapes{}, left: tableflow.LeftOut{Hidden: reasonKnownHidden}}
	if c.plan, _, err = readImport(imp); err != nil {
		return err
	}
	if err := c.plan.usable(); err != nil {
		return err
	}
	if c.today, err = s.q.SeriesToday(ctx, s.db, c.plan.TimeZone); err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	if c.probes, err = s.newProbes(ctx, imp); err != nil {
		return err
	}
	if c.ours, _, err = s.formats(ctx, true); err != nil {
		return err
	}
	rows, err := openRows(file, imp.Size, c.plan, c.today)
	if err != nil {
		return err
	}
	if c.seen, err = s.newCodeSet(c.ours); err != nil {
		return err
	}
	if err := c.readAll(ctx, rows); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		return s.imports().FinishCheck(ctx, tx, imp, c.read, c.report(), c.left, map[string]any{"cards": c.good}, complete)
	})
}

// groupKey tells the series to be apart.
type groupKey struct {
	price    int64
	inactive bool
}

// checker is the state of a dry run.
type checker struct {
	s      *Service
	imp    db.CardImport
	plan   ImportPlan
	today  time.Time
	ours   []Format // of the codes that are here already
	probes *probes
	seen   *codeSet
	groups map[groupKey]*ImportGroup
	shape  codeShape
	shapes map[groupKey]codeShapes
	read   int32 // rows, headings included
	good   int32

	against  tableflow.Contradictions
	left     tableflow.LeftOut
	cards    []importedCard // of this chunk: what perhaps makes a card
	finished bool
}

func (c *checker) readAll(ctx context.Context, rows *importRows) error {
	for !c.finished {
		for range importChunk {
			card, left, err := rows.next()
			if errors.Is(err, io.EOF) {
				c.finished = true
				break
			}
			if err != nil {
				return err
			}
			c.read++
			switch {
			case card == nil:
			case left != nil:
				c.note(*card, false)
			default:
				card.firstSerial = c.probes.firstSerial(card.serial)
				if c.note(*card, true) {
					twice := card.left(reasonDuplicate)
					left = &twice
				}
			}
			switch {
			case left != nil:
				c.left.Add(*left)
			case card != nil:
				c.cards = append(c.cards, *card)
			}
		}
		if err := c.keep(ctx); err != nil {
			return err
		}
	}
	return contradicted(c.against)
}

// note notes what a row says of its code, whether it makes a card or not, and reports
// whether a row before makes one.
func (c *checker) note(card importedCard, makes bool) bool {
	twice, differs := c.seen.take(card, makes)
	if differs {
		c.against.Add(card.row)
	}
	return twice
}

// keep looks up which codes of the chunk are known, adds up the others, and writes
// down the bad rows.
func (c *checker) keep(ctx context.Context) error {
	known, err := c.s.acquaint(ctx, c.probes, c.ours, c.cards)
	if err != nil {
		return err
	}
	for i, card := range c.cards {
		if known[i] != unknownCode {
			c.left.Add(card.left(known[i].reason()))
			continue
		}
		if err := c.add(card); err != nil {
			return err
		}
	}
	err = c.s.inTx(ctx, func(tx pgx.Tx) error {
		return c.s.imports().AdvanceCheck(ctx, tx, c.imp, c.read, c.left.Rows)
	})
	c.left.Rows, c.cards = c.left.Rows[:0], c.cards[:0]
	return err
}

func (c *checker) add(card importedCard) error {
	key := card.group()
	g := c.groups[key]
	if g == nil {
		if c.prices() == mostPrices && !c.hasPrice(card.price) {
			return ErrManyPrices
		}
		g = &ImportGroup{Price: card.price, Inactive: card.inactive}
		c.groups[key], c.shapes[key] = g, codeShapes{}
	}
	c.good++
	g.Cards++
	if g.FaceValue() > maxFaceValue {
		return errFaceValue(g, c.plan.Currency)
	}
	switch card.state {
	case db.CardStateDisabled:
		g.Disabled++
	case db.CardStateVoid:
		g.Void++
	case db.CardStateActive:
		if card.validTill.Before(c.today) {
			g.Expired++
		}
	default:
	}
	g.ValidTill = max(g.ValidTill, card.validTill.Format(time.DateOnly))
	if card.code.isImported() {
		c.shape.add(card.code)
	}
	c.shapes[key].add(card.code, card.short, card.state == db.CardStateVoid)
	return nil
}

// prices is how many prices there are so far.
func (c *checker) prices() int {
	n := 0
	for key := range c.groups {
		if !key.inactive || c.groups[groupKey{price: key.price}] == nil {
			n++
		}
	}
	return n
}

func (c *checker) hasPrice(price int64) bool {
	return c.groups[groupKey{price, false}] != nil || c.groups[groupKey{price, true}] != nil
}

func (c *checker) report() ImportReport {
	r := ImportReport{Good: c.good, Groups: []ImportGroup{}, Today: c.today.Format(time.DateOnly)}
	for key, g := range c.groups {
		g.Shapes = c.shapes[key].list()
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b ImportGroup) int {
		if a.Price == b.Price && a.Inactive != b.Inactive && b.Inactive {
			return -1
		}
		return cmp.Compare(a.Price, b.Price)
	})
	r.Shortest, r.Longest, r.Bits = c.shape.shortest, c.shape.longest, c.shape.bits()
	return r
}
