package tableimport

import (
	"hash/maphash"
	"slices"
	"strings"

	"refill/internal/importfile"
)

// Limits of what is kept of a column.
const (
	MaxWords    = 100  // different values; above it there is no list of words
	firstRows   = 5    // rows of a kind whose numbers are kept
	hashedRows  = 4096 // values that are compared for equality
	maxCached   = 256  // cached readings
	giveUpAfter = 500  // values without a date or amount, after which dates or amounts are no longer looked for
)

// columnStats collects the statistics of a column in bounded memory.
type columnStats struct {
	filled, empty, errors, scientific int64

	words    map[string]*wordStats // nil: more than MaxWords
	hashes   map[uint64]struct{}
	hashed   int
	tokens   int64 // values of 5 symbols or more without a space
	running  int64 // numbers that are one more than the number in the row before
	before   int64
	decimals int64 // amounts with decimals or a currency
	denials  int64 // words such as no and unused

	shapes  shapes
	dates   dateStats
	amounts amountStats
}

func newColumnStats() *columnStats {
	return &columnStats{
		words: map[string]*wordStats{}, hashes: map[uint64]struct{}{}, before: -2,
		shapes: shapes{byKey: map[shapeKey]*shapeCount{}},
		dates:  dateStats{memo: map[string]dateReading{}, can: orderDMY | orderMDY | orderYMD}, amounts: amountStats{memo: map[string]amountReading{}},
	}
}

var seed = maphash.MakeSeed() //nolint:gochecknoglobals // constant within a process, and no result depends on it

// wordStats is the statistics of one value.
type wordStats struct {
	n                            int64
	empty, bad, scientific, word bool
	denies                       bool
}

// add counts a cell.
func (c *columnStats) add(row int32, text string, kind importfile.CellKind, currency string) {
	if text == "" {
		c.empty++
		return
	}
	w := c.words[text]
	if w == nil {
		w = &wordStats{empty: isPlaceholder(text), bad: kind == importfile.CellError || isSheetError(text), scientific: isScientific(text)}
		w.word = mayNameTotal(text) && isWord(text)
		w.denies = (mayNameTotal(text) || text[0] == '0' || text[0] >= 0x80) && meansNo(text)
		if c.words != nil && !w.empty && !w.bad {
			if len(c.words) < MaxWords {
				c.words[text] = w
			} else {
				c.words = nil
			}
		}
	}
	w.n++
	if w.empty {
		c.empty++
		return
	}
	c.filled++
	if w.bad {
		c.errors++
		return
	}
	if w.denies {
		c.denials++
	}
	if c.hashed < hashedRows {
		c.hashed++
		c.hashes[maphash.String(seed, text)] = struct{}{}
	}
	if w.scientific {
		c.scientific++
		return
	}
	code := codeText(text)
	if code == "" {
		return
	}
	letters, digits := false, false
	for i := range len(code) {
		class := classTable[code[i]]
		letters = letters || class&(letter|beyond) != 0
		digits = digits || class == digit
	}
	if len(code) >= 5 && strings.IndexByte(code, ' ') < 0 && strings.IndexByte(code, '@') < 0 {
		c.tokens++
	}
	if (digits || !w.word) && !isMasked(code) && !isWrittenNumber(code) {
		c.shapes.add(row, code)
	}
	if !digits {
		if c.dates.wanted() {
			c.dates.add(text)
		}
		c.amounts.bad++
		return
	}
	if !letters && len(code) <= 7 {
		if n := int64(number(code)); n == c.before+1 {
			c.running++
			c.before = n
		} else {
			c.before = n
		}
	}
	if c.dates.wanted() {
		c.dates.add(text)
	}
	if c.amounts.wanted() {
		if c.amounts.add(text, currency, kind == importfile.CellNumber) && !isDigits(text) {
			c.decimals++
		}
	}
}

// mayBeCode reports whether the values may be codes: single tokens that differ from row to
// row and are neither dates, nor amounts, nor running numbers.
func (c *columnStats) mayBeCode() bool {
	plain := c.filled - c.errors - c.scientific
	if plain <= 0 {
		return c.scientific > 0
	}
	differ := len(c.hashes)*10 >= c.hashed*9
	return differ && c.tokens*10 >= plain*7 &&
		(c.dates.good+c.dates.none)*10 < plain*8 && c.decimals*10 < plain*8 && (plain < 3 || c.running*10 < (plain-1)*8)
}

// amountStats collects the values of a column, read as amounts.
type amountStats struct {
	good, bad               int64
	points, commas, depends int64 // amounts only with a point, only with a comma, with either
	other                   string
	memo                    map[string]amountReading
}

func (a *amountStats) wanted() bool { return a.good+a.bad < giveUpAfter || a.good*10 >= a.bad }

func (a *amountStats) add(text, currency string, exact bool) bool {
	if len(text) <= 15 && isDigits(text) {
		a.good++
		return true
	}
	reading, ok := a.memo[text]
	if !ok || exact {
		reading = readAmount(text, currency, exact)
		if len(a.memo) < maxCached && !exact {
			a.memo[text] = reading
		}
	}
	if reading.reason == ReasonCurrency && a.other == "" {
		a.other = reading.currency
	}
	if reading.reason != "" {
		a.bad++
		return false
	}
	a.good++
	switch {
	case !reading.depends():
	case reading.pointOK && reading.comma:
		a.depends++
	case reading.pointOK:
		a.points++
	default:
		a.commas++
	}
	return true
}

func (a *amountStats) evidence() AmountEvidence {
	e := AmountEvidence{Good: a.good, Bad: a.bad, Currency: a.other}
	switch {
	case a.points > 0 && a.commas == 0:
		e.Decimal = Point
	case a.commas > 0 && a.points == 0:
		e.Decimal = Comma
	case a.depends > 0:
		e.Decimal = DecimalOpen
	case a.points > 0:
		e.Decimal = Each
	}
	return e
}

// dateStats collects the values of a column, read as dates.
type dateStats struct {
	good, none, bad int64
	can             orders // orders in which every value is a date
	depends         bool
	contradict      bool // no order fits all values
	memo            map[string]dateReading
}

func (d *dateStats) wanted() bool {
	return d.good+d.none+d.bad < giveUpAfter || (d.good+d.none)*10 >= d.bad
}

func (d *dateStats) add(text string) {
	reading, ok := d.memo[text]
	if !ok {
		reading = readDate(text)
		if len(d.memo) < maxCached {
			d.memo[text] = reading
		}
	}
	switch {
	case !reading.ok:
		d.bad++
		return
	case reading.none:
		d.none++
		return
	}
	d.good++
	if reading.can == 0 {
		return
	}
	d.can &= reading.can
	d.contradict = d.contradict || d.can == 0
	d.depends = d.depends || reading.depends()
}

func (d *dateStats) evidence() DateEvidence {
	e := DateEvidence{Good: d.good, None: d.none, Bad: d.bad}
	switch {
	case d.contradict:
		e.Order = OrderOpen
	case d.can.order() != "":
		e.Order = d.can.order()
	case d.depends:
		e.Order = OrderOpen
	}
	return e
}

// column returns the summary of the column.
func (c *columnStats) column() Column {
	column := Column{
		Filled: c.filled, Empty: c.empty, Errors: c.errors, Scientific: c.scientific, Denials: c.denials, MayBeCode: c.mayBeCode(), Distinct: MaxWords + 1,
		Dates: c.dates.evidence(), Amounts: c.amounts.evidence(), Shapes: c.shapes.judge(), Skeleton: c.shapes.skeleton, Tails: c.shapes.tailsLost(),
	}
	if c.words != nil {
		column.Distinct = len(c.words)
		column.Words = wordList(c.words, column.MayBeCode)
	}
	return column
}

// HiddenWord is the common key of the words of a status that may be codes or consist of
// signs only. No word has this key.
const HiddenWord = "(hidden)"

// hidesWord reports whether a word of a status has the key HiddenWord. Mask says that its
// column may hold codes.
func hidesWord(text string, mask bool) bool {
	return WordKey(text) == "" || (mask || looksLikeCode(text)) && !isWord(text)
}

// wordList merges words that differ only in case, accents and signs.
func wordList(counts map[string]*wordStats, mask bool) []Word {
	byKey := map[string]*Word{}
	for text, stats := range counts {
		key := WordKey(text)
		if hidesWord(text, mask) {
			key = HiddenWord // it may be a code, and codes are never stored
		}
		w := byKey[key]
		if w == nil {
			w = &Word{Key: key, Shown: cut(text)}
			if key == HiddenWord {
				w.Shown = hidden
			}
			byKey[key] = w
		} else if key != HiddenWord && text < w.Shown {
			w.Shown = cut(text) // the same spelling in each run
		}
		w.N += stats.n
	}
	list := make([]Word, 0, len(byKey))
	for _, w := range byKey {
		list = append(list, *w)
	}
	slices.SortFunc(list, func(a, b Word) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Key, b.Key)
	})
	return list
}
