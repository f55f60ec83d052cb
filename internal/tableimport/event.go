package tableimport

import (
	"regexp"
	"sync"
)

// The keys of what a column of kind Event says of a row. What is written there is a name
// or a time, of which no list can be made.
const (
	EventDate = "(date)"
	EventText = "(text)"
	EventNo   = "(no)" // that it was not done: no, false, unused, 0, 0 / 1
)

// events are the keys in the order of a form.
var events = []struct{ key, shown string }{ //nolint:gochecknoglobals // a table
	{EventDate, "a date"}, {EventText, "a name, a number or another text"}, {EventNo, "no, 0, or a word like it"},
}

// noWords are the words of yesNo that deny.
const noWords = "false|no|n|f|off|non|não|nein|لا|tidak|falsch|faux|falso|salah|خطأ"

var noKeys = sync.OnceValue(func() map[string]struct{} { //nolint:gochecknoglobals // a table, made once
	known := keys(noWords, WordKey)
	for key, name := range knownStatus() {
		if name == WordsActive || name == WordsInactive {
			known[key] = struct{}{}
		}
	}
	return known
})

// mostNo is how many bytes a word that denies has at most.
const mostNo = 40

// noTimes is how a count of uses says that there was none, of how many there may be. A
// plain 0 is read as no date.
var noTimes = regexp.MustCompile(`^[0٠۰](?:[.,٫][0٠۰]+|\s*(?:/|of|de|von|sur|dari|من)\s*\S+)$`)

// denies reports whether a text says that something was not done.
func denies(text string) bool {
	if len(text) > mostNo {
		return false
	}
	if noTimes.MatchString(text) {
		return true
	}
	_, ok := noKeys()[WordKey(text)]
	return ok
}

// eventKey is what a cell of a column of kind Event says; empty: nothing, as a date of
// zeros does.
func eventKey(cell string, reading dateReading) string {
	switch {
	case reading.none:
		return ""
	case reading.ok:
		return EventDate
	case denies(cell):
		return EventNo
	}
	return EventText
}

// Events lists what a column of kind Event says, with how many rows say it.
func (s *Survey) Events(at int) []Word {
	c := &s.Columns[at]
	counts := map[string]int64{EventDate: c.Dates.Good, EventNo: c.Denials, EventText: c.Filled - c.Errors - c.Dates.Good - c.Dates.None - c.Denials}
	var list []Word
	for _, e := range events {
		if n := counts[e.key]; n > 0 {
			list = append(list, Word{Key: e.key, Shown: e.shown, N: n})
		}
	}
	return list
}

// eventMeanings takes what a column says for what a person chose, and the rest for what
// the field says. Where open is true dates and texts are left to a person.
func (f Field) eventMeanings(chosen map[string]string, open bool) map[string]string {
	m := map[string]string{}
	for _, meaning := range f.Meanings {
		for _, key := range meaning.Words {
			if key == EventNo || !open {
				m[key] = meaning.Name
			}
		}
	}
	for _, e := range events {
		if name, ok := chosen[e.key]; ok {
			m[e.key] = name
		}
	}
	return m
}

// opensEvent reports whether a heading alone leaves open what a date under it says: one
// tool activates a card when it is sold, another when it is first used. Beside a status it
// is the latter, since the status tells what is for sale.
func opensEvent(text string) bool {
	about, _ := headingOf(text)
	for _, h := range about {
		if (h.about == HeadUsedAt || h.about == HeadUsedBy) && h.rank == rankActivated {
			return true
		}
	}
	return false
}

// event reads a cell of a column of kind Event as the plan says.
func (r *Reader) event(f Field, cell string) Value {
	key := eventKey(cell, r.date(cell))
	if key == "" {
		return Value{State: Empty, Text: cell}
	}
	if name := r.plan.Meanings[f.Name][key]; name != "" {
		return Value{State: Good, Text: cell, Meaning: name}
	}
	return Value{State: Bad, Text: cell, Reason: ReasonStatus}
}
