package web

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/setting"
	"refill/internal/staff"
)

// page is what every page has; a page's own struct embeds it.
type page struct {
	Title   string
	Brand   string
	Person  staff.Person // who is signed in at /admin; the zero value: nobody
	Visitor visitor      // who is signed in to the portal
	Look    look         // of the visitor's partner
	Menu    []menuItem
	Flash   string // what was just done, said once
	CanFind bool   // whether the box that finds cards and customers is there
	Section string // which entry of the menu is lit
}

// menuItem is an entry of the menu; one without a URL is a heading.
type menuItem struct {
	Title, Icon, URL string
	Current          bool
	Children         []menuItem
	Live             string // where how many wait is asked; empty: nothing is counted
	Count            int64
}

// page returns the base of a page. section is the address of the menu entry that
// the page belongs to. It asks the database nothing that it can do without.
func (s *Server) page(c *gin.Context, title, section string) page {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		settings = setting.Default()
	}
	p := page{Title: title, Brand: settings.Brand, Person: s.person(c), Visitor: s.visitor(c), Section: section}
	switch {
	case onAdminSide(c) && p.Person.ID != 0:
		p.CanFind = p.Person.Can(staff.CustomersView) || settings.RefillCards && p.Person.Can(staff.CardsView)
		p.Menu = staffMenu(p.Person, section, settings.RefillCards)
		s.countApprovals(c, &p, settings)
	case p.Visitor.ID != 0:
		p.Brand, p.Look = p.Visitor.Brand, p.Visitor.Look
		p.Menu = portalMenu(p.Visitor, section, settings.RefillCards)
	}
	p.Flash = s.takeFlash(c)
	return p
}

// The addresses that the menus name, and page sections with them.
const (
	sectionDashboard  = "/admin"
	sectionCustomers  = "/admin/customers"
	sectionSeries     = "/admin/finance/refill-cards/series"
	sectionGenerate   = "/admin/finance/refill-cards/generate"
	sectionImport     = "/admin/finance/refill-cards/import"
	sectionStatistics = "/admin/finance/refill-cards/statistics"
	sectionApprovals  = "/admin/approvals"
	sectionAlarms     = "/admin/finance/refill-cards/alarms"
	sectionTheft      = "/admin/config/theft"
	sectionJobs       = "/admin/jobs"
	sectionChecks     = "/admin/checks"
	sectionModules    = "/admin/config/modules"
	sectionPartners   = "/admin/partners"
	sectionPortal     = "/admin/config/portal"
	sectionVouchers   = "/admin/config/vouchers"
	sectionGeneral    = "/admin/config/general"
	sectionCards      = "/admin/config/cards"
	sectionPrintShops = "/admin/config/print-shops"

	oneCustomer = sectionCustomers + "/:id"
	customerNew = sectionCustomers + "/new"

	sectionCustomerImport = sectionCustomers + "/import"
	oneCustomerImport     = sectionCustomerImport + "/:id"
	onePartner            = sectionPartners + "/:id"
	oneImport             = sectionImport + "/:id"
	oneSeries             = sectionSeries + "/:number"
	oneApproval           = sectionApprovals + "/:id"
	oneAlarm              = sectionAlarms + "/:id"
	oneChange             = oneSeries + "/changes/:id"
	oneCard               = oneSeries + "/cards/:serial"

	sectionHome     = "/portal"
	sectionPayments = "/portal/finance/payments"
	sectionRedeem   = "/portal/finance/refill-card"
	sectionPassword = "/portal/password"
	sectionDevices  = "/portal/sessions"
)

// The pages about staff themselves.
const (
	sectionStaff   = "/admin/config/staff"
	sectionRoles   = "/admin/config/roles"
	sectionAudit   = "/admin/audit"
	sectionAccount = "/admin/account"
	sectionFactor  = "/admin/account/second-factor"

	sectionSessions = "/admin/account/sessions"
)

// staffMenu shows what the person may open, and no more.
func staffMenu(p staff.Person, section string, refillCards bool) []menuItem {
	entry := func(title, icon, url string) menuItem {
		return menuItem{Title: title, Icon: icon, URL: url, Current: url == section}
	}
	menu := []menuItem{entry("Dashboard", "layout-dashboard", sectionDashboard)}
	if p.Can(staff.CustomersView) {
		menu = append(menu, entry("Customers", "users", sectionCustomers))
	}
	if p.Can(staff.PartnersManage) {
		menu = append(menu, entry("Partners", "building-store", sectionPartners))
	}
	if refillCards {
		cards := menuItem{Title: "Refill cards"}
		if p.Can(staff.SeriesView) {
			cards.Children = append(cards.Children, entry("Series", "cards", sectionSeries))
		}
		if p.Can(staff.SeriesGenerate) {
			cards.Children = append(cards.Children, entry("Generate", "plus", sectionGenerate))
		}
		if p.Can(staff.SeriesImport) {
			cards.Children = append(cards.Children, entry("Import", "upload", sectionImport))
		}
		if p.Can(staff.SeriesApprove) {
			cards.Children = append(cards.Children, entry("Approvals", "user-check", sectionApprovals))
		}
		if p.Can(staff.AlarmsView) {
			cards.Children = append(cards.Children, entry("Alarms", "alert-triangle", sectionAlarms))
		}
		if p.Can(staff.ReportsView) {
			cards.Children = append(cards.Children, entry("Statistics", "chart-bar", sectionStatistics))
		}
		if len(cards.Children) > 0 {
			menu = append(menu, menuItem{Title: "Finance", Children: []menuItem{cards}})
		}
	} else if p.Can(staff.SeriesApprove) { // payments and settings wait whether there are cards or not
		menu = append(menu, menuItem{Title: "Finance", Children: []menuItem{entry("Approvals", "user-check", sectionApprovals)}})
	}
	if p.Can(staff.JobsView) && p.Scope.AllPartners {
		menu = append(menu, menuItem{Title: "Operations", Children: []menuItem{entry("Jobs", "list-check", sectionJobs), entry("Checks", "shield-check", sectionChecks)}})
	}
	if p.Can(staff.AuditView) {
		menu = append(menu, entry("Audit", "history", sectionAudit))
	}
	var config []menuItem
	if p.Can(staff.ConfigManage) {
		config = []menuItem{entry("Portal", "world", sectionPortal)}
		if p.Scope.AllPartners {
			config = []menuItem{entry("General", "settings", sectionGeneral), entry("Modules", "package", sectionModules), config[0], entry("Vouchers", "ticket", sectionVouchers), entry("Theft", "shield-lock", sectionTheft), entry("Cards", "language", sectionCards), entry("Print shops", "printer", sectionPrintShops)}
		}
	}
	if p.Can(staff.StaffManage) && p.Scope.AllPartners {
		config = append(config, entry("Staff", "users", sectionStaff), entry("Roles", "shield-check", sectionRoles))
	}
	if len(config) > 0 {
		menu = append(menu, menuItem{Title: "Config", Children: config})
	}
	return menu
}

// portalMenu is the menu of the portal, three words long.
func portalMenu(v visitor, section string, refillCards bool) []menuItem {
	menu := []menuItem{{Title: "Home", Icon: "home", URL: sectionHome}}
	if refillCards && v.RefillCard {
		menu = append(menu, menuItem{Title: "Refill card", Icon: "ticket", URL: sectionRedeem})
	}
	menu = append(menu, menuItem{Title: "Payments", Icon: "receipt", URL: sectionPayments})
	for i := range menu {
		menu[i].Current = menu[i].URL == section
	}
	return menu
}

// flashCookie carries one sentence over a redirect.
const flashCookie = "refill-flash"

// setFlash says something on the next page, such as "Series 202611 is active".
func (s *Server) setFlash(c *gin.Context, text string) {
	s.setCookie(c, flashCookie, base64.RawURLEncoding.EncodeToString([]byte(cut(text, 300))), 60)
}

// takeFlash returns what the page before wanted said. A fragment leaves it for
// the page.
func (s *Server) takeFlash(c *gin.Context) string {
	cookie, err := c.Request.Cookie(flashCookie)
	if err != nil || wantsFragment(c) {
		return ""
	}
	s.setCookie(c, flashCookie, "", -1)
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return ""
	}
	return cut(string(text), 300)
}

// next returns where to go after signing in: an address of the same door, on
// this site, or the door's first page.
func next(d door, wanted string) string {
	home := "/admin"
	if d == doorCustomer {
		home = "/portal"
	}
	u, err := url.Parse(wanted)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.Opaque != "", strings.ContainsAny(wanted, "\\\r\n\t"),
		u.Path != home && !strings.HasPrefix(u.Path, home+"/"),
		u.Path == home+"/login", strings.HasPrefix(u.Path, home+"/login/"), u.Path == home+"/logout", u.Path == eventsPath,
		strings.Contains(u.Path, "/../"), len(wanted) > 500:
		return home
	}
	return u.RequestURI()
}

// nextQuery is the query that brings the visitor back to where they were.
func nextQuery(d door, from string) string {
	to := next(d, from)
	if to == "/admin" || to == "/portal" {
		return ""
	}
	return "?next=" + url.QueryEscape(to)
}
