package tableimport

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// profile describes the cells of a column.
type profile struct {
	kind   look
	length int // length of nearly all values, in characters; 0: lengths differ
	values []string
}

type look uint8

const (
	looksBlank look = iota
	looksNumber
	looksDate
	looksToken // letters and digits in one piece
	looksWord
	looksPhrase // words with digits
)

func kindOf(cell string) look {
	if cell == "" || isPlaceholder(cell) || isSheetError(cell) || isScientific(cell) {
		return looksBlank
	}
	text := codeText(cell)
	letters, digits, spaces := 0, 0, 0
	for i := range len(text) {
		switch class := classTable[text[i]]; class {
		case digit:
			digits++
		case upper, lower, beyond:
			letters++
		case space:
			spaces++
		}
	}
	switch {
	case digits == 0:
		return looksWord
	case len(text) >= 6 && len(text) <= 40 && !isDigits(text) && readDate(text).ok:
		return looksDate
	case letters == 0:
		return looksNumber
	case readAmount(text, "", false).reason != ReasonAmount:
		return looksNumber
	case spaces > 0:
		return looksPhrase
	}
	return looksToken
}

// profileBelow profiles a column of the rows after another row.
func profileBelow(rows []sampleRow, column int) profile {
	var counts [looksPhrase + 1]int
	lengths := map[int]int{}
	var p profile
	n := 0
	for i := range rows {
		row := &rows[i]
		if row.comment || column >= len(row.cells) {
			continue
		}
		cell := row.cells[column]
		kind := kindOf(cell)
		if kind == looksBlank {
			continue
		}
		if n++; n > 50 {
			break
		}
		counts[kind]++
		lengths[utf8.RuneCountInString(cell)]++
		p.values = append(p.values, cell)
	}
	for kind, count := range counts {
		if count*2 > len(p.values) {
			p.kind = look(kind)
		}
	}
	for length, count := range lengths {
		if count*10 >= len(p.values)*8 {
			p.length = length
		}
	}
	return p
}

type fitness uint8

const (
	neutral fitness = iota
	fit
	misfit
)

// compare reports whether a cell fits the profile of its column.
func compare(cell string, p profile) fitness {
	kind, length := kindOf(cell), utf8.RuneCountInString(cell)
	if kind == looksBlank || p.kind == looksBlank {
		return neutral
	}
	word := kind == looksWord || kind == looksPhrase
	switch p.kind {
	case looksNumber, looksDate:
		if kind == p.kind {
			return fit
		}
		if word {
			return misfit
		}
	case looksToken:
		switch {
		case kind == looksToken && (p.length == 0 || p.length == length):
			return fit
		case word && (p.length == 0 || p.length != length || strings.Contains(cell, " ")):
			return misfit
		}
	case looksWord:
		if slices.Contains(p.values, cell) {
			return fit
		}
		if p.length >= 5 && len(p.values) >= 2 {
			if p.length == length && !strings.Contains(cell, " ") {
				return fit
			}
			return misfit
		}
	case looksPhrase:
		if kind == looksPhrase {
			return fit
		}
	case looksBlank:
	}
	return neutral
}
