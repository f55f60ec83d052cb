package web

import (
	"net/http"

	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/admin"
	"refill/internal/web/api"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

const (
	get   = http.MethodGet
	post  = http.MethodPost
	patch = http.MethodPatch
)

// table returns all routes of the site: method, path, who may request it, and its handler.
// A line without all four does not compile, and a request is admitted only by the audience
// of its line.
func (s *Server) table() []route {
	return []route{
		// Everybody.
		{get, "/", everybody, s.portal.Landing},
		{get, "/healthz", everybody, s.healthz},
		{get, "/readyz", everybody, s.readyz},
		{get, "/metrics", everybody, s.metrics},
		{get, kit.StaticPath + "*path", everybody, s.StaticFile},
		{get, "/favicon.ico", everybody, s.Favicon},
		{get, "/robots.txt", everybody, s.portal.Robots},
		{get, kit.ScanPath, everybody.withCards(), s.portal.Scan},
		{get, kit.ScanPath + "/:partner", everybody.withCards(), s.portal.Scan},
		{get, kit.BrandPath + ":file", everybody, s.BrandFile},

		// The doors.
		{get, "/admin/login", everybody, s.admin.StaffSignInShow},
		{post, "/admin/login", everybody, s.admin.StaffSignIn},
		{get, admin.CodePath, everybody, s.admin.StaffCodeShow},
		{post, admin.CodePath, everybody, s.admin.StaffCode},
		{post, "/admin/logout", everybody, s.admin.StaffSignOut},
		{get, "/portal/login", everybody, s.portal.CustomerSignInShow},
		{post, "/portal/login", everybody, s.portal.CustomerSignIn},
		{post, "/portal/logout", everybody, s.portal.CustomerSignOut},
		{get, portal.ManifestPath, everybody, s.portal.Manifest},
		{get, portal.WorkerPath, everybody, s.portal.Worker},
		{get, portal.OfflinePath, everybody, s.portal.Offline},
		{get, portal.HelpPath, everybody, s.portal.HelpShow},
		{post, portal.HelpPath, everybody, s.portal.Help},
		{get, kit.WelcomePath + ":token", everybody, s.portal.WelcomeShow},
		{post, kit.WelcomePath + ":token", everybody, s.portal.Welcome},

		// Programs.
		{get, api.Base + "/me", clientWho(""), s.api.Me},
		{post, api.Base + "/redemptions", clientWho(staff.RedeemFor).withCards(), s.api.RedemptionCreate},
		{get, api.Base + "/redemptions", clientWho(staff.PaymentsView).withCards(), s.api.RedemptionList},
		{get, api.Base + "/redemptions/:id", clientWho(staff.PaymentsView).withCards(), s.api.RedemptionShow},
		{post, api.Base + "/redemptions/:id/reversal", clientWho(staff.PaymentsReverse).withCards(), s.api.RedemptionReverse},
		{post, api.Base + "/cards/look", clientWho(staff.RedeemFor).withCards(), s.api.CardLook},
		{get, api.Base + "/events", clientWho(staff.EventsView), s.api.EventList},
		{get, api.Base + "/webhook-endpoints", clientWho(staff.WebhooksManage), s.api.EndpointList},
		{post, api.Base + "/webhook-endpoints", clientWho(staff.WebhooksManage), s.api.EndpointCreate},
		{get, api.Base + "/webhook-endpoints/:id", clientWho(staff.WebhooksManage), s.api.EndpointShow},
		{patch, api.Base + "/webhook-endpoints/:id", clientWho(staff.WebhooksManage), s.api.EndpointEdit},
		{post, api.Base + "/webhook-endpoints/:id/secret", clientWho(staff.WebhooksManage), s.api.EndpointSecret},
		{post, api.Base + "/webhook-endpoints/:id/test", clientWho(staff.WebhooksManage), s.api.EndpointTest},
		{post, api.Base + "/webhook-endpoints/:id/replay", clientWho(staff.WebhooksManage), s.api.EndpointReplay},
		{get, api.Base + "/webhook-endpoints/:id/deliveries", clientWho(staff.WebhooksManage), s.api.DeliveryList},
		{get, api.Base + "/deliveries/:id/:seq", clientWho(staff.WebhooksManage), s.api.DeliveryShow},
		{post, api.Base + "/deliveries/:id/:seq/retry", clientWho(staff.WebhooksManage), s.api.DeliveryRetry},

		// Staff.
		{get, "/admin", anyStaff, s.admin.Home},
		{get, kit.EventsPath, anyStaff, s.admin.Events},

		// Staff: customers.
		{get, admin.SectionCustomers, staffWho(staff.CustomersView), s.admin.CustomerList},
		{post, admin.SectionCustomers, staffWho(staff.CustomersView), s.admin.CustomerSearch},
		{get, admin.OneCustomer, staffWho(staff.CustomersView), s.admin.CustomerShow},
		{post, admin.OneCustomer + "/redeem", staffWho(staff.RedeemFor).withCards(), s.admin.CustomerRedeem},
		{get, admin.CustomerNew, staffWho(staff.CustomersEdit), s.admin.CustomerNewShow},
		{post, admin.CustomerNew, staffWho(staff.CustomersEdit), s.admin.CustomerNew},
		{get, admin.SectionCustomerImport, staffWho(staff.CustomersEdit), s.admin.CustomerImportList},
		{post, admin.SectionCustomerImport, staffWho(staff.CustomersEdit), s.admin.CustomerImportUpload},
		{get, admin.OneCustomerImport, staffWho(staff.CustomersEdit), s.admin.CustomerImportShow},
		{get, admin.OneCustomerImport + "/live", staffWho(staff.CustomersEdit), s.admin.CustomerImportLive},
		{get, admin.OneCustomerImport + "/problems", staffWho(staff.CustomersEdit), s.admin.CustomerImportProblems},
		{get, admin.OneCustomerImport + "/result.csv", staffWho(staff.CustomersEdit), s.admin.CustomerImportResult},
		{get, admin.OneCustomerImport + "/reconciliation.csv", staffWho(staff.CustomersEdit), s.admin.CustomerImportBooks},
		{post, admin.OneCustomerImport + "/plan", staffWho(staff.CustomersEdit), s.admin.CustomerImportPlan},
		{post, admin.OneCustomerImport + "/sheet", staffWho(staff.CustomersEdit), s.admin.CustomerImportSheet},
		{post, admin.OneCustomerImport + "/confirm", staffWho(staff.CustomersEdit), s.admin.Confirming(s.admin.Customers.Confirm, s.admin.CustomerImportChange)},
		{post, admin.OneCustomerImport + "/cancel", staffWho(staff.CustomersEdit), s.admin.CustomerImportChange(s.admin.Customers.Cancel)},
		{post, admin.OneCustomerImport + "/resume", staffWho(staff.CustomersEdit), s.admin.CustomerImportChange(s.admin.Customers.Resume)},
		{get, admin.OneCustomer + "/edit", staffWho(staff.CustomersEdit), s.admin.CustomerEditShow},
		{post, admin.OneCustomer + "/edit", staffWho(staff.CustomersEdit), s.admin.CustomerEdit},
		{post, admin.OneCustomer + "/disable", staffWho(staff.CustomersEdit), s.admin.CustomerDisable},
		{post, admin.OneCustomer + "/enable", staffWho(staff.CustomersEdit), s.admin.CustomerEnable},
		{get, admin.OneCustomer + "/access", staffWho(staff.CustomersEdit), s.admin.CustomerAccess},
		{post, admin.OneCustomer + "/access/password", staffWho(staff.CustomersEdit), s.admin.CustomerPassword},
		{post, admin.OneCustomer + "/access/help/close", staffWho(staff.CustomersEdit), s.admin.CustomerHelpClose},
		{post, admin.OneCustomer + "/access/link", staffWho(staff.CustomersEdit), s.admin.CustomerLink},
		{get, admin.OneCustomer + "/erase", staffWho(staff.CustomersErase), s.admin.CustomerEraseShow},
		{post, admin.OneCustomer + "/erase", staffWho(staff.CustomersErase), s.admin.CustomerErase},
		{post, admin.OneCustomer + "/clear-guesses", staffWho(staff.GuessClear), s.admin.CustomerClear},
		{get, admin.OneCustomer + "/billing/payments", staffWho(staff.PaymentsView), s.admin.CustomerPayments},
		{get, admin.OneCustomer + "/billing/payments/add", staffWho(staff.PaymentsEnter), s.admin.PaymentEnterShow},
		{post, admin.OneCustomer + "/billing/payments/add", staffWho(staff.PaymentsEnter), s.admin.PaymentEnter},
		{get, admin.OneCustomer + "/billing/payments/:payment", staffWho(staff.PaymentsView), s.admin.Payment},
		{post, admin.OneCustomer + "/billing/payments/:payment/reverse", staffWho(staff.PaymentsReverse), s.admin.PaymentReverse},

		// Staff: partners.
		{get, admin.SectionPartners, staffWho(staff.PartnersManage), s.admin.PartnerList},
		{post, admin.SectionPartners, staffWho(staff.PartnersManage).allPartners(), s.admin.PartnerCreate},
		{get, admin.SectionPartners + "/new", staffWho(staff.PartnersManage).allPartners(), s.admin.PartnerNew},
		{get, admin.OnePartner, staffWho(staff.PartnersManage), s.admin.PartnerShow},
		{post, admin.OnePartner, staffWho(staff.PartnersManage), s.admin.PartnerEdit},
		{post, admin.OnePartner + "/disable", staffWho(staff.PartnersManage), s.admin.PartnerDisable},
		{post, admin.OnePartner + "/enable", staffWho(staff.PartnersManage), s.admin.PartnerEnable},
		{post, admin.OnePartner + "/logo/remove", staffWho(staff.PartnersManage), s.admin.PartnerLogoRemove},

		// Staff: who they are, what they may do, and what they did.
		{get, admin.SectionAccount, anyStaff, s.admin.AccountShow},
		{post, admin.SectionAccount, anyStaff, s.admin.AccountName},
		{post, admin.SectionAccount + "/password", anyStaff, s.admin.AccountPassword},
		{get, admin.SectionSessions, anyStaff, s.admin.StaffSessions},
		{post, admin.SectionSessions + "/others/end", anyStaff, s.admin.StaffSessionsEnd},
		{post, admin.SectionSessions + "/:id/end", anyStaff, s.admin.StaffSessionEnd},
		{get, admin.SectionFactor, anyStaff.setsUp(), s.admin.FactorShow},
		{post, admin.SectionFactor, anyStaff.setsUp(), s.admin.FactorOn},
		{post, admin.SectionFactor + "/off", anyStaff, s.admin.FactorOff},
		{post, admin.SectionFactor + "/codes", anyStaff, s.admin.FactorCodes},
		{get, admin.SectionAudit, staffWho(staff.AuditView), s.admin.Audit},
		{get, admin.SectionStaff, staffWho(staff.StaffManage).allPartners(), s.admin.StaffList},
		{post, admin.SectionStaff, staffWho(staff.StaffManage).allPartners(), s.admin.StaffCreate},
		{get, admin.SectionStaff + "/new", staffWho(staff.StaffManage).allPartners(), s.admin.StaffNew},
		{get, admin.SectionStaff + "/:id", staffWho(staff.StaffManage).allPartners(), s.admin.StaffShow},
		{post, admin.SectionStaff + "/:id", staffWho(staff.StaffManage).allPartners(), s.admin.StaffEdit},
		{post, admin.SectionStaff + "/:id/password", staffWho(staff.StaffManage).allPartners(), s.admin.StaffPassword},
		{post, admin.SectionStaff + "/:id/disable", staffWho(staff.StaffManage).allPartners(), s.admin.StaffSwitch(staff.Disable, lang.M("They are signed out and can’t sign in."))},
		{post, admin.SectionStaff + "/:id/enable", staffWho(staff.StaffManage).allPartners(), s.admin.StaffSwitch(staff.Enable, lang.M("They can sign in again."))},
		{post, admin.SectionStaff + "/:id/second-factor/reset", staffWho(staff.StaffManage).allPartners(), s.admin.StaffSwitch(staff.ResetSecondFactor, lang.M("Their second factor is reset. They are signed out."))},
		{post, admin.SectionStaff + "/:id/clear-guesses", staffWho(staff.GuessClear).allPartners(), s.admin.StaffClear},
		{get, admin.SectionRoles, staffWho(staff.StaffManage).allPartners(), s.admin.RoleList},
		{post, admin.SectionRoles, staffWho(staff.StaffManage).allPartners(), s.admin.RoleCreate},
		{get, admin.SectionRoles + "/new", staffWho(staff.StaffManage).allPartners(), s.admin.RoleNew},
		{get, admin.SectionRoles + "/:id", staffWho(staff.StaffManage).allPartners(), s.admin.RoleShow},
		{post, admin.SectionRoles + "/:id", staffWho(staff.StaffManage).allPartners(), s.admin.RoleEdit},
		{post, admin.SectionRoles + "/:id/delete", staffWho(staff.StaffManage).allPartners(), s.admin.RoleDelete},

		// Staff: background jobs.
		{get, admin.SectionJobs, staffWho(staff.JobsView).allPartners(), s.admin.JobList},
		{get, admin.SectionJobs + "/:id", staffWho(staff.JobsView).allPartners(), s.admin.JobShow},
		{post, admin.SectionJobs + "/:id/cancel", staffWho(staff.JobsManage).allPartners(), s.admin.JobCancel},
		{post, admin.SectionJobs + "/:id/retry", staffWho(staff.JobsManage).allPartners(), s.admin.JobRetry},
		{post, admin.SectionJobs + "/:id/delete", staffWho(staff.JobsManage).allPartners(), s.admin.JobDelete},
		{post, "/admin/queues/:name/pause", staffWho(staff.JobsManage).allPartners(), s.admin.QueuePause},
		{post, "/admin/queues/:name/resume", staffWho(staff.JobsManage).allPartners(), s.admin.QueueResume},
		{get, admin.SectionChecks, staffWho(staff.JobsView).allPartners(), s.admin.CheckList},
		{post, admin.SectionChecks, staffWho(staff.JobsManage).allPartners(), s.admin.CheckRun},
		// The pages of River UI are read-only. The portal's own pages act on jobs, with
		// permissions and an audit row.
		{get, admin.RiverUIPath, staffWho(staff.JobsView).allPartners(), s.admin.RiverUI},
		{get, admin.RiverUIPath + "/*path", staffWho(staff.JobsView).allPartners(), s.admin.RiverUI},

		// Staff: configuration.
		{get, admin.SectionSettings, anyStaff, s.admin.SettingList},
		{get, admin.SectionModules, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigModulesShow},
		{post, admin.SectionModules, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigModules},
		{get, admin.SectionPortal, staffWho(staff.ConfigManage), s.admin.ConfigPortalShow},
		{post, admin.SectionPortal, staffWho(staff.ConfigManage), s.admin.ConfigPortal},
		{get, admin.SectionVouchers, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigVouchersShow},
		{post, admin.SectionVouchers, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigVouchers},
		{post, admin.SectionVouchers + "/preview", staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigVouchersPreview},
		{get, admin.SectionCards, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigCardsShow},
		{post, admin.SectionCards, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigCards},
		{get, admin.SectionCards + "/picture", staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigCardsPicture},
		{get, admin.SectionPrintShops, staffWho(staff.ConfigManage).allPartners(), s.admin.PrintShops},
		{post, admin.SectionPrintShops, staffWho(staff.ConfigManage).allPartners(), s.admin.PrintShopAdd},
		{post, admin.SectionPrintShops + "/remove", staffWho(staff.ConfigManage).allPartners(), s.admin.PrintShopRemove},
		{get, admin.SectionGeneral, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigGeneralShow},
		{post, admin.SectionGeneral, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigGeneral},

		// Staff: refill cards.
		{get, admin.SectionGenerate, staffWho(staff.SeriesGenerate).withCards(), s.admin.GenerateShow},
		{post, admin.SectionGenerate, staffWho(staff.SeriesGenerate).withCards(), s.admin.Generate},
		{post, admin.SectionGenerate + "/preview", staffWho(staff.SeriesGenerate).withCards(), s.admin.GeneratePreview},
		{get, admin.SectionSeries, staffWho(staff.SeriesView).withCards(), s.admin.SeriesList},
		{get, admin.OneSeries, staffWho(staff.SeriesView).withCards(), s.admin.SeriesShow},
		{get, admin.OneSeries + "/live", staffWho(staff.SeriesView).withCards(), s.admin.SeriesLive},
		{post, admin.OneSeries + "/activate", staffWho(staff.SeriesActivate).withCards(), s.admin.SeriesChange(s.admin.Cards.Activate, lang.M("Series %s is active."))},
		{post, admin.OneSeries + "/lock", staffWho(staff.SeriesActivate).withCards(), s.admin.SeriesChange(s.admin.Cards.Lock, lang.M("Series %s is locked."))},
		{get, admin.OneSeries + "/redemptions", staffWho(staff.PaymentsView).withCards(), s.admin.SeriesChart},
		{post, admin.OneSeries + "/delete", staffWho(staff.SeriesVoid).withCards(), s.admin.SeriesDelete},
		{get, admin.OneSeries + "/edit", staffWho(staff.SeriesEdit).withCards(), s.admin.SeriesEditShow},
		{post, admin.OneSeries + "/edit", staffWho(staff.SeriesEdit).withCards(), s.admin.SeriesEdit},
		{post, admin.OneSeries + "/cancel", staffWho(staff.SeriesVoid).withCards(), s.admin.SeriesChange(s.admin.Cards.Cancel, lang.M("Series %s is cancelled."))},
		{post, admin.OneSeries + "/retry", staffWho(staff.SeriesActivate).withCards(), s.admin.SeriesChange(s.admin.Cards.Retry, lang.M("Series %s goes on."))},
		{post, admin.OneSeries + "/find", staffWho(staff.CardsView).withCards(), s.admin.CardFind},
		{get, admin.OneSeries + "/exports", staffWho(staff.SeriesExport).withCards(), s.admin.ExportList},
		{post, admin.OneSeries + "/exports", staffWho(staff.SeriesExport).withCards(), s.admin.ExportRequest},
		{get, admin.OneSeries + "/export", staffWho(staff.SeriesExport).withCards(), s.admin.ExportForm},
		{post, admin.OneSeries + "/export", staffWho(staff.SeriesExport).withCards(), s.admin.ExportChoose},
		{get, admin.OneSeries + "/export/preview", staffWho(staff.SeriesExport).withCards(), s.admin.ExportPreview},
		{get, admin.OneCard, staffWho(staff.CardsView).withCards(), s.admin.CardShow},
		{post, admin.OneCard, staffWho(staff.RedeemFor).withCards(), s.admin.CardSearch},
		{get, admin.OneCard + "/picture", staffWho(staff.CardsView).withCards(), s.admin.CardPicture},
		{get, admin.OneCard + "/customers", staffWho(staff.RedeemFor).withCards(), s.admin.CardCustomers},
		{post, admin.OneCard + "/customers", staffWho(staff.RedeemFor).withCards(), s.admin.CardCustomers},
		{post, admin.OneCard + "/redeem", staffWho(staff.RedeemFor).withCards(), s.admin.CardRedeem},

		// Staff: changes to cards, and the search on every page.
		{post, admin.OneCard + "/edit", staffWho(staff.CardsChange).withCards(), s.admin.CardEdit},
		{post, admin.OneCard + "/disable", staffWho(staff.CardsChange).withCards(), s.admin.CardChange(s.admin.Cards.DisableCard, lang.M("Card %s is disabled."))},
		{post, admin.OneCard + "/enable", staffWho(staff.CardsChange).withCards(), s.admin.CardChange(s.admin.Cards.EnableCard, lang.M("Card %s is enabled."))},
		{post, admin.OneCard + "/replace", staffWho(staff.CardsChange).withCards(), s.admin.CardReplace},
		{post, admin.OneCard + "/delete", staffWho(staff.CardsChange).withCards(), s.admin.CardChange(s.admin.Cards.VoidCard, lang.M("Card %s is deleted."))},
		{post, admin.OneCard + "/reveal", staffWho(staff.CardsReveal).withCards(), s.admin.CardReveal},
		{post, admin.OneSeries + "/changes/check", staffWho(staff.CardsChange).withCards(), s.admin.ChangeCheck},
		{post, admin.OneSeries + "/changes", staffWho(staff.CardsChange).withCards(), s.admin.ChangeOrder},
		{get, admin.OneChange, staffWho(staff.CardsView).withCards(), s.admin.ChangeShow},
		{get, admin.OneChange + "/live", staffWho(staff.CardsView).withCards(), s.admin.ChangeLive},
		{get, admin.OneChange + "/result.csv", staffWho(staff.CardsView).withCards(), s.admin.ChangeFile},
		{post, admin.OneChange + "/cancel", staffWho(staff.CardsChange).withCards(), s.admin.ChangeEnd(s.admin.CancelChange)},
		{post, admin.OneChange + "/retry", staffWho(staff.CardsChange).withCards(), s.admin.ChangeEnd(s.admin.RetryChange)},
		{get, admin.SectionFind, anyStaff, s.admin.FindShow},
		{post, admin.SectionFind, anyStaff, s.admin.Find},
		{post, admin.SectionFind + "/suggest", anyStaff, s.admin.FindSuggest},

		// Staff: what finished in the background.
		{get, admin.SectionNotifications, anyStaff, s.admin.NotificationList},
		{get, admin.SectionNotifications + "/bell", anyStaff, s.admin.NotificationBell},
		{post, admin.SectionNotifications + "/seen", anyStaff, s.admin.NotificationSeen},

		// Staff: files.
		{get, "/admin/exports/tray", anyStaff, s.admin.ExportTray},
		{get, "/admin/exports/:id/download", staffWho(staff.SeriesExport).withCards(), s.admin.ExportDownload},
		{post, "/admin/exports/:id/cancel", staffWho(staff.SeriesExport).withCards(), s.admin.ExportCancel},
		{post, "/admin/exports/:id/retry", staffWho(staff.SeriesExport).withCards(), s.admin.ExportRetry},
		{post, "/admin/exports/:id/arrived", staffWho(staff.SeriesExport).withCards(), s.admin.ExportArrived},
		{post, "/admin/exports/:id/discard", staffWho(staff.SeriesExport).withCards(), s.admin.ExportDiscard},
		{post, "/admin/exports/:id/dismiss", staffWho(staff.SeriesExport).withCards(), s.admin.ExportDismiss},

		// Staff: requests that a second person approves.
		{get, admin.SectionApprovals, staffWho(staff.SeriesApprove), s.admin.ApprovalList},
		{get, admin.FormerApprovals, staffWho(staff.SeriesApprove).withCards(), s.admin.ApprovalMoved},
		{get, admin.SectionApprovals + "/count", staffWho(staff.SeriesApprove), s.admin.ApprovalCount},
		{post, admin.OneApproval + "/approve", staffWho(staff.SeriesApprove), s.admin.ApprovalDecide(s.admin.Cards.Approve, kit.ToneGood, lang.M("Approved."))},
		{post, admin.OneApproval + "/refuse", staffWho(staff.SeriesApprove), s.admin.ApprovalDecide(s.admin.Cards.Refuse, kit.ToneIdle, lang.M("Refused. Nothing of it happens."))},
		{post, admin.OneApproval + "/withdraw", anyStaff, s.admin.ApprovalWithdraw},

		// Staff: redemptions that look like theft.
		{get, admin.SectionAlarms, staffWho(staff.AlarmsView).withCards(), s.admin.AlarmList},
		{get, admin.OneAlarm, staffWho(staff.AlarmsView).withCards(), s.admin.AlarmShow},
		{post, admin.OneAlarm + "/acknowledge", staffWho(staff.AlarmsAcknowledge).withCards(), s.admin.AlarmAcknowledge},
		{get, admin.SectionTheft, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigTheftShow},
		{post, admin.SectionTheft, staffWho(staff.ConfigManage).allPartners(), s.admin.ConfigTheft},

		// Staff: webhooks.
		{get, admin.SectionWebhooks, staffWho(staff.WebhooksManage), s.admin.WebhookList},
		{post, admin.SectionWebhooks, staffWho(staff.WebhooksManage).keyed(), s.admin.WebhookCreate},
		{get, admin.WebhookNew, staffWho(staff.WebhooksManage), s.admin.WebhookNew},
		{get, admin.OneWebhook, staffWho(staff.WebhooksManage), s.admin.WebhookShow},
		{get, admin.OneWebhook + "/edit", staffWho(staff.WebhooksManage), s.admin.WebhookEditShow},
		{post, admin.OneWebhook + "/edit", staffWho(staff.WebhooksManage), s.admin.WebhookEdit},
		{post, admin.OneWebhook + "/secret", staffWho(staff.WebhooksManage), s.admin.WebhookSecret},
		{post, admin.OneWebhook + "/test", staffWho(staff.WebhooksManage), s.admin.WebhookAct(s.admin.WebhookTest, lang.M("A test event is on its way."))},
		{post, admin.OneWebhook + "/disable", staffWho(staff.WebhooksManage), s.admin.WebhookAct(s.admin.WebhookSwitch(true), lang.M("The endpoint is off."))},
		{post, admin.OneWebhook + "/enable", staffWho(staff.WebhooksManage), s.admin.WebhookAct(s.admin.WebhookSwitch(false), lang.M("The endpoint is on."))},
		{post, admin.OneWebhook + "/replay", staffWho(staff.WebhooksManage), s.admin.WebhookReplay},
		{get, admin.OneDelivery, staffWho(staff.WebhooksManage), s.admin.DeliveryShow},
		{post, admin.OneDelivery + "/retry", staffWho(staff.WebhooksManage), s.admin.DeliveryRetry},

		// Staff: reports.
		{get, admin.SectionStatistics, staffWho(staff.ReportsView).withCards(), s.admin.Report(admin.ReportSeries)},
		{get, admin.SectionStatistics + "/outstanding", staffWho(staff.ReportsView).withCards(), s.admin.Report(admin.ReportOutstanding)},
		{get, admin.SectionStatistics + "/breakage", staffWho(staff.ReportsView).withCards(), s.admin.Report(admin.ReportBreakage)},
		{get, admin.SectionStatistics + "/redemptions", staffWho(staff.ReportsView).withCards(), s.admin.Report(admin.ReportRedemptions)},
		{get, admin.SectionStatistics + "/time-to-use", staffWho(staff.ReportsView).withCards(), s.admin.Report(admin.ReportTimeToUse)},

		// Staff: import of existing cards.
		{get, admin.SectionImport, staffWho(staff.SeriesImport).withCards(), s.admin.ImportList},
		{post, admin.SectionImport, staffWho(staff.SeriesImport).withCards(), s.admin.ImportUpload},
		{get, admin.OneImport, staffWho(staff.SeriesImport).withCards(), s.admin.ImportShow},
		{get, admin.OneImport + "/live", staffWho(staff.SeriesImport).withCards(), s.admin.ImportLive},
		{get, admin.OneImport + "/problems", staffWho(staff.SeriesImport).withCards(), s.admin.ImportProblems},
		{post, admin.OneImport + "/plan", staffWho(staff.SeriesImport).withCards(), s.admin.ImportPlan},
		{post, admin.OneImport + "/confirm", staffWho(staff.SeriesImport).withCards(), s.admin.Confirming(s.admin.Imports.Confirm, s.admin.ImportChange)},
		{post, admin.OneImport + "/cancel", staffWho(staff.SeriesImport).withCards(), s.admin.ImportChange(s.admin.Imports.Cancel)},
		{post, admin.OneImport + "/sheet", staffWho(staff.SeriesImport).withCards(), s.admin.ImportSheet},
		{post, admin.OneImport + "/outliers", staffWho(staff.SeriesImport).withCards(), s.admin.ImportTick},
		{post, admin.OneImport + "/unbar", staffWho(staff.GuessClear).withCards(), s.admin.ImportUnbar},
		{post, admin.OneImport + "/void", staffWho(staff.SeriesVoid).withCards(), s.admin.ImportVoid},
		{get, admin.OneImport + "/reconciliation.csv", staffWho(staff.SeriesImport).withCards(), s.admin.ImportBooks},
		{post, admin.OneImport + "/resume", staffWho(staff.SeriesImport).withCards(), s.admin.ImportChange(s.admin.Imports.Resume)},

		// Customers.
		{get, portal.SectionHome, customers, s.portal.Home},
		{get, portal.SectionPayments, customers, s.portal.Payments},
		{get, portal.SectionPayments + "/:id", customers, s.portal.Payment},
		{get, portal.SectionRedeem, customers.withCards(), s.portal.RedeemShow},
		{post, portal.SectionRedeem, customers.withCards().keyed(), s.portal.Redeem},
		{get, portal.SectionRedeem + "/check", customers.withCards(), s.portal.LookShow},
		{post, portal.SectionRedeem + "/check", customers.withCards().keyed(), s.portal.Look},
		{get, portal.SectionDevices, customers, s.portal.Sessions},
		{post, portal.SectionDevices + "/others/end", customers, s.portal.SessionsEnd},
		{post, portal.SectionDevices + "/:id/end", customers, s.portal.SessionEnd},
		{get, portal.SectionPassword, customers, s.portal.PasswordShow},
		{post, portal.SectionPassword, customers, s.portal.Password},
	}
}
