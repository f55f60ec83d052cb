package tableimport_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// cards is a schema such as that of an import of cards.
func cards(currency string) tableimport.Schema {
	var meanings []tableimport.Meaning
	for _, name := range []string{
		tableimport.WordsActive, tableimport.WordsInactive, tableimport.WordsDisabled, tableimport.WordsExpired, tableimport.WordsUsed, tableimport.WordsVoid,
	} {
		meanings = append(meanings, tableimport.Meaning{Name: name, Words: tableimport.StatusWords(name)})
	}
	return tableimport.Schema{Currency: currency, Fields: []tableimport.Field{
		{Name: "code", Kind: tableimport.Code, Required: true, Headings: tableimport.HeadCode},
		{Name: "short", Kind: tableimport.Text, Headings: tableimport.HeadShortCode},
		{Name: "serial", Kind: tableimport.Text, Headings: tableimport.HeadSerial},
		{Name: "price", Kind: tableimport.Amount, Headings: tableimport.HeadPrice},
		{Name: "remaining", Kind: tableimport.Remaining, Headings: tableimport.HeadRemaining},
		{Name: "currency", Kind: tableimport.Currency, Headings: tableimport.HeadCurrency},
		{Name: "valid", Kind: tableimport.Date, Headings: tableimport.HeadValidTill},
		{Name: "status", Kind: tableimport.Status, Headings: tableimport.HeadStatus, Meanings: meanings},
	}}
}

// open begins to read a file.
func open(tb testing.TB, file []byte) importfile.Rows {
	tb.Helper()
	rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
	require.NoError(tb, err)
	return rows
}

// survey surveys a file.
func survey(tb testing.TB, file []byte, schema tableimport.Schema) *tableimport.Survey {
	tb.Helper()
	s, err := tableimport.MakeSurvey(open(tb, file), schema, tableimport.SurveyOptions{})
	require.NoError(tb, err)
	return s
}

// records reads a file by a plan: rows that are taken as their values, the others as the
// reason in brackets.
func records(tb testing.TB, file []byte, schema tableimport.Schema, plan tableimport.Plan) []string {
	tb.Helper()
	r := tableimport.NewReader(open(tb, file), schema, plan)
	var all []string
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(tb, err)
		if rec.Left != nil {
			all = append(all, fmt.Sprintf("[%d %s %s %s]", rec.Row, rec.Left.Field, rec.Left.Reason, rec.Left.Shown))
			continue
		}
		var cells []string
		for i, v := range rec.Values {
			switch {
			case v.State != tableimport.Good && !v.None:
			case v.None:
				cells = append(cells, "none")
			case schema.Fields[i].Kind == tableimport.Date:
				cells = append(cells, v.Day.Format(time.DateOnly))
			case v.Meaning != "":
				cells = append(cells, v.Meaning)
			case schema.Fields[i].Kind >= tableimport.Amount && schema.Fields[i].Kind <= tableimport.Signed:
				cells = append(cells, fmt.Sprint(v.Minor))
			default:
				cells = append(cells, v.Text)
			}
		}
		all = append(all, strings.Join(cells, " "))
	}
}

func asked(s *tableimport.Survey, schema tableimport.Schema, plan tableimport.Plan) string {
	var all []string
	for _, q := range s.Questions(schema, plan) {
		text := q.Field + " " + string(q.Ask)
		for _, w := range q.Words {
			text += fmt.Sprintf(" %s×%d", w.Shown, w.N)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// Files of the shapes that providers have come out right without a choice by a person, or
// with the question that they leave open.
func TestFilesFromTheField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		currency string
		asks     string
		want     []string
		change   func(*tableimport.Plan)
	}{
		"comments.csv": {want: []string{
			"[1  comment # batch name: spring]", "[2  heading Username]", "34054701", "21562302", "03579403", "89388804",
		}},
		"placeholder.csv": {
			change: func(p *tableimport.Plan) { p.Columns["code"] = 1 },
			want:   []string{"[1  heading Username]", "[2 code placeholder (empty)]", "[3 code placeholder (empty)]", "[4 code placeholder (empty)]"},
		},
		"roll.csv": {want: []string{
			"[1  comment # Voucher Tickets 1..3 for Roll 12]", "[2  comment # Nr of Roll Bits 16]", "[3  comment # Nr of Ticket Bits 10]", "[4  comment # Nr of Checksum Bits 5]",
			"[5  comment # magic initializer 5••••5 used to chec…]", "[6  comment # Character Set used 23••••YZ]", "[7  comment #]", "9fGhT2kLmQx", "4wPzR7nVbYs", "cD8jKs3TuNe",
		}},
		"total.csv": {want: []string{
			"[1  heading code]", "AA11BB2201 500 2027-06-30", "AA11BB2202 500 2027-06-30", "AA11BB2203 1000 2027-06-30", "[5  total Grand total]",
		}},
		"mangled.csv": {want: []string{
			"[1  heading code]", "[2 code scientific 1,23…E+11]", "[3 code scientific 2.19…E+26]", "[4 code sheet_error #VALUE!]", "482915663012 500 2027-06-30",
		}},
		"excel-text.csv": {want: []string{"[1  heading code]", "0012345678 500 2027-06-30", "0012345680 500 2027-06-30"}},
		"case.csv":       {want: []string{"[1  heading code]", "lowercase7a 1000 2027-06-30", "UPPERCASE7B 1000 2027-06-30", "MiXeD7cAsE 1000 2027-06-30"}},
		"splynx.csv": {want: []string{
			"[1  heading ID]", "202402-INTERNET-irfUPbEZ irfUPbEZ 1 1000 2027-06-30 active",
			"202402-INTERNET-Zq8LmN2p Zq8LmN2p 2 1000 2027-06-30 used", "202402-INTERNET-aB3dE9xQ aB3dE9xQ 3 1000 2027-06-30 disabled",
		}},
		"inactive.csv": {want: []string{"[1  heading code]", "INACT1BB22 1000 2027-06-30 inactive", "ACTIV1BB23 1000 2027-06-30 active"}},
		"stray-quote.csv": {want: []string{
			"[1  heading code]", "QT11AA0001 500 2027-06-30", "QT11AA0002 500 2027-06-30", "QT11AA0003 500 2027-06-30",
			"QT11AA0004 500 2027-06-30", "QT11AA0005 500 2027-06-30", "QT11AA0006 500 2027-06-30",
		}},
		"carriage-return.csv": {want: []string{"[1  heading code]", "CR11BB2201 500 2027-06-30", "CR11BB2202 500 2027-06-30"}},
		"separator-line.csv":  {want: []string{"[2  heading code]", "SP11BB2201 500 2027-06-30", "SP11BB2202 500 2027-06-30"}},
		"spanish.csv":         {want: []string{"[1  heading Código]", "ES11BB2201 500 2027-06-30 active", "ES11BB2202 500 2027-06-30 used"}},
		"portuguese.csv":      {want: []string{"[1  heading Código]", "PT11BB2201 500 2027-06-30 active", "PT11BB2202 500 2027-06-30 used"}},
		"hotspot.csv":         {want: []string{"[1  heading Username]", "kx7m2q", "ab3d9z", "zz9k4p"}},
		"numeric-status.csv": {
			asks: "status meaning 0×1 1×1",
			want: []string{"[1  heading id]", "[2 status status_open 0]", "[3 status status_open 1]"},
		},
		"dates.csv": {want: []string{
			"[1  heading code]", "DT11AA0001 500 2027-12-31", "DT11AA0002 500 2027-12-31", "DT11AA0003 500 2027-12-31", "DT11AA0004 500 2027-12-31", "DT11AA0005 500 none",
		}},
		"thousands-idr.csv": {
			currency: "IDR",
			want:     []string{"[1  heading code]", "ID11AA0001 1000000 2027-06-30", "ID11AA0002 2500000 2027-06-30", "ID11AA0003 10000000 2027-06-30"},
		},
		"arabic-digits.csv": {want: []string{"[1  heading code]", "77113456 1000 2027-06-30"}},
		"formats.xlsx": {want: []string{
			"[1  heading code]", "000012345678 1000 2027-06-30", "482915663012 1000 2027-06-30",
			"[4 code scientific 1.23…E+15]", "[5 code sheet_error #VALUE!]", "[6  total TOTAL CARDS]",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(filepath.Join("testdata", "field", name))
			require.NoError(t, err)
			schema := cards("USD")
			if c.currency != "" {
				schema.Currency = c.currency
			}
			s := survey(t, file, schema)
			plan := s.Plan(schema)
			require.Equal(t, c.asks, asked(s, schema, plan))
			if c.change != nil {
				c.change(&plan)
				plan = s.Adapt(schema, plan)
			}
			require.Equal(t, c.want, records(t, file, schema, plan))
		})
	}
}
