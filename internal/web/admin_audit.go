package web

import (
	"context"
	"encoding/json"
	"errors"
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

	"refill/internal/db"
	"refill/internal/export"
)

// auditPerPage is how many entries the page shows at once.
const auditPerPage = 50

// auditPage is the audit trail, filtered.
type auditPage struct {
	page
	Rows      []auditRow
	From, To  field
	Who, What field
	Series    field
	Customer  field
	Address   field
	Mistakes  []mistake
	Filtered  bool
	CSV, XLSX string // addresses of the same as a file
	Pager     pager
	Empty     empty
	Chain     chainView
}

// auditRow is one entry in words.
type auditRow struct {
	At        time.Time
	Who, What string
	SeriesURL string
	Series    string
	Serial    int32
	Customer  string
	CustomURL string
	Subject   string // the name of whom or what else it concerns
	Facts     []auditFact
	Address   string
	RequestID string
}

// auditFact is one detail; where it changed, with what it was.
type auditFact struct{ Name, Was, Is string }

// adminAudit handles GET /admin/audit.
func (s *Server) adminAudit(c *gin.Context) error {
	p := &auditPage{page: s.page(c, "Audit trail", sectionAudit)}
	params, err := s.auditFilters(c, p)
	if err != nil {
		return err
	}
	if len(p.Mistakes) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "admin/audit_list", p)
	}
	if format, ok := tableFormat(c); ok {
		return s.sendTable(c, "refill-audit", format, auditColumns(), auditTable(params))
	}
	params.Size = auditPerPage + 1
	rows, err := db.New().AuditList(c.Request.Context(), s.Pool, params)
	if err != nil {
		return err
	}
	for _, r := range rows[:min(len(rows), auditPerPage)] {
		p.Rows = append(p.Rows, viewAudit(r))
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
			return sectionAudit
		}
		return sectionAudit + "?" + query.Encode()
	}
	if p.Chain, err = s.chain(c, p.Person); err != nil {
		return err
	}
	p.CSV, p.XLSX = self("format", "csv"), self("format", "xlsx")
	if len(rows) > auditPerPage {
		p.Pager.Older = self("before", strconv.FormatInt(rows[auditPerPage-1].ID, 10))
	}
	if params.BeforeID != math.MaxInt64 {
		p.Pager.Newer = self("", "")
	}
	p.Empty = empty{Icon: "history", Title: "Nothing yet", Text: "Whatever is done in the portal stands here, with who, when and from where."}
	if p.Filtered {
		p.Empty = empty{Icon: "search", Title: "Nothing matches", Text: "No entry fits all of the filters.", Action: "Clear the filters", URL: sectionAudit}
	}
	return s.render(c, http.StatusOK, "admin/audit_list", p)
}

// auditFilters reads the filters of the address and fills the form with them.
func (s *Server) auditFilters(c *gin.Context, p *auditPage) (db.AuditListParams, error) {
	ctx, scope := c.Request.Context(), p.Person.Scope
	params := db.AuditListParams{BeforeID: math.MaxInt64, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, ViewerID: p.Person.ID}
	typed := func(name string) string {
		text := cut(strings.TrimSpace(c.Query(name)), 60)
		p.Filtered = p.Filtered || text != ""
		return text
	}
	wrong := func(f *field, text string) {
		f.Error = text
		p.Mistakes = append(p.Mistakes, mistake{Field: f.Name, Text: text})
	}
	if before, ok := idParam(c, "before"); ok {
		params.BeforeID = before
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return params, err
	}
	p.From = field{Name: "from", Label: "From", Type: "date", Value: typed("from")}
	p.To = field{Name: "to", Label: "To", Type: "date", Value: typed("to")}
	for f, set := range map[*field]func(time.Time){
		&p.From: func(t time.Time) { params.FromAt = &t },
		&p.To:   func(t time.Time) { t = t.AddDate(0, 0, 1); params.UntilAt = &t },
	} {
		if f.Value == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, f.Value, zone(settings.TimeZone))
		if err != nil {
			wrong(f, f.Label+" must be a day, such as 2026-11-25.")
			continue
		}
		set(day)
	}

	p.Who = field{Name: "who", Label: "Member of staff", Value: typed("who"), Options: []option{{Text: "Anybody"}}}
	people, err := db.New().StaffList(ctx, s.Pool)
	if err != nil {
		return params, err
	}
	for _, one := range people {
		p.Who.Options = append(p.Who.Options, option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	p.Who.choose(p.Who.Value)
	if id, err := strconv.ParseInt(p.Who.Value, 10, 64); err == nil {
		params.StaffID = &id
	}

	p.What = field{Name: "what", Label: "What", Value: typed("what"), Options: auditChoices()}
	p.What.choose(p.What.Value)
	if p.What.Value != "" {
		params.ActionFrom = p.What.Value
		if noun, group := strings.CutSuffix(p.What.Value, "."); group {
			params.ActionUntil = noun + "/" // the sign after the full stop
		} else {
			params.ActionUntil = p.What.Value + "\x01" // that action alone
		}
	}

	p.Series = field{Name: "series", Label: "Series", Value: typed("series"), Plain: true, InputMode: "numeric"}
	if p.Series.Value != "" {
		id, err := db.New().AuditSeriesID(ctx, s.Pool, p.Series.Value)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return params, err
		}
		params.SeriesID = &id // 0, which none has, where there is no such series
	}
	p.Customer = field{Name: "customer", Label: "Customer ID", Value: typed("customer"), Plain: true, InputMode: "numeric"}
	if p.Customer.Value != "" {
		id, err := strconv.ParseInt(p.Customer.Value, 10, 64)
		if err != nil {
			wrong(&p.Customer, "Customer ID must be a whole number.")
		}
		params.CustomerID = &id
	}
	p.Address = field{Name: "address", Label: "Address", Value: typed("address"), Plain: true}
	if p.Address.Value != "" {
		address, err := netip.ParseAddr(p.Address.Value)
		if err != nil || address.Zone() != "" {
			wrong(&p.Address, "Address must be an IP address, such as 192.0.2.7.")
		}
		params.Address = &address
	}
	return params, nil
}

// viewAudit says an entry in words.
func viewAudit(r db.AuditListRow) auditRow {
	v := auditRow{At: r.At, What: happened(r.Action, r.Detail), Facts: facts(r.Detail), RequestID: r.RequestID}
	switch {
	case r.StaffName != nil:
		v.Who = *r.StaffName
	case r.CustomerName != nil && r.Address != nil:
		v.Who = *r.CustomerName
	case r.Address != nil:
		v.Who = "Somebody"
	default:
		v.Who = "The portal"
	}
	if r.SeriesNumber != nil {
		v.Series, v.SeriesURL = *r.SeriesNumber, seriesURL(*r.SeriesNumber)
	}
	if r.Serial != nil && r.SeriesNumber != nil {
		v.Serial = *r.Serial
	}
	if r.CustomerName != nil && v.Who != *r.CustomerName {
		v.Customer, v.CustomURL = *r.CustomerName, fmt.Sprintf("%s/%d", sectionCustomers, *r.CustomerID)
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

// facts lists the details of an entry by name. What has a twin "…_before" or
// "…_was" is shown with it, and left out where nothing changed.
func facts(detail []byte) []auditFact {
	var all map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(detail)))
	decoder.UseNumber()
	if decoder.Decode(&all) != nil {
		return nil // an entry without details is said without
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

// factText writes any value of a detail for people.
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

func auditColumns() []export.Column {
	return []export.Column{
		{Name: "Time", Kind: export.ColumnTime},
		{Name: "Who"},
		{Name: "What"},
		{Name: "Action"},
		{Name: "Series"},
		{Name: "Serial", Kind: export.ColumnNumber},
		{Name: "Customer"},
		{Name: "Details", Width: 60},
		{Name: "Address"},
		{Name: "Request"},
	}
}

// auditTable reads everything that the filters leave, page by page.
func auditTable(params db.AuditListParams) tableRows {
	return func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		const size = 2000
		for params.Size = size; ; {
			rows, err := db.New().AuditList(ctx, tx, params)
			if err != nil {
				return err
			}
			for _, r := range rows {
				v := viewAudit(r)
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

// factLine is the details in one line.
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

// auditChoices are the kinds of entries that the filter offers, by noun.
func auditChoices() []option {
	choices := []option{{Text: "Anything"}}
	for _, noun := range [][2]string{
		{"alarm.", "Alarms about theft"},
		{"approval.", "Approvals"},
		{"card.", "Cards"},
		{"cards.", "Many cards"},
		{"check.", "Checks of the books"},
		{"customer.", "Customers"},
		{"export.", "Exports of codes"},
		{"guesses.", "Bars after wrong codes"},
		{"import.", "Imports"},
		{"job.", "Jobs"},
		{"partner.", "Partners"},
		{"payment.", "Payments"},
		{"role.", "Roles"},
		{"series.", "Series"},
		{"setting.", "Settings"},
		{"staff.", "Staff"},
		{"table.", "Tables downloaded"},
	} {
		choices = append(choices, option{Value: noun[0], Text: noun[1]})
	}
	for _, one := range slices.Sorted(maps.Keys(acts())) {
		choices = append(choices, option{Value: one, Text: acts()[one]})
	}
	return choices
}
