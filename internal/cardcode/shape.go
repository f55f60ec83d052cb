package cardcode

import (
	"math"
	"slices"
	"strings"
)

// Shape is what imported codes of one length look like, as they can be typed: in any
// case. It tells how hard one is to guess.
type Shape struct {
	Kind    ReadingKind `json:"kind"` // folded, or short_folded for short codes
	Length  int         `json:"length"`
	Classes uint8       `json:"classes"`
	Cards   int32       `json:"cards"`
	Bits    float64     `json:"bits"`
}

// Classes of symbols, since a code is found in any case.
const (
	classDigit = 1 << iota
	classLetter
	ClassOther
)

// classSizes is how many symbols the classes have: digits, letters of one case, and
// the rest of ASCII.
var classSizes = [...]int{10, 26, 33} //nolint:gochecknoglobals // a constant, were arrays allowed to be

func classOf(r rune) uint8 {
	switch {
	case r >= '0' && r <= '9':
		return classDigit
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return classLetter
	}
	return ClassOther
}

// ClassesOf returns the classes of all symbols of an imported code, its signs left out.
func ClassesOf(code Code) (classes uint8) {
	for _, r := range code.Bare().Indexed()[len(ImportedMark):] {
		classes |= classOf(r)
	}
	return classes
}

// SymbolsOf reports whether codes of some classes have digits and letters.
func SymbolsOf(classes uint8) (digits, letters bool) {
	return classes&classDigit != 0, classes&classLetter != 0
}

// Shapes gathers what the codes of a file look like, by kind and length.
type Shapes map[shapeKey]*CodeShape

type shapeKey struct {
	kind   ReadingKind
	length int
}

// Add counts a card. Its code is one that another system made; short is the zero
// Code where the card has none.
func (s Shapes) Add(code, short Code, void bool) {
	s.addKind(ReadingKindFolded, code, void)
	if !short.IsZero() {
		s.addKind(ReadingKindShortFolded, short, void)
	}
}

func (s Shapes) addKind(kind ReadingKind, code Code, void bool) {
	if !code.IsImported() {
		return // of our own format: no shorter than those are
	}
	key := shapeKey{kind, code.Length()}
	if s[key] == nil {
		s[key] = &CodeShape{}
	}
	s[key].Add(code)
	if !void {
		s[key].cards++
	}
}

// List returns the shapes, shortest codes first.
func (s Shapes) List() []Shape {
	var all []Shape
	for key, shape := range s {
		all = append(all, Shape{key.kind, key.length, shape.all(), shape.cards, shape.Bits()})
	}
	slices.SortFunc(all, func(a, b Shape) int {
		if a.Length != b.Length {
			return a.Length - b.Length
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	return all
}

// CodeShape gathers what foreign codes look like, to estimate how hard one is to
// guess. What all begin with is no secret, and nor is the case of a letter: codes
// are found in any.
type CodeShape struct {
	n                 int
	cards             int32 // that may hold value
	Shortest, Longest int
	common            string
	classes           [MaxImported]uint8 // by place from the end
}

// Add counts a code.
func (s *CodeShape) Add(code Code) {
	symbols := []rune(folded(code.Bare().Indexed()[len(ImportedMark):]))
	n := len(symbols)
	if s.n == 0 {
		s.Shortest, s.common = n, string(symbols)
		if dash := strings.LastIndexByte(code.symbols, '-'); dash > 0 { // the part before the last dash belongs to one card alone
			s.common = folded(Code{code.symbols[:dash]}.Bare().Indexed()[len(ImportedMark):])
		}
	}
	s.n++
	s.Shortest, s.Longest = min(s.Shortest, n), max(s.Longest, n)
	text := string(symbols)
	for !strings.HasPrefix(text, s.common) {
		runes := []rune(s.common)
		s.common = string(runes[:len(runes)-1])
	}
	for i, r := range symbols {
		s.classes[n-1-i] |= classOf(r)
	}
}

// all are the classes of any symbol.
func (s *CodeShape) all() (classes uint8) {
	for _, c := range s.classes {
		classes |= c
	}
	return classes
}

// Bits returns the base-2 logarithm of the number of possible codes.
func (s *CodeShape) Bits() float64 {
	if s.n == 0 {
		return 0
	}
	common := len([]rune(s.common))
	if common >= s.Shortest {
		common = 0
	}
	free := s.Shortest - common
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
