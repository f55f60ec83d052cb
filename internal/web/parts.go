package web

import (
	"refill/internal/fault"
)

// The structs that the partials take. Package templates shows what each looks
// like and when to use it.

// field is one labelled control of a form: an input, or a select where it has
// Options, or a text area where it has Rows.
type field struct {
	Name, Label  string
	Type         string // of the input; empty: text
	Value        string
	Hint         string // below the label, before the control
	Error        string
	Required     bool
	Autofocus    bool
	Plain        bool // no spelling help, no capitals: names and codes
	Capitals     bool // with Plain: the keyboard of a phone offers capitals
	AsTyped      bool // no script groups or capitalises what is typed
	Mono         bool // codes, serials
	Short        bool // as wide as a number needs
	MaxLength    int
	Rows         int
	Min, Max     string
	Step         string
	Autocomplete string
	InputMode    string
	Placeholder  string
	Unit         string // before the control: "USD"
	Options      []option
	List         []string // what an input proposes as one types
	Accept       string   // with Type file: which
}

// option is one choice of a select.
type option struct {
	Value, Text string
	Selected    bool
}

// choose selects an option.
func (f *field) choose(value string) {
	for i := range f.Options {
		f.Options[i].Selected = f.Options[i].Value == value
	}
}

// choice is a check box, or one switch of a settings page.
type choice struct {
	Name, Label, Hint string
	Checked           bool
	Switch            bool
	Disabled          bool
}

// mistake is a line of the summary above a form.
type mistake struct {
	Field string // empty: about the whole form
	Text  string
}

// explain puts each fault of err beside its field and returns the summary of
// them all. Call it with every field of the form.
func explain(err error, fields ...*field) []mistake {
	var mistakes []mistake
	for _, f := range fault.All(err) {
		m := mistake{Text: f.Message}
		for _, one := range fields {
			if one.Name == f.Field {
				one.Error, m.Field = f.Message, f.Field
			}
		}
		mistakes = append(mistakes, m)
	}
	return mistakes
}

// tone is the colour of a state. Each stands beside a word, never alone.
type tone string

// The tones.
const (
	toneGood tone = "good" // active, ready, done
	toneIdle tone = "idle" // used, inactive, over
	toneWarn tone = "warn" // locked, expiring
	toneBad  tone = "bad"  // void, failed
	toneBusy tone = "busy" // under way
)

// badge is a state in a word.
type badge struct {
	Word string
	Tone tone
}

// progress is how far something is.
type progress struct {
	Label       string
	Done, Total int64
	Note        string // "3,200 a second, 12 s left"
}

// Percent is how much of it is done, for the eye; 100 only when all is.
func (p progress) Percent() int64 {
	if p.Total <= 0 {
		return 0
	}
	return min(p.Done*100/p.Total, 100)
}

// bar is a whole in parts: a series in active, used and expired cards.
type bar struct {
	Label string // for those who can't see it; empty: made of the parts
	Parts []barPart
}

// barPart is one part of a bar.
type barPart struct {
	Word  string
	Count int64
	Tone  tone
}

// barSlice is a part as the SVG draws it, in thousandths.
type barSlice struct {
	barPart
	X, Width int64
}

// thinnest is the least width of a part, in thousandths: one used card in a
// million must be seen.
const thinnest = 12

// Slices lays the parts side by side. A part that is there is never too narrow to be
// seen.
func (b bar) Slices() []barSlice {
	var total int64
	for _, p := range b.Parts {
		total += p.Count
	}
	slices := []barSlice{}
	if total == 0 {
		return slices
	}
	var x, shown int64
	for _, p := range b.Parts {
		if p.Count > 0 {
			shown++
		}
	}
	for _, p := range b.Parts {
		if p.Count == 0 {
			continue
		}
		width := thinnest + p.Count*(1000-thinnest*shown)/total
		slices = append(slices, barSlice{p, x, width})
		x += width
	}
	return slices
}

// empty is what a list says when it has no rows: what would be here, and the one
// thing to do about it.
type empty struct {
	Icon, Title, Text string
	Action, URL       string // the button; none without a URL
}

// pager leads to the newer and the older rows of a list.
type pager struct {
	Newer, Older string // addresses; empty: there are none
	Text         string // "1 to 50 of 12,000"
}

// confirmation asks before something that cannot be undone. The page also holds
// a button that opens it: {{template "opens" .}}.
type confirmation struct {
	ID      string // of the dialog
	Opener  string // the word on the button that opens it
	Title   string
	Text    string // what exactly will happen
	Button  string // says it again: "Void 4,211 cards"
	Keep    string // the word on the button that does nothing; empty: Cancel
	Action  string // where the form is posted
	Danger  bool
	Main    bool // opening it is what the page is for
	Hidden  []hidden
	Reason  *field // asked for in the dialog; nil: none
	Refused string // why it did not work; the dialog is then open
}

// hidden is a field that goes along with a form.
type hidden struct{ Name, Value string }

// tile is one fact in large figures.
type tile struct {
	Label, Value, Note string
	URL                string
}

// copyable is a text with a button that copies it.
type copyable struct{ Text, Label string }
