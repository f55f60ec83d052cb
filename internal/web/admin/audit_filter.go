package admin

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// auditURL is the address of the trail of one thing. pairs are names and values of filters.
func auditURL(pairs ...string) string { return kit.ListURL(SectionAudit, pairs...) }

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

	p.Who = kit.Field{Name: "who", Label: lang.M("Done by"), Value: typed("who"), Options: []kit.Option{{Text: lang.M("Anybody")}}}
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
	p.Serial = kit.Field{Name: "serial", Label: lang.M("Serial of a card"), Value: typed("serial"), Plain: true, InputMode: "numeric"}
	if p.Serial.Value != "" && p.Series.Value == "" {
		wrong(&p.Series, lang.M("Enter the series of the card as well."))
	}
	if p.Serial.Value != "" {
		serial, err := strconv.ParseInt(p.Serial.Value, 10, 32)
		if err != nil {
			wrong(&p.Serial, lang.M("Serial must be a whole number."))
		}
		params.Serial = new(int32(serial))
	}
	if err := s.auditSubjects(c, p, people, &params); err != nil {
		return params, err
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
	for _, f := range []kit.Field{p.Series, p.Serial, p.Customer, p.Partner, p.Staff, p.Address} {
		p.More = p.More || f.Value != "" || f.Error != ""
	}
	return params, nil
}

// auditSubjects adds the filters for entries about a partner and about a member of staff.
func (s *Server) auditSubjects(c *gin.Context, p *auditPage, people []db.StaffListRow, params *db.AuditListParams) error {
	chosen := func(name string) string {
		text := kit.Truncate(c.Query(name), 20)
		p.Filtered = p.Filtered || text != ""
		return text
	}
	scope := p.Person.Scope
	partners, err := db.New().ReportPartners(c.Request.Context(), s.Pool, db.ReportPartnersParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	p.Partner = kit.Field{Name: "partner", Label: lang.M("About a partner"), Value: chosen("partner"), Options: []kit.Option{{Text: lang.M("Any")}}}
	for _, one := range partners {
		p.Partner.Options = append(p.Partner.Options, kit.Option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	p.Partner.Choose(p.Partner.Value)
	if p.Partner.Value != "" {
		params.Partner = &p.Partner.Value
	}
	p.Staff = kit.Field{Name: "staff", Label: lang.M("About staff"), Value: chosen("staff"), Options: []kit.Option{{Text: lang.M("Anybody")}}}
	for _, one := range people {
		p.Staff.Options = append(p.Staff.Options, kit.Option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	p.Staff.Choose(p.Staff.Value)
	if p.Staff.Value != "" {
		params.AboutStaff = &p.Staff.Value
	}
	return nil
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
