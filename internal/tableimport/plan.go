package tableimport

import (
	"maps"
	"slices"
)

// Plan proposes how the file is read: the columns that are guessed, the orders and decimal
// signs that the file proves, the words that are known, the shapes that are regular.
func (s *Survey) Plan(schema Schema) Plan {
	return s.Adapt(schema, Plan{
		Heading: s.Layout.Heading, First: s.Layout.First, Names: s.Layout.Names, Comment: s.Layout.Comment, Columns: s.Guess,
	})
}

// Adapt fits a plan that a person chose, or that is remembered of a file of the same
// shape, to this file: columns that it lacks go, what the file proves replaces what was
// chosen, what it leaves open stays as it was chosen, and the shapes are those of this
// file with those that the plan takes besides.
func (s *Survey) Adapt(schema Schema, plan Plan) Plan {
	p := Plan{
		Heading: plan.Heading, First: plan.First, Names: slices.Clone(plan.Names), Comment: plan.Comment, Rows: slices.Clone(plan.Rows),
		Columns: map[string]int{}, Orders: map[string]DateOrder{}, Decimals: map[string]Decimal{},
		Meanings: map[string]map[string]string{}, Shapes: map[string]ShapePlan{},
	}
	rest, state := false, false // the file says what is left of each, and what state it is in
	for i := range s.Columns {
		if s.Columns[i].MayBeCode || s.Columns[i].Secret {
			p.Masked = append(p.Masked, i)
		}
	}
	for _, f := range schema.Fields {
		_, ok := plan.Columns[f.Name]
		rest = rest || ok && f.Kind == Remaining
		state = state || ok && f.Kind == Status
	}
	for _, f := range schema.Fields {
		at, ok := plan.Columns[f.Name]
		if !ok || at < 0 || at >= len(s.Columns) {
			continue
		}
		p.Columns[f.Name] = at
		c := &s.Columns[at]
		switch {
		case f.Kind == Date:
			p.Orders[f.Name] = c.Dates.Order
			if chosen := plan.Orders[f.Name]; c.Dates.Order == OrderOpen && chosen != "" {
				p.Orders[f.Name] = chosen
			}
		case f.Kind.isMoney():
			p.Decimals[f.Name] = c.Amounts.Decimal
			if chosen := plan.Decimals[f.Name]; c.Amounts.Decimal == DecimalOpen && chosen != "" {
				p.Decimals[f.Name] = chosen
			}
		case f.Kind == Status:
			p.Meanings[f.Name] = c.meanings(f, plan.Meanings[f.Name])
		case f.Kind == Event: // of what has a rest a part may have been used
			p.Meanings[f.Name] = f.eventMeanings(plan.Meanings[f.Name], rest || !state && opensEvent(c.Heading))
		case f.Kind == Code:
			p.Shapes[f.Name] = c.shapePlan(plan.Shapes[f.Name])
		}
	}
	return p
}

// meanings takes words for what a person chose, and those without a choice for what they
// are known as.
func (c *Column) meanings(f Field, chosen map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, chosen)
	known := f.words()
	for _, w := range c.Words {
		if _, has := m[w.Key]; has {
			continue
		}
		if name := known[w.Key]; name != "" {
			m[w.Key] = name
		}
	}
	return m
}

// words returns what the keys of words stand for.
func (f Field) words() map[string]string {
	known := map[string]string{}
	for _, m := range f.Meanings {
		for _, word := range m.Words {
			if key := WordKey(word); known[key] == "" {
				known[key] = m.Name
			}
		}
	}
	return known
}

func (c *Column) shapePlan(chosen ShapePlan) ShapePlan {
	p := ShapePlan{Skeleton: c.Skeleton, Tails: c.Tails}
	for _, shape := range c.Shapes {
		if shape.Regular || slices.Contains(chosen.Regular, shape.Key) {
			p.Regular = append(p.Regular, shape.Key)
		} else if shape.Reason != ReasonShape {
			if p.Reasons == nil {
				p.Reasons = map[string]Reason{}
			}
			p.Reasons[shape.Key] = shape.Reason
		}
	}
	return p
}

// WithHeadings returns the plan with or without headings, as a person says, whatever the
// file looks like. The shapes and words stay.
func (s *Survey) WithHeadings(plan Plan, on bool) Plan {
	switch {
	case on && plan.Heading == 0:
		// The first row is not kept as names: it may hold a code.
		plan.Heading, plan.First, plan.Names = plan.First, plan.First+1, nil
	case !on && plan.Heading != 0:
		plan.First, plan.Heading, plan.Names = plan.Heading, 0, nil
	}
	return plan
}

// NoWord is the key of rows that say nothing in a column of a status. No word has it.
const NoWord = "(nothing)"

// Words lists what a column says that is taken for a field of kind Status or Event, each
// with how many rows say it; nil: the field is of another kind. Of a status that is to be
// asked for, the rows that say nothing come first.
func (s *Survey) Words(f Field, at int) []Word {
	if at < 0 || at >= len(s.Columns) {
		return nil
	}
	c := &s.Columns[at]
	switch {
	case f.Kind == Event:
		return s.Events(at)
	case f.Kind != Status:
		return nil
	case f.AskEmpty && s.Rows > c.Filled:
		return append([]Word{{Key: NoWord, Shown: "nothing written", N: s.Rows - c.Filled}}, c.Words...)
	}
	return c.Words
}

// Questions lists what a plan leaves open, in the order of the schema. A status is asked
// for where a word has no meaning; which of the words, the plan says.
func (s *Survey) Questions(schema Schema, plan Plan) []Question {
	var list []Question
	for _, f := range schema.Fields {
		at, ok := plan.Columns[f.Name]
		if !ok || at < 0 || at >= len(s.Columns) {
			if f.Required {
				list = append(list, Question{Field: f.Name, Ask: AskColumn})
			}
			continue
		}
		switch {
		case f.Kind == Date && plan.Orders[f.Name] == OrderOpen:
			list = append(list, Question{Field: f.Name, Ask: AskOrder})
		case f.Kind.isMoney() && plan.Decimals[f.Name] == DecimalOpen:
			list = append(list, Question{Field: f.Name, Ask: AskDecimal})
		case f.Kind == Status, f.Kind == Event:
			var open []Word
			for _, w := range s.Words(f, at) {
				if _, known := plan.Meanings[f.Name][w.Key]; !known {
					open = append(open, w)
				}
			}
			if len(open) > 0 {
				list = append(list, Question{Field: f.Name, Ask: AskMeaning, Words: open})
			}
		}
	}
	return list
}
