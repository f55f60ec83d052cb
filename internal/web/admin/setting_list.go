package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// settingPage is a page of settings, as the list of settings shows it.
type settingPage struct{ Title, Icon, URL, About string }

// settingPages returns the pages of settings that a person may open.
func settingPages(p staff.Person) (list []settingPage) {
	all := p.Scope.AllPartners
	for _, page := range []struct {
		settingPage

		shown bool
	}{
		{settingPage{lang.M("General"), "settings", SectionGeneral, lang.M("Brand, currency, time zone, second factor of staff, how long files are kept.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Modules"), "package", SectionModules, lang.M("Switch refill cards on or off for the whole installation.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Payment methods"), "world", SectionPortal, lang.M("What each partner’s customers are offered in the portal.")}, p.Can(staff.ConfigManage)},
		{settingPage{lang.M("Code rules"), "ticket", SectionVouchers, lang.M("Length and symbols of codes, wrong codes, and what needs a second person.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Theft alarms"), "shield-lock", SectionTheft, lang.M("When redemptions look like a stolen box, and who hears of it.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Card texts"), "language", SectionCards, lang.M("The words on printed cards, in your customers’ language.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Print shops"), "printer", SectionPrintShops, lang.M("Keys to which files of cards are encrypted.")}, p.Can(staff.ConfigManage) && all},
		{settingPage{lang.M("Integrations"), "key", SectionIntegrations, lang.M("Programs that use the API, their keys and what they asked.")}, p.Can(staff.APIManage)},
		{settingPage{lang.M("Webhooks"), "external-link", SectionWebhooks, lang.M("Addresses of other programs that are told what happens here.")}, p.Can(staff.WebhooksManage)},
		{settingPage{lang.M("Staff"), "users", SectionStaff, lang.M("Who signs in here, with which role and for which partners.")}, p.Can(staff.StaffManage) && all},
		{settingPage{lang.M("Roles"), "shield-check", SectionRoles, lang.M("What each role may see and do.")}, p.Can(staff.StaffManage) && all},
	} {
		if page.shown {
			list = append(list, page.settingPage)
		}
	}
	return list
}

// settingListPage lists the pages of settings.
type settingListPage struct {
	kit.Page

	Pages []settingPage
}

// SettingList lists the pages of settings that the person may open.
func (s *Server) SettingList(c *gin.Context) error {
	pages := settingPages(s.Person(c))
	if len(pages) == 0 {
		return kit.ForbiddenError{Permission: staff.ConfigManage}
	}
	p := settingListPage{Page: s.Page(c, lang.M("Settings"), SectionSettings), Pages: pages}
	return s.Render(c, http.StatusOK, "admin/setting_list", &p)
}
