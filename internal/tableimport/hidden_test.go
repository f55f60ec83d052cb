package tableimport_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// listed are rows that are in memory.
type listed struct{ rows []importfile.Row }

func (l *listed) Next() (importfile.Row, error) {
	if len(l.rows) == 0 {
		return importfile.Row{}, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

// Rows that a filter hides in a workbook make no card, and do not affect the other rows.
func TestHiddenRowsAreLeftOut(t *testing.T) {
	t.Parallel()
	file := func() *listed {
		return &listed{[]importfile.Row{
			{Number: 1, Cells: []string{"code", "price"}},
			{Number: 2, Cells: []string{"AAAA1111", "10.00"}},
			{Number: 3, Cells: []string{"AAAA2222", "1,5"}, Hidden: true},
			{Number: 4, Cells: []string{"AAAA3333", "11.00"}},
			{Number: 5, Cells: []string{"", ""}, Hidden: true},
		}}
	}
	schema := cards("USD")
	s, err := tableimport.MakeSurvey(file(), schema, tableimport.SurveyOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 2, s.Rows)
	require.Equal(t, tableimport.Point, s.Columns[1].Amounts.Decimal, "a hidden row proves nothing")
	require.Contains(t, s.LeftOut, tableimport.Count{Reason: tableimport.ReasonHidden, N: 2, Rows: []int32{3, 5}})
	r := tableimport.NewReader(file(), schema, s.Plan(schema))
	var left []int32
	for {
		record, err := r.Next()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
		if record.Left != nil && record.Left.Reason == tableimport.ReasonHidden {
			left = append(left, record.Row)
			require.True(t, record.Data, "its values can be added up")
		}
	}
	require.Equal(t, []int32{3, 5}, left)
}
