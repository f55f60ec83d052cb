package pdf

import (
	"slices"

	order "github.com/go-text/typesetting/bidi"
	"golang.org/x/text/unicode/bidi"
)

// bidiRun is a part of a line with one direction.
type bidiRun struct {
	from, to int // indexes into the characters of the line
	level    int // embedding level of the Unicode Bidirectional Algorithm: odd levels run right to left
}

// RightToLeft reports whether the first letter of a text with a direction belongs to a
// right-to-left script.
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

// visualRuns returns the runs of a line in visual order, from left to right. paragraph is
// memory to reuse.
func visualRuns(paragraph *order.Paragraph, text []rune) []bidiRun {
	runs := paragraph.Segment(text, order.Neutral) // the first letter decides; left to right where there is none
	base := 0
	if RightToLeft(string(text)) {
		base = 1
	}
	var all []bidiRun
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		s := bidiRun{r.Start, r.End, int(r.Level)}
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
	// Rule L2 of UAX 9: from the highest level down, every run at that level or above is
	// reversed.
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

// splitNumbers splits a left-to-right run in a left-to-right line where numbers belong to
// right-to-left words beside them. Such numbers have level 2, but the library distinguishes
// only odd and even levels.
func splitNumbers(text []rune, s bidiRun, more bool) (parts []bidiRun) {
	rest := s
	if s.level == 2 {
		end := numberEnd(text, s.from, s.to)
		parts = append(parts, bidiRun{s.from, end, 2})
		rest = bidiRun{end, s.to, 0}
	}
	last := rest.to
	for more && last > rest.from && class(text[last-1]) == bidi.AN {
		last--
	}
	for _, p := range []bidiRun{{rest.from, last, rest.level}, {last, rest.to, 2}} {
		if p.from < p.to {
			parts = append(parts, p)
		}
	}
	return parts
}

// numberEnd returns the end of the number that begins at from: digits, their signs and
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
