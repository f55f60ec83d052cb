package tableimport

import (
	"regexp"
	"sync"
)

// The keys of the words of a column of kind Event. Such a column holds names and times,
// which can't be listed.
const (
	EventDate = "(date)"
	EventText = "(text)"
	EventNo   = "(no)" // the event did not happen: no, false, unused, 0, 0 / 1
)

// events lists the keys in the order of a form.
var events = []struct{ key, shown string }{ //nolint:gochecknoglobals // a table
	{EventDate, "a date"}, {EventText, "a name, a number or another text"}, {EventNo, "no, 0, or a word like it"},
}

// noWords are the words of yesNo that mean no.
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

// mostNo is the length of the longest word that means no, in bytes.
const mostNo = 40

// noTimes matches a count of uses that is zero, such as "0 / 1". A plain 0 is read as no
// date.
var noTimes = regexp.MustCompile(`^[0٠۰](?:[.,٫][0٠۰]+|\s*(?:/|of|de|von|sur|dari|من)\s*\S+)$`)

// meansNo reports whether a text says that an event did not happen.
func meansNo(text string) bool {
	if len(text) > mostNo {
		return false
	}
	if noTimes.MatchString(text) {
		return true
	}
	_, ok := noKeys()[WordKey(text)]
	return ok
}

// eventKey returns the key of a cell of a column of kind Event; empty: the cell says
// nothing, as a date of zeros does.
func eventKey(cell string, reading dateReading) string {
	switch {
	case reading.none:
		return ""
	case reading.ok:
		return EventDate
	case meansNo(cell):
		return EventNo
	}
	return EventText
}

// Events lists the keys of a column of kind Event, with the number of rows of each.
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

// eventMeanings returns the chosen meaning of each key, and the meaning in the field of
// keys without a choice. Where open is true, dates and texts without a choice have no
// meaning, and a person must choose.
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

// opensEvent reports whether a heading does not tell the meaning of a date: "activated" is
// the sale of a card in one tool, and its first use in another. Beside a status column it
// is the first use, because the status tells which cards are for sale.
func opensEvent(text string) bool {
	about, _ := headingOf(text)
	for _, h := range about {
		if (h.about == HeadUsedAt || h.about == HeadUsedBy) && h.rank == rankActivated {
			return true
		}
	}
	return false
}

// event returns the value of a cell of kind Event under the plan.
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
