package tableimport_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// Every file is surveyed and read to its end without a panic, twice with the same result,
// and the texts shown of it are short.
func FuzzTable(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "field", "*.csv"))
	require.NoError(f, err)
	for _, name := range files {
		file, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Add([]byte("#\n//\n;\n\"\n"))
	f.Add([]byte("code\n\u0660\u200f\n\xff\n="))
	f.Add([]byte("code,used,used at,used by\nFZAA1111BB,yes,2026-01-31,anna\nFZAA2222BC,no,31.12.99,-\n"))
	schema := used("IDR")
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		s, err := tableimport.MakeSurvey(rows, schema, tableimport.SurveyOptions{})
		if err != nil {
			return
		}
		for _, row := range s.Preview {
			for _, cell := range row.Cells {
				require.LessOrEqual(t, utf8.RuneCountInString(cell), 60)
			}
		}
		for _, f := range schema.Fields {
			for at := range s.Columns {
				for _, word := range s.Words(f, at) {
					require.NotEmpty(t, word.Key)
					require.True(t, word.N > 0 && word.N <= s.Rows, "%q", word.Key)
				}
			}
		}
		plan := s.Plan(schema)
		require.Equal(t, plan.Columns, s.Adapt(schema, plan).Columns)
		var first []string
		for range 2 {
			again := records(t, file, schema, plan)
			if first != nil {
				require.Equal(t, first, again)
			}
			first = again
		}
	})
}

// A value is read or refused; one that is read is within bounds.
func FuzzValues(f *testing.F) {
	for _, text := range []string{"10.50", "1.234,50 €", "Rp 10.000", "31-Dec-2027", "2027-12-31T23:59:59Z", "٣١/١٢/٢٠٢٧", "46568.5", "1,23457E+11", "((", ":", "1:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, decimal := range []tableimport.Decimal{"", tableimport.Point, tableimport.Comma, tableimport.Each} {
			v := tableimport.ReadAmount(text, "USD", decimal)
			require.True(t, v.State == tableimport.Bad && v.Reason != "" || v.State == tableimport.Good && v.Minor > 0, "%q", text)
		}
		for _, order := range []tableimport.DateOrder{"", tableimport.DayMonthYear, tableimport.MonthDayYear, tableimport.YearMonthDay} {
			v := tableimport.ReadDate(text, order)
			if v.State == tableimport.Good {
				require.True(t, v.Day.Year() >= 2000 && v.Day.Year() <= 2200 && v.Clock >= 0 && v.Clock <= 25*time.Hour, "%q", text)
			}
		}
		tableimport.Show(tableimport.Text, text)
		require.LessOrEqual(t, utf8.RuneCountInString(tableimport.Mask(text)), 8)
		require.Equal(t, tableimport.Fold(text), tableimport.Fold(tableimport.Fold(text)))
	})
}
