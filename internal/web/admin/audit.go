package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// AuditPerPage is how many entries the page shows at once.
const AuditPerPage = 50

// auditPage is the audit trail, filtered.
type auditPage struct {
	kit.Page
	Rows      []auditRow
	From, To  kit.Field
	Who, What kit.Field
	Series    kit.Field
	Customer  kit.Field
	Address   kit.Field
	Mistakes  []kit.Mistake
	Filtered  bool
	CSV, XLSX string // addresses that download the filtered entries
	Pager     kit.Pager
	Empty     kit.Empty
	Chain     chainView
}

// auditRow is one entry, prepared for display.
type auditRow struct {
	At        time.Time
	Who, What string
	SeriesURL string
	Series    string
	Serial    int32
	Customer  string
	CustomURL string
	Subject   string // the name of the person or thing that the entry concerns
	Facts     []auditFact
	Address   string
	RequestID string
}

// auditFact is one detail of an entry. Was is the value before a change, or empty.
type auditFact struct{ Name, Was, Is string }

// Audit handles GET /admin/audit.
func (s *Server) Audit(c *gin.Context) error {
	p := &auditPage{Page: s.Page(c, lang.M("Audit trail"), SectionAudit)}
	params, err := s.auditFilters(c, p)
	if err != nil {
		return err
	}
	if len(p.Mistakes) > 0 {
		return s.Render(c, http.StatusUnprocessableEntity, "admin/audit_list", p)
	}
	if format, ok := kit.TableFormat(c); ok {
		return s.SendTable(c, "refill-audit", format, auditColumns(), auditTable(params))
	}
	params.Size = AuditPerPage + 1
	rows, err := db.New().AuditList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	words := newNarrator()
	for _, r := range rows[:min(len(rows), AuditPerPage)] {
		p.Rows = append(p.Rows, words.viewAudit(r))
	}
	self := func(name, value string) string {
		query := c.Request.URL.Query()
		query.Del("before")
		for key := range query {
			if query.Get(key) == "" {
				query.Del(key)
			}
		}
		if name != "" {
			query.Set(name, value)
		}
		if len(query) == 0 {
			return SectionAudit
		}
		return SectionAudit + "?" + query.Encode()
	}
	if p.Chain, err = s.chain(c, p.Person); err != nil {
		return err
	}
	p.CSV, p.XLSX = self("format", "csv"), self("format", "xlsx")
	if len(rows) > AuditPerPage {
		p.Pager.Older = self("before", strconv.FormatInt(rows[AuditPerPage-1].ID, 10))
	}
	if params.BeforeID != math.MaxInt64 {
		p.Pager.Newer = self("", "")
	}
	p.Empty = kit.Empty{Icon: "history", Title: lang.M("Nothing yet"), Text: lang.M("Whatever is done in the portal stands here, with who, when and from where.")}
	if p.Filtered {
		p.Empty = kit.Empty{Icon: "search", Title: lang.M("Nothing matches"), Text: lang.M("No entry fits all of the filters."), Action: lang.M("Clear the filters"), URL: SectionAudit}
	}
	return s.Render(c, http.StatusOK, "admin/audit_list", p)
}

// auditFilters reads the filters from the query and fills the form with them.
func (s *Server) auditFilters(c *gin.Context, p *auditPage) (db.AuditListParams, error) {
	ctx, scope := c.Request.Context(), p.Person.Scope
	params := db.AuditListParams{BeforeID: math.MaxInt64, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, ViewerID: p.Person.ID}
	typed := func(name string) string {
		text := kit.Truncate(strings.TrimSpace(c.Query(name)), 60)
		p.Filtered = p.Filtered || text != ""
		return text
	}
	wrong := func(f *kit.Field, text string) {
		f.Error = text
		p.Mistakes = append(p.Mistakes, kit.Mistake{Field: f.Name, Text: text})
	}
	if before, ok := idParam(c, "before"); ok {
		params.BeforeID = before
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return params, err
	}
	p.From = kit.Field{Name: "from", Label: lang.M("From"), Type: "date", Value: typed("from")}
	p.To = kit.Field{Name: "to", Label: lang.M("To"), Type: "date", Value: typed("to")}
	for f, set := range map[*kit.Field]func(start, end time.Time){
		&p.From: func(start, _ time.Time) { params.FromAt = &start },
		&p.To:   func(_, end time.Time) { params.UntilAt = &end },
	} {
		if f.Value == "" {
			continue
		}
		start, end, ok := dayBounds(f.Value, kit.Zone(settings.TimeZone))
		if !ok {
			wrong(f, f.Label+lang.M(" must be a day, such as 2026-11-25."))
			continue
		}
		set(start, end)
	}

	p.Who = kit.Field{Name: "who", Label: lang.M("Member of staff"), Value: typed("who"), Options: []kit.Option{{Text: lang.M("Anybody")}}}
	people, err := db.New().StaffList(ctx, s.Pool)
	if err != nil {
		return params, err
	}
	for _, one := range people {
		p.Who.Options = append(p.Who.Options, kit.Option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	p.Who.Choose(p.Who.Value)
	if id, err := strconv.ParseInt(p.Who.Value, 10, 64); err == nil {
		params.StaffID = &id
	}

	p.What = kit.Field{Name: "what", Label: lang.M("What"), Value: typed("what"), Options: auditChoices()}
	p.What.Choose(p.What.Value)
	if p.What.Value != "" {
		params.ActionFrom = p.What.Value
		if noun, group := strings.CutSuffix(p.What.Value, "."); group {
			params.ActionUntil = noun + "/" // "/" is the character after "."
		} else {
			params.ActionUntil = p.What.Value + "\x01" // matches that action alone
		}
	}

	p.Series = kit.Field{Name: "series", Label: lang.M("Series"), Value: typed("series"), Plain: true, InputMode: "numeric"}
	if p.Series.Value != "" {
		id, _, err := db.Found(db.New().AuditSeriesID(ctx, s.Pool, p.Series.Value))
		if err != nil {
			return params, err
		}
		params.SeriesID = &id // 0 if there is no such series; no series has that ID
	}
	p.Customer = kit.Field{Name: "customer", Label: lang.M("Customer ID"), Value: typed("customer"), Plain: true, InputMode: "numeric"}
	if p.Customer.Value != "" {
		id, err := strconv.ParseInt(p.Customer.Value, 10, 64)
		if err != nil {
			wrong(&p.Customer, lang.M("Customer ID must be a whole number."))
		}
		params.CustomerID = &id
	}
	p.Address = kit.Field{Name: "address", Label: lang.M("Address"), Value: typed("address"), Plain: true}
	if p.Address.Value != "" {
		address, err := netip.ParseAddr(p.Address.Value)
		if err != nil || address.Zone() != "" {
			wrong(&p.Address, lang.M("Address must be an IP address, such as 192.0.2.7."))
		}
		params.Address = &address
	}
	return params, nil
}

// viewAudit prepares an entry for display.
func (n narrator) viewAudit(r db.AuditListRow) auditRow {
	v := auditRow{At: r.At, What: n.describe(r.Action, r.Detail), Facts: facts(r.Detail), RequestID: r.RequestID}
	switch {
	case audit.Who(r.Detail, r.StaffName) != "":
		v.Who = audit.Who(r.Detail, r.StaffName)
	case r.CustomerName != nil && r.Address != nil:
		v.Who = *r.CustomerName
	case r.Address != nil:
		v.Who = lang.M("Somebody")
	default:
		v.Who = lang.M("The portal")
	}
	if r.SeriesNumber != nil {
		v.Series, v.SeriesURL = *r.SeriesNumber, SeriesURL(*r.SeriesNumber)
	}
	if r.Serial != nil && r.SeriesNumber != nil {
		v.Serial = *r.Serial
	}
	if r.CustomerName != nil && v.Who != *r.CustomerName {
		v.Customer, v.CustomURL = *r.CustomerName, fmt.Sprintf("%s/%d", SectionCustomers, *r.CustomerID)
	}
	for _, f := range v.Facts {
		if f.Name == "Name" && v.Customer == "" && v.Series == "" {
			v.Subject = f.Is
		}
	}
	if r.Address != nil {
		v.Address = r.Address.String()
	}
	return v
}

// facts returns the details of an entry, sorted by name. A detail with a twin named
// "…_before" is shown with that earlier value, and left out if both are equal.
func facts(detail []byte) []auditFact {
	var all map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(detail)))
	decoder.UseNumber()
	if decoder.Decode(&all) != nil {
		return nil // no details, no facts
	}
	var list []auditFact
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if base, twin := strings.CutSuffix(key, "_before"); twin {
			if _, there := all[base]; there {
				continue
			}
		}
		fact := auditFact{Name: strings.ReplaceAll(key, "_", " "), Is: factText(all[key])}
		fact.Name = strings.ToUpper(fact.Name[:min(1, len(fact.Name))]) + fact.Name[min(1, len(fact.Name)):]
		if before, there := all[key+"_before"]; there {
			if fact.Was = factText(before); fact.Was == fact.Is {
				continue
			}
		}
		list = append(list, fact)
	}
	return list
}

// factText formats the value of a detail for display.
func factText(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		if v == "" {
			return "none"
		}
		return v
	case []any:
		if len(v) == 0 {
			return "none"
		}
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = factText(v[i])
		}
		return strings.Join(texts, ", ")
	case map[string]any:
		var texts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			texts = append(texts, key+": "+factText(v[key]))
		}
		return strings.Join(texts, "; ")
	}
	return fmt.Sprint(v)
}

func auditColumns() []render.Column {
	return []render.Column{
		{Name: lang.M("Time"), Kind: render.ColumnTime},
		{Name: lang.M("Who")},
		{Name: lang.M("What")},
		{Name: lang.M("Action")},
		{Name: lang.M("Series")},
		{Name: lang.M("Serial"), Kind: render.ColumnNumber},
		{Name: lang.M("Customer")},
		{Name: lang.M("Details"), Width: 60},
		{Name: lang.M("Address")},
		{Name: lang.M("Request")},
	}
}

// auditTable returns a function that reads all entries matching the filters, in batches.
func auditTable(params db.AuditListParams) kit.TableRows {
	return func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		const size = 2000
		words := newNarrator()
		for params.Size = size; ; {
			rows, err := db.New().AuditList(ctx, tx, params)
			if err != nil {
				return err
			}
			for _, r := range rows {
				v := words.viewAudit(r)
				var serial any
				if r.Serial != nil && r.SeriesNumber != nil {
					serial = *r.Serial
				}
				customer := ""
				if r.CustomerName != nil {
					customer = *r.CustomerName
				}
				if err := row(v.At, v.Who, v.What, r.Action, v.Series, serial, customer, v.factLine(), v.Address, v.RequestID); err != nil {
					return err
				}
				params.BeforeID = r.ID
			}
			if len(rows) < size {
				return nil
			}
		}
	}
}

// factLine joins the details into one line.
func (r auditRow) factLine() string {
	texts := make([]string, len(r.Facts))
	for i, f := range r.Facts {
		texts[i] = f.Name + ": " + f.Is
		if f.Was != "" {
			texts[i] = f.Name + ": " + f.Was + " → " + f.Is
		}
	}
	return strings.Join(texts, "; ")
}

// auditChoices returns the options of the action filter: groups of actions, then single
// actions.
func auditChoices() []kit.Option {
	choices := []kit.Option{{Text: lang.M("Anything")}}
	for _, noun := range [][2]string{
		{"alarm.", lang.M("Alarms about theft")},
		{"approval.", lang.M("Approvals")},
		{"card.", lang.M("Cards")},
		{"cards.", lang.M("Many cards")},
		{"check.", lang.M("Checks of the books")},
		{"customer.", lang.M("Customers")},
		{"export.", lang.M("Exports of codes")},
		{"guesses.", lang.M("Bars after wrong codes")},
		{"import.", lang.M("Imports")},
		{"job.", lang.M("Jobs")},
		{"partner.", lang.M("Partners")},
		{"payment.", lang.M("Payments")},
		{"role.", lang.M("Roles")},
		{"series.", lang.M("Series")},
		{"setting.", lang.M("Settings")},
		{"staff.", lang.M("Staff")},
		{"table.", lang.M("Tables downloaded")},
	} {
		choices = append(choices, kit.Option{Value: noun[0], Text: noun[1]})
	}
	for _, one := range slices.Sorted(maps.Keys(acts())) {
		choices = append(choices, kit.Option{Value: one, Text: acts()[one]})
	}
	return choices
}
