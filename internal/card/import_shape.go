package card

import (
	"math"
	"strings"
)

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
