package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/mail"
	"refill/internal/mail/smtptest"
	"refill/internal/mailing"
	"refill/internal/mailqueue"
	"refill/internal/web/admin"
	"refill/internal/web/portal"
)

// mailSite is a site that sends e-mail, with its SMTP server.
func mailSite(t *testing.T, o smtptest.Options) (*site, *smtptest.Server) {
	t.Helper()
	smtp := smtptest.Start(t, o)
	sender, err := mail.New(mail.Config{URL: "smtp+plain://" + smtp.Addr, From: "refill@example.net"})
	require.NoError(t, err)
	var service *mailing.Service
	s := newSiteOn(t, dbtest.MailPool(t), func(d *Deps) {
		service = mailing.New(mailing.Config{DB: d.Pool, Sender: sender, Settings: d.Settings, Log: d.Log, Now: testClock})
		d.Admin.Mail = service
	})
	service.PublicURL = s.URL
	return s, smtp
}

// sendMail sends the messages that are queued, as a worker does.
func (s *site) sendMail() {
	s.t.Helper()
	rows, err := s.Pool.Query(s.t.Context(), `delete from river_job where queue = 'mail' returning id, kind, (args->>'staff_id')::bigint, (args->>'customer_id')::bigint, args->>'about', (args->>'id')::bigint`)
	require.NoError(s.t, err)
	type job struct {
		id, number      int64
		kind, about     string
		staff, customer *int64
	}
	var jobs []job
	for rows.Next() {
		var j job
		require.NoError(s.t, rows.Scan(&j.id, &j.kind, &j.staff, &j.customer, &j.about, &j.number))
		jobs = append(jobs, j)
	}
	rows.Close()
	require.NoError(s.t, rows.Err())
	for _, j := range jobs {
		if j.staff != nil {
			err = s.Server.admin.Mail.Staff(s.t.Context(), j.id, mailqueue.StaffArgs{StaffID: *j.staff, About: mailqueue.About(j.about), ID: j.number})
		} else {
			err = s.Server.admin.Mail.Customer(s.t.Context(), j.id, mailqueue.CustomerArgs{CustomerID: *j.customer, About: mailqueue.About(j.about), ID: j.number})
		}
		require.NoError(s.t, err)
	}
}

// linkIn returns the path of the first link to the site in the last message to an address.
func (s *site) linkIn(smtp *smtptest.Server, to string) string {
	s.t.Helper()
	got := smtp.Messages(s.t, to)
	require.NotEmpty(s.t, got)
	found := regexp.MustCompile(regexp.QuoteMeta(s.URL) + `(/\S+)`).FindStringSubmatch(got[len(got)-1].Text)
	require.Len(s.t, found, 2, got[len(got)-1].Text)
	return found[1]
}

// A member of staff enters an address, confirms it by the link, chooses what is sent, and
// removes it. Opening the link alone confirms nothing.
func TestOwnMailAddress(t *testing.T) {
	t.Parallel()
	s, smtp := mailSite(t, smtptest.Options{})
	b, eve := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	page := b.get(admin.SectionAccount)
	page.one("#f-mail")
	page.none("#account-mail form[action$='choose']")
	refused := b.post(admin.SectionAccount+"/mail", url.Values{"mail": {"ada"}, "mail-password": {testPassword}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Equal(t, "mail_address", refused.fault("mail"))
	require.Equal(t, "ada", refused.one("#f-mail").AttrOr("value", ""))
	wrong := b.post(admin.SectionAccount+"/mail", url.Values{"mail": {"ada@example.com"}, "mail-password": {"wrong"}})
	require.Equal(t, "password_current", wrong.fault("mail-password"))
	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionAccount+"/mail", url.Values{"mail": {"ada@example.com"}, "mail-password": {testPassword}}).Status)
	require.Contains(t, b.get(admin.SectionAccount).text("#account-mail"), "ada@example.com waits for its confirmation")
	s.sendMail()
	link := s.linkIn(smtp, "ada@example.com")
	for range 2 { // a program that scans mail
		require.Contains(t, b.get(link).text("main"), "ada@example.com")
	}
	require.Equal(t, http.StatusSeeOther, s.browser().get(link).Status, "the door")
	require.Equal(t, http.StatusNotFound, eve.get(link).Status)
	require.Equal(t, http.StatusNotFound, eve.post(link, nil).Status)
	require.NotContains(t, b.get(admin.SectionAccount).text("#account-mail"), "confirmed on")
	require.Equal(t, http.StatusSeeOther, b.post(link, nil).Status)
	require.Equal(t, http.StatusNotFound, b.post(link, nil).Status)
	require.Contains(t, b.get(admin.SectionAccount).text("#account-mail"), "Notifications go to ada@example.com, confirmed on")

	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionAccount+"/mail/choose", url.Values{"files": {"on"}}).Status)
	page = b.get(admin.SectionAccount)
	require.Equal(t, 1, page.doc().Find("#account-mail input[type=checkbox][checked]").Length())
	page.one("#f-files[checked]")
	require.Contains(t, eve.get(admin.SectionStaff).text("table"), "ada@example.com")

	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionAccount+"/mail/remove", nil).Status)
	require.NotContains(t, b.get(admin.SectionAccount).text("#account-mail"), "ada@example.com")
	for _, action := range []string{"staff.mail_asked", "staff.mail_confirmed", "staff.mail_chosen", "staff.mail_removed"} {
		require.Contains(t, s.audits(), action)
	}
	require.NotContains(t, s.Log.String(), strings.TrimPrefix(link, admin.MailConfirmPath), "the link is a secret")
}

// A cashier is offered only what they may see.
func TestMailChoicesFollowTheRole(t *testing.T) {
	t.Parallel()
	s, _ := mailSite(t, smtptest.Options{})
	b := s.as(db.StaffRoleCashier, s.North)
	s.exec(`insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'cash@example.com', now())`, b.ID)
	page := b.get(admin.SectionAccount)
	page.none("#f-approvals")
	require.Equal(t, http.StatusSeeOther, b.post(admin.SectionAccount+"/mail/choose", url.Values{}).Status)
	var kept bool
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select approvals from staff_mail where staff_id = $1`, b.ID).Scan(&kept))
	require.True(t, kept, "what the page does not offer stays")
}

// The settings say whether e-mail works, in the words of the server.
func TestMailIsTried(t *testing.T) {
	t.Parallel()
	s, smtp := mailSite(t, smtptest.Options{Recipients: `^ada@example\.com$`})
	b := s.as(db.StaffRoleAdministrator)
	require.Contains(t, b.get(admin.SectionGeneral).text("#mail"), smtp.Addr)
	try := func() *got { return b.post(admin.SectionGeneral+"/mail", nil) }
	require.Contains(t, try().text("#mail-result"), "You have no e-mail address")
	s.exec(`insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'ada@example.com', now())`, b.ID)
	require.Contains(t, try().text("#mail-result"), "took a message to ada@example.com")
	smtp.Await(t, "ada@example.com", 1)
	s.exec(`update staff_mail set address = 'eve@example.com' where staff_id = $1`, b.ID)
	refused := try().text("#mail-result")
	require.Contains(t, refused, "refuses this recipient")
	require.Contains(t, refused, "55")
	smtp.Stop()
	require.Contains(t, try().text("#mail-result"), "does not answer")
	try()
	require.Equal(t, http.StatusTooManyRequests, try().Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).post(admin.SectionGeneral+"/mail", nil).Status)

	off := newSite(t)
	admins := off.as(db.StaffRoleAdministrator)
	require.Contains(t, admins.get(admin.SectionGeneral).text("#mail"), "REFILL_SMTP_URL")
	require.Contains(t, admins.get(admin.SectionAccount).text("#account-mail"), "sends no e-mail yet")
	admins.get(admin.SectionAccount).none("#f-mail")
	require.Equal(t, http.StatusNotFound, admins.post(admin.SectionGeneral+"/mail", nil).Status)
	require.Equal(t, http.StatusNotFound, admins.post(admin.SectionAccount+"/mail", url.Values{"mail": {"a@example.com"}, "mail-password": {testPassword}}).Status)
}

// Each link of a message leads to a page.
func TestLinksOfMessages(t *testing.T) {
	t.Parallel()
	s, smtp := mailSite(t, smtptest.Options{})
	b := s.as(db.StaffRoleAdministrator)
	s.exec(`insert into staff_mail (staff_id, address, confirmed_at) values ($1, 'ada@example.com', now())`, b.ID)
	made, _ := s.series(1)
	var alarm, run, export, request int64
	row := func(id *int64, sql string, args ...any) {
		require.NoError(t, s.Pool.QueryRow(t.Context(), sql, args...).Scan(id))
	}
	row(&alarm, `insert into theft_alarm (rule, subject, network, partner_ids, first_at, last_at, cards, customers, value) values ('address', 'address:192.0.2.1', '192.0.2.1', '{}', now(), clock_timestamp(), 9, 9, 9000) returning id`)
	row(&run, `insert into check_run (total) values (1) returning id`)
	s.exec(`insert into check_result (run_id, number, found, examples, took) values ($1, 1, 3, '{}', '1 second')`, run)
	row(&export, `insert into export (series_id, format, options, request_key, rows_total, rows_done, created_by, state, finished_at, file, size, sha256, key_id, expires_at)
		values ($1, 'csv', '{}', gen_random_uuid(), 1, 1, $2, 'ready', now(), 'f', 1, sha256(''), (select min(key_id) from key_canary), now() + interval '1 day') returning id`, made.ID, b.ID)
	row(&request, `insert into approval (kind, partner_ids, version, value, currency, price, cards, before, facts, requested_by) values ('reopening', array[$1::bigint], 0, 0, '', 0, 0, 0, '{}', $2) returning id`, s.North.ID, s.newStaff("asker", db.StaffRoleAdministrator))
	for about, id := range map[mailqueue.About]int64{mailqueue.Theft: alarm, mailqueue.Books: run, mailqueue.File: export, mailqueue.Approval: request, mailqueue.WorkerBack: 0} {
		before := len(smtp.Messages(t, ""))
		require.NoError(t, s.Server.admin.Mail.Staff(t.Context(), id, mailqueue.StaffArgs{StaffID: b.ID, About: about, ID: id}))
		require.Len(t, smtp.Messages(t, ""), before+1, about)
		link, _, _ := strings.Cut(s.linkIn(smtp, "ada@example.com"), "#")
		require.Equal(t, http.StatusOK, b.get(link).Status, link)
	}
	for _, m := range smtp.Messages(t, "") {
		require.Contains(t, m.Text, s.URL+admin.SectionAccount)
	}
}

// A customer who forgot the password comes back in by e-mail alone. The answer of the page is
// the same for every username.
func TestPortalPasswordByMail(t *testing.T) {
	t.Parallel()
	s, smtp := mailSite(t, smtptest.Options{})
	s.exec(`update partner set slug = 'north', brand = 'Northlight' where id = $1`, s.North.ID)
	phone := s.asCustomer("anna", s.North)
	s.exec(`update customer set email = 'anna@example.com' where id = $1`, phone.ID)
	s.newCustomer("bert", s.North) // without an address
	require.Contains(t, s.browser().get(portal.HelpPath+"?partner=north").text("main"), "Have a sign-in link sent")
	ask := func(username string) *got {
		return s.browser().post(portal.HelpPath, url.Values{"username": {username}, "partner": {"north"}})
	}
	first := ask("anna")
	require.Equal(t, http.StatusSeeOther, first.Status)
	for _, username := range []string{"bert", "nobody", "anna"} {
		other := ask(username)
		require.Equal(t, fmt.Sprint(first.Status, first.Header["Location"], first.Header["Set-Cookie"]), fmt.Sprint(other.Status, other.Header["Location"], other.Header["Set-Cookie"]), username)
	}
	s.sendMail()
	require.Len(t, smtp.Messages(t, ""), 2, "two for anna")
	b, link := s.browser(), s.linkIn(smtp, "anna@example.com")
	page := b.get(link)
	require.Equal(t, "Northlight", page.text(".brand"))
	require.Equal(t, http.StatusSeeOther, b.post(link, url.Values{"with": {"password"}, "password": {"a long quiet river"}}).Status)
	require.Equal(t, http.StatusOK, b.get("/portal").Status)
	require.Equal(t, http.StatusSeeOther, phone.get("/portal").Status, "the other device is signed out")
	s.sendMail()
	require.Equal(t, "Your password for Northlight was changed", smtp.Messages(t, "anna@example.com")[2].Subject)
	require.Equal(t, http.StatusNotFound, s.browser().get(link).Status)
	require.Contains(t, s.audits(), "customer.link_mailed")
	staff := s.as(db.StaffRoleAdministrator)
	require.Contains(t, staff.get(admin.SectionCustomers).text("#help-asked"), "Test bert")
	require.NotContains(t, staff.get(admin.SectionCustomers).text("#help-asked"), "Test anna")
}
