package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/importfile"
)

// importChunk is how many rows of a file are looked at, or imported, in one
// transaction.
const importChunk = 20_000

// mostPrices is how many prices, and so series, a file may have.
const mostPrices = 50

// ErrManyPrices says that the price column is probably another one.
var ErrManyPrices = fault.New(fault.Invalid, "import_prices", "This file has more than 50 different prices. Each becomes a series of its own; choose the right column for the price.")

// ImportReport is what a dry run found.
type ImportReport struct {
	Good     int32         `json:"good"`
	Groups   []ImportGroup `json:"groups"`
	Shortest int           `json:"shortest"` // symbols of foreign codes; 0: all are ours
	Longest  int           `json:"longest"`
	Bits     float64       `json:"bits"`
}

// ImportGroup is the cards of one price: a series to be.
type ImportGroup struct {
	Price     int64   `json:"price"`
	Cards     int32   `json:"cards"`
	Disabled  int32   `json:"disabled"`
	Void      int32   `json:"void"`
	ValidTill string  `json:"valid_till"` // the latest
	Shapes    []Shape `json:"shapes"`     // of codes that another system made
}

// Worth is the value of the cards of the group that hold any.
func (g ImportGroup) Worth() int64 { return int64(g.Cards-g.Void) * g.Price }

// CheckImport is the dry run: it reads the whole file, notes every row that makes no
// card, and what the others come to. It writes no card, may run any number of times,
// and keeps 16 bytes a row in memory to find codes that repeat.
func (s *Service) CheckImport(ctx context.Context, id int64, open func(db.CardImport) (io.ReaderAt, func(), error), complete Completer) error {
	var imp db.CardImport
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var err error
		if imp, err = s.q.ImportStartCheck(ctx, tx, id); errors.Is(err, pgx.ErrNoRows) {
			return ErrImportNotWanted
		}
		if err != nil {
			return fmt.Errorf("start a dry run: %w", err)
		}
		return s.q.ImportProblemClear(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	file, done, err := open(imp)
	if err != nil {
		return err
	}
	defer done()
	rows, err := importfile.Open(file, imp.Size)
	if err != nil {
		return err
	}
	c := &checker{s: s, imp: imp, groups: map[int64]*ImportGroup{}, shapes: map[int64]codeShapes{}}
	if c.plan, _, err = readImport(imp); err != nil {
		return err
	}
	if c.today, err = s.q.SeriesToday(ctx, s.db, c.plan.TimeZone); err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	if c.index, err = s.keys.indexer(s.keys.Current()); err != nil {
		return err
	}
	if c.ours, _, err = s.formats(ctx, true); err != nil {
		return err
	}
	c.seen = newCodeSet(c.index, c.ours)
	if err := c.readAll(ctx, rows); err != nil {
		return err
	}
	report, err := json.Marshal(c.report())
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportFinishCheck(ctx, tx, db.ImportFinishCheckParams{ID: id, Run: imp.Run, Report: report, RowsTotal: c.read})
		if err != nil {
			return fmt.Errorf("finish a dry run: %w", err)
		}
		if n == 0 {
			return ErrImportNotWanted
		}
		if err := s.auditImport(ctx, tx, audit.System(), "import.checked", id, map[string]any{"cards": c.good}); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
}

// checker is the state of a dry run.
type checker struct {
	s      *Service
	imp    db.CardImport
	plan   ImportPlan
	today  time.Time
	index  *indexer
	ours   []Format // of the codes that are here already
	seen   *codeSet
	groups map[int64]*ImportGroup
	shape  codeShape
	shapes map[int64]codeShapes // by price
	read   int32                // rows, headings included
	good   int32

	rows     []int32 // of this chunk: what makes no card …
	serials  []string
	reasons  []string
	numbers  []int32 // … and what perhaps does
	cards    []importedCard
	finished bool
}

func (c *checker) bad(row int32, serial, reason string) {
	c.rows, c.serials, c.reasons = append(c.rows, row), append(c.serials, serial), append(c.reasons, reason)
}

func (c *checker) readAll(ctx context.Context, rows importfile.Rows) error {
	for !c.finished {
		for range importChunk {
			row, err := rows.Next()
			if errors.Is(err, io.EOF) {
				c.finished = true
				break
			}
			if err != nil {
				return err
			}
			if c.read++; c.read == 1 && c.plan.Headings {
				continue
			}
			card, reason := c.plan.card(row.Cells, c.today)
			if reason == "" && c.seen.twice(card) {
				reason = reasonDuplicate
			}
			if reason != "" {
				c.bad(row.Number, card.serial, reason)
				continue
			}
			c.numbers, c.cards = append(c.numbers, row.Number), append(c.cards, card)
		}
		if err := c.keep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// keep looks up which codes of the chunk are known, adds up the others, and writes
// down the bad rows.
func (c *checker) keep(ctx context.Context) error {
	known, err := c.s.knownCodes(ctx, c.s.db, c.ours, c.cards)
	if err != nil {
		return err
	}
	for i, card := range c.cards {
		if known[i] {
			c.bad(c.numbers[i], card.serial, reasonKnown)
			continue
		}
		if err := c.add(card); err != nil {
			return err
		}
	}
	err = c.s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := c.s.q.ImportAdvanceCheck(ctx, tx, db.ImportAdvanceCheckParams{ID: c.imp.ID, Run: c.imp.Run, RowsDone: c.read})
		if err != nil {
			return fmt.Errorf("advance a dry run: %w", err)
		}
		if n == 0 {
			return ErrImportNotWanted
		}
		if err := c.s.addProblems(ctx, tx, c.imp.ID, c.rows, c.serials, c.reasons); err != nil {
			return err
		}
		return c.s.notifyImport(ctx, tx, c.imp.ID)
	})
	c.rows, c.serials, c.reasons, c.numbers, c.cards = c.rows[:0], c.serials[:0], c.reasons[:0], c.numbers[:0], c.cards[:0]
	return err
}

func (s *Service) addProblems(ctx context.Context, tx pgx.Tx, id int64, rows []int32, serials, reasons []string) error {
	if len(rows) == 0 {
		return nil
	}
	if err := s.q.ImportProblemAdd(ctx, tx, db.ImportProblemAddParams{ImportID: id, Rows: rows, Serials: serials, Reasons: reasons}); err != nil {
		return fmt.Errorf("note bad rows: %w", err)
	}
	return nil
}

func (c *checker) add(card importedCard) error {
	g := c.groups[card.price]
	if g == nil {
		if len(c.groups) == mostPrices {
			return ErrManyPrices
		}
		g = &ImportGroup{Price: card.price}
		c.groups[card.price], c.shapes[card.price] = g, codeShapes{}
	}
	c.good++
	g.Cards++
	switch card.state {
	case db.CardStateDisabled:
		g.Disabled++
	case db.CardStateVoid:
		g.Void++
	default:
	}
	g.ValidTill = max(g.ValidTill, card.validTill.Format(time.DateOnly))
	if card.code.isImported() {
		c.shape.add(card.code)
	}
	c.shapes[card.price].add(card.code, card.short, card.state == db.CardStateVoid)
	return nil
}

func (c *checker) report() ImportReport {
	r := ImportReport{Good: c.good, Groups: []ImportGroup{}}
	for price, g := range c.groups {
		g.Shapes = c.shapes[price].list()
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b ImportGroup) int { return int(a.Price - b.Price) })
	r.Shortest, r.Longest, r.Bits = c.shape.shortest, c.shape.longest, c.shape.bits()
	return r
}
