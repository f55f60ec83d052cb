package tableimport

import (
	"maps"
	"slices"
)

// Plan proposes how the file is read: the guessed columns, the date orders and decimal
// signs that the file proves, the meanings of known words, and the regular shapes.
func (s *Survey) Plan(schema Schema) Plan {
	return s.Adapt(schema, Plan{
		Heading: s.Layout.Heading, First: s.Layout.First, Names: s.Layout.Names, Comment: s.Layout.Comment, Columns: s.Guess,
	})
}

// Adapt applies to this file a plan that a person chose, or that is remembered of a file of
// the same shape. It drops columns that the file lacks. An order or sign that the file
// proves replaces the chosen one. A question that the file leaves open keeps the chosen
// answer. The shapes are those of this file and those that the person accepted.
func (s *Survey) Adapt(schema Schema, plan Plan) Plan {
	p := Plan{
		Heading: plan.Heading, First: plan.First, Names: slices.Clone(plan.Names), Comment: plan.Comment, Rows: slices.Clone(plan.Rows),
		Columns: map[string]int{}, Orders: map[string]DateOrder{}, Decimals: map[string]Decimal{},
		Meanings: map[string]map[string]string{}, Shapes: map[string]ShapePlan{},
	}
	rest, state := false, false // the plan has a column of the remaining value, a column of the status
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
		case f.Kind == Event: // a card with a remaining value may be used in part
			p.Meanings[f.Name] = f.eventMeanings(plan.Meanings[f.Name], rest || !state && opensEvent(c.Heading))
		case f.Kind == Code:
			p.Shapes[f.Name] = c.shapePlan(plan.Shapes[f.Name])
		}
	}
	return p
}

// meanings returns the chosen meaning of each word, and the known meaning of words without
// a choice.
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

// words maps the keys of words to their meanings.
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

// WithHeadings returns the plan with or without a row of headings, as a person chose.
// Shapes and words stay the same.
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

// NoWord is the key of rows with an empty status. No word has this key.
const NoWord = "(nothing)"

// Words lists the words of a column for a field of kind Status or Event, with the number of
// rows of each. It returns nil for a field of another kind. For a field with AskEmpty, rows
// with an empty status come first.
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

// Questions lists what a plan leaves open, in the order of the schema. A status or event is
// open where a word has no meaning in the plan.
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
