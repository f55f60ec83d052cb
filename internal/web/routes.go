package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/staff"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// table is the table of contents: every address of the site, who may ask for it,
// and who answers. A line without all four does not compile, and a request is
// let through by its line or not at all.
func (s *Server) table() []route {
	return []route{
		// Everybody.
		{get, "/", everybody, s.landing},
		{get, "/healthz", everybody, s.healthz},
		{get, "/readyz", everybody, s.readyz},
		{get, "/metrics", everybody, s.metrics},
		{get, staticPath + "*path", everybody, s.staticFile},
		{get, "/favicon.ico", everybody, s.favicon},
		{get, "/r", everybody, s.refillCards(s.portalScan)},
		{get, brandPath + ":file", everybody, s.brandFile},

		// The doors.
		{get, "/admin/login", everybody, s.staffSignInShow},
		{post, "/admin/login", everybody, s.staffSignIn},
		{get, codePath, everybody, s.staffCodeShow},
		{post, codePath, everybody, s.staffCode},
		{post, "/admin/logout", everybody, s.staffSignOut},
		{get, "/portal/login", everybody, s.customerSignInShow},
		{post, "/portal/login", everybody, s.customerSignIn},
		{post, "/portal/logout", everybody, s.customerSignOut},
		{get, welcomePath + ":token", everybody, s.portalWelcomeShow},
		{post, welcomePath + ":token", everybody, s.portalWelcome},

		// Staff.
		{get, "/admin", anyStaff, s.adminHome},
		{get, eventsPath, anyStaff, s.events},

		// Staff: customers.
		{get, sectionCustomers, staffWho(staff.CustomersView), s.adminCustomerList},
		{post, sectionCustomers, staffWho(staff.CustomersView), s.adminCustomerSearch},
		{get, oneCustomer, staffWho(staff.CustomersView), s.adminCustomerShow},
		{post, oneCustomer + "/redeem", staffWho(staff.RedeemFor), s.refillCards(s.adminCustomerRedeem)},
		{get, customerNew, staffWho(staff.CustomersEdit), s.adminCustomerNewShow},
		{post, customerNew, staffWho(staff.CustomersEdit), s.adminCustomerNew},
		{get, sectionCustomerImport, staffWho(staff.CustomersEdit), s.adminCustomerImportList},
		{post, sectionCustomerImport, staffWho(staff.CustomersEdit), s.adminCustomerImportUpload},
		{get, oneCustomerImport, staffWho(staff.CustomersEdit), s.adminCustomerImportShow},
		{get, oneCustomerImport + "/live", staffWho(staff.CustomersEdit), s.adminCustomerImportLive},
		{get, oneCustomerImport + "/problems", staffWho(staff.CustomersEdit), s.adminCustomerImportProblems},
		{get, oneCustomerImport + "/result.csv", staffWho(staff.CustomersEdit), s.adminCustomerImportResult},
		{get, oneCustomerImport + "/reconciliation.csv", staffWho(staff.CustomersEdit), s.adminCustomerImportBooks},
		{post, oneCustomerImport + "/plan", staffWho(staff.CustomersEdit), s.adminCustomerImportPlan},
		{post, oneCustomerImport + "/sheet", staffWho(staff.CustomersEdit), s.adminCustomerImportSheet},
		{post, oneCustomerImport + "/confirm", staffWho(staff.CustomersEdit), s.confirming(s.Customers.Confirm, s.adminCustomerImportChange)},
		{post, oneCustomerImport + "/cancel", staffWho(staff.CustomersEdit), s.adminCustomerImportChange(s.Customers.Cancel)},
		{post, oneCustomerImport + "/resume", staffWho(staff.CustomersEdit), s.adminCustomerImportChange(s.Customers.Resume)},
		{get, oneCustomer + "/edit", staffWho(staff.CustomersEdit), s.adminCustomerEditShow},
		{post, oneCustomer + "/edit", staffWho(staff.CustomersEdit), s.adminCustomerEdit},
		{post, oneCustomer + "/disable", staffWho(staff.CustomersEdit), s.adminCustomerDisable},
		{post, oneCustomer + "/enable", staffWho(staff.CustomersEdit), s.adminCustomerEnable},
		{get, oneCustomer + "/access", staffWho(staff.CustomersEdit), s.adminCustomerAccess},
		{post, oneCustomer + "/access/password", staffWho(staff.CustomersEdit), s.adminCustomerPassword},
		{post, oneCustomer + "/access/link", staffWho(staff.CustomersEdit), s.adminCustomerLink},
		{get, oneCustomer + "/erase", staffWho(staff.CustomersErase), s.adminCustomerEraseShow},
		{post, oneCustomer + "/erase", staffWho(staff.CustomersErase), s.adminCustomerErase},
		{post, oneCustomer + "/clear-guesses", staffWho(staff.GuessClear), s.adminCustomerClear},
		{get, oneCustomer + "/billing/payments", staffWho(staff.PaymentsView), s.adminCustomerPayments},
		{get, oneCustomer + "/billing/payments/add", staffWho(staff.PaymentsEnter), s.adminPaymentEnterShow},
		{post, oneCustomer + "/billing/payments/add", staffWho(staff.PaymentsEnter), s.adminPaymentEnter},
		{get, oneCustomer + "/billing/payments/:payment", staffWho(staff.PaymentsView), s.adminPayment},
		{post, oneCustomer + "/billing/payments/:payment/reverse", staffWho(staff.PaymentsReverse), s.adminPaymentReverse},

		// Staff: partners.
		{get, sectionPartners, staffWho(staff.PartnersManage), s.adminPartnerList},
		{post, sectionPartners, staffWho(staff.PartnersManage), s.wholeHouse(s.adminPartnerCreate)},
		{get, sectionPartners + "/new", staffWho(staff.PartnersManage), s.wholeHouse(s.adminPartnerNew)},
		{get, onePartner, staffWho(staff.PartnersManage), s.adminPartnerShow},
		{post, onePartner, staffWho(staff.PartnersManage), s.adminPartnerEdit},
		{post, onePartner + "/disable", staffWho(staff.PartnersManage), s.adminPartnerDisable},
		{post, onePartner + "/enable", staffWho(staff.PartnersManage), s.adminPartnerEnable},
		{post, onePartner + "/logo/remove", staffWho(staff.PartnersManage), s.adminPartnerLogoRemove},

		// Staff: who they are, what they may do, and what they did.
		{get, sectionAccount, anyStaff, s.adminAccountShow},
		{post, sectionAccount, anyStaff, s.adminAccountName},
		{post, sectionAccount + "/password", anyStaff, s.adminAccountPassword},
		{get, sectionSessions, anyStaff, s.staffSessions},
		{post, sectionSessions + "/others/end", anyStaff, s.staffSessionsEnd},
		{post, sectionSessions + "/:id/end", anyStaff, s.staffSessionEnd},
		{get, sectionFactor, anyStaff.setsUp(), s.adminFactorShow},
		{post, sectionFactor, anyStaff.setsUp(), s.adminFactorOn},
		{post, sectionFactor + "/off", anyStaff, s.adminFactorOff},
		{post, sectionFactor + "/codes", anyStaff, s.adminFactorCodes},
		{get, sectionAudit, staffWho(staff.AuditView), s.adminAudit},
		{get, sectionStaff, staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffList)},
		{post, sectionStaff, staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffCreate)},
		{get, sectionStaff + "/new", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffNew)},
		{get, sectionStaff + "/:id", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffShow)},
		{post, sectionStaff + "/:id", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffEdit)},
		{post, sectionStaff + "/:id/password", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffPassword)},
		{post, sectionStaff + "/:id/disable", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffSwitch(staff.Disable, "They are signed out and can’t sign in."))},
		{post, sectionStaff + "/:id/enable", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffSwitch(staff.Enable, "They can sign in again."))},
		{post, sectionStaff + "/:id/second-factor/reset", staffWho(staff.StaffManage), s.wholeHouse(s.adminStaffSwitch(staff.ResetSecondFactor, "Their second factor is reset. They are signed out."))},
		{post, sectionStaff + "/:id/clear-guesses", staffWho(staff.GuessClear), s.wholeHouse(s.adminStaffClear)},
		{get, sectionRoles, staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleList)},
		{post, sectionRoles, staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleCreate)},
		{get, sectionRoles + "/new", staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleNew)},
		{get, sectionRoles + "/:id", staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleShow)},
		{post, sectionRoles + "/:id", staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleEdit)},
		{post, sectionRoles + "/:id/delete", staffWho(staff.StaffManage), s.wholeHouse(s.adminRoleDelete)},

		// Staff: background jobs.
		{get, sectionJobs, staffWho(staff.JobsView), s.wholeHouse(s.adminJobList)},
		{get, sectionJobs + "/:id", staffWho(staff.JobsView), s.wholeHouse(s.adminJobShow)},
		{post, sectionJobs + "/:id/cancel", staffWho(staff.JobsManage), s.wholeHouse(s.adminJobCancel)},
		{post, sectionJobs + "/:id/retry", staffWho(staff.JobsManage), s.wholeHouse(s.adminJobRetry)},
		{post, sectionJobs + "/:id/delete", staffWho(staff.JobsManage), s.wholeHouse(s.adminJobDelete)},
		{post, "/admin/queues/:name/pause", staffWho(staff.JobsManage), s.wholeHouse(s.adminQueuePause)},
		{post, "/admin/queues/:name/resume", staffWho(staff.JobsManage), s.wholeHouse(s.adminQueueResume)},
		{get, sectionChecks, staffWho(staff.JobsView), s.wholeHouse(s.adminCheckList)},
		{post, sectionChecks, staffWho(staff.JobsManage), s.wholeHouse(s.adminCheckRun)},
		// River's own pages are for looking: what acts is ours, with its rule and audit row.
		{get, riverUIPath, staffWho(staff.JobsView), s.wholeHouse(s.adminRiverUI)},
		{get, riverUIPath + "/*path", staffWho(staff.JobsView), s.wholeHouse(s.adminRiverUI)},

		// Staff: configuration.
		{get, sectionModules, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigModulesShow)},
		{post, sectionModules, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigModules)},
		{get, sectionPortal, staffWho(staff.ConfigManage), s.adminConfigPortalShow},
		{post, sectionPortal, staffWho(staff.ConfigManage), s.adminConfigPortal},
		{get, sectionVouchers, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigVouchersShow)},
		{post, sectionVouchers, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigVouchers)},
		{post, sectionVouchers + "/preview", staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigVouchersPreview)},
		{get, sectionCards, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigCardsShow)},
		{post, sectionCards, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigCards)},
		{get, sectionCards + "/picture", staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigCardsPicture)},
		{get, sectionPrintShops, staffWho(staff.ConfigManage), s.wholeHouse(s.adminPrintShops)},
		{post, sectionPrintShops, staffWho(staff.ConfigManage), s.wholeHouse(s.adminPrintShopAdd)},
		{post, sectionPrintShops + "/remove", staffWho(staff.ConfigManage), s.wholeHouse(s.adminPrintShopRemove)},
		{get, sectionGeneral, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigGeneralShow)},
		{post, sectionGeneral, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigGeneral)},

		// Staff: refill cards.
		{get, sectionGenerate, staffWho(staff.SeriesGenerate), s.refillCards(s.adminGenerateShow)},
		{post, sectionGenerate, staffWho(staff.SeriesGenerate), s.refillCards(s.adminGenerate)},
		{post, sectionGenerate + "/preview", staffWho(staff.SeriesGenerate), s.refillCards(s.adminGeneratePreview)},
		{get, sectionSeries, staffWho(staff.SeriesView), s.refillCards(s.adminSeriesList)},
		{get, oneSeries, staffWho(staff.SeriesView), s.refillCards(s.adminSeriesShow)},
		{get, oneSeries + "/live", staffWho(staff.SeriesView), s.refillCards(s.adminSeriesLive)},
		{post, oneSeries + "/activate", staffWho(staff.SeriesActivate), s.refillCards(s.adminSeriesChange(s.Cards.Activate, "Series %s is active."))},
		{post, oneSeries + "/lock", staffWho(staff.SeriesActivate), s.refillCards(s.adminSeriesChange(s.Cards.Lock, "Series %s is locked."))},
		{post, oneSeries + "/delete", staffWho(staff.SeriesVoid), s.refillCards(s.adminSeriesChange(s.Cards.Void, "Series %s is deleted. Its codes are being erased."))},
		{get, oneSeries + "/edit", staffWho(staff.SeriesEdit), s.refillCards(s.adminSeriesEditShow)},
		{post, oneSeries + "/edit", staffWho(staff.SeriesEdit), s.refillCards(s.adminSeriesEdit)},
		{post, oneSeries + "/cancel", staffWho(staff.SeriesVoid), s.refillCards(s.adminSeriesChange(s.Cards.Cancel, "Series %s is cancelled."))},
		{post, oneSeries + "/retry", staffWho(staff.SeriesActivate), s.refillCards(s.adminSeriesChange(s.Cards.Retry, "Series %s goes on."))},
		{post, oneSeries + "/find", staffWho(staff.CardsView), s.refillCards(s.adminCardFind)},
		{get, oneSeries + "/exports", staffWho(staff.SeriesExport), s.refillCards(s.adminExportList)},
		{post, oneSeries + "/exports", staffWho(staff.SeriesExport), s.refillCards(s.adminExportRequest)},
		{get, oneSeries + "/export", staffWho(staff.SeriesExport), s.refillCards(s.adminExportForm)},
		{post, oneSeries + "/export", staffWho(staff.SeriesExport), s.refillCards(s.adminExportChoose)},
		{get, oneSeries + "/export/preview", staffWho(staff.SeriesExport), s.refillCards(s.adminExportPreview)},
		{get, oneCard, staffWho(staff.CardsView), s.refillCards(s.adminCardShow)},
		{post, oneCard, staffWho(staff.RedeemFor), s.refillCards(s.adminCardSearch)},
		{get, oneCard + "/customers", staffWho(staff.RedeemFor), s.refillCards(s.adminCardCustomers)},
		{post, oneCard + "/customers", staffWho(staff.RedeemFor), s.refillCards(s.adminCardCustomers)},
		{post, oneCard + "/redeem", staffWho(staff.RedeemFor), s.refillCards(s.adminCardRedeem)},

		// Staff: changes to cards, and the search on every page.
		{post, oneCard + "/edit", staffWho(staff.CardsChange), s.refillCards(s.adminCardEdit)},
		{post, oneCard + "/disable", staffWho(staff.CardsChange), s.refillCards(s.adminCardChange(s.Cards.DisableCard, "Card %s is disabled."))},
		{post, oneCard + "/enable", staffWho(staff.CardsChange), s.refillCards(s.adminCardChange(s.Cards.EnableCard, "Card %s is enabled."))},
		{post, oneCard + "/delete", staffWho(staff.CardsChange), s.refillCards(s.adminCardChange(s.Cards.VoidCard, "Card %s is deleted."))},
		{post, oneCard + "/reveal", staffWho(staff.CardsReveal), s.refillCards(s.adminCardReveal)},
		{post, oneSeries + "/changes/check", staffWho(staff.CardsChange), s.refillCards(s.adminChangeCheck)},
		{post, oneSeries + "/changes", staffWho(staff.CardsChange), s.refillCards(s.adminChangeOrder)},
		{get, oneChange, staffWho(staff.CardsView), s.refillCards(s.adminChangeShow)},
		{get, oneChange + "/live", staffWho(staff.CardsView), s.refillCards(s.adminChangeLive)},
		{get, oneChange + "/result.csv", staffWho(staff.CardsView), s.refillCards(s.adminChangeFile)},
		{post, oneChange + "/cancel", staffWho(staff.CardsChange), s.refillCards(s.adminChangeEnd(s.cancelChange))},
		{post, oneChange + "/retry", staffWho(staff.CardsChange), s.refillCards(s.adminChangeEnd(s.retryChange))},
		{post, "/admin/find", anyStaff, s.adminFind},

		// Staff: files.
		{get, "/admin/exports/tray", anyStaff, s.adminExportTray},
		{get, "/admin/exports/:id/download", staffWho(staff.SeriesExport), s.refillCards(s.adminExportDownload)},
		{post, "/admin/exports/:id/cancel", staffWho(staff.SeriesExport), s.refillCards(s.adminExportCancel)},
		{post, "/admin/exports/:id/retry", staffWho(staff.SeriesExport), s.refillCards(s.adminExportRetry)},
		{post, "/admin/exports/:id/arrived", staffWho(staff.SeriesExport), s.refillCards(s.adminExportArrived)},
		{post, "/admin/exports/:id/discard", staffWho(staff.SeriesExport), s.refillCards(s.adminExportDiscard)},
		{post, "/admin/exports/:id/dismiss", staffWho(staff.SeriesExport), s.refillCards(s.adminExportDismiss)},

		// Staff: what a second person decides.
		{get, sectionApprovals, staffWho(staff.SeriesApprove), s.adminApprovalList},
		{get, formerApprovals, staffWho(staff.SeriesApprove), s.refillCards(s.adminApprovalMoved)},
		{get, sectionApprovals + "/count", staffWho(staff.SeriesApprove), s.adminApprovalCount},
		{post, oneApproval + "/approve", staffWho(staff.SeriesApprove), s.adminApprovalDecide(s.Cards.Approve, "Approved.")},
		{post, oneApproval + "/refuse", staffWho(staff.SeriesApprove), s.adminApprovalDecide(s.Cards.Refuse, "Refused. Nothing of it happens.")},
		{post, oneApproval + "/withdraw", anyStaff, s.adminApprovalWithdraw},

		// Staff: redemptions that look like theft.
		{get, sectionAlarms, staffWho(staff.AlarmsView), s.refillCards(s.adminAlarmList)},
		{get, oneAlarm, staffWho(staff.AlarmsView), s.refillCards(s.adminAlarmShow)},
		{post, oneAlarm + "/acknowledge", staffWho(staff.AlarmsAcknowledge), s.refillCards(s.adminAlarmAcknowledge)},
		{get, sectionTheft, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigTheftShow)},
		{post, sectionTheft, staffWho(staff.ConfigManage), s.wholeHouse(s.adminConfigTheft)},

		// Staff: reports.
		{get, sectionStatistics, staffWho(staff.ReportsView), s.refillCards(s.adminReport(reportSeries))},
		{get, sectionStatistics + "/outstanding", staffWho(staff.ReportsView), s.refillCards(s.adminReport(reportOutstanding))},
		{get, sectionStatistics + "/breakage", staffWho(staff.ReportsView), s.refillCards(s.adminReport(reportBreakage))},
		{get, sectionStatistics + "/redemptions", staffWho(staff.ReportsView), s.refillCards(s.adminReport(reportRedemptions))},
		{get, sectionStatistics + "/time-to-use", staffWho(staff.ReportsView), s.refillCards(s.adminReport(reportTimeToUse))},

		// Staff: import of existing cards.
		{get, sectionImport, staffWho(staff.SeriesImport), s.refillCards(s.adminImportList)},
		{post, sectionImport, staffWho(staff.SeriesImport), s.refillCards(s.adminImportUpload)},
		{get, oneImport, staffWho(staff.SeriesImport), s.refillCards(s.adminImportShow)},
		{get, oneImport + "/live", staffWho(staff.SeriesImport), s.refillCards(s.adminImportLive)},
		{get, oneImport + "/problems", staffWho(staff.SeriesImport), s.refillCards(s.adminImportProblems)},
		{post, oneImport + "/plan", staffWho(staff.SeriesImport), s.refillCards(s.adminImportPlan)},
		{post, oneImport + "/confirm", staffWho(staff.SeriesImport), s.refillCards(s.confirming(s.Cards.ConfirmImport, s.adminImportChange))},
		{post, oneImport + "/cancel", staffWho(staff.SeriesImport), s.refillCards(s.adminImportChange(s.Cards.CancelImport))},
		{post, oneImport + "/sheet", staffWho(staff.SeriesImport), s.refillCards(s.adminImportSheet)},
		{post, oneImport + "/outliers", staffWho(staff.SeriesImport), s.refillCards(s.adminImportTick)},
		{post, oneImport + "/unbar", staffWho(staff.GuessClear), s.refillCards(s.adminImportUnbar)},
		{post, oneImport + "/void", staffWho(staff.SeriesVoid), s.refillCards(s.adminImportVoid)},
		{get, oneImport + "/reconciliation.csv", staffWho(staff.SeriesImport), s.refillCards(s.adminImportBooks)},
		{post, oneImport + "/resume", staffWho(staff.SeriesImport), s.refillCards(s.adminImportChange(s.Cards.ResumeImport))},

		// Customers.
		{get, sectionHome, customers, s.portalHome},
		{get, sectionPayments, customers, s.portalPayments},
		{get, sectionPayments + "/:id", customers, s.portalPayment},
		{get, sectionRedeem, customers, s.refillCards(s.portalRedeemShow)},
		{post, sectionRedeem, customers, s.refillCards(s.portalRedeem)},
		{get, sectionRedeem + "/check", customers, s.refillCards(s.portalLookAgain)},
		{post, sectionRedeem + "/check", customers, s.refillCards(s.portalLook)},
		{get, sectionDevices, customers, s.portalSessions},
		{post, sectionDevices + "/others/end", customers, s.portalSessionsEnd},
		{post, sectionDevices + "/:id/end", customers, s.portalSessionEnd},
		{get, sectionPassword, customers, s.portalPasswordShow},
		{post, sectionPassword, customers, s.portalPassword},
	}
}

// route is one line of the table.
type route struct {
	method, path string
	who          audience
	do           handler
}

// handler answers a request, or returns why it did not.
type handler func(c *gin.Context) error

// audience is who may ask. Its zero value is nobody.
type audience struct {
	door       door
	permission staff.Permission // for staff; empty: any of them
	// beforeFactor lets in also who must set up a second factor before all else.
	beforeFactor bool
}

// door is how somebody comes in.
type door int

const (
	doorNobody door = iota
	doorEverybody
	doorStaff
	doorCustomer
)

// The audiences without a permission.
var (
	everybody = audience{door: doorEverybody} //nolint:gochecknoglobals // a constant, were structs allowed to be
	anyStaff  = audience{door: doorStaff}     //nolint:gochecknoglobals // likewise
	customers = audience{door: doorCustomer}  //nolint:gochecknoglobals // likewise
)

// setsUp lets an audience in also before they have the second factor that is asked
// of them.
func (a audience) setsUp() audience {
	a.beforeFactor = true
	return a
}

// staffWho is staff whose role includes a permission.
func staffWho(can staff.Permission) audience {
	return audience{door: doorStaff, permission: can}
}

// mount hands one line to the router, behind its guard.
func (s *Server) mount(engine *gin.Engine, r route) {
	guarded := s.handle(func(c *gin.Context) error {
		if err := s.admit(c, r.who); err != nil {
			return err
		}
		return r.do(c)
	})
	engine.Handle(r.method, r.path, guarded)
	if r.method == get && r.path != eventsPath {
		engine.HEAD(r.path, guarded) // net/http leaves the body out
	}
}

// handle is where a handler's error becomes an answer.
func (s *Server) handle(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer s.limitTime(c)()
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// admit lets in whom the audience names and finds out who it is.
func (s *Server) admit(c *gin.Context, who audience) error {
	switch who.door {
	case doorEverybody:
		return nil
	case doorStaff:
		person, err := s.findPerson(c)
		if err != nil {
			return err
		}
		if person.ID == 0 {
			return signInNeededError{door: doorStaff}
		}
		if !who.beforeFactor {
			if err := s.requireFactor(c, person); err != nil {
				return err
			}
		}
		c.Set(keyPermission, who.permission)
		if who.permission != "" && !person.Can(who.permission) {
			return forbiddenError{permission: who.permission}
		}
		return nil
	case doorCustomer:
		visitor, err := s.findVisitor(c)
		if err != nil {
			return err
		}
		if visitor.ID == 0 {
			return signInNeededError{door: doorCustomer}
		}
		return nil
	case doorNobody:
	}
	return errNotFound
}
