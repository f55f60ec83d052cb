package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
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
	Serial    kit.Field // of a card of the series
	Customer  kit.Field
	Partner   kit.Field
	Staff     kit.Field // whom the entry is about
	Address   kit.Field
	More      bool // a filter beyond the first four is set
	Mistakes  []kit.Mistake
	Saved     savedViews
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
	Action    string // its name in the trail
	SeriesURL string
	Series    string
	Serial    int32
	CardURL   string
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
	if p.Saved, err = s.viewsOf(c); err != nil {
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
	p.Empty = kit.Empty{Icon: "history", Title: lang.M("Nothing yet"), Text: lang.M("Everything that is done is listed here: what, by whom, when and from where.")}
	if p.Filtered {
		p.Empty = kit.Empty{Icon: "search", Title: lang.M("Nothing matches"), Text: lang.M("No entry fits all of the filters."), Action: lang.M("Clear the filters"), URL: SectionAudit}
	}
	return s.Render(c, http.StatusOK, "admin/audit_list", p)
}

// viewAudit prepares an entry for display.
func (n narrator) viewAudit(r db.AuditListRow) auditRow {
	v := auditRow{At: r.At, Action: r.Action, What: n.describe(r.Action, r.Detail), Facts: facts(r.Detail), RequestID: r.RequestID}
	v.Who = audit.Who(r.Detail, r.StaffName, r.ClientName)
	switch {
	case v.Who != "":
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
		v.Serial, v.CardURL = *r.Serial, fmt.Sprintf("%s/cards/%d", v.SeriesURL, *r.Serial)
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
