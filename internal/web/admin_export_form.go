package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/fault"
	"refill/internal/setting"
)

// exportFormPage is the page on which a file is chosen in detail, with a preview
// of its first sheet.
type exportFormPage struct {
	page
	Series              seriesView
	Format, Cards       field
	First, Last         field
	Layout, Sides       field
	OffsetX, OffsetY    field
	Parts               choice
	Columns             columnChoices
	Delimiter, Encoding field
	Locked              choice
	Password            field
	Reason              field
	Shop                field // whom the file is encrypted for; without options: there is nobody yet
	Key                 string
	Pictures            []sheetPicture
	About               string // what the layout is
	Second              string // that it takes a second person
	Sum                 string // what the file will hold, and how large it will be
	Mistakes            []mistake
}

// columnChoices are the columns that a table may have beyond the usual ones.
type columnChoices struct {
	Options []option
	Error   string
}

// sheetPicture is one side of the first sheet.
type sheetPicture struct{ URL, Alt string }

// newExportFormPage shows the form as it was chosen.
func (s *Server) newExportFormPage(c *gin.Context, row db.SeriesShowRow, form url.Values) (*exportFormPage, error) {
	p := &exportFormPage{page: s.page(c, "Export series "+row.Series.Number, sectionSeries), Series: viewSeries(row), Key: uuid.NewString()}
	var err error
	if p.Second, err = s.fileTakesTwo(c, row); err != nil {
		return nil, err
	}
	p.Format = exportFormatField()
	p.Format.choose(form.Get("format"))
	p.Cards = field{Name: "cards", Label: "Cards", Hint: "Void cards are never exported.", Short: true}
	for _, one := range cardChoices {
		p.Cards.Options = append(p.Cards.Options, option{one.name, one.text, one.name == form.Get("cards")})
	}
	serial := func(name, label string) field {
		return field{Name: name, Label: label, Value: cut(form.Get(name), 20), InputMode: "numeric", Autocomplete: "off", Short: true, Mono: true}
	}
	p.First, p.Last = serial("first", "First serial"), serial("last", "Last serial")
	p.First.Placeholder, p.Last.Placeholder = "1", strconv.FormatInt(p.Series.Quantity, 10)
	p.Layout = field{Name: "layout", Label: "Layout"}
	for _, l := range export.Layouts() {
		p.Layout.Options = append(p.Layout.Options, option{l.Name, l.Title, l.Name == form.Get("layout")})
		if l.Name == form.Get("layout") {
			p.About = l.About
		}
	}
	p.Sides = field{Name: "sides", Label: "Sides", Options: []option{
		{"one", "One side, everything on it", form.Get("sides") == "one"},
		{"both", "Both sides, code on the back", form.Get("sides") == "both"},
	}}
	offset := func(name, label string) field {
		return field{Name: name, Label: label, Value: cut(form.Get(name), 20), Unit: "mm", InputMode: "decimal", Autocomplete: "off", Short: true, Placeholder: "0"}
	}
	p.OffsetX, p.OffsetY = offset("offset_x", "Move right"), offset("offset_y", "Move down")
	p.Parts = choice{
		Name: "parts", Label: "A ZIP of parts of 10,000 cards", Checked: form.Get("parts") != "",
		Hint: "For programs that take no large files. Without it, all cards are in one PDF.",
	}
	p.Locked = choice{Name: "locked", Label: "Open with a password", Checked: form.Get("locked") != "" || form.Get("password") != "", Hint: "A PDF only. It is encrypted with AES-256, and each PDF of a ZIP with the same password."}
	// It comes back with the page that it was typed on, which no browser keeps.
	p.Password = field{
		Name: "password", Label: "Password", Type: "password", Value: cut(form.Get("password"), 200), Autocomplete: "new-password",
		Hint: "At least 8 characters; better four or five words that have nothing to do with each other. Tell it to the print shop by telephone. It is forgotten once the file is made: nobody can look it up.",
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

// exportReasonField asks why a file is wanted.
func exportReasonField(settings setting.Settings, typed string) field {
	f := field{Name: "reason", Label: "Reason", Value: cut(typed, 400), Autocomplete: "off", Hint: "Who needs the file, for what. It stays in the audit trail."}
	if !settings.ExportReason {
		f.Label = "Reason (optional)"
	}
	return f
}

// chooseShop shows whom the file can be encrypted for.
func (p *exportFormPage) chooseShop(settings setting.Settings, form url.Values) {
	p.Shop = field{Name: "shop", Label: "Encrypt for"}
	if len(settings.PrintShops) == 0 && form.Get("shop") == "" {
		return
	}
	p.Shop.Options = append(p.Shop.Options, option{Text: "Nobody"})
	for _, shop := range settings.PrintShops {
		p.Shop.Options = append(p.Shop.Options, option{shop.ID, shop.Name + ", " + envelopeName(shop.Kind), shop.ID == form.Get("shop")})
	}
}

// chooseTable shows what can be chosen for a table.
func (s *Server) chooseTable(p *exportFormPage, form url.Values) {
	for _, one := range export.MoreColumns() {
		p.Columns.Options = append(p.Columns.Options, option{one.Name, one.Title, slices.Contains(form["columns"], one.Name)})
	}
	p.Delimiter = field{Name: "delimiter", Label: "Delimiter", Options: []option{
		{Value: "comma", Text: "Comma"}, {Value: "semicolon", Text: "Semicolon"}, {Value: "tab", Text: "Tab"},
	}}
	p.Delimiter.choose(form.Get("delimiter"))
	p.Encoding = field{Name: "encoding", Label: "Encoding", Hint: "For Excel in any country: UTF-16 with tabs.", Options: []option{
		{Value: string(export.UTF8), Text: "UTF-8"}, {Value: string(export.UTF8BOM), Text: "UTF-8 with a mark"}, {Value: string(export.UTF16LE), Text: "UTF-16, for Excel"},
	}}
	p.Encoding.choose(form.Get("encoding"))
}

// exportFormatField offers the formats.
func exportFormatField() field {
	return field{Name: "format", Label: "Format", Options: []option{
		{Value: "pdf", Text: "PDF, cards to print"},
		{Value: "csv", Text: "CSV, a table for programs"},
		{Value: "xlsx", Text: "XLSX, an Excel workbook"},
		{Value: "jsonl", Text: "JSON Lines, an object a card"},
		{Value: "printer", Text: "Printer file, with totals and checksum"},
	}}
}

// formatName is a format as people say it.
func formatName(format string) string {
	switch format {
	case string(db.ExportFormatJsonl):
		return "JSON Lines"
	case string(db.ExportFormatPrinter):
		return "Printer file"
	}
	return strings.ToUpper(format)
}

func (p *exportFormPage) explain(err error) {
	columns := field{Name: "columns"}
	p.Mistakes = explain(err, &p.Format, &p.Cards, &p.First, &p.Last, &p.Layout, &p.Sides, &p.OffsetX, &p.OffsetY, &columns, &p.Delimiter, &p.Encoding, &p.Password, &p.Shop, &p.Reason)
	p.Columns.Error = columns.Error
}

// maker is what draws the cards of files and previews.
func (s *Server) maker(c *gin.Context) cardfile.Maker {
	return cardfile.Maker{Cards: s.Cards, Settings: s.Settings, PublicURL: s.publicBase(c), Fonts: s.Fonts, Random: rand.Reader}
}

// adminExportForm handles GET …/series/:number/export: the form with what was
// chosen last, or, asked for a preview, with what is chosen now.
func (s *Server) adminExportForm(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	if !viewSeries(row).Exportable {
		s.setFlash(c, card.ErrNotExported.Message)
		return s.redirect(c, seriesURL(row.Series.Number))
	}
	form := c.Request.URL.Query()
	form.Del("password") // the page never sends it so
	if !form.Has("layout") {
		format, o, err := s.Cards.LastChoice(c.Request.Context(), s.actor(c), row.Series.ID)
		if err != nil {
			return err
		}
		if format == "" {
			format = string(db.ExportFormatPdf)
		}
		if o.Layout == "" {
			o.Layout = export.Layouts()[0].Name
		}
		form = formOf(format, o)
	}
	p, err := s.newExportFormPage(c, row, form)
	if err != nil {
		return err
	}
	return s.showForeseen(c, p, row, form)
}

// showForeseen shows the form with what is chosen, and what would come of it.
func (s *Server) showForeseen(c *gin.Context, p *exportFormPage, row db.SeriesShowRow, form url.Values) error {
	choice, err := readExportChoice(form)
	if err == nil {
		err = s.chosenShop(c, &choice.options)
	}
	if choice.options.Password.Reveal() == "" {
		choice.options.Locked = false // it is yet to be typed
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
	return s.render(c, status, "admin/series_export", p)
}

// foresee says what a file will hold, how large it will be, and shows its first
// sheet if it has any.
func (s *Server) foresee(c *gin.Context, p *exportFormPage, row db.SeriesShowRow, choice exportChoice) error {
	ctx, o := c.Request.Context(), choice.options
	n, err := s.Cards.Selected(ctx, row, o)
	if err != nil {
		return err
	}
	p.Sum = count(n, "card", "cards")
	if err := s.checkExport(c, row, choice); err != nil {
		return err
	}
	if choice.format == string(db.ExportFormatPdf) {
		layout, _ := export.LayoutByName(o.Layout)
		if layout.PerSheet() > 1 || o.BothSides {
			p.Sum += " on " + count(layout.Sheets(n), "sheet", "sheets")
		}
		query := formOf(choice.format, o)
		for bound, serial := range map[string]int32{"first": o.First, "last": o.Last} {
			if serial > 0 {
				query.Set(bound, strconv.Itoa(int(serial)))
			}
		}
		sides := []string{"the first sheet"}
		if o.BothSides {
			sides = []string{"the front of the first sheet", "the back of the first sheet"}
		}
		for i, side := range sides {
			query.Set("side", strconv.Itoa(i))
			p.Pictures = append(p.Pictures, sheetPicture{URL: p.Series.URL + "/export/preview?" + query.Encode(), Alt: "Preview of " + side + " with made-up codes"})
		}
	}
	p.Sum += ", about " + blob.SizeText(cardfile.Estimate(choice.format, o, n))
	return nil
}

// adminExportPreview handles GET …/series/:number/export/preview: one side of the
// first sheet as a picture, with made-up codes.
func (s *Server) adminExportPreview(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	choice, err := readExportChoice(c.Request.URL.Query())
	if err != nil {
		return err
	}
	n, err := s.Cards.Selected(c.Request.Context(), row, choice.options)
	if err != nil {
		return err
	}
	sides, err := s.maker(c).Preview(c.Request.Context(), row.Series, choice.options, max(n, 1))
	if err != nil {
		return err
	}
	side, err := strconv.Atoi(c.Query("side"))
	if err != nil || side < 0 || side >= len(sides) {
		return card.ErrNoExport
	}
	c.Data(http.StatusOK, "image/svg+xml", sides[side])
	return nil
}

// adminExportChoose handles POST …/series/:number/export: it queues the file that
// was chosen, or, asked for a preview, shows what would come of it. The form posts
// that too, for an address is no place for a password.
func (s *Server) adminExportChoose(c *gin.Context) error {
	form, err := s.form(c)
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
	key, err := readKey(form.Get("key"))
	if err != nil {
		key = uuid.New()
	}
	choice, err := readExportChoice(form)
	if err == nil {
		err = s.chosenShop(c, &choice.options)
	}
	if err == nil {
		err = s.checkExport(c, row, choice)
	}
	if err == nil {
		err = s.roomFor(c, row, choice)
	}
	if err == nil {
		_, err = s.Cards.RequestExport(c.Request.Context(), s.actor(c), row.Series.ID, choice.format, choice.options, key)
	}
	switch {
	case err == nil:
		s.setFlash(c, fmt.Sprintf("A file of series %s was asked for. Below is how it stands.", row.Series.Number)) // it may wait for a second person
		return s.redirect(c, seriesURL(row.Series.Number)+"#series-exports")
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p, pageErr := s.newExportFormPage(c, row, form)
	if pageErr != nil {
		return pageErr
	}
	p.explain(err)
	return s.render(c, http.StatusUnprocessableEntity, "admin/series_export", p)
}

// roomFor refuses a file that the store has no room for.
func (s *Server) roomFor(c *gin.Context, row db.SeriesShowRow, choice exportChoice) error {
	n, err := s.Cards.Selected(c.Request.Context(), row, choice.options)
	if err != nil {
		return err
	}
	return cardfile.Room(s.Files, cardfile.Estimate(choice.format, choice.options, n))
}
