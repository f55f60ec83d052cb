package tableflow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"refill/internal/fault"
	"refill/internal/tableimport"
)

// LeaveOut is the meaning of a status word whose rows are left out.
const LeaveOut = "out"

// Answers are the answers of a person about a file. Columns maps a field to the number of its
// column as text, counted from 1; empty: the file has no such column. Dates and Decimal may be
// empty where the file itself shows the date order or the decimal sign. Meanings maps the key
// of a Choice to a meaning.
type Answers struct {
	Headings bool              `json:"headings"`
	Columns  map[string]string `json:"columns"`
	Dates    string            `json:"dates,omitempty"`
	Decimal  string            `json:"decimal,omitempty"`
	Meanings map[string]string `json:"meanings,omitempty"`
}

// Plan returns how the rows of a file are read by the given answers. The list has a fault for
// each column that is missing or chosen twice, and for each open question. The fault of a word
// is at the field "meaning-0" and so on, in the order of Choices.
func (l Look) Plan(schema tableimport.Schema, a Answers) (tableimport.Plan, fault.List) {
	var faults fault.List
	add := func(f *fault.Error) { faults = append(faults, f) }
	plan := l.Survey.Plan(schema)
	plan.Columns = map[string]int{}
	taken := map[int]bool{}
	for _, f := range schema.Fields {
		n, err := strconv.Atoi(a.Columns[f.Name])
		if err != nil || n < 1 || n > len(l.Survey.Columns) {
			continue
		}
		if taken[n] {
			add(fault.Field(f.Name, "import_column_twice", "This column is chosen twice. Choose another, or none."))
		}
		taken[n], plan.Columns[f.Name] = true, n-1
	}
	plan = l.Survey.WithHeadings(plan, a.Headings && l.Survey.Layout.Heading > 0)
	plan = l.Survey.Adapt(schema, plan)
	a.apply(schema, &plan)
	controls := map[string]string{}
	for i, c := range l.Choices(schema, plan) {
		controls[c.Key] = fmt.Sprintf("meaning-%d", i)
	}
	asked := map[tableimport.Ask]bool{}
	for _, q := range l.Survey.Questions(schema, plan) {
		switch {
		case q.Ask == tableimport.AskColumn:
			add(fault.Field(q.Field, "import_no_column", "Choose the column."))
		case q.Ask == tableimport.AskMeaning:
			for _, word := range q.Words {
				add(fault.Field(controls[answerKey(field(schema, q.Field), word.Key)], "import_meaning", "Choose what “{word}” means.").With("word", fault.Text(word.Shown)))
			}
		case asked[q.Ask]:
		case q.Ask == tableimport.AskOrder:
			add(fault.Field("dates", "import_dates", "The file does not show whether the day or the month comes first. Choose."))
		case q.Ask == tableimport.AskDecimal:
			add(fault.Field("decimal", "import_decimal", "The file does not show whether 1.000 is one thousand or one. Choose the decimal sign."))
		}
		asked[q.Ask] = true
	}
	return plan, faults
}

// apply writes the answers about dates, decimal signs and meanings into a plan.
func (a Answers) apply(schema tableimport.Schema, plan *tableimport.Plan) {
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
		case tableimport.Status, tableimport.Event:
			for key, meaning := range a.Meanings {
				word, ours := parseAnswerKey(f, key)
				switch {
				case !ours:
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

// Choice is a word in a column whose meaning a person may choose: a word of a status, or any
// entry in a column of kind Event.
type Choice struct {
	tableimport.Word

	Field   tableimport.Field
	Key     string // in Answers.Meanings
	Meaning string // in the plan; LeaveOut: its rows are left out; empty: open
}

// Choices returns the choices of a plan, in the order of the form.
func (l Look) Choices(schema tableimport.Schema, plan tableimport.Plan) (list []Choice) {
	if l.Survey == nil {
		return nil
	}
	for _, f := range schema.Fields {
		at, ok := plan.Columns[f.Name]
		if !ok {
			continue
		}
		for _, word := range l.Survey.Words(f, at) {
			c := Choice{Word: word, Field: f, Key: answerKey(f, word.Key)}
			if meaning, known := plan.Meanings[f.Name][word.Key]; known {
				c.Meaning = cmp.Or(meaning, LeaveOut)
			}
			list = append(list, c)
		}
	}
	return list
}

// answerKey returns the key of a word in Answers.Meanings. The key of a status word has no
// field name, because stored answers of earlier versions have none.
func answerKey(f tableimport.Field, word string) string {
	if f.Kind == tableimport.Event {
		return f.Name + ":" + word
	}
	return word
}

// parseAnswerKey returns the word of a key of answerKey. ours is false if the key belongs to
// another field.
func parseAnswerKey(f tableimport.Field, key string) (word string, ours bool) {
	if f.Kind == tableimport.Event {
		return strings.CutPrefix(key, f.Name+":")
	}
	return key, true
}

func field(schema tableimport.Schema, name string) tableimport.Field {
	for _, f := range schema.Fields {
		if f.Name == name {
			return f
		}
	}
	return tableimport.Field{}
}
