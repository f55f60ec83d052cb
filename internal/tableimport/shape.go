package tableimport

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The classes of symbols in a code.
const (
	digit uint8 = 1 << iota
	upper
	lower
	hyphen
	space
	sign   // another ASCII sign
	beyond // not ASCII
)

const letter = upper | lower

// maxSymbols is the longest length of a code that is distinguished; longer codes share one
// shape.
const maxSymbols = 80

// maxShapes is the number of shapes of a column that are kept. Codes of further shapes are
// outliers.
const maxShapes = 512

// shapeKey identifies a shape: the number of symbols of a code, their classes, and whether
// the code follows the common pattern.
type shapeKey struct {
	symbols uint8 // without hyphens and spaces
	classes uint8
	off     bool // the code does not follow the pattern
}

// String returns the key in its stored form, such as "10DU" or "10DU*".
func (k shapeKey) String() string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(k.symbols)))
	for i, c := range "DULHSPX" {
		if k.classes&(1<<i) != 0 {
			b.WriteRune(c)
		}
	}
	if k.off {
		b.WriteByte('*')
	}
	return b.String()
}

// words returns the shape as text for staff.
func (k shapeKey) words() string {
	var parts []string
	for i, word := range []string{"digits", "capital letters", "small letters", "hyphens", "spaces", "other signs", "other letters"} {
		if k.classes&(1<<i) != 0 {
			parts = append(parts, word)
		}
	}
	text := strconv.Itoa(int(k.symbols)) + " symbols"
	if k.symbols == maxSymbols {
		text += " or more"
	}
	text += ": " + strings.Join(parts, ", ")
	if k.off {
		text += ", in another pattern"
	}
	return text
}

// classTable is the class of each byte.
var classTable = func() (table [256]uint8) { //nolint:gochecknoglobals // a table
	for c := range table {
		switch {
		case c >= '0' && c <= '9':
			table[c] = digit
		case c >= 'A' && c <= 'Z':
			table[c] = upper
		case c >= 'a' && c <= 'z':
			table[c] = lower
		case c == '-':
			table[c] = hyphen
		case c == ' ':
			table[c] = space
		case c >= 0x80:
			table[c] = beyond
		default:
			table[c] = sign
		}
	}
	return table
}()

// shapeOf returns the shape of a code, and the number of its symbols in each class. pattern
// is the skeleton to compare with; empty: none.
func shapeOf(text, pattern string) (k shapeKey, counts [7]int) {
	n := 0
	follows := len(pattern) == len(text)
	for i := range len(text) {
		class := classTable[text[i]]
		if class == beyond && text[i]&0xc0 == 0x80 { // within a symbol
			continue
		}
		k.classes |= class
		switch class {
		case digit:
			counts[0]++
		case upper:
			counts[1]++
		case lower:
			counts[2]++
		}
		if class != hyphen && class != space {
			n++
		}
		if follows && pattern[i] != skeletonSign(text[i], class) {
			follows = false
		}
	}
	k.symbols = uint8(min(n, maxSymbols))
	k.off = pattern != "" && !follows
	return k, counts
}

// skeletonSign returns the symbol of a byte in a skeleton: 0 for a digit, A for a letter,
// otherwise the byte itself.
func skeletonSign(b byte, class uint8) byte {
	switch class {
	case digit:
		return '0'
	case upper, lower:
		return 'A'
	}
	return b
}

// skeleton returns the pattern of a code.
func skeleton(text string) string {
	b := []byte(text)
	for i := range b {
		b[i] = skeletonSign(b[i], classTable[b[i]])
	}
	return string(b)
}

// commonSkeleton returns the pattern of at least three quarters of some codes, where it
// mixes digits, letters or signs; empty: there is none.
func commonSkeleton(codes []string) string {
	counts := map[string]int{}
	for _, code := range codes {
		if plainASCII(code) {
			counts[skeleton(code)]++
		}
	}
	for pattern, n := range counts {
		mixed := strings.Trim(pattern, "0") != "" && strings.Trim(pattern, "A") != ""
		if mixed && len(codes) >= 4 && n*4 >= len(codes)*3 {
			return pattern
		}
	}
	return ""
}

// shapeCount counts the codes of one shape in a column.
type shapeCount struct {
	key    shapeKey
	n      int64
	zeros  int64 // codes that begin with 0
	rows   []int32
	sample string // masked
}

// shapes counts the codes of a column by shape.
type shapes struct {
	skeleton string
	byKey    map[shapeKey]*shapeCount
	last     *shapeCount
	classes  [3]int64 // symbols: digits, capitals, small letters
	others   int64    // codes of shapes that are not kept
	long     int64    // codes of 16 and more digits
	tails    int64    // of long: codes with only zeros after the fifteenth digit
}

func (s *shapes) add(row int32, text string) {
	key, counts := shapeOf(text, s.skeleton)
	for i := range s.classes {
		s.classes[i] += int64(counts[i])
	}
	c := s.last
	if c == nil || c.key != key {
		if c = s.byKey[key]; c == nil {
			if len(s.byKey) == maxShapes {
				s.others++
				return
			}
			c = &shapeCount{key: key, sample: Mask(text)}
			s.byKey[key] = c
		}
		s.last = c
	}
	c.n++
	if len(c.rows) < firstRows {
		c.rows = append(c.rows, row)
	}
	if text[0] == '0' {
		c.zeros++
	}
	if key.classes == digit && len(text) >= 16 {
		s.long++
		if strings.Trim(text[15:], "0") == "" {
			s.tails++
		}
	}
}

// tailsLost reports whether a spreadsheet has replaced the digits after the fifteenth by
// zeros. Of codes of 16 digits, one in ten ends in zero by chance.
func (s *shapes) tailsLost() bool { return s.tails > 0 && s.tails*10 >= s.long*6 }

// judge separates the regular shapes from the outliers. A valid code among the outliers
// costs a person a tick; a wrong value that becomes a card is money. Therefore each test
// prefers the outlier, except for differences that arise by chance between codes of one
// kind.
func (s *shapes) judge() []Shape {
	j := judgement{all: make([]*shapeCount, 0, len(s.byKey)), symbols: s.classes}
	for _, c := range s.byKey {
		j.all = append(j.all, c)
		j.n += c.n
	}
	slices.SortFunc(j.all, func(a, b *shapeCount) int {
		if a.n != b.n {
			return int(b.n - a.n)
		}
		return strings.Compare(a.key.String(), b.key.String())
	})
	j.measure()
	list := make([]Shape, 0, len(j.all))
	for _, c := range j.all {
		reason := j.reason(c)
		list = append(list, Shape{
			Key: c.key.String(), Words: c.key.words(), N: c.n, Regular: reason == "", Reason: reason, Rows: c.rows, Sample: c.sample,
		})
	}
	return list
}

// judgement is the statistics by which the shapes of a column are compared.
type judgement struct {
	all     []*shapeCount
	n       int64    // codes
	symbols [3]int64 // digits, capitals, small letters

	of      [7]int64              // codes with a symbol of each class
	letters int64                 // codes with letters
	on      int64                 // codes that follow the pattern
	lengths [maxSymbols + 1]int64 // codes by length
	length  int                   // the most frequent length
	zeros   int64                 // codes of the most frequent length that begin with 0
	digits  bool                  // more than half of the codes are digits only
}

func (j *judgement) measure() {
	var digitsAlone int64
	for _, c := range j.all {
		for i := range j.of {
			if c.key.classes&(1<<i) != 0 {
				j.of[i] += c.n
			}
		}
		if c.key.classes&letter != 0 {
			j.letters += c.n
		}
		if !c.key.off {
			j.on += c.n
		}
		if c.key.classes&^(hyphen|space) == digit {
			digitsAlone += c.n
		}
		j.lengths[c.key.symbols] += c.n
	}
	for length, n := range j.lengths {
		if n > 0 && n >= j.lengths[j.length] { // of two equally frequent lengths the longer: codes of the shorter one have lost zeros
			j.length = length
		}
	}
	for _, c := range j.all {
		if int(c.key.symbols) == j.length {
			j.zeros += c.zeros
		}
	}
	j.digits = digitsAlone*2 > j.n
}

// rare reports whether n codes are too few to count as regular.
func (j *judgement) rare(n int64) bool {
	return n < j.n && (n == 1 && j.n >= 3 || n*5 < j.n)
}

// reason returns why the codes of a shape are outliers; empty: they are regular.
func (j *judgement) reason(c *shapeCount) Reason {
	has := func(class uint8) bool { return c.key.classes&class != 0 }
	if has(letter|beyond) && has(space) && !has(digit) && j.of[4]*2 <= j.n+1 {
		return ReasonWord // "Spring campaign" among codes, or alone
	}
	for i, class := range []uint8{hyphen, space, sign, beyond} {
		n := j.of[i+3]
		if has(class) && (j.rare(n) || n == 1 && j.n == 2 || class != hyphen && n*3 < j.n) || !has(class) && j.rare(j.n-n) {
			return ReasonShape
		}
	}
	if has(digit) && j.rare(j.of[0]) || has(letter) && j.rare(j.letters) {
		return ReasonShape
	}
	if has(upper) && j.rare(j.of[1]) || has(lower) && j.rare(j.of[2]) {
		return ReasonShape
	}
	if j.lacks(c, digit, j.symbols[0], j.of[0]) || j.lacks(c, letter, j.symbols[1]+j.symbols[2], j.letters) ||
		j.n >= 5 && (j.lacks(c, upper, j.symbols[1], j.of[1]) || j.lacks(c, lower, j.symbols[2], j.of[2])) {
		return ReasonShape
	}
	if reason := j.oddLength(int(c.key.symbols)); reason != "" {
		return reason
	}
	if c.key.off && j.rare(j.n-j.on) {
		return ReasonShape
	}
	return ""
}

// lacks reports whether the codes of a shape have no symbol of a class although this is
// improbable: given the share of the class among all symbols, fewer than 0.05 such codes
// are expected.
func (j *judgement) lacks(c *shapeCount, class uint8, symbols, codes int64) bool {
	all := j.symbols[0] + j.symbols[1] + j.symbols[2]
	if c.key.classes&class != 0 || all == 0 || !j.rare(j.n-codes) && (j.n != 2 || class != digit) {
		return false
	}
	share := float64(symbols) / float64(all)
	return float64(j.n)*math.Pow(1-share, float64(c.key.symbols)) < 0.05
}

// oddLength returns why a length is an outlier; empty: it is regular.
func (j *judgement) oddLength(n int) Reason {
	have, most := j.lengths[n], j.lengths[j.length]
	if n == j.length {
		return ""
	}
	if j.digits {
		if j.n == 1 || have >= 2 && have*3 >= most && (n > j.length || j.zeros > 0 || have*2 >= most) {
			return ""
		}
		if n < j.length && j.zeros == 0 {
			return ReasonLostZeros
		}
		return ReasonShape
	}
	switch {
	case j.n < 3:
		return ""
	case j.n < 5:
		if have == most || n >= j.length-2 && n <= j.length+2 {
			return ""
		}
	case most*10 < j.n*4: // lengths vary, as those of names
		if n*2 >= j.length && n <= j.length*2 {
			return ""
		}
	case have >= 2 && have*5 >= j.n:
		return ""
	}
	return ReasonShape
}

// codeText returns a code for the comparison of shapes: with ASCII digits, without
// invisible marks, and without quotation marks around it.
func codeText(text string) string {
	text = unquote(Digits(text))
	if plainASCII(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
}
