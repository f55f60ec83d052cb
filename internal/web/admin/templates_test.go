package admin

import (
	"testing"

	"refill/internal/web/kit"
	"refill/internal/web/kit/kittest"
)

// pageTemplates lists the pages and fragments of this package with their structs.
func pageTemplates() map[string]any {
	return map[string]any{
		"admin/home":                                      &homePage{},
		"admin/check_list":                                &checkPage{},
		"admin/check_list#checks-live":                    &checkPage{},
		"admin/card_show":                                 &cardShowPage{},
		"admin/card_show#customer-choices":                &cardRedeem{},
		"admin/card_show#customer-list":                   &cardRedeem{},
		"admin/config_modules":                            &configModulesPage{},
		"admin/config_portal":                             &configPortalPage{},
		"admin/config_vouchers":                           &configVouchersPage{},
		"admin/customer_list":                             &customerListPage{},
		"admin/customer_show":                             &customerShowPage{},
		"admin/customer_payments":                         &customerPaymentsPage{},
		"admin/customer_edit":                             &customerEditPage{},
		"admin/customer_access":                           &customerAccessPage{},
		"admin/customer_erase":                            &customerErasePage{},
		"admin/payment_enter":                             &paymentEnterPage{},
		"admin/payment_show":                              &paymentShowPage{},
		"admin/notification_list":                         &notificationPage{},
		"admin/notification_list#bell":                    &kit.Bell{},
		"admin/notification_list#bell-news":               &notificationPage{},
		"admin/export_tray":                               &trayView{},
		"admin/export_tray#main":                          &trayView{},
		"admin/generate":                                  &generatePage{},
		"admin/generate#generate-form":                    &generatePage{},
		"admin/generate#preview-news":                     &orderPreview{},
		"admin/report":                                    &reportPage{},
		"admin/series_edit":                               &seriesEditPage{},
		"admin/series_export":                             &exportFormPage{},
		"admin/print_shops":                               &printShopsPage{},
		"admin/series_list":                               &seriesListPage{},
		"admin/series_list#series-rows":                   &seriesListPage{},
		"admin/series_show":                               &seriesShowPage{},
		"admin/series_show#series-chart":                  &seriesChart{},
		"admin/series_show#series-news":                   &seriesShowPage{},
		"admin/series_show#exports-news":                  &exportPanel{},
		"admin/series_show#files-news":                    &exportPanel{},
		"admin/customer_import_list":                      &customerImportListPage{},
		"admin/customer_import_list#customer-import-form": &customerImportListPage{},
		"admin/customer_import_show":                      &customerImportPage{},
		"admin/customer_import_show#customer-import-live": &customerImportPage{},
		"admin/customer_import_show#customer-plan-form":   &customerImportPage{},
		"admin/import_list":                               &importListPage{},
		"admin/import_list#import-form":                   &importListPage{},
		"admin/import_show":                               &importShowPage{},
		"admin/import_show#import-live":                   &importShowPage{},
		"admin/import_show#plan-form":                     &importShowPage{},
		"admin/job_list":                                  &jobListPage{},
		"admin/job_list#jobs-live":                        &jobListPage{},
		"admin/job_show":                                  &jobShowPage{},
		"admin/partner_form":                              &partnerFormPage{},
		"admin/partner_list":                              &partnerListPage{},
		"admin/account":                                   &accountPage{},
		"admin/audit_list":                                &auditPage{},
		"admin/webhook_list":                              &webhookListPage{},
		"admin/webhook_form":                              &webhookFormPage{},
		"admin/webhook_show":                              &webhookPage{},
		"admin/webhook_delivery":                          &deliveryPage{},
		"admin/role_form":                                 &roleFormPage{},
		"admin/setting_list":                              &settingListPage{},
		"admin/role_list":                                 &roleListPage{},
		"admin/staff_form":                                &staffFormPage{},
		"admin/staff_list":                                &staffListPage{},
		"admin/signin_code":                               &codePage{},
		"admin/second_factor":                             &factorPage{},
		"admin/approval_list":                             &approvalPage{},
		"admin/approval_list#approvals-live":              &approvalPage{},
		"admin/config_general":                            &configGeneralPage{},
		"admin/config_cards":                              &configCardsPage{},
		"admin/config_vouchers#voucher-preview":           &voucherPreview{},
		"admin/alarm_list":                                &alarmListPage{},
		"admin/alarm_show":                                &alarmPage{},
		"admin/config_theft":                              &configTheftPage{},
		"admin/card_change_check":                         &changeCheckPage{},
		"admin/card_change_show":                          &changeShowPage{},
		"admin/card_change_show#change-live":              &changeShowPage{},
		"admin/find":                                      &findPage{},
		"admin/find#palette-results":                      &palette{},
	}
}

func TestTemplatesFitTheirStructs(t *testing.T) {
	t.Parallel()
	kittest.CheckTemplates(t, "admin", pageTemplates())
}
