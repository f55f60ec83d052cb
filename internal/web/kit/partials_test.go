package kit

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jba/templatecheck"
	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/templates"
)

// galleryPage shows every partial once, in the way that pages use it.
type galleryPage struct {
	Page
	At       time.Time
	Tiles    []Tile
	States   []Badge
	Running  Progress
	Bar      Bar
	Empty    Empty
	Pager    Pager
	Confirm  Confirmation
	Code     Copyable
	Fields   []Field
	Choices  []Choice
	Mistakes []Mistake
	View     TableView
}

const gallery = `
{{define "head"}}<div><div class="head-title"><h1>Series 202611</h1>{{template "state" (index .States 0)}}</div><p class="head-note">SUMMER · ordered {{template "time" .At}}</p></div>
<div class="head-actions"><a class="btn" href="#">Lock</a>{{template "opens" .Confirm}}<a class="btn btn-primary" href="#">Export</a></div>{{end}}
{{define "main"}}
{{template "tiles" .Tiles}}
<section class="sheet"><h2>Cards</h2>
<div class="toolbar"><div class="words"><a aria-current="true" href="#">All</a><a href="#">Active</a><a href="#">Used</a></div><input class="form-control" type="search" placeholder="Serial"><button type="button" class="btn" popovertarget="table-view">View</button></div>
{{template "table-view" .View}}
<div class="table-wrap"><table class="rows rows-stack"><thead><tr><th>Series</th><th>State</th><th class="num">Price</th><th>Used</th><th>Made</th></tr></thead>
<tbody>{{range .States}}<tr><td data-label="Series"><a href="#">202611</a></td><td data-label="State">{{template "state" .}}</td><td class="num" data-label="Price">{{money 1250000 "USD"}}</td><td>{{template "bar" $.Bar}}</td><td data-label="Made">{{template "time" $.At}}</td></tr>{{end}}</tbody></table></div>
{{template "pager" .Pager}}</section>
<section class="sheet"><h2>Under way</h2>{{template "progress" .Running}}</section>
<section class="sheet">{{template "empty" .Empty}}</section>
<section class="sheet"><h2>Generate</h2><form class="column">{{template "mistakes" .Mistakes}}{{range .Fields}}{{template "field" .}}{{end}}{{range .Choices}}{{template "choice" .}}{{end}}
<p>{{template "copyable" .Code}}</p><button class="btn btn-primary" data-once>Generate 10,000 cards</button></form></section>
{{template "confirm" .Confirm}}{{end}}
{{define "portal-main"}}{{end}}`

// newGallery returns a page that fills every partial.
func newGallery(p Page) *galleryPage {
	quantity := Field{Name: "quantity", Label: "Quantity", Value: "10000000", InputMode: "numeric", Required: true, Short: true, Hint: "How many cards to make."}
	mistakes := Explain(fault.List{
		fault.Field("quantity", "series_quantity", "Quantity must be a whole number from 1 to 1,000,000."),
		fault.New(fault.Invalid, "series_other", "Something about the whole form."),
	}, &quantity)
	return &galleryPage{
		Page: p, At: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
		Tiles: []Tile{
			{Label: "Quantity", Value: "1,000,000"},
			{Label: "Face value", Value: "USD 10.00", Note: "each"},
			{Label: "Outstanding", Value: "USD 9,912,340.00", URL: "#"},
			{Label: "Used", Value: "8,766", Note: "0.9 %"},
			{Label: "Valid till", Value: "31 Dec 2027"},
		},
		States: []Badge{
			{Word: "Active", Tone: ToneGood},
			{Word: "Used", Tone: ToneIdle},
			{Word: "Locked", Tone: ToneWarn},
			{Word: "Void", Tone: ToneBad},
			{Word: "Generating", Tone: ToneBusy},
		},
		Running: Progress{Label: "Cards made", Done: 412_500, Total: 1_000_000, Note: "31,200 a second, 19 s left"},
		Bar:     Bar{Parts: []BarPart{{Word: "active", Count: 912_340, Tone: ToneGood}, {Word: "used", Count: 8766, Tone: ToneIdle}, {Word: "expired", Count: 12, Tone: ToneWarn}, {Word: "void", Count: 0, Tone: ToneBad}}},
		Empty:   Empty{Icon: "cards", Title: "No cards yet", Text: "A series is one batch of cards that are ordered, printed and sold together.", Action: "Generate cards", URL: "/admin"},
		Pager:   Pager{Newer: "?after=1", Older: "?before=9", Text: "1 to 50 of 1,000,000"},
		Confirm: Confirmation{
			ID: "void", Opener: "Void", Title: "Void series 202611?", Action: "/void", Danger: true,
			Text:   "Void 4,211 unused cards worth USD 42,110.00. Used cards stay. This can't be undone.",
			Button: "Void 4,211 cards", Hidden: []Hidden{{Name: "key", Value: "1"}},
			Reason: &Field{Name: "reason", Label: "Reason", Required: true, Hint: "Kept in the audit trail."},
		},
		Code: Copyable{Text: "SUMMER-7K3M-9QXP-2WRT-HJ4N", Label: "Copy the code"},
		Fields: []Field{
			quantity,
			{Name: "price", Label: "Price", Value: "10.00", Unit: "USD", Short: true, InputMode: "decimal"},
			{Name: "partner", Label: "Partner", Options: []Option{{Value: "", Text: "Any", Selected: false}, {Value: "1", Text: "North", Selected: true}}},
			{Name: "valid_till", Label: "Valid till", Type: "date", Value: "2027-12-31", Short: true},
			{Name: "remark", Label: "Remark", Rows: 3, MaxLength: 500},
		},
		Choices: []Choice{
			{Name: "activate", Label: "Activate when generated", Hint: "Off: the cards are worth nothing until somebody activates the series.", Checked: true},
			{Name: "module", Label: "Refill cards", Switch: true, Checked: true},
		},
		Mistakes: mistakes,
		View: TableView{
			Action: "/admin/finance/refill-cards/series", Columns: []Choice{{Name: "state", Label: "State", Checked: true}, {Name: "ordered", Label: "Created"}},
			Size: Field{Name: "size", Label: "Rows on a page", Options: []Option{{Value: "25", Text: "25", Selected: false}, {Value: "50", Text: "50", Selected: true}}}, Keep: []Hidden{{Name: "status", Value: "active"}},
		},
	}
}

// gallerySet parses the gallery with the layout of a side.
func gallerySet(t *testing.T, s *Kit, layout string) *template.Template {
	t.Helper()
	set, err := template.New("").Funcs(s.functions()).ParseFS(templates.FS, "partials/*.html", "layout/"+layout+".html")
	require.NoError(t, err)
	set, err = set.Parse(gallery)
	require.NoError(t, err)
	return set
}

func TestPartials(t *testing.T) {
	t.Parallel()
	s := &Kit{Config: Config{Now: time.Now, Settings: setting.NewStore(nil, time.Now)}, assets: &assets{files: map[string]asset{
		"img/favicon.svg": {}, "img/mark.svg": {}, "js/theme.js": {}, "js/app.js": {}, "js/combobox.js": {}, "js/charts.js": {}, "js/bulk.js": {}, "js/bell.js": {}, "js/desktop.js": {}, "js/upload.js": {}, "js/palette.js": {}, "js/keys.js": {}, "js/session.js": {}, "js/filters.js": {}, "js/unsaved.js": {}, "css/app.css": {}, "css/series.css": {}, "css/settings.css": {}, "css/palette.css": {},
	}}}
	set := gallerySet(t, s, "admin")
	require.NoError(t, templatecheck.CheckHTML(set.Lookup("layout"), &galleryPage{}))

	p := newGallery(Page{Title: "Gallery", Brand: "Refill", Person: staff.Person{ID: 1, Name: "Anna"}})
	p.At = p.At.In(Zone("Europe/Berlin"))
	var b strings.Builder
	require.NoError(t, set.ExecuteTemplate(&b, "layout", p))
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	require.NoError(t, err)
	one := func(selector string) *goquery.Selection {
		t.Helper()
		found := doc.Find(selector)
		require.Equal(t, 1, found.Length(), selector)
		return found
	}
	text := func(selector string) string { return strings.Join(strings.Fields(one(selector).Text()), " ") }

	require.Equal(t, "true", one("#f-quantity").AttrOr("aria-invalid", ""))
	require.Equal(t, "f-quantity-error f-quantity-hint", one("#f-quantity").AttrOr("aria-describedby", ""))
	require.Equal(t, "Quantity must be a whole number from 1 to 1,000,000.", text(`[role="alert"] a[href="#f-quantity"]`))
	require.Equal(t, "1", doc.Find("#f-partner option[selected]").AttrOr("value", ""))
	require.Equal(t, "412500", one("progress").AttrOr("value", ""))
	require.Equal(t, "41 % 412,500 of 1,000,000 31,200 a second, 19 s left", text(".progress-line p"))
	require.Equal(t, 3, doc.Find(".bar").First().Find("rect").Length(), "an empty part is not drawn")
	require.Equal(t, "20 Nov 2026, 10:30:00 CET", doc.Find("time").First().AttrOr("title", ""))
	require.Equal(t, "State", strings.TrimSpace(one("#table-view input[checked] + span").Text()))
	require.Zero(t, doc.Find("#table-view #f-sort").Length())
	require.Equal(t, "/void", one("dialog#void form").AttrOr("action", ""))
	require.Equal(t, "f-reason-hint", one("dialog#void #f-reason").AttrOr("aria-describedby", ""))
}

func TestBarSlices(t *testing.T) {
	t.Parallel()
	slices := Bar{Parts: []BarPart{{"active", 999_999, ToneGood}, {"used", 1, ToneIdle}}}.Slices()
	require.Len(t, slices, 2)
	require.InDelta(t, 1000, slices[0].Width+slices[1].Width, 2)
	require.Equal(t, slices[0].Width, slices[1].X)
	require.GreaterOrEqual(t, slices[1].Width, int64(thinnest), "one card in a million can be seen")
	require.Empty(t, Bar{Parts: []BarPart{{"active", 0, ToneGood}}}.Slices())
}
