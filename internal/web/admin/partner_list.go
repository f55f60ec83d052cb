package admin

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/web/kit"
)

// partnerListPage lists the partners that a person may see.
type partnerListPage struct {
	kit.Page
	Head   []columnHead
	Rows   []partnerRow
	MayNew bool
	Empty  kit.Empty
}

// partnerRow is one line of the list.
type partnerRow struct {
	Name, Brand, URL string
	Accent           string // #rrggbb; empty: none
	Customers, Open  int64
	State            kit.Badge
	Test             bool
}

// PartnerList handles GET /admin/partners.
func (s *Server) PartnerList(c *gin.Context) error {
	p := &partnerListPage{Page: s.Page(c, lang.M("Partners"), SectionPartners)}
	p.MayNew = p.Person.Scope.AllPartners
	rows, err := db.New().PartnerOverview(c.Request.Context(), s.Pool, db.PartnerOverviewParams{
		AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs,
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, partnerRow{
			Name: row.Name, Brand: row.Brand, URL: PartnerURL(row.ID), Accent: row.Accent,
			Customers: row.Customers, Open: row.OpenSeries, State: partnerState(row.DisabledAt != nil), Test: row.Test,
		})
	}
	p.Head = sortList(c, SectionPartners, p.Rows,
		listColumn[partnerRow]{Name: "name", Text: lang.M("Partner"), Compare: func(a, b partnerRow) int { return compareTexts(a.Name, b.Name) }},
		listColumn[partnerRow]{Name: "brand", Text: lang.M("Brand"), Compare: func(a, b partnerRow) int { return compareTexts(a.Brand, b.Brand) }},
		listColumn[partnerRow]{Name: "customers", Text: lang.M("Customers"), Num: true, Compare: func(a, b partnerRow) int { return cmp.Compare(a.Customers, b.Customers) }},
		listColumn[partnerRow]{Name: "open", Text: lang.M("Open series"), Num: true, Compare: func(a, b partnerRow) int { return cmp.Compare(a.Open, b.Open) }},
		listColumn[partnerRow]{Name: "state", Text: lang.M("State"), Compare: func(a, b partnerRow) int { return compareTexts(a.State.Word, b.State.Word) }},
	)
	p.Empty = kit.Empty{Icon: "building-store", Title: lang.M("No partners yet"), Text: lang.M("A partner is a branch, brand or reseller. Every customer belongs to one.")}
	if p.MayNew {
		p.Empty.Action, p.Empty.URL = lang.M("Enter a partner"), SectionPartners+"/new"
	}
	return s.Render(c, http.StatusOK, "admin/partner_list", p)
}
