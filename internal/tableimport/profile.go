package tableimport

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// profile is what the cells of a column look like.
type profile struct {
	kind   look
	length int // that nearly all have; 0: they differ
	values []string
}

type look uint8

const (
	blank look = iota
	aNumber
	aDate
	aToken // letters and digits in one piece
	aWord
	aPhrase // words with digits
)

func lookOf(cell string) look {
	if cell == "" || isPlaceholder(cell) || isSheetError(cell) || isScientific(cell) {
		return blank
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
		return aWord
	case len(text) >= 6 && len(text) <= 40 && !isDigits(text) && readDate(text).ok:
		return aDate
	case letters == 0:
		return aNumber
	case readAmount(text, "", false).reason != ReasonAmount:
		return aNumber
	case spaces > 0:
		return aPhrase
	}
	return aToken
}

// below profiles a column of the rows behind another.
func below(rows []sampleRow, column int) profile {
	var counts [aPhrase + 1]int
	lengths := map[int]int{}
	var p profile
	n := 0
	for i := range rows {
		row := &rows[i]
		if row.comment || column >= len(row.cells) {
			continue
		}
		cell := row.cells[column]
		kind := lookOf(cell)
		if kind == blank {
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

// compare says whether a cell is one of a column.
func compare(cell string, p profile) fitness {
	kind, length := lookOf(cell), utf8.RuneCountInString(cell)
	if kind == blank || p.kind == blank {
		return neutral
	}
	word := kind == aWord || kind == aPhrase
	switch p.kind {
	case aNumber, aDate:
		if kind == p.kind {
			return fit
		}
		if word {
			return misfit
		}
	case aToken:
		switch {
		case kind == aToken && (p.length == 0 || p.length == length):
			return fit
		case word && (p.length == 0 || p.length != length || strings.Contains(cell, " ")):
			return misfit
		}
	case aWord:
		if slices.Contains(p.values, cell) {
			return fit
		}
		if p.length >= 5 && len(p.values) >= 2 {
			if p.length == length && !strings.Contains(cell, " ") {
				return fit
			}
			return misfit
		}
	case aPhrase:
		if kind == aPhrase {
			return fit
		}
	case blank:
	}
	return neutral
}
