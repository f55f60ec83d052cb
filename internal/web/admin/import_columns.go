package admin

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
	"refill/internal/web/kit"
)

// importColumns is the form that says what the columns of a file are. Imports of cards and of
// customers share it.
type importColumns struct {
	Planning   bool // the form is shown
	Back       bool // there is a dry run to go back to
	Remembered bool // filled in as for the last file of the same shape
	Sheet      *kit.Field
	Headings   []string // above the preview: what each column is used as
	Preview    []importPreviewRow
	Asides     bool // some preview rows do not belong to the table
	Columns    []kit.Field
	Unread     []string // columns about money that are not read
	Meanings   []importMeaning
	Form       []kit.Field
	Heading    *kit.Choice
	Mistakes   []kit.Mistake
}

// showFile adds the sheets and the first rows of a file, and one field for each column that an
// import knows. title has the label and the hint of a column; the column must has to be chosen.
// untick is the hint of the check box for the row of headings.
func (p *importColumns) showFile(look tableflow.Look, form url.Values, columns []string, title func(column string) kit.Field, must, untick string) {
	p.Sheet = sheetField(look)
	taken := map[string]string{}
	for _, column := range columns {
		taken[form.Get(column)] = title(column).Label
		p.Columns = append(p.Columns, columnField(look, form, column, title(column), column == must))
	}
	for i := range look.Survey.Columns {
		heading := taken[strconv.Itoa(i+1)]
		if heading == "" {
			heading = fmt.Sprintf("Column %d", i+1)
		}
		p.Headings = append(p.Headings, heading)
	}
	for _, row := range look.Survey.Preview {
		shown := importPreviewRow{Row: int64(row.Row), Cells: slices.Clone(row.Cells)}
		shown.Names = row.Row == look.Survey.Layout.Heading
		if row.Reason != "" && !shown.Names {
			shown.Why, p.Asides = row.Reason.Words(), true
		}
		for len(shown.Cells) < len(look.Survey.Columns) {
			shown.Cells = append(shown.Cells, "")
		}
		p.Preview = append(p.Preview, shown)
	}
	if heading := look.Survey.Layout.Heading; heading > 0 {
		p.Heading = &kit.Choice{Name: "headings", Label: fmt.Sprintf(lang.M("Row %d has the headings"), heading), Checked: form.Get("headings") != "", Hint: untick}
	}
}

// columnField returns the field of a column that an import knows. Its options are the columns
// of the file.
func columnField(look tableflow.Look, form url.Values, column string, f kit.Field, must bool) kit.Field {
	f.Name, f.Label, f.Short, f.Options = column, f.Label+" column", true, []kit.Option{{Text: lang.M("None")}}
	if must {
		f.Options[0].Text = lang.M("Choose…")
	}
	for i, one := range look.Survey.Columns {
		text := fmt.Sprintf("Column %d", i+1)
		if one.Heading != "" {
			text += ": " + kit.Truncate(one.Heading, 40)
		}
		f.Options = append(f.Options, kit.Option{Value: strconv.Itoa(i + 1), Text: text})
	}
	f.Choose(form.Get(column))
	return f
}

// sheetField offers the sheets of a workbook. It returns nil for fewer than two sheets.
func sheetField(look tableflow.Look) *kit.Field {
	if len(look.Sheets) < 2 {
		return nil
	}
	f := &kit.Field{Name: "sheet", Label: lang.M("Sheet"), Short: true}
	for _, sheet := range look.Sheets {
		f.Options = append(f.Options, kit.Option{Value: sheet, Text: sheet, Selected: sheet == look.Sheet})
	}
	return f
}

// chosenColumn returns the column of the file that was chosen for a column of an import, or nil.
func chosenColumn(look tableflow.Look, form url.Values, column string) *tableimport.Column {
	n, err := strconv.Atoi(form.Get(column))
	if err != nil || n < 1 || n > len(look.Survey.Columns) {
		return nil
	}
	return &look.Survey.Columns[n-1]
}

// decimalField asks for the decimal sign of a file. It has to be chosen where the file does not
// show the sign of one of the columns with amounts.
func decimalField(look tableflow.Look, form url.Values, amounts ...string) kit.Field {
	f := kit.Field{Name: "decimal", Label: lang.M("Decimal sign"), Short: true, Options: []kit.Option{
		{Value: "", Text: lang.M("As the file shows")}, {Value: ".", Text: "Point: 1,250.00"}, {Value: ",", Text: "Comma: 1.250,00"},
	}}
	for _, name := range amounts {
		if column := chosenColumn(look, form, name); column != nil && column.Amounts.Decimal == tableimport.DecimalOpen {
			f.Options[0].Text = lang.M("Choose…")
			f.Hint = lang.M("The file does not show whether a point or a comma parts thousands or decimals.")
		}
	}
	f.Choose(form.Get("decimal"))
	return f
}

// fields returns the fields that an error may be about.
func (p *importColumns) fields() []*kit.Field {
	var all []*kit.Field
	for i := range p.Columns {
		all = append(all, &p.Columns[i])
	}
	for i := range p.Meanings {
		all = append(all, &p.Meanings[i].Field)
	}
	for i := range p.Form {
		all = append(all, &p.Form[i])
	}
	return all
}

// checkingProgress is the progress of a dry run.
func checkingProgress(i db.CardImport, look tableflow.Look, note string) kit.Progress {
	var lines int64
	if look.Survey != nil {
		lines = look.Survey.Rows
	}
	return kit.Progress{Label: lang.M("Checking the file"), Done: int64(i.RowsDone), Total: max(lines, int64(i.RowsDone)), Note: note}
}
