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
	Fault        string // code of the fault in Error; empty if Error is a text of the page
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
	List         []string // suggestions of an input while text is typed
	Accept       string   // with Type file: which types of file
}

// Wrong shows a fault beside the field.
func (f *Field) Wrong(one *fault.Error) { f.Error, f.Fault = one.Text(), one.Code }

// Option is one choice of a select.
type Option struct {
	Value, Text string
	Selected    bool
}

// Choose selects the option with a value, and no other.
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
	Fault string // code of the fault in Text
	Wait  int64  // seconds until the fault passes by itself; 0: it does not
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

// Tone is the colour of a state. Pages always show the state in a word as well.
type Tone string

// The tones.
const (
	ToneGood Tone = "good" // active, ready, done
	ToneIdle Tone = "idle" // used, inactive, over
	ToneWarn Tone = "warn" // locked, expiring
	ToneBad  Tone = "bad"  // void, failed
	ToneBusy Tone = "busy" // under way
)

// Badge shows a state as a coloured word.
type Badge struct {
	Word string
	Tone Tone
}

// Progress shows how much of a task is done.
type Progress struct {
	Label       string
	Done, Total int64
	Note        string // "3,200 a second, 12 s left"
}

// Percent returns the share that is done, rounded down: it is 100 only when all is done.
func (p Progress) Percent() int64 {
	if p.Total <= 0 {
		return 0
	}
	return min(p.Done*100/p.Total, 100)
}

// Bar shows a total and its parts, such as the active, used and expired cards of a series.
type Bar struct {
	Label string // for screen readers; empty: built from the parts
	Parts []BarPart
}

// BarPart is one part of a bar.
type BarPart struct {
	Word  string
	Count int64
	Tone  Tone
}

// barSlice is a part with its place in the SVG, in thousandths of the width.
type barSlice struct {
	BarPart
	X, Width int64
}

// thinnest is the least width of a part, in thousandths, so that one used card in a million
// is visible.
const thinnest = 12

// Slices returns the places of the parts side by side. Parts without cards are left out,
// and every other part is wide enough to be visible.
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

// Empty is shown instead of a list without rows: what the list is for, and the one action
// that the page suggests.
type Empty struct {
	Icon, Title, Text string
	Action, URL       string // the button; none without a URL
}

// Pager links to the newer and the older rows of a list.
type Pager struct {
	Newer, Older string // addresses; empty: there are none
	Text         string // "1 to 50 of 12,000"
}

// Confirmation is a dialog before an action that cannot be undone. The page also holds a
// button that opens it: {{template "opens" .}}.
type Confirmation struct {
	ID      string // of the dialog
	Opener  string // label of the button that opens it
	Title   string
	Text    string // what exactly will happen
	Button  string // names the action: "Void 4,211 cards"
	Keep    string // label of the button that closes the dialog; empty: Cancel
	Action  string // where the form is posted
	Danger  bool
	Main    bool // the button that opens it is the main one of the page
	Hidden  []Hidden
	Typed   *Field // what the person must type to confirm; nil: nothing
	Reason  *Field // asked for in the dialog; nil: none
	Refused string // why the action was refused; the dialog is then open
}

// Step is a step of a task that takes several pages.
type Step struct {
	Text          string
	Current, Done bool
}

// Hidden is a hidden field of a form.
type Hidden struct{ Name, Value string }

// Tile is one fact in large figures.
type Tile struct {
	Label, Value, Note string
	URL                string
}

// Copyable is a text with a button that copies it.
type Copyable struct{ Text, Label string }

// Refuse opens a confirmation again, with the typed reason and the error.
func (d *Confirmation) Refuse(err error, reason string) {
	first := fault.All(err)[0]
	d.Refused = first.Text()
	if d.Reason != nil {
		d.Reason.Value = Truncate(reason, 1200)
	}
	for _, f := range []*Field{d.Typed, d.Reason} {
		if f != nil && f.Name == first.Field {
			f.Wrong(first)
		}
	}
}

// Permit disables the choice to activate for a person whose role does not include it.
func (c *Choice) Permit(person staff.Person) {
	if !person.Can(staff.SeriesActivate) {
		c.Checked, c.Disabled = false, true
		c.Hint = lang.M("Your role doesn’t let you activate series: the cards are worth nothing until somebody who may activates them.")
	}
}
