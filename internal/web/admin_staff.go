package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// staffListPage is the members of staff.
type staffListPage struct {
	page
	Rows []staffRow
}

// staffRow is one of them.
type staffRow struct {
	ID                   int64
	Name, Username, Role string
	Partners             []string
	AllPartners          bool
	SecondFactor         bool
	SeenAt               *time.Time
	State                badge
	URL                  string
}

// staffFormPage is the form of a member of staff, new or not.
type staffFormPage struct {
	page
	Action, Button string
	Username, Name field
	Role           field
	Password       field
	AllPartners    choice
	Partners       []choice
	PartnersError  string
	Mistakes       []mistake

	// Of somebody who is there already.
	ID      int64
	State   badge
	SeenAt  *time.Time
	Self    bool
	Fresh   copyable // a password made just now, shown this once
	Reset   *confirmation
	Factor  *confirmation // to reset their second factor; nil: they have none
	Disable *confirmation
	Enable  *confirmation
	Barred  *time.Time    // until when they may try no code; nil: they may
	Clear   *confirmation // lifts that
}

func staffURL(id int64) string { return fmt.Sprintf("%s/%d", sectionStaff, id) }

// adminStaffList handles GET /admin/config/staff.
func (s *Server) adminStaffList(c *gin.Context) error {
	p := &staffListPage{page: s.page(c, "Staff", sectionStaff)}
	rows, err := db.New().StaffList(c.Request.Context(), s.Pool)
	if err != nil {
		return err
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, staffRow{
			ID: r.ID, Name: r.Name, Username: r.Username, Role: r.RoleName, Partners: r.Partners, AllPartners: r.AllPartners,
			SecondFactor: r.SecondFactor, SeenAt: r.SeenAt, State: partnerState(r.DisabledAt != nil), URL: staffURL(r.ID),
		})
	}
	return s.render(c, http.StatusOK, "admin/staff_list", p)
}

// staffForm is what was typed, or what is stored.
type staffForm struct {
	username, name, password string
	roleID                   int64
	allPartners              bool
	partners                 map[int64]bool
}

// newStaffForm makes the form.
func (s *Server) newStaffForm(c *gin.Context, title string, f staffForm) (*staffFormPage, error) {
	p := &staffFormPage{page: s.page(c, title, sectionStaff)}
	roles, err := db.New().RoleList(c.Request.Context(), s.Pool)
	if err != nil {
		return nil, err
	}
	partners, err := s.partners(c)
	if err != nil {
		return nil, err
	}
	p.Username = field{Name: "username", Label: "Username", Value: cut(f.username, 100), Hint: "What they sign in with.", Plain: true, Required: true, Autocomplete: "off"}
	p.Name = field{Name: "name", Label: "Name", Value: cut(f.name, 200), Required: true, Autocomplete: "off"}
	p.Password = field{
		Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", MaxLength: 200,
		Hint: "10 characters or more. Empty: one is made and shown to you once.",
	}
	p.Role = field{Name: "role", Label: "Role", Required: true, Options: []option{{Text: "Choose a role"}}}
	for _, r := range roles {
		p.Role.Options = append(p.Role.Options, option{Value: fmt.Sprint(r.ID), Text: r.Name, Selected: r.ID == f.roleID})
	}
	p.AllPartners = choice{Name: "all_partners", Label: "All partners, also those to come", Checked: f.allPartners}
	for _, one := range partners {
		p.Partners = append(p.Partners, choice{Name: partnerField(one.ID), Label: one.Name, Checked: f.partners[one.ID]})
	}
	return p, nil
}

// typedStaff reads a posted form.
func (s *Server) typedStaff(c *gin.Context) (staffForm, []int64, error) {
	form, err := s.form(c)
	if err != nil {
		return staffForm{}, nil, err
	}
	partners, err := s.partners(c)
	if err != nil {
		return staffForm{}, nil, err
	}
	f := staffForm{
		username: form.Get("username"), name: form.Get("name"), password: form.Get("password"),
		allPartners: form.Get("all_partners") == "on", partners: map[int64]bool{},
	}
	f.roleID, _ = strconv.ParseInt(form.Get("role"), 10, 64) // none is the domain's to refuse
	ids := []int64{}
	for _, one := range partners {
		if form.Get(partnerField(one.ID)) == "on" {
			f.partners[one.ID] = true
			ids = append(ids, one.ID)
		}
	}
	return f, ids, nil
}

func (s *Server) mendStaff(c *gin.Context, p *staffFormPage, err error) error {
	partners := field{Name: "partners"}
	p.Mistakes = explain(err, &p.Username, &p.Name, &p.Role, &p.Password, &partners)
	p.PartnersError = partners.Error
	return s.render(c, http.StatusUnprocessableEntity, "admin/staff_form", p)
}

// adminStaffNew handles GET /admin/config/staff/new.
func (s *Server) adminStaffNew(c *gin.Context) error {
	p, err := s.newStaffForm(c, "New member of staff", staffForm{})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Username.Autofocus = sectionStaff, "Create sign-in", true
	return s.render(c, http.StatusOK, "admin/staff_form", p)
}

// adminStaffCreate handles POST /admin/config/staff.
func (s *Server) adminStaffCreate(c *gin.Context) error {
	f, partners, err := s.typedStaff(c)
	if err != nil {
		return err
	}
	password, made := f.password, false
	if password == "" {
		password, made = staff.Suggest(), true
	}
	id, err := staff.Create(c.Request.Context(), s.Pool, s.actor(c), staff.New{
		Username: f.username, Name: f.name, Password: password, RoleID: f.roleID, AllPartners: f.allPartners, PartnerIDs: partners,
	})
	switch {
	case err == nil && made:
		return s.showFresh(c, id, password)
	case err == nil:
		s.setFlash(c, "They can sign in now.")
		return s.redirect(c, staffURL(id))
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p, pageErr := s.newStaffForm(c, "New member of staff", f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button = sectionStaff, "Create sign-in"
	return s.mendStaff(c, p, err)
}

// showFresh answers with the page of somebody whose password was just made. It
// is in this answer and nowhere else.
func (s *Server) showFresh(c *gin.Context, id int64, password string) error {
	p, err := s.staffPage(c, id, nil)
	if err != nil {
		return err
	}
	p.Fresh = copyable{Text: password, Label: "Copy the password"}
	return s.render(c, http.StatusOK, "admin/staff_form", p)
}

// staffPage makes the page of somebody; f is what was typed, nil what is stored.
func (s *Server) staffPage(c *gin.Context, id int64, f *staffForm) (*staffFormPage, error) {
	row, err := db.New().StaffGet(c.Request.Context(), s.Pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, staff.ErrNoStaff
	}
	if err != nil {
		return nil, err
	}
	if f == nil {
		f = &staffForm{name: row.Name, roleID: row.RoleID, allPartners: row.AllPartners, partners: map[int64]bool{}}
		for _, one := range row.PartnerIds {
			f.partners[one] = true
		}
	}
	f.username = row.Username
	p, err := s.newStaffForm(c, row.Name, *f)
	if err != nil {
		return nil, err
	}
	to := staffURL(id)
	p.Action, p.Button, p.ID, p.SeenAt, p.State = to, "Save", id, row.SeenAt, partnerState(row.DisabledAt != nil)
	p.Self = id == p.Person.ID
	if err := s.staffBar(c, p, row.Name); err != nil {
		return nil, err
	}
	if p.Self {
		return p, nil
	}
	p.Reset = &confirmation{
		ID: "reset", Opener: "Reset password", Title: "Reset the password of " + row.Name + "?", Button: "Make a new password", Action: to + "/password",
		Text: "They are signed out everywhere. The new password is shown to you once.",
	}
	if row.SecondFactorSince != nil {
		p.Factor = &confirmation{
			ID: "reset-factor", Opener: "Reset second factor", Title: "Reset the second factor of " + row.Name + "?", Button: "Reset second factor", Action: to + "/second-factor/reset", Danger: true,
			Text: "Do it only when you are sure who asks. They are signed out everywhere; from then on their password alone lets them in, until they set a second factor up again.",
		}
	}
	if row.DisabledAt == nil {
		p.Disable = &confirmation{
			ID: "disable", Opener: "Disable", Title: "Disable " + row.Name + "?", Button: "Disable " + row.Name, Action: to + "/disable", Danger: true,
			Text: "They are signed out at once and can’t sign in until they are enabled again. What they did stays in the audit trail.",
		}
	} else {
		p.Enable = &confirmation{
			ID: "enable", Opener: "Enable", Title: "Enable " + row.Name + "?", Button: "Enable " + row.Name, Action: to + "/enable",
			Text: "They can sign in again with the password that they had.",
		}
	}
	return p, nil
}

// staffOfAddress reads the id of the address.
func staffOfAddress(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, staff.ErrNoStaff
	}
	return id, nil
}

// adminStaffShow handles GET /admin/config/staff/:id.
func (s *Server) adminStaffShow(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	p, err := s.staffPage(c, id, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/staff_form", p)
}

// adminStaffEdit handles POST /admin/config/staff/:id.
func (s *Server) adminStaffEdit(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	f, partners, err := s.typedStaff(c)
	if err != nil {
		return err
	}
	err = staff.Edit(c.Request.Context(), s.Pool, s.actor(c), id, staff.Change{Name: f.name, RoleID: f.roleID, AllPartners: f.allPartners, PartnerIDs: partners})
	if err == nil {
		return s.saved(c, staffURL(id), nil)
	}
	return s.refusedStaff(c, id, &f, err)
}

// refusedStaff shows the page of somebody again with why it did not work.
func (s *Server) refusedStaff(c *gin.Context, id int64, f *staffForm, err error) error {
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return err
	}
	p, pageErr := s.staffPage(c, id, f)
	if pageErr != nil {
		return pageErr
	}
	return s.mendStaff(c, p, err)
}

// adminStaffPassword handles POST /admin/config/staff/:id/password.
func (s *Server) adminStaffPassword(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	password := staff.Suggest()
	if err := staff.ResetPassword(c.Request.Context(), s.Pool, s.actor(c), id, password); err != nil {
		return s.refusedStaff(c, id, nil, err)
	}
	return s.showFresh(c, id, password)
}

// adminStaffSwitch handles POST /admin/config/staff/:id/disable and /enable.
func (s *Server) adminStaffSwitch(do func(context.Context, db.Beginner, audit.Actor, int64) error, said string) handler {
	return func(c *gin.Context) error {
		id, err := staffOfAddress(c)
		if err != nil {
			return err
		}
		if err := do(c.Request.Context(), s.Pool, s.actor(c), id); err != nil {
			return s.refusedStaff(c, id, nil, err)
		}
		s.setFlash(c, said)
		return s.redirect(c, staffURL(id))
	}
}
