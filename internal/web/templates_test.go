package web

import (
	"strings"
	"testing"
	"text/template/parse"

	"github.com/jba/templatecheck"
	"github.com/stretchr/testify/require"
)

// checkedTemplates lists every page with its struct, and every fragment that is
// rendered alone ("page#fragment") with its own.
func checkedTemplates() map[string]any {
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
		"portal/welcome":                                  &welcomePage{},
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
		"admin/problem":                                   &problemPage{},
		"admin/problem#problem-notice":                    &problemPage{},
		"admin/account":                                   &accountPage{},
		"admin/audit_list":                                &auditPage{},
		"admin/role_form":                                 &roleFormPage{},
		"admin/role_list":                                 &roleListPage{},
		"admin/staff_form":                                &staffFormPage{},
		"admin/staff_list":                                &staffListPage{},
		"admin/signin":                                    &signInPage{},
		"admin/signin_code":                               &codePage{},
		"admin/session_list":                              &sessionsPage{},
		"portal/session_list":                             &sessionsPage{},
		"admin/second_factor":                             &factorPage{},
		"portal/home":                                     &portalHomePage{},
		"portal/payment_list":                             &paymentListPage{},
		"portal/payment_show":                             &receiptPage{},
		"portal/password":                                 &passwordPage{},
		"portal/refill_card":                              &redeemPage{},
		"portal/scan":                                     &scanPage{},
		"portal/landing":                                  &landingPage{},
		"portal/problem":                                  &problemPage{},
		"portal/problem#problem-notice":                   &problemPage{},
		"portal/signin":                                   &signInPage{},

		"admin/approval_list":                &approvalPage{},
		"admin/approval_list#approvals-live": &approvalPage{},
		"admin/approval_list#menu-count":     &menuItem{},

		"admin/config_general":                  &configGeneralPage{},
		"admin/config_cards":                    &configCardsPage{},
		"admin/config_vouchers#voucher-preview": &voucherPreview{},

		"admin/alarm_list":                   &alarmListPage{},
		"admin/alarm_show":                   &alarmPage{},
		"admin/config_theft":                 &configTheftPage{},
		"admin/card_change_check":            &changeCheckPage{},
		"admin/card_change_show":             &changeShowPage{},
		"admin/card_change_show#change-live": &changeShowPage{},
		"admin/find":                         &findPage{},
	}
}

func TestTemplatesFitTheirStructs(t *testing.T) {
	t.Parallel()
	views, err := newViews((&Server{Deps: Deps{Now: testClock}, assets: &assets{}}).functions())
	require.NoError(t, err)
	listed := checkedTemplates()
	for view := range views.sets {
		require.Contains(t, listed, view, "every page is listed with its struct in checkedTemplates")
	}
	for name, data := range listed {
		view, fragment, alone := strings.Cut(name, "#")
		set, ok := views.sets[view]
		require.True(t, ok, "there is no page %s", view)
		if !alone {
			fragment = "layout"
		}
		require.NotNil(t, set.Lookup(fragment), "there is no %s in %s", fragment, view)
		require.NoError(t, templatecheck.CheckHTML(set.Lookup(fragment), data), name)
	}
}

// The policy forbids inline style and script: the browser would ignore them, and
// the page would be broken in a way that no other test sees.
func TestTemplatesHoldNothingInline(t *testing.T) {
	t.Parallel()
	views, err := newViews((&Server{Deps: Deps{Now: testClock}, assets: &assets{}}).functions())
	require.NoError(t, err)
	for view, set := range views.sets {
		for _, one := range set.Templates() {
			if one.Tree == nil {
				continue
			}
			for _, node := range one.Tree.Root.Nodes {
				text, ok := node.(*parse.TextNode)
				if !ok {
					continue
				}
				for _, banned := range []string{" style=", "<style", "<script>", " onclick=", " hx-on", "js:", "javascript:"} {
					require.NotContains(t, string(text.Text), banned, "%s, %s", view, one.Name())
				}
			}
		}
	}
}
