package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// MailConfirmPath is the page that confirms an e-mail address, without the token.
const MailConfirmPath = SectionAccount + "/mail/confirm/"

// accountMail is the part of the page of the account about e-mail.
type accountMail struct {
	On        bool   // the installation sends e-mail
	Confirmed string // the address in use; empty: none
	Pending   string // the address that waits for its confirmation; empty: none
	Since     *time.Time
	Address   kit.Field
	Password  kit.Field
	Choices   []kit.Choice // what the person can be told of
	Remove    kit.Confirmation
}

// newAccountMail returns the part for the person of the request.
func (s *Server) newAccountMail(c *gin.Context) (accountMail, error) {
	m := accountMail{
		On:       s.Mail.On(),
		Address:  kit.Field{Name: "mail", Label: lang.M("E-mail address"), Type: "email", Required: true, MaxLength: 254, Autocomplete: "email", Plain: true, Hint: lang.M("A message with a link goes there. The address is used once you have opened the link.")},
		Password: kit.Field{Name: "mail-password", Label: lang.M("Your password"), Type: "password", Required: true, MaxLength: 200, Autocomplete: "current-password"},
		Remove: kit.Confirmation{
			ID: "remove-mail", Opener: lang.M("Remove the address"), Title: lang.M("Remove your e-mail address?"), Button: lang.M("Remove the address"), Keep: lang.M("Keep it"), Danger: true,
			Text: lang.M("Nothing more is sent to you by e-mail. The address is told."), Action: SectionAccount + "/mail/remove",
		},
	}
	person := s.Person(c)
	row, found, err := db.Found(db.New().MailStaffShow(c.Request.Context(), s.Pool, person.ID))
	if err != nil {
		return m, err
	}
	if !found {
		row.Files, row.Approvals, row.Alarms = true, true, true
	}
	m.Confirmed, m.Pending, m.Since = row.Address, row.Pending, row.ConfirmedAt
	files, approvals, alarms := mailFor(person)
	if files {
		m.Choices = append(m.Choices, kit.Choice{Name: "files", Label: lang.M("A file that I asked for is ready"), Checked: row.Files})
	}
	if approvals {
		m.Choices = append(m.Choices, kit.Choice{Name: "approvals", Label: lang.M("A request waits that I may decide"), Checked: row.Approvals})
	}
	if alarms {
		m.Choices = append(m.Choices, kit.Choice{Name: "alarms", Label: lang.M("An alarm is raised"), Checked: row.Alarms, Hint: lang.M("Those that you may see: the books do not hold, codes may be guessed, redemptions look like theft, no worker runs.")})
	}
	return m, nil
}

// mailFor reports of which events a person can be told.
func mailFor(p staff.Person) (files, approvals, alarms bool) {
	alarms = p.Can(staff.AlarmsView) || p.Can(staff.AuditView) || p.Can(staff.GuessClear) || p.Can(staff.JobsView) && p.Scope.AllPartners
	return p.Can(staff.SeriesExport), p.Can(staff.SeriesApprove), alarms
}

// AccountMail handles POST /admin/account/mail: it enters an address, which waits for its
// confirmation.
func (s *Server) AccountMail(c *gin.Context) error {
	if !s.Mail.On() {
		return kit.ErrNotFound
	}
	return s.changeAccount(c, lang.M("A message with a link is on its way. Open the link to confirm the address."), func(form url.Values) error {
		return staff.AskMail(c.Request.Context(), s.Pool, s.Actor(c), staff.NewMail{
			Username: s.Person(c).Username, Password: form.Get("mail-password"), Address: form.Get("mail"),
		})
	})
}

// AccountMailRemove handles POST /admin/account/mail/remove.
func (s *Server) AccountMailRemove(c *gin.Context) error {
	return s.changeAccount(c, lang.M("Your e-mail address is removed."), func(url.Values) error {
		return staff.RemoveMail(c.Request.Context(), s.Pool, s.Actor(c))
	})
}

// AccountMailChoose handles POST /admin/account/mail/choose. A choice that the page does not
// offer stays as it is.
func (s *Server) AccountMailChoose(c *gin.Context) error {
	return s.changeAccount(c, lang.M("What is sent to you by e-mail is saved."), func(form url.Values) error {
		ctx := c.Request.Context()
		row, found, err := db.Found(db.New().MailStaffShow(ctx, s.Pool, s.Person(c).ID))
		if err != nil {
			return err
		}
		chosen := staff.MailChoice{Files: row.Files || !found, Approvals: row.Approvals || !found, Alarms: row.Alarms || !found}
		files, approvals, alarms := mailFor(s.Person(c))
		if files {
			chosen.Files = form.Get("files") == "on"
		}
		if approvals {
			chosen.Approvals = form.Get("approvals") == "on"
		}
		if alarms {
			chosen.Alarms = form.Get("alarms") == "on"
		}
		return staff.ChooseMail(ctx, s.Pool, s.Actor(c), chosen)
	})
}

// mailConfirmPage is the page that a confirmation link opens.
type mailConfirmPage struct {
	kit.Page
	Address string
}

// AccountMailShow handles GET /admin/account/mail/confirm/:token. It confirms nothing, because
// programs that scan mail open every link in it.
func (s *Server) AccountMailShow(c *gin.Context) error {
	c.Header("Referrer-Policy", "strict-origin") // the address of the page holds a secret
	address, err := staff.FindMail(c.Request.Context(), s.Pool, s.Actor(c), c.Param("token"))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/mail_confirm", &mailConfirmPage{Page: s.Page(c, lang.M("Confirm your e-mail address"), SectionAccount), Address: address})
}

// AccountMailConfirm handles POST /admin/account/mail/confirm/:token.
func (s *Server) AccountMailConfirm(c *gin.Context) error {
	if err := staff.ConfirmMail(c.Request.Context(), s.Pool, s.Actor(c), c.Param("token")); err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, lang.M("Your e-mail address is confirmed."))
	return s.Redirect(c, SectionAccount)
}

// mailTestTime bounds a test message. It is shorter than the time limit of a request.
const mailTestTime = 8 * time.Second

// MailTest handles POST /admin/config/general/mail: it sends the person a message at once and
// shows what the SMTP server answered.
func (s *Server) MailTest(c *gin.Context) error {
	if !s.Mail.On() {
		return kit.ErrNotFound
	}
	err := staff.ChargeMail(c.Request.Context(), s.Pool, s.Actor(c))
	to := ""
	if err == nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), mailTestTime)
		defer cancel()
		to, err = s.Mail.Test(ctx, s.Person(c).ID, kit.RequestID(c))
	}
	p, pageErr := s.newConfigGeneralPage(c, nil)
	if pageErr != nil {
		return pageErr
	}
	return s.showMailTest(c, p, to, err)
}
