package kit

import (
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
)

// The structs that the partials take. Package templates shows what each looks
// like and when to use it.

// Field is one labelled control of a form: an input, or a select where it has
// Options, or a text area where it has Rows.
type Field struct {
	Name, Label  string
	Type         string // of the input; empty: text
	Value        string
	Hint         string // below the label, before the control
	Error        string
	Fault        string // code of what Error says; empty where the page itself says it
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
	Options      []Option
	List         []string // what an input proposes as one types
	Accept       string   // with Type file: which
}

// Wrong puts a fault beside the field.
func (f *Field) Wrong(one *fault.Error) { f.Error, f.Fault = one.Text(), one.Code }

// Option is one choice of a select.
type Option struct {
	Value, Text string
	Selected    bool
}

// Choose selects an option.
func (f *Field) Choose(value string) {
	for i := range f.Options {
		f.Options[i].Selected = f.Options[i].Value == value
	}
}

// Choice is a check box, or one switch of a settings page.
type Choice struct {
	Name, Label, Hint string
	Checked           bool
	Switch            bool
	Disabled          bool
}

// Mistake is a line of the summary above a form.
type Mistake struct {
	Field string // empty: about the whole form
	Text  string
	Fault string // code of what Text says
	Wait  int64  // seconds until it has passed; 0: it does not pass by itself
}

// Explain puts each fault of err beside its field and returns the summary of
// them all. Call it with every field of the form.
func Explain(err error, fields ...*Field) []Mistake {
	var mistakes []Mistake
	for _, f := range fault.All(err) {
		m := Mistake{Text: f.Text(), Fault: f.Code}
		for _, one := range fields {
			if one.Name == f.Field {
				one.Wrong(f)
				m.Field = f.Field
			}
		}
		mistakes = append(mistakes, m)
	}
	return mistakes
}

// Tone is the colour of a state. A word always says the same beside it.
type Tone string

// The tones.
const (
	ToneGood Tone = "good" // active, ready, done
	ToneIdle Tone = "idle" // used, inactive, over
	ToneWarn Tone = "warn" // locked, expiring
	ToneBad  Tone = "bad"  // void, failed
	ToneBusy Tone = "busy" // under way
)

// Badge is a state in a word.
type Badge struct {
	Word string
	Tone Tone
}

// Progress is how far something is.
type Progress struct {
	Label       string
	Done, Total int64
	Note        string // "3,200 a second, 12 s left"
}

// Percent is how much of it is done, for the eye; 100 only when all is.
func (p Progress) Percent() int64 {
	if p.Total <= 0 {
		return 0
	}
	return min(p.Done*100/p.Total, 100)
}

// Bar is a whole in parts: a series in active, used and expired cards.
type Bar struct {
	Label string // for those who can't see it; empty: made of the parts
	Parts []BarPart
}

// BarPart is one part of a bar.
type BarPart struct {
	Word  string
	Count int64
	Tone  Tone
}

// barSlice is a part as the SVG draws it, in thousandths.
type barSlice struct {
	BarPart
	X, Width int64
}

// thinnest is the least width of a part, in thousandths: one used card in a
// million must be seen.
const thinnest = 12

// Slices lays the parts side by side. A part that is there is never too narrow to be
// seen.
func (b Bar) Slices() []barSlice {
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

// Empty is what a list says when it has no rows: what would be here, and the one
// thing to do about it.
type Empty struct {
	Icon, Title, Text string
	Action, URL       string // the button; none without a URL
}

// Pager leads to the newer and the older rows of a list.
type Pager struct {
	Newer, Older string // addresses; empty: there are none
	Text         string // "1 to 50 of 12,000"
}

// Confirmation asks before something that cannot be undone. The page also holds
// a button that opens it: {{template "opens" .}}.
type Confirmation struct {
	ID      string // of the dialog
	Opener  string // the word on the button that opens it
	Title   string
	Text    string // what exactly will happen
	Button  string // says it again: "Void 4,211 cards"
	Keep    string // the word on the button that does nothing; empty: Cancel
	Action  string // where the form is posted
	Danger  bool
	Main    bool // opening it is what the page is for
	Hidden  []Hidden
	Reason  *Field // asked for in the dialog; nil: none
	Refused string // why it did not work; the dialog is then open
}

// Hidden is a field that goes along with a form.
type Hidden struct{ Name, Value string }

// Tile is one fact in large figures.
type Tile struct {
	Label, Value, Note string
	URL                string
}

// Copyable is a text with a button that copies it.
type Copyable struct{ Text, Label string }

// Refuse opens a confirmation again, with what was typed and what is wrong with it.
func (d *Confirmation) Refuse(err error, reason string) {
	d.Refused = fault.All(err)[0].Text()
	if d.Reason == nil {
		return
	}
	d.Reason.Value = Truncate(reason, 1200)
	if fault.All(err)[0].Field == d.Reason.Name {
		d.Reason.Error = d.Refused
	}
}

// Permit closes the choice to activate to a person whose role does not include it.
func (c *Choice) Permit(person staff.Person) {
	if !person.Can(staff.SeriesActivate) {
		c.Checked, c.Disabled = false, true
		c.Hint = lang.M("Your role doesn’t let you activate series: the cards are worth nothing until somebody who may activates them.")
	}
}
