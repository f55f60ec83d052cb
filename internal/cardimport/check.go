package cardimport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/tableflow"
)

// importChunk is the number of rows of a file that one transaction checks or imports.
const importChunk = 20_000

// mostPrices is the largest number of prices, and therefore of series, that a file may
// have.
const mostPrices = 50

// ErrManyPrices stops a file with more than mostPrices prices. Its price column is probably
// the wrong one.
var ErrManyPrices = fault.New(fault.Invalid, "import_prices", "This file has more than 50 different prices. A series has one price, so each price becomes a series of its own, and so many could not be looked after. Choose the right column for the price, or split the file by price.")

// Report is the result of a dry run.
type Report struct {
	Good     int32   `json:"good"`
	Groups   []Group `json:"groups"`
	Today    string  `json:"today"`    // the date of the dry run, in the time zone of the plan
	Shortest int     `json:"shortest"` // symbols of the shortest code of another system; 0: the file has none
	Longest  int     `json:"longest"`
	Bits     float64 `json:"bits"`
}

// Group is the cards of a file with one price, active or inactive. The import makes one
// series of each group.
type Group struct {
	Price     int64            `json:"price"`
	Inactive  bool             `json:"inactive,omitempty"` // the other system had not activated them
	Cards     int32            `json:"cards"`
	Disabled  int32            `json:"disabled"`
	Void      int32            `json:"void"`
	Expired   int32            `json:"expired,omitempty"` // active cards whose last day has passed
	ValidTill string           `json:"valid_till"`        // the latest last day
	Shapes    []cardcode.Shape `json:"shapes"`            // of the codes that another system issued
}

// Worth returns the value of the group in minor units, without its void cards.
func (g Group) Worth() int64 { return int64(g.Cards-g.Void) * g.Price }

// Expired returns the number of active cards past their last day, and their value in minor
// units.
func (r Report) Expired() (cards int32, value int64) {
	for _, g := range r.Groups {
		cards, value = cards+g.Expired, value+int64(g.Expired)*g.Price
	}
	return cards, value
}

// FaceValue returns the face value of all cards of the group, in minor units. It can't
// overflow: a file has at most a million rows, and a price at most twelve digits.
func (g Group) FaceValue() int64 { return int64(g.Cards) * g.Price }

// Check is the dry run of an import. It reads the whole file, records each row that makes
// no card, and sums the others. It writes no card and may run any number of times. It holds
// 16 bytes a code in memory, to find duplicates. It returns ErrNotWanted, ErrImportBarred,
// ErrImportOld, ErrManyPrices, ErrImportProbes or ErrImportContradicts.
func (s *Service) Check(ctx context.Context, id int64, open func(db.CardImport) (io.ReaderAt, func(), error), complete jobqueue.Completer) error {
	var imp db.CardImport
	err := s.cards.InTx(ctx, func(tx pgx.Tx) error {
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
		if err := s.checkImportBar(ctx, *imp.PlannedBy); err != nil {
			return err
		}
	}
	c := &checker{s: s, imp: imp, groups: map[groupKey]*Group{}, shapes: map[groupKey]cardcode.Shapes{}, left: tableflow.LeftOut{Hidden: reasonKnownHidden}}
	if c.plan, _, err = readImport(imp); err != nil {
		return err
	}
	if err := c.plan.checkVersion(); err != nil {
		return err
	}
	if c.today, err = s.q.SeriesToday(ctx, s.db, c.plan.TimeZone); err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	if c.probes, err = s.newProbes(ctx, imp); err != nil {
		return err
	}
	if c.ours, _, err = s.cards.Codes.Formats(ctx, true); err != nil {
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
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		return s.imports().FinishCheck(ctx, tx, imp, c.read, c.report(), c.left, tableflow.Checked{Import: s.imports().About(imp.ID), Cards: new(int64(c.good))}, complete)
	})
}

// groupKey identifies a group.
type groupKey struct {
	price    int64
	inactive bool
}

// checker is the state of a dry run.
type checker struct {
	s      *Service
	imp    db.CardImport
	plan   Plan
	today  time.Time
	ours   []cardcode.Format // the formats of the codes in the database
	probes *probes
	seen   *codeSet
	groups map[groupKey]*Group
	shape  cardcode.CodeShape
	shapes map[groupKey]cardcode.Shapes
	read   int32 // rows read, headings included
	good   int32

	against  tableflow.Contradictions
	left     tableflow.LeftOut
	cards    []importedCard // rows of this chunk that make a card unless their code is known
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
				c.recordClaim(*card, false)
			default:
				card.firstSerial = c.probes.firstSerial(card.serial)
				if c.recordClaim(*card, true) {
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
		if err := c.saveChunk(ctx); err != nil {
			return err
		}
	}
	return contradictionError(c.against)
}

// recordClaim records what a row says about its code, whether it makes a card or not. It
// reports whether an earlier row makes a card of the same code.
func (c *checker) recordClaim(card importedCard, makes bool) bool {
	twice, differs := c.seen.addClaim(card, makes)
	if differs {
		c.against.Add(card.row)
	}
	return twice
}

// saveChunk looks up the codes of the chunk, adds the unknown ones to their groups, and
// stores the rows that are left out.
func (c *checker) saveChunk(ctx context.Context) error {
	known, err := c.s.lookUpAndCharge(ctx, c.probes, c.ours, c.cards)
	if err != nil {
		return err
	}
	for i, card := range c.cards {
		if known[i] != statusUnknown {
			c.left.Add(card.left(known[i].reason()))
			continue
		}
		if err := c.add(card); err != nil {
			return err
		}
	}
	err = c.s.cards.InTx(ctx, func(tx pgx.Tx) error {
		return c.s.imports().AdvanceCheck(ctx, tx, c.imp, c.read, c.left.Rows)
	})
	c.left.Rows, c.cards = c.left.Rows[:0], c.cards[:0]
	return err
}

func (c *checker) add(one importedCard) error {
	key := one.group()
	g := c.groups[key]
	if g == nil {
		if c.prices() == mostPrices && !c.hasPrice(one.price) {
			return ErrManyPrices
		}
		g = &Group{Price: one.price, Inactive: one.inactive}
		c.groups[key], c.shapes[key] = g, cardcode.Shapes{}
	}
	c.good++
	g.Cards++
	if g.FaceValue() > card.MaxFaceValue {
		return errFaceValue(g, c.plan.Currency)
	}
	switch one.state {
	case db.CardStateDisabled:
		g.Disabled++
	case db.CardStateVoid:
		g.Void++
	case db.CardStateActive:
		if one.validTill.Before(c.today) {
			g.Expired++
		}
	default:
	}
	g.ValidTill = max(g.ValidTill, one.validTill.Format(time.DateOnly))
	if one.code.IsImported() {
		c.shape.Add(one.code)
	}
	c.shapes[key].Add(one.code, one.short, one.state == db.CardStateVoid)
	return nil
}

// prices returns the number of different prices so far.
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

func (c *checker) report() Report {
	r := Report{Good: c.good, Groups: []Group{}, Today: c.today.Format(time.DateOnly)}
	for key, g := range c.groups {
		g.Shapes = c.shapes[key].List()
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b Group) int {
		if a.Price == b.Price && a.Inactive != b.Inactive && b.Inactive {
			return -1
		}
		return cmp.Compare(a.Price, b.Price)
	})
	r.Shortest, r.Longest, r.Bits = c.shape.Shortest, c.shape.Longest, c.shape.Bits()
	return r
}

// errFaceValue returns the fault of a group above the largest face value of a series.
func errFaceValue(g *Group, currency string) error {
	return fault.New(fault.Invalid, "import_face_value", "The cards of {price} each are worth more together than one series may be, which is {most}. Check the column of the price and the decimal sign, or split the file.").
		With("price", fault.Money{Minor: g.Price, Currency: currency}).With("most", fault.Money{Minor: card.MaxFaceValue, Currency: currency})
}
