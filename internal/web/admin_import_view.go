package web

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/importfile"
)

func importURL(id int64) string { return fmt.Sprintf("%s/%d", sectionImport, id) }

// importBadge says where an import stands.
func importBadge(state db.ImportState) badge {
	switch state {
	case db.ImportStateUploaded:
		return badge{"Uploaded", toneIdle}
	case db.ImportStateChecking:
		return badge{"Checking", toneBusy}
	case db.ImportStateChecked:
		return badge{"To be confirmed", toneWarn}
	case db.ImportStateRunning:
		return badge{"Importing", toneBusy}
	case db.ImportStateDone:
		return badge{"Done", toneGood}
	case db.ImportStateCancelled:
		return badge{"Cancelled", toneIdle}
	case db.ImportStateFailed:
		return badge{"Stopped", toneBad}
	case db.ImportStateExpired:
		return badge{"Expired", toneIdle}
	}
	return badge{string(state), toneIdle}
}

// previewRows is how many rows the page shows.
const previewRows = 6

// preview reads the first rows of a file and hides whatever could be a code: all
// but headings that we know, amounts, dates, and words for a status.
func preview(rows importfile.Rows) (card.ImportPreview, error) {
	p := card.ImportPreview{Rows: [][]string{}, Columns: []string{}}
	for len(p.Rows) < previewRows {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, err
		}
		cells := slices.Clone(row.Cells)
		for len(p.Columns) < len(cells) {
			p.Columns = append(p.Columns, "")
		}
		if len(p.Rows) == 0 {
			for i, heading := range cells {
				if column := card.GuessColumn(heading); column != "" && !slices.Contains(p.Columns, column) {
					p.Columns[i], p.Headings = column, true
				}
			}
		}
		for i, cell := range cells {
			if len(p.Rows) > 0 || !p.Headings || !headingForm.MatchString(cell) {
				cells[i] = veiled(cell, p.Columns[i])
			}
		}
		p.Rows = append(p.Rows, cells)
	}
	if len(p.Rows) == 0 {
		return p, importfile.ErrEmpty
	}
	return p, nil
}

var (
	headingForm = regexp.MustCompile(`^[\p{L} _./-]{1,30}$`)
	dateLike    = regexp.MustCompile(`^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].{0,20})?$`)
	amountLike  = regexp.MustCompile(`^[A-Z€$£]{0,3} ?\d{1,7}([.,]\d{1,4})? ?[A-Z€$£]{0,3}$`)
	wordLike    = regexp.MustCompile(`^[A-Za-z ]{1,12}$`)
	serialLike  = regexp.MustCompile(`^\d{1,9}$`)
)

// veiled hides a cell unless its column is known and it looks the part.
func veiled(cell, column string) string {
	plain := cell == ""
	switch column {
	case card.ColumnSerial:
		plain = plain || serialLike.MatchString(cell)
	case card.ColumnPrice:
		plain = plain || amountLike.MatchString(cell)
	case card.ColumnValidTill:
		plain = plain || dateLike.MatchString(cell)
	case card.ColumnStatus, card.ColumnCurrency:
		plain = plain || wordLike.MatchString(cell)
	}
	if plain {
		return cell
	}
	runes := []rune(cell)
	if len(runes) < 12 {
		return "••••"
	}
	return "••••" + strings.ReplaceAll(string(runes[len(runes)-4:]), " ", "")
}
