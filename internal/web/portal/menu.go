package portal

import (
	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// The URLs of the portal's menu and of links to its pages.
const (
	SectionHome     = "/portal"
	SectionPayments = "/portal/finance/payments"
	SectionRedeem   = "/portal/finance/refill-card"
	SectionPassword = "/portal/password"
	SectionDevices  = "/portal/sessions"
)

// framePortal gives a page of the portal the look of the visitor's partner, and its menu.
func (s *Server) framePortal(c *gin.Context, p *kit.Page, settings setting.Settings) {
	p.Brand, p.Look = p.Visitor.Brand, p.Visitor.Look
	s.RememberBrand(c, p.Look.Slug)
	p.Menu = portalMenu(p.Visitor, p.Section, settings.RefillCards)
}

// portalMenu returns the menu of the portal.
func portalMenu(v kit.Visitor, section string, refillCards bool) []kit.MenuItem {
	menu := []kit.MenuItem{{Title: lang.M("Home"), Icon: "home", URL: SectionHome}}
	if refillCards && v.RefillCard {
		menu = append(menu, kit.MenuItem{Title: lang.M("Refill card"), Icon: "ticket", URL: SectionRedeem})
	}
	menu = append(menu, kit.MenuItem{Title: lang.M("Payments"), Icon: "receipt", URL: SectionPayments})
	for i := range menu {
		menu[i].Current = menu[i].URL == section
	}
	return menu
}
