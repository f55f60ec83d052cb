package tableimport_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// Codes that were masked before they were written, and codes that a program wrote as
// numbers, are not taken for codes, even if all rows share that form.
func TestCodesThatWereNotWrittenAsCodes(t *testing.T) {
	t.Parallel()
	schema := tableimport.Schema{Currency: "USD", Fields: []tableimport.Field{{Name: "code", Kind: tableimport.Code, Required: true, Headings: tableimport.HeadCode}}}
	reasons := func(codes ...string) (all []tableimport.Reason) {
		text := "code\tnote\n" + strings.Join(codes, "\tx\n") + "\tx\n"
		open := func() importfile.Rows {
			rows, err := importfile.OpenTable(strings.NewReader(text), int64(len(text)), importfile.Options{})
			require.NoError(t, err)
			return rows
		}
		survey, err := tableimport.MakeSurvey(open(), schema, tableimport.SurveyOptions{})
		require.NoError(t, err)
		require.Contains(t, survey.Guess, "code", codes)
		r := tableimport.NewReader(open(), schema, survey.Plan(schema))
		for {
			rec, err := r.Next()
			if err != nil {
				return all
			}
			switch {
			case !rec.Data:
			case rec.Left == nil:
				all = append(all, "")
			default:
				all = append(all, rec.Left.Reason)
			}
		}
	}
	for _, codes := range []string{
		"****1234 ****1235 ****1236", "••••-••••-K7QP ••••-••••-K7QR ••••-••••-K7QS", "ABCD-XXXX-XXXX-1234 ABCD-XXXX-XXXX-1235 ABCD-XXXX-XXXX-1236",
		"AB••••34 AB••••35 AB••••36", "xxxxxxxx1234 xxxxxxxx1235 xxxxxxxx1236", "A9••••••••B AK********C AJ########D", "12…34567 12…34568 13...34569",
	} {
		require.Equal(t, []tableimport.Reason{"masked", "masked", "masked"}, reasons(strings.Fields(codes)...), codes)
	}
	for _, codes := range []string{"12345678.0 22345678.0 32345678.0", "123,456,789 223,456,789 323,456,789", "12345678,00 22345678,00 32345678,00", "1,234,567.00 2,234,567.00 3,234,567.00"} {
		require.Equal(t, []tableimport.Reason{"number", "number", "number"}, reasons(strings.Fields(codes)...), codes)
	}
	for _, codes := range []string{"AXXA1111BB AXXXA222BC AA*A3333BD", "123.456.789 223.456.789 323.456.789", "1234,5678 2234,5678 3234,5678", "12345678.5 22345678.6 32345678.7", "A#12..34 B#22..34 C#32..34"} {
		require.NotContains(t, reasons(strings.Fields(codes)...), tableimport.Reason("masked"), codes)
		require.NotContains(t, reasons(strings.Fields(codes)...), tableimport.Reason("number"), codes)
	}
}
