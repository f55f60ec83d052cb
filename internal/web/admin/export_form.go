package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// exportFormPage is the page with all options of an export and a preview of the first
// sheet.
type exportFormPage struct {
	kit.Page
	Series              seriesView
	Format, Cards       kit.Field
	First, Last         kit.Field
	Layouts             layoutChoices
	Sides, QR           kit.Field
	OffsetX, OffsetY    kit.Field
	Parts               kit.Choice
	Columns             columnChoices
	Delimiter, Encoding kit.Field
	Locked              kit.Choice
	Password            kit.Field
	Reason              kit.Field
	Shop                kit.Field // the print shop that the file is encrypted for; without options: none is known yet
	Key                 string
	Pictures            []sheetPicture
	About               string   // description of the layout
	Header              []string // of the first rows of a table
	Rows                [][]string
	Nothing             string // says that the selection has no card; empty: it has some
	Second              string // says that the file needs a second person; empty: it does not
	Sum                 string // what the file will contain, and its estimated size
	Mistakes            []kit.Mistake
}

// columnChoices are the optional columns of a table.
type columnChoices struct {
	Options []kit.Option
	Error   string
}

// sheetPicture is one side of the first sheet.
type sheetPicture struct{ URL, Alt string }

// newExportFormPage returns the page with the form as filled in.
func (s *Server) newExportFormPage(c *gin.Context, row db.SeriesShowRow, form url.Values) (*exportFormPage, error) {
	p := &exportFormPage{Page: s.Page(c, lang.M("Export series ")+row.Series.Number, SectionSeries), Series: viewSeries(row), Key: uuid.NewString()}
	var err error
	if p.Second, err = s.fileTakesTwo(c, row); err != nil {
		return nil, err
	}
	p.Format = exportFormatField()
	p.Format.Choose(form.Get("format"))
	p.Cards = kit.Field{Name: "cards", Label: lang.M("Cards"), Hint: lang.M("Void cards are never exported."), Short: true}
	for _, one := range cardChoices {
		p.Cards.Options = append(p.Cards.Options, kit.Option{Value: one.name, Text: one.text, Selected: one.name == form.Get("cards")})
	}
	serial := func(name, label string) kit.Field {
		return kit.Field{Name: name, Label: label, Value: kit.Truncate(form.Get(name), 20), InputMode: "numeric", Autocomplete: "off", Short: true, Mono: true}
	}
	p.First, p.Last = serial("first", lang.M("First serial")), serial("last", lang.M("Last serial"))
	p.First.Placeholder, p.Last.Placeholder = "1", strconv.FormatInt(p.Series.Quantity, 10)
	p.Layouts.Options = offerLayouts(form.Get("layout"))
	if l, known := render.LayoutByName(form.Get("layout")); known {
		p.About = l.About
	}
	p.Sides = kit.Field{Name: "sides", Label: lang.M("Sides"), Options: []kit.Option{
		{Value: "one", Text: lang.M("One side, everything on it"), Selected: form.Get("sides") == "one"},
		{Value: "both", Text: lang.M("Both sides, code on the back"), Selected: form.Get("sides") == "both"},
	}}
	p.QR = kit.Field{
		Name: "qr", Label: lang.M("QR code"), Hint: lang.M("Cameras read it. A scratch label over the code must cover a QR code with the code too; if it can’t, choose another one."),
		Options: []kit.Option{
			{Value: qrWithCode, Text: lang.M("With the code")},
			{Value: string(render.QRAddress), Text: lang.M("With the portal’s address only")},
			{Value: string(render.QRNone), Text: lang.M("None")},
		},
	}
	p.QR.Choose(form.Get("qr"))
	offset := func(name, label string) kit.Field {
		return kit.Field{Name: name, Label: label, Value: kit.Truncate(form.Get(name), 20), Unit: "mm", InputMode: "decimal", Autocomplete: "off", Short: true, Placeholder: "0"}
	}
	p.OffsetX, p.OffsetY = offset("offset_x", lang.M("Move right")), offset("offset_y", lang.M("Move down"))
	p.Parts = kit.Choice{
		Name: "parts", Label: lang.M("A ZIP of parts of 10,000 cards"), Checked: form.Get("parts") != "",
		Hint: lang.M("For programs that take no large files. Without it, all cards are in one PDF."),
	}
	p.Locked = kit.Choice{Name: "locked", Label: lang.M("Open with a password"), Checked: form.Get("locked") != "" || form.Get("password") != "", Hint: lang.M("A PDF only. It is encrypted with AES-256, and each PDF of a ZIP with the same password.")}
	// The typed password is sent back with the form, on a page that browsers do not keep.
	p.Password = kit.Field{
		Name: "password", Label: lang.M("Password"), Type: "password", Value: kit.Truncate(form.Get("password"), 200), Autocomplete: "new-password",
		Hint: lang.M("At least 8 characters; better four or five words that have nothing to do with each other. Tell it to the print shop by telephone. It is forgotten once the file is made: nobody can look it up."),
	}
	s.chooseTable(p, form)
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return nil, err
	}
	p.Reason = exportReasonField(settings, form.Get("reason"))
	p.chooseShop(settings, form)
	return p, nil
}

// exportReasonField returns the field for the reason of an export.
func exportReasonField(settings setting.Settings, typed string) kit.Field {
	f := kit.Field{Name: "reason", Label: lang.M("Reason"), Value: kit.Truncate(typed, 400), Autocomplete: "off", Hint: lang.M("Who needs the file, for what. It stays in the audit trail.")}
	if !settings.ExportReason {
		f.Label = "Reason (optional)"
	}
	return f
}

// chooseShop adds the field for the print shop that the file is encrypted for.
func (p *exportFormPage) chooseShop(settings setting.Settings, form url.Values) {
	p.Shop = kit.Field{Name: "shop", Label: lang.M("Encrypt for")}
	if len(settings.PrintShops) == 0 && form.Get("shop") == "" {
		return
	}
	p.Shop.Options = append(p.Shop.Options, kit.Option{Text: lang.M("Nobody")})
	for _, shop := range settings.PrintShops {
		p.Shop.Options = append(p.Shop.Options, kit.Option{Value: shop.ID, Text: shop.Name + ", " + envelopeName(shop.Kind), Selected: shop.ID == form.Get("shop")})
	}
}

// chooseTable adds the options of table formats.
func (s *Server) chooseTable(p *exportFormPage, form url.Values) {
	for _, one := range render.MoreColumns() {
		p.Columns.Options = append(p.Columns.Options, kit.Option{Value: one.Name, Text: one.Title, Selected: slices.Contains(form["columns"], one.Name)})
	}
	p.Delimiter = kit.Field{Name: "delimiter", Label: lang.M("Delimiter"), Options: []kit.Option{
		{Value: "comma", Text: lang.M("Comma")}, {Value: "semicolon", Text: lang.M("Semicolon")}, {Value: "tab", Text: lang.M("Tab")},
	}}
	p.Delimiter.Choose(form.Get("delimiter"))
	p.Encoding = kit.Field{Name: "encoding", Label: lang.M("Encoding"), Hint: lang.M("For Excel in any country: UTF-16 with tabs."), Options: []kit.Option{
		{Value: string(render.UTF8), Text: "UTF-8"}, {Value: string(render.UTF8BOM), Text: lang.M("UTF-8 with a mark")}, {Value: string(render.UTF16LE), Text: lang.M("UTF-16, for Excel")},
	}}
	p.Encoding.Choose(form.Get("encoding"))
}

// exportFormatField returns the field for the format.
func exportFormatField() kit.Field {
	return kit.Field{Name: "format", Label: lang.M("Format"), Options: []kit.Option{
		{Value: "pdf", Text: lang.M("PDF, cards to print")},
		{Value: "csv", Text: lang.M("CSV, a table for programs")},
		{Value: "xlsx", Text: lang.M("XLSX, an Excel workbook")},
		{Value: "jsonl", Text: lang.M("JSON Lines, an object a card")},
		{Value: "printer", Text: lang.M("Printer file, with totals and checksum")},
	}}
}

// formatName returns the display name of a format.
func formatName(format string) string {
	switch format {
	case string(db.ExportFormatJsonl):
		return lang.M("JSON Lines")
	case string(db.ExportFormatPrinter):
		return lang.M("Printer file")
	}
	return strings.ToUpper(format)
}

func (p *exportFormPage) explain(err error) {
	columns, layout := kit.Field{Name: "columns"}, kit.Field{Name: "layout"}
	p.Mistakes = kit.Explain(err, &p.Format, &p.Cards, &p.First, &p.Last, &layout, &p.Sides, &p.QR, &p.OffsetX, &p.OffsetY, &columns, &p.Delimiter, &p.Encoding, &p.Password, &p.Shop, &p.Reason)
	p.Columns.Error = columns.Error
	p.Layouts.Error, p.Layouts.Fault = layout.Error, layout.Fault
}

// maker returns the service that draws the cards of files and previews.
func (s *Server) maker(c *gin.Context) *cardfile.Service { return s.Exports.At(s.publicBase(c)) }

// ExportForm handles GET …/series/:number/export: the form with the last choice or, for a
// preview, with the choice in the query.
func (s *Server) ExportForm(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if !viewSeries(row).Exportable {
		s.SetFaultFlash(c, cardfile.ErrSeriesState)
		return s.Redirect(c, SeriesURL(row.Series.Number))
	}
	form := c.Request.URL.Query()
	form.Del("password") // the page never sends it in the query
	if !form.Has("layout") {
		format, o, err := s.Exports.LastChoice(c.Request.Context(), s.Actor(c), row.Series.ID)
		if err != nil {
			return err
		}
		if format == "" {
			format = string(db.ExportFormatPdf)
		}
		if o.Layout == "" {
			o.Layout = render.Layouts()[0].Name
		}
		form = formOf(format, o)
	}
	p, err := s.newExportFormPage(c, row, form)
	if err != nil {
		return err
	}
	return s.showForeseen(c, p, row, form)
}

// showForeseen renders the form with a forecast of the chosen file.
func (s *Server) showForeseen(c *gin.Context, p *exportFormPage, row db.SeriesShowRow, form url.Values) error {
	choice, err := ReadExportChoice(form)
	if choice.Options.Password.Reveal() == "" {
		choice.Options.Locked = false // the password is not typed yet
	}
	if err == nil {
		err = s.foresee(c, p, row, choice)
	}
	if fault.IsInternal(err) {
		return err
	}
	status := http.StatusOK
	if err != nil {
		p.explain(err)
		status = http.StatusUnprocessableEntity
	}
	return s.Render(c, status, "admin/series_export", p)
}

// ExportChoose handles POST …/series/:number/export: it queues the chosen file or, for a
// preview, shows the form with a forecast. The preview uses POST too, because no address
// may contain the password.
func (s *Server) ExportChoose(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if form.Get("preview") != "" {
		p, err := s.newExportFormPage(c, row, form)
		if err != nil {
			return err
		}
		return s.showForeseen(c, p, row, form)
	}
	key, err := kit.ReadKey(form)
	if err != nil {
		return err
	}
	choice, err := ReadExportChoice(form)
	if err == nil {
		_, err = s.maker(c).Request(c.Request.Context(), s.Actor(c), row.Series.ID, choice.format, choice.Options, key)
	}
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, fmt.Sprintf(lang.M("A file of series %s was asked for. Below is how it stands."), row.Series.Number)) // it may wait for a second person
		return s.Redirect(c, SeriesURL(row.Series.Number)+"#series-exports")
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p, pageErr := s.newExportFormPage(c, row, form)
	if pageErr != nil {
		return pageErr
	}
	p.explain(err)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/series_export", p)
}
