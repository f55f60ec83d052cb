// Package tableflow holds what imports of cards and of customers share: the content that was
// found in a file, the answers of a person about it and their storage, the states from the
// plan to the end, the dry run, and the bounded list of rows that are left out. It knows no
// field by name, and writes neither cards nor customers.
package tableflow

import (
	"crypto/sha256"
	"io"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// Look is the content that was found in an uploaded file. Texts that may be codes are masked.
// Sheets is nil if the file is no workbook.
type Look struct {
	Sheets []string            `json:"sheets,omitempty"`
	Sheet  string              `json:"sheet,omitempty"` // the sheet that was read
	Survey *tableimport.Survey `json:"survey,omitempty"`
}

// LookAt reads a whole file once, in bounded memory, and returns its content under a schema.
// sheet names a sheet of a workbook; empty: the first sheet with rows. An unreadable file is a
// fault at the field "file"; a file without rows is importfile.ErrEmpty, and one with merged
// cells below the headings importfile.ErrMerged.
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
	if err == nil && table.Merged() >= look.Survey.Layout.First { // merged titles and headings are accepted
		err = importfile.ErrMerged
	}
	return look, err
}

// Shape returns a hash that is equal for files of one shape. It does not contain the headings.
func (l Look) Shape() []byte {
	sum := sha256.Sum256([]byte(l.Survey.Key()))
	return sum[:]
}
