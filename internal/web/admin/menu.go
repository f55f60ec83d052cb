package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// Addresses of pages. A page also names its menu entry by one of them.
const (
	sectionDashboard  = "/admin"
	SectionCustomers  = "/admin/customers"
	SectionSeries     = "/admin/finance/refill-cards/series"
	SectionGenerate   = "/admin/finance/refill-cards/generate"
	SectionImport     = "/admin/finance/refill-cards/import"
	SectionStatistics = "/admin/finance/refill-cards/statistics"
	SectionApprovals  = "/admin/approvals"
	SectionAlarms     = "/admin/finance/refill-cards/alarms"
	SectionOutside    = "/admin/finance/refill-cards/outside"
	SectionSettings   = "/admin/config"
	SectionTheft      = "/admin/config/theft"
	SectionJobs       = "/admin/jobs"
	SectionChecks     = "/admin/checks"
	SectionModules    = "/admin/config/modules"
	SectionPartners   = "/admin/partners"
	SectionPortal     = "/admin/config/portal"
	SectionVouchers   = "/admin/config/vouchers"
	SectionGeneral    = "/admin/config/general"
	SectionCards      = "/admin/config/cards"
	SectionPrintShops = "/admin/config/print-shops"

	SectionIntegrations = "/admin/config/integrations"
	SectionClients      = SectionIntegrations + "/clients"
	OneClient           = SectionClients + "/:id"

	OneCustomer = SectionCustomers + "/:id"
	CustomerNew = SectionCustomers + "/new"

	SectionCustomerImport = SectionCustomers + "/import"
	OneCustomerImport     = SectionCustomerImport + "/:id"
	OnePartner            = SectionPartners + "/:id"
	OneImport             = SectionImport + "/:id"
	OneSeries             = SectionSeries + "/:number"
	OneApproval           = SectionApprovals + "/:id"
	OneAlarm              = SectionAlarms + "/:id"
	OneChange             = OneSeries + "/changes/:id"
	OneCard               = OneSeries + "/cards/:serial"
)

// Addresses of the pages about staff.
const (
	SectionStaff   = "/admin/config/staff"
	SectionRoles   = "/admin/config/roles"
	SectionAudit   = "/admin/audit"
	SectionAccount = "/admin/account"
	SectionFactor  = "/admin/account/second-factor"

	SectionSessions = "/admin/account/sessions"
)

// frameStaff adds the menu to a staff page.
func (s *Server) frameStaff(c *gin.Context, p *kit.Page, settings setting.Settings) {
	p.CanFind = p.Person.Can(staff.CustomersView) || settings.RefillCards && p.Person.Can(staff.CardsView)
	p.Menu = staffMenu(p.Person, p.Section, settings.RefillCards, s.menuOutside(c, p, settings))
	s.countApprovals(c, p, settings)
}

// staffMenu returns the menu entries that the person may open. outside says that values are
// handed over to other systems.
func staffMenu(p staff.Person, section string, refillCards, outside bool) []kit.MenuItem {
	entry := func(title, icon, url string) kit.MenuItem {
		return kit.MenuItem{Title: title, Icon: icon, URL: url, Current: url == section}
	}
	menu := []kit.MenuItem{entry(lang.M("Dashboard"), "layout-dashboard", sectionDashboard)}
	if p.Can(staff.CustomersView) {
		menu = append(menu, entry(lang.M("Customers"), "users", SectionCustomers))
	}
	if p.Can(staff.PartnersManage) {
		menu = append(menu, entry(lang.M("Partners"), "building-store", SectionPartners))
	}
	if refillCards {
		cards := kit.MenuItem{Title: lang.M("Refill cards")}
		if p.Can(staff.SeriesView) {
			cards.Children = append(cards.Children, entry(lang.M("Series"), "cards", SectionSeries))
		}
		if p.Can(staff.SeriesGenerate) {
			cards.Children = append(cards.Children, entry(lang.M("Generate"), "plus", SectionGenerate))
		}
		if p.Can(staff.SeriesImport) {
			cards.Children = append(cards.Children, entry(lang.M("Import"), "upload", SectionImport))
		}
		if p.Can(staff.SeriesApprove) {
			cards.Children = append(cards.Children, entry(lang.M("Approvals"), "user-check", SectionApprovals))
		}
		if p.Can(staff.AlarmsView) {
			cards.Children = append(cards.Children, entry(lang.M("Alarms"), "alert-triangle", SectionAlarms))
		}
		if outside && p.Can(staff.PaymentsView) {
			cards.Children = append(cards.Children, entry(lang.M("Not yet credited outside"), "receipt", SectionOutside))
		}
		if p.Can(staff.ReportsView) {
			cards.Children = append(cards.Children, entry(lang.M("Statistics"), "chart-bar", SectionStatistics))
		}
		if len(cards.Children) > 0 {
			menu = append(menu, kit.MenuItem{Title: lang.M("Finance"), Children: []kit.MenuItem{cards}})
		}
	} else if p.Can(staff.SeriesApprove) { // payments and settings need approval even without the cards module
		menu = append(menu, kit.MenuItem{Title: lang.M("Finance"), Children: []kit.MenuItem{entry(lang.M("Approvals"), "user-check", SectionApprovals)}})
	}
	if p.Can(staff.JobsView) && p.Scope.AllPartners {
		menu = append(menu, kit.MenuItem{Title: lang.M("Operations"), Children: []kit.MenuItem{entry(lang.M("Jobs"), "list-check", SectionJobs), entry(lang.M("Checks"), "shield-check", SectionChecks)}})
	}
	if p.Can(staff.AuditView) {
		menu = append(menu, entry(lang.M("Audit"), "history", SectionAudit))
	}
	if list := settingPages(p); len(list) > 0 {
		settings := entry(lang.M("Settings"), "settings", SectionSettings)
		if section == SectionSettings || strings.HasPrefix(section, SectionSettings+"/") {
			for _, page := range list {
				settings.Children = append(settings.Children, entry(page.Title, page.Icon, page.URL))
			}
		}
		menu = append(menu, settings)
	}
	return menu
}
