package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
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
	Price     int64  `json:"price"`
	Cards     int32  `json:"cards"`
	Disabled  int32  `json:"disabled"`
	Void      int32  `json:"void"`
	ValidTill string `json:"valid_till"` // the latest
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
	c := &checker{s: s, imp: imp, seen: map[[indexLength]byte]struct{}{}, groups: map[int64]*ImportGroup{}}
	if c.plan, _, err = readImport(imp); err != nil {
		return err
	}
	if c.today, err = s.q.SeriesToday(ctx, s.db, c.plan.TimeZone); err != nil {
		return fmt.Errorf("ask for today: %w", err)
	}
	if c.index, err = s.keys.indexer(s.keys.CurrentIndex()); err != nil {
		return err
	}
	if c.ours, _, err = s.formats(ctx, true); err != nil {
		return err
	}
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
	seen   map[[indexLength]byte]struct{}
	groups map[int64]*ImportGroup
	shape  codeShape
	read   int32 // rows, headings included
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
			if reason == "" {
				var index [indexLength]byte
				c.index.append(index[:0], card.code)
				if _, twice := c.seen[index]; twice {
					reason = reasonDuplicate
				}
				c.seen[index] = struct{}{}
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
		c.groups[card.price] = g
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
	return nil
}

func (c *checker) report() ImportReport {
	r := ImportReport{Good: c.good, Groups: []ImportGroup{}}
	for _, g := range c.groups {
		r.Groups = append(r.Groups, *g)
	}
	slices.SortFunc(r.Groups, func(a, b ImportGroup) int { return int(a.Price - b.Price) })
	r.Shortest, r.Longest, r.Bits = c.shape.shortest, c.shape.longest, c.shape.bits()
	return r
}

// knownCodes tells which cards' codes exist already, under any key set, and as codes of
// ours too, in whatever form a file has those: a card printed once would be two.
func (s *Service) knownCodes(ctx context.Context, dbtx db.DBTX, ours []Format, cards []importedCard) ([]bool, error) {
	if err := s.keysBehind(ctx); err != nil { // a code may be known under a key that is not here yet
		return nil, err
	}
	type reading struct {
		code Code
		row  int
	}
	readings := make([]reading, 0, len(cards))
	for i, card := range cards {
		readings = append(readings, reading{card.code, i})
		if !card.code.isImported() {
			continue
		}
		codes, _ := ParseCode(strings.TrimPrefix(card.code.symbols, importedMark), ours) // none: it is not of ours
		for _, code := range codes {
			readings = append(readings, reading{code, i})
		}
	}
	known := make([]bool, len(cards))
	for keyID := range s.keys.keys.Load().indexes {
		x, err := s.keys.indexer(keyID)
		if err != nil {
			return nil, err
		}
		at := make(map[[indexLength]byte][]int, len(readings))
		indexes := make([][]byte, len(readings))
		for i, r := range readings {
			indexes[i] = x.append(nil, r.code)
			at[[indexLength]byte(indexes[i])] = append(at[[indexLength]byte(indexes[i])], r.row)
		}
		taken, err := s.q.CardFindTaken(ctx, dbtx, indexes)
		if err != nil {
			return nil, fmt.Errorf("look for known codes: %w", err)
		}
		for _, index := range taken {
			for _, row := range at[[indexLength]byte(index)] {
				known[row] = true
			}
		}
	}
	return known, nil
}

// codeShape gathers what foreign codes look like, to estimate how hard one is to
// guess. What all begin with is no secret.
type codeShape struct {
	n                 int
	shortest, longest int
	common            string
	classes           [maxImported]uint8 // by place from the end
}

// The alphabets that a symbol may come from, and their sizes.
var classSizes = [...]int{10, 26, 26, 33} //nolint:gochecknoglobals // digits, capitals, small letters, the rest of ASCII

func classOf(r rune) uint8 {
	switch {
	case r >= '0' && r <= '9':
		return 1
	case r >= 'A' && r <= 'Z':
		return 2
	case r >= 'a' && r <= 'z':
		return 4
	}
	return 8
}

func (s *codeShape) add(code Code) {
	symbols := []rune(code.indexed()[len(importedMark):])
	n := len(symbols)
	if s.n == 0 {
		s.shortest, s.common = n, string(symbols)
		if dash := strings.LastIndexByte(code.symbols, '-'); dash > 0 { // of one card alone, what stands before the last dash
			s.common = strings.ReplaceAll(code.symbols[len(importedMark):dash], "-", "")
		}
	}
	s.n++
	s.shortest, s.longest = min(s.shortest, n), max(s.longest, n)
	text := string(symbols)
	for !strings.HasPrefix(text, s.common) {
		runes := []rune(s.common)
		s.common = string(runes[:len(runes)-1])
	}
	for i, r := range symbols {
		s.classes[n-1-i] |= classOf(r)
	}
}

// bits is the logarithm of how many codes there could be.
func (s *codeShape) bits() float64 {
	if s.n == 0 {
		return 0
	}
	common := len([]rune(s.common))
	if common >= s.shortest {
		common = 0
	}
	free := s.shortest - common
	var classes uint8
	for i := range free {
		classes |= s.classes[i]
	}
	size := 0
	for i, n := range classSizes {
		if classes&(1<<i) != 0 {
			size += n
		}
	}
	return float64(free) * math.Log2(float64(size))
}

// ImportOdds says what importing means for guessers: the chance of one attempt, with
// the cards of the report, and the limits that follow.
func (s *Service) ImportOdds(ctx context.Context, r ImportReport) (chance float64, limits GuessLimits, err error) {
	if limits, err = s.limits(ctx); err != nil {
		return 0, limits, err
	}
	pool, err := s.q.SeriesImported(ctx, s.db)
	if err != nil {
		return 0, limits, fmt.Errorf("look at the imported codes: %w", err)
	}
	chance = pool.Chance
	if r.Longest > 0 {
		chance += float64(r.Good) / math.Exp2(r.Bits)
	}
	return min(chance, 1), limits.Tightened(chance), nil
}
