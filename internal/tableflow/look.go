// Package tableflow owns what imports of cards and of customers have in common: what a
// file was found to hold, the answers of a person about it and their memory, the states
// from the plan to the end, the dry run, and the bounded list of rows that are left out.
// It knows no field by name, and enters neither a card nor a customer.
package tableflow

import (
	"crypto/sha256"
	"io"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// Look is what an uploaded file was found to hold. What may be a code is masked in it.
// Sheets is nil where the file is no workbook.
type Look struct {
	Sheets []string            `json:"sheets,omitempty"`
	Sheet  string              `json:"sheet,omitempty"` // the one that was looked at
	Survey *tableimport.Survey `json:"survey,omitempty"`
}

// LookAt reads a whole file once, in bounded memory, and says what it holds under a
// schema. Sheet names one of a workbook; empty: the first that has rows. What is wrong
// with the file is a fault at the field "file".
func LookAt(file io.ReaderAt, size int64, sheet string, schema tableimport.Schema) (Look, error) {
	table, err := importfile.OpenTable(file, size, importfile.Options{Sheet: sheet})
	if err != nil {
		return Look{}, err
	}
	look := Look{Sheet: table.Sheet()}
	for _, one := range table.Sheets() {
		if !one.Hidden {
			look.Sheets = append(look.Sheets, one.Name)
		}
	}
	look.Survey, err = tableimport.MakeSurvey(table, schema, tableimport.SurveyOptions{})
	if err == nil && len(look.Survey.Preview) == 0 {
		err = importfile.ErrEmpty
	}
	if err == nil && table.Merged() >= look.Survey.Layout.First { // titles and headings may be
		err = importfile.ErrMerged
	}
	return look, err
}

// Shape names files of one shape without keeping what their headings say.
func (l Look) Shape() []byte {
	sum := sha256.Sum256([]byte(l.Survey.Key()))
	return sum[:]
}
