package pdf

import (
	"slices"

	order "github.com/go-text/typesetting/bidi"
	"golang.org/x/text/unicode/bidi"
)

// stretch is a part of a line that runs in one direction.
type stretch struct {
	from, to int // of the line's characters
	level    int // of the Unicode Bidirectional Algorithm: odd runs right to left
}

// RightToLeft reports whether text begins, with its first letter that has a
// direction, in a script that runs right to left.
func RightToLeft(text string) bool {
	for _, r := range text {
		if c := class(r); c == bidi.L || c == bidi.R || c == bidi.AL {
			return c != bidi.L
		}
	}
	return false
}

func class(r rune) bidi.Class {
	p, _ := bidi.LookupRune(r)
	return p.Class()
}

// visual returns the stretches of a line from left to right. The paragraph is only
// memory that is used again.
func visual(paragraph *order.Paragraph, text []rune) []stretch {
	runs := paragraph.Segment(text, order.Neutral) // the first letter decides, left to right if there is none
	base := 0
	if RightToLeft(string(text)) {
		base = 1
	}
	var all []stretch
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		s := stretch{r.Start, r.End, int(r.Level)}
		if base == 1 || s.level%2 == 1 {
			all = append(all, s)
			continue
		}
		all = append(all, splitNumbers(text, s, i+1 < runs.NumRuns())...)
	}
	highest := 0
	for _, s := range all {
		highest = max(highest, s.level)
	}
	// Rule L2: from the highest level down, whatever stands at it or above is turned.
	for level := highest; level > 0; level-- {
		for i := 0; i < len(all); i++ {
			end := i
			for end < len(all) && all[end].level >= level {
				end++
			}
			slices.Reverse(all[i:end])
			i = max(i, end-1)
		}
	}
	return all
}

// splitNumbers parts a left-to-right stretch of a left-to-right line where numbers
// belong to right-to-left words beside them: they are at level 2, and the library
// tells apart only odd and even.
func splitNumbers(text []rune, s stretch, more bool) (parts []stretch) {
	rest := s
	if s.level == 2 {
		end := numberEnd(text, s.from, s.to)
		parts = append(parts, stretch{s.from, end, 2})
		rest = stretch{end, s.to, 0}
	}
	last := rest.to
	for more && last > rest.from && class(text[last-1]) == bidi.AN {
		last--
	}
	for _, p := range []stretch{{rest.from, last, rest.level}, {last, rest.to, 2}} {
		if p.from < p.to {
			parts = append(parts, p)
		}
	}
	return parts
}

// numberEnd returns where a number ends that begins at from: digits, their signs and
// units, and separators between digits.
func numberEnd(text []rune, from, to int) int {
	end := from
	for i := from; i < to; i++ {
		switch class(text[i]) {
		case bidi.EN, bidi.AN, bidi.ET, bidi.BN, bidi.NSM:
			end = i + 1
		case bidi.ES, bidi.CS:
		default:
			return end
		}
		if end < i {
			return end // two separators
		}
	}
	return end
}
