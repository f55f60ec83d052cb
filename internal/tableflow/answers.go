package tableflow

import (
	"fmt"
	"slices"
	"strconv"

	"refill/internal/fault"
	"refill/internal/tableimport"
)

// LeaveOut is what a word of a status means whose rows are left out.
const LeaveOut = "out"

// Answers is what a person said about a file. Columns holds places counted from 1 as
// text, by field; empty: the file has no such column. Dates and Decimal may be empty
// where the file shows them. Meanings is by the key of a word.
type Answers struct {
	Headings bool              `json:"headings"`
	Columns  map[string]string `json:"columns"`
	Dates    string            `json:"dates,omitempty"`
	Decimal  string            `json:"decimal,omitempty"`
	Meanings map[string]string `json:"meanings,omitempty"`
}

// Plan says how the rows of a file are read, as a person answered, with a fault for each
// column that is missing or chosen twice and for each question that is still open. The
// fault of a word is at the field that MeaningField names.
func (l Look) Plan(schema tableimport.Schema, a Answers) (tableimport.Plan, fault.List) {
	var faults fault.List
	add := func(field, code, message string) { faults = append(faults, fault.Field(field, code, message)) }
	plan := l.Survey.Plan(schema)
	plan.Columns = map[string]int{}
	taken := map[int]bool{}
	for _, f := range schema.Fields {
		n, err := strconv.Atoi(a.Columns[f.Name])
		if err != nil || n < 1 || n > len(l.Survey.Columns) {
			continue
		}
		if taken[n] {
			add(f.Name, "import_column_twice", "This column is chosen twice. Choose another, or none.")
		}
		taken[n], plan.Columns[f.Name] = true, n-1
	}
	if !a.Headings && plan.Heading > 0 {
		plan.First, plan.Heading, plan.Names = plan.Heading, 0, nil
	}
	plan = l.Survey.Adapt(schema, plan)
	a.choose(schema, &plan)
	asked := map[tableimport.Ask]bool{}
	for _, q := range l.Survey.Questions(schema, plan) {
		switch {
		case q.Ask == tableimport.AskColumn:
			add(q.Field, "import_no_column", "Choose the column.")
		case q.Ask == tableimport.AskMeaning:
			for _, word := range q.Words {
				add(l.MeaningField(plan, q.Field, word.Key), "import_meaning", "Choose what “"+word.Shown+"” means.")
			}
		case asked[q.Ask]:
		case q.Ask == tableimport.AskOrder:
			add("dates", "import_dates", "The file does not show whether the day or the month comes first. Choose.")
		case q.Ask == tableimport.AskDecimal:
			add("decimal", "import_decimal", "The file does not show whether 1.000 is one thousand or one. Choose the decimal sign.")
		}
		asked[q.Ask] = true
	}
	return plan, faults
}

// choose puts into a plan what a person chose.
func (a Answers) choose(schema tableimport.Schema, plan *tableimport.Plan) {
	order, sign := tableimport.DateOrder(a.Dates), tableimport.Decimal(a.Decimal)
	for _, f := range schema.Fields {
		if _, ok := plan.Columns[f.Name]; !ok {
			continue
		}
		switch f.Kind {
		case tableimport.Date:
			if slices.Contains([]tableimport.DateOrder{tableimport.DayMonthYear, tableimport.MonthDayYear, tableimport.YearMonthDay}, order) {
				plan.Orders[f.Name] = order
			}
		case tableimport.Amount, tableimport.Remaining, tableimport.Signed:
			if sign == tableimport.Point || sign == tableimport.Comma {
				plan.Decimals[f.Name] = sign
			}
		case tableimport.Status:
			for word, meaning := range a.Meanings {
				switch {
				case meaning == LeaveOut:
					plan.Meanings[f.Name][word] = ""
				case slices.ContainsFunc(f.Meanings, func(m tableimport.Meaning) bool { return m.Name == meaning }):
					plan.Meanings[f.Name][word] = meaning
				}
			}
		default:
		}
	}
}

// Words lists the words in the column that a plan takes for a status.
func (l Look) Words(plan tableimport.Plan, field string) []tableimport.Word {
	at, ok := plan.Columns[field]
	if !ok || l.Survey == nil || at >= len(l.Survey.Columns) {
		return nil
	}
	return l.Survey.Columns[at].Words
}

// MeaningField names the control of a word's meaning on the form.
func (l Look) MeaningField(plan tableimport.Plan, field, key string) string {
	for i, word := range l.Words(plan, field) {
		if word.Key == key {
			return fmt.Sprintf("meaning-%d", i)
		}
	}
	return field
}
