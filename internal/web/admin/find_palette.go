package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// palette is what the search palette shows for a typed text.
type palette struct {
	Text   string // what was typed; empty where it may be a code
	Held   bool   // the text may be a code: nothing was looked up
	Says   string // how many results there are, for screen readers
	Count  int
	Groups []paletteGroup
	Forms  string // the forms of codes, by which the script knows what to send to no search
}

// paletteGroup is the results of one kind.
type paletteGroup struct {
	ID, Title string
	Results   []paletteResult
}

// paletteResult is a link.
type paletteResult struct {
	ID, Icon, Text, Note, URL string
	Mono                      bool
	State                     *kit.Badge
}

// mostInPalette is how many results of a kind the palette shows.
const mostInPalette = 5

// add appends a group, unless it is empty.
func (p *palette) add(id, title string, results []paletteResult) {
	if len(results) == 0 {
		return
	}
	results = results[:min(len(results), mostInGroup(id))]
	for i := range results {
		results[i].ID = "palette-" + id + "-" + strconv.Itoa(i)
	}
	p.Count += len(results)
	p.Groups = append(p.Groups, paletteGroup{ID: "palette-" + id, Title: title, Results: results})
}

func mostInGroup(id string) int {
	if id == "pages" || id == "actions" {
		return 30 // the list is as long as the menu
	}
	return mostInPalette
}

// FindSuggest handles POST /admin/find/suggest: what the palette shows while a person types.
// The text is in the body, so that no address has it. It looks up no code and charges
// nothing. A text that may be a code is not looked up in any way.
func (s *Server) FindSuggest(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	result, text, person := &palette{}, soughtText(kit.Truncate(form.Get("find"), longestSought)), s.Person(c)
	forms, err := s.Cards.Codes.Likenesses(ctx)
	if err != nil {
		return err
	}
	for _, one := range forms {
		result.Forms = strings.TrimSpace(result.Forms + " " + one.String())
	}
	if result.Held, err = s.Cards.Codes.IsSecret(ctx, s.Actor(c), text); err != nil {
		return err
	}
	if !result.Held {
		result.Text = text
		if err := s.suggest(c, text, result, settings); err != nil {
			return err
		}
		result.addPages(text, person, settings.RefillCards)
	}
	if text != "" && !result.Held {
		result.add("all", lang.M("Search"), []paletteResult{{Icon: "search", Text: fmt.Sprintf(lang.M("All results for “%s”"), text), URL: kit.ListURL(SectionFind, "q", text)}})
		result.Count--
	}
	switch {
	case result.Held:
		result.Says = lang.M("This may be a code. Press Enter to look it up as one.")
	case result.Count == 0:
		result.Says = lang.M("Nothing matches")
	case result.Count == 1:
		result.Says = lang.M("One result")
	default:
		result.Says = fmt.Sprintf(lang.M("%d results"), result.Count)
	}
	return s.Fragment(c, http.StatusOK, "admin/find", "palette-results", result)
}

// suggest adds customers, series, cards and payments.
func (s *Server) suggest(c *gin.Context, text string, result *palette, settings setting.Settings) error {
	if text == "" {
		return nil
	}
	p := &findPage{}
	p.Person = s.Person(c)
	if p.Person.Can(staff.CustomersView) {
		if err := s.findCustomers(c, text, false, p); err != nil {
			return err
		}
	}
	var customers, series, cards, payments []paletteResult
	for _, one := range p.Customers {
		view := paletteResult{Icon: "user", Text: one.Name, Note: one.Note, URL: one.URL}
		if one.Disabled {
			view.State = &kit.Badge{Tone: kit.ToneIdle, Word: lang.M("Disabled")}
		}
		customers = append(customers, view)
	}
	if settings.RefillCards && p.Person.Can(staff.SeriesView) {
		if err := s.findSeriesBy(c, text, p); err != nil {
			return err
		}
	}
	for _, one := range p.Series {
		series = append(series, paletteResult{Icon: "cards", Text: one.Number, Mono: true, Note: joinFacts(one.Prefix, one.Price, one.Partners), URL: one.URL, State: &one.State})
	}
	if settings.RefillCards && p.Person.Can(staff.CardsView) {
		if err := s.suggestCards(c, text, p); err != nil {
			return err
		}
	}
	for _, one := range p.Cards {
		cards = append(cards, paletteResult{Icon: "ticket", Text: kit.CardName(one.Series, one.Serial), Mono: true, Note: one.UsedBy, URL: one.URL, State: &one.State})
	}
	if err := s.findPayment(c, text, p); err != nil {
		return err
	}
	for _, one := range p.Payments {
		payments = append(payments, paletteResult{Icon: "receipt", Text: one.Title, Note: one.Note, URL: one.URL})
	}
	named, _, isCard := namedCard(text)
	if isCard && named != "" {
		result.add("cards", lang.M("Cards"), cards)
		cards = nil
	}
	result.add("customers", lang.M("Customers"), customers)
	result.add("series", lang.M("Series"), series)
	result.add("cards", lang.M("Cards"), cards)
	result.add("payments", lang.M("Payments"), payments)
	return nil
}

// suggestCards adds the cards that a series with a serial, or a serial, names. The end of a
// code is not looked for: while a code is typed, each of its groups would be one.
func (s *Server) suggestCards(c *gin.Context, text string, p *findPage) error {
	number, serial, ok := namedCard(text)
	if !ok {
		if serial, ok = plainSerial(text); !ok {
			return nil
		}
	}
	rows, err := s.cardsBySerial(c, number, serial, mostInPalette)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
			return err
		}
	}
	return nil
}

// joinFacts writes facts in one line, without those that are empty.
func joinFacts(facts ...string) string {
	var list []string
	for _, fact := range facts {
		if fact != "" {
			list = append(list, fact)
		}
	}
	return strings.Join(list, ", ")
}

// addPages adds the actions and pages whose words begin with the words of a text. An empty
// text fits all.
func (p *palette) addPages(text string, person staff.Person, refillCards bool) {
	var actions, pages []paletteResult
	for _, one := range paletteActions(person, refillCards) {
		if fitsWords(one.Text+" "+one.Note, text) {
			one.Note = ""
			actions = append(actions, one)
		}
	}
	for _, one := range palettePages(person, refillCards) {
		if fitsWords(one.Text+" "+one.Note, text) {
			pages = append(pages, one)
		}
	}
	p.add("actions", lang.M("Actions"), actions)
	p.add("pages", lang.M("Pages"), pages)
}

// fitsWords reports whether each word of a text begins a word of a title.
func fitsWords(title, text string) bool {
	words := strings.Fields(strings.ToLower(title))
	for part := range strings.FieldsSeq(strings.ToLower(text)) {
		fits := false
		for _, word := range words {
			fits = fits || strings.HasPrefix(word, part)
		}
		if !fits {
			return false
		}
	}
	return true
}

// paletteActions returns the forms that a person may open. The note has further words by
// which one is found.
func paletteActions(p staff.Person, refillCards bool) (list []paletteResult) {
	all := p.Scope.AllPartners
	for _, one := range []struct {
		paletteResult

		shown bool
	}{
		{paletteResult{Icon: "plus", Text: lang.M("Generate cards"), Note: lang.M("new order series"), URL: SectionGenerate}, refillCards && p.Can(staff.SeriesGenerate)},
		{paletteResult{Icon: "user-plus", Text: lang.M("New customer"), Note: lang.M("add create"), URL: CustomerNew}, p.Can(staff.CustomersEdit)},
		{paletteResult{Icon: "upload", Text: lang.M("Import cards"), Note: lang.M("upload file"), URL: SectionImport}, refillCards && p.Can(staff.SeriesImport)},
		{paletteResult{Icon: "upload", Text: lang.M("Import customers"), Note: lang.M("upload file"), URL: SectionCustomerImport}, p.Can(staff.CustomersEdit)},
		{paletteResult{Icon: "building-store", Text: lang.M("New partner"), Note: lang.M("add create"), URL: SectionPartners + "/new"}, p.Can(staff.PartnersManage) && all},
		{paletteResult{Icon: "users", Text: lang.M("New member of staff"), Note: lang.M("add create account"), URL: SectionStaff + "/new"}, p.Can(staff.StaffManage) && all},
		{paletteResult{Icon: "key", Text: lang.M("New API client"), Note: lang.M("add create key integration"), URL: SectionClients + "/new"}, p.Can(staff.APIManage)},
		{paletteResult{Icon: "shield-check", Text: lang.M("New role"), Note: lang.M("add create permissions"), URL: SectionRoles + "/new"}, p.Can(staff.StaffManage) && all},
	} {
		if one.shown {
			list = append(list, one.paletteResult)
		}
	}
	return list
}

// palettePages returns the pages of the menu, of the settings and of the person's account.
func palettePages(p staff.Person, refillCards bool) (list []paletteResult) {
	var walk func([]kit.MenuItem)
	walk = func(items []kit.MenuItem) {
		for _, item := range items {
			if item.URL != "" {
				list = append(list, paletteResult{Icon: item.Icon, Text: item.Title, URL: item.URL})
			}
			walk(item.Children)
		}
	}
	walk(staffMenu(p, "", refillCards, true))
	for _, page := range settingPages(p) {
		list = append(list, paletteResult{Icon: page.Icon, Text: page.Title, Note: lang.M("Settings"), URL: page.URL})
	}
	return append(
		list,
		paletteResult{Icon: "user-circle", Text: lang.M("Your account"), Note: lang.M("Password, name"), URL: SectionAccount},
		paletteResult{Icon: "shield-lock", Text: lang.M("Second factor"), Note: lang.M("Your account"), URL: SectionFactor},
		paletteResult{Icon: "device-mobile", Text: lang.M("Where you are signed in"), Note: lang.M("Your account"), URL: SectionSessions},
	)
}
