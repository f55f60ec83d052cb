package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// staffListPage is the list of staff.
type staffListPage struct {
	kit.Page
	Head []columnHead
	Rows []staffRow
}

// staffRow is one member of staff.
type staffRow struct {
	ID                   int64
	Name, Username, Role string
	Mail                 string // confirmed; empty: none
	Partners             []string
	AllPartners          bool
	SecondFactor         bool
	SeenAt               *time.Time
	State                kit.Badge
	URL                  string
}

// staffFormPage is the form for a new or an existing member of staff.
type staffFormPage struct {
	kit.Page
	Action, Button string
	Username, Name kit.Field
	Role           kit.Field
	Password       kit.Field
	AllPartners    kit.Choice
	Partners       []kit.Choice
	PartnersError  string
	Mistakes       []kit.Mistake

	// Set for an existing member of staff only.
	ID      int64
	State   kit.Badge
	SeenAt  *time.Time
	Self    bool
	Fresh   kit.Copyable // a new password, shown only once
	Reset   *kit.Confirmation
	Factor  *kit.Confirmation // resets their second factor; nil: they have none
	Disable *kit.Confirmation
	Enable  *kit.Confirmation
	Barred  *time.Time        // end of the bar on trying codes; nil: not barred
	Clear   *kit.Confirmation // lifts the bar
}

// StaffURL is the address of a member of staff.
func StaffURL(id int64) string { return fmt.Sprintf("%s/%d", SectionStaff, id) }

// StaffList handles GET /admin/config/staff.
func (s *Server) StaffList(c *gin.Context) error {
	p := &staffListPage{Page: s.Page(c, lang.M("Staff"), SectionStaff)}
	rows, err := db.New().StaffList(c.Request.Context(), s.Pool)
	if err != nil {
		return err
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, staffRow{
			ID: r.ID, Name: r.Name, Username: r.Username, Role: r.RoleName, Mail: r.Mail, Partners: r.Partners, AllPartners: r.AllPartners,
			SecondFactor: r.SecondFactor, SeenAt: r.SeenAt, State: partnerState(r.DisabledAt != nil), URL: StaffURL(r.ID),
		})
	}
	seen := func(r staffRow) int64 { // a person who never signed in comes first
		if r.SeenAt == nil {
			return 0
		}
		return r.SeenAt.Unix()
	}
	p.Head = sortList(c, SectionStaff, p.Rows,
		listColumn[staffRow]{Name: "name", Text: lang.M("Name"), Compare: func(a, b staffRow) int { return compareTexts(a.Name, b.Name) }},
		listColumn[staffRow]{Name: "username", Text: lang.M("Username"), Compare: func(a, b staffRow) int { return compareTexts(a.Username, b.Username) }},
		listColumn[staffRow]{Name: "role", Text: lang.M("Role"), Compare: func(a, b staffRow) int { return compareTexts(a.Role, b.Role) }},
		listColumn[staffRow]{Name: "partners", Text: lang.M("Partners")},
		listColumn[staffRow]{Name: "factor", Text: lang.M("Second factor")},
		listColumn[staffRow]{Name: "seen", Text: lang.M("Last seen"), Compare: func(a, b staffRow) int { return cmp.Compare(seen(a), seen(b)) }},
		listColumn[staffRow]{Name: "state", Text: lang.M("State"), Compare: func(a, b staffRow) int { return compareTexts(a.State.Word, b.State.Word) }},
	)
	return s.Render(c, http.StatusOK, "admin/staff_list", p)
}

// staffForm is the content of the form: what was submitted, or what is stored.
type staffForm struct {
	username, name, password string
	roleID                   int64
	allPartners              bool
	partners                 map[int64]bool
}

// newStaffForm returns the form with the values of f.
func (s *Server) newStaffForm(c *gin.Context, title string, f staffForm) (*staffFormPage, error) {
	p := &staffFormPage{Page: s.Page(c, title, SectionStaff)}
	roles, err := db.New().RoleList(c.Request.Context(), s.Pool)
	if err != nil {
		return nil, err
	}
	partners, err := s.offeredPartners(c.Request.Context(), p.Person.Scope, slices.Collect(maps.Keys(f.partners))...)
	if err != nil {
		return nil, err
	}
	p.Username = kit.Field{Name: "username", Label: lang.M("Username"), Value: kit.Truncate(f.username, 100), Hint: lang.M("What they sign in with."), Plain: true, Required: true, Autocomplete: "off"}
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(f.name, 200), Required: true, Autocomplete: "off"}
	p.Password = kit.Field{
		Name: "password", Label: lang.M("Password"), Type: "password", Autocomplete: "new-password", MaxLength: 200,
		Hint: lang.M("10 characters or more. Empty: one is made and shown to you once."),
	}
	p.Role = kit.Field{Name: "role", Label: lang.M("Role"), Required: true, Options: []kit.Option{{Text: lang.M("Choose a role")}}}
	for _, r := range roles {
		p.Role.Options = append(p.Role.Options, kit.Option{Value: fmt.Sprint(r.ID), Text: r.Name, Selected: r.ID == f.roleID})
	}
	p.AllPartners = kit.Choice{Name: "all_partners", Label: lang.M("All partners, also those to come"), Checked: f.allPartners}
	for _, one := range partners {
		p.Partners = append(p.Partners, kit.Choice{Name: PartnerField(NumberOf(one.Value)), Label: one.Text, Checked: f.partners[NumberOf(one.Value)]})
	}
	return p, nil
}

// typedStaff reads the submitted form, and the IDs of its partners.
func (s *Server) typedStaff(c *gin.Context) (staffForm, []int64, error) {
	form, err := s.Form(c)
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
	f.roleID, _ = strconv.ParseInt(form.Get("role"), 10, 64) // 0 if it is not a number, which the domain refuses
	ids := []int64{}
	for _, one := range partners {
		if form.Get(PartnerField(one.ID)) == "on" {
			f.partners[one.ID] = true
			ids = append(ids, one.ID)
		}
	}
	return f, ids, nil
}

func (s *Server) mendStaff(c *gin.Context, p *staffFormPage, err error) error {
	partners := kit.Field{Name: "partners"}
	p.Mistakes = kit.Explain(err, &p.Username, &p.Name, &p.Role, &p.Password, &partners)
	p.PartnersError = partners.Error
	return s.Render(c, http.StatusUnprocessableEntity, "admin/staff_form", p)
}

// StaffNew handles GET /admin/config/staff/new.
func (s *Server) StaffNew(c *gin.Context) error {
	p, err := s.newStaffForm(c, lang.M("New member of staff"), staffForm{})
	if err != nil {
		return err
	}
	p.Action, p.Button, p.Username.Autofocus = SectionStaff, lang.M("Create sign-in"), true
	return s.Render(c, http.StatusOK, "admin/staff_form", p)
}

// StaffCreate handles POST /admin/config/staff.
func (s *Server) StaffCreate(c *gin.Context) error {
	f, partners, err := s.typedStaff(c)
	if err != nil {
		return err
	}
	password, made := f.password, false
	if password == "" {
		password, made = staff.Suggest(), true
	}
	id, err := staff.Create(c.Request.Context(), s.Pool, s.Actor(c), staff.New{
		Username: f.username, Name: f.name, Password: password, RoleID: f.roleID, AllPartners: f.allPartners, PartnerIDs: partners,
	})
	switch {
	case err == nil && made:
		return s.showFresh(c, id, password)
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("They can sign in now."))
		return s.Redirect(c, StaffURL(id))
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p, pageErr := s.newStaffForm(c, lang.M("New member of staff"), f)
	if pageErr != nil {
		return pageErr
	}
	p.Action, p.Button = SectionStaff, lang.M("Create sign-in")
	return s.mendStaff(c, p, err)
}

// showFresh responds with the page of a person whose password was just made. The password
// appears only in this response.
func (s *Server) showFresh(c *gin.Context, id int64, password string) error {
	p, err := s.staffPage(c, id, nil)
	if err != nil {
		return err
	}
	p.Fresh = kit.Copyable{Text: password, Label: lang.M("Copy the password")}
	return s.Render(c, http.StatusOK, "admin/staff_form", p)
}

// staffPage returns the page of a member of staff. Its form has the values of f or, if f is
// nil, the stored ones.
func (s *Server) staffPage(c *gin.Context, id int64, f *staffForm) (*staffFormPage, error) {
	row, err := db.Need(db.New().StaffGet(c.Request.Context(), s.Pool, id)).Or(staff.ErrNoStaff, "read a member of staff")
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
	to := StaffURL(id)
	p.Action, p.Button, p.ID, p.SeenAt, p.State = to, lang.M("Save"), id, row.SeenAt, partnerState(row.DisabledAt != nil)
	p.Self = id == p.Person.ID
	if err := s.staffBar(c, p, row.Name); err != nil {
		return nil, err
	}
	if p.Self {
		return p, nil
	}
	p.Reset = &kit.Confirmation{
		ID: "reset", Opener: lang.M("Reset password"), Title: lang.M("Reset the password of ") + row.Name + "?", Button: lang.M("Make a new password"), Action: to + "/password",
		Text: lang.M("They are signed out everywhere. The new password is shown to you once."),
	}
	if row.SecondFactorSince != nil {
		p.Factor = &kit.Confirmation{
			ID: "reset-factor", Opener: lang.M("Reset second factor"), Title: lang.M("Reset the second factor of ") + row.Name + "?", Button: lang.M("Reset second factor"), Action: to + "/second-factor/reset", Danger: true,
			Text: lang.M("Do it only when you are sure who asks. They are signed out everywhere; from then on their password alone lets them in, until they set a second factor up again."),
		}
	}
	if row.DisabledAt == nil {
		p.Disable = &kit.Confirmation{
			ID: "disable", Opener: lang.M("Disable"), Title: "Disable " + row.Name + "?", Button: "Disable " + row.Name, Action: to + "/disable", Danger: true,
			Text: lang.M("They are signed out at once and can’t sign in until they are enabled again. What they did stays in the audit trail."),
		}
	} else {
		p.Enable = &kit.Confirmation{
			ID: "enable", Opener: lang.M("Enable"), Title: "Enable " + row.Name + "?", Button: "Enable " + row.Name, Action: to + "/enable",
			Text: lang.M("They can sign in again with the password that they had."),
		}
	}
	return p, nil
}

// staffOfAddress reads the ID of a member of staff from the address.
func staffOfAddress(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, staff.ErrNoStaff
	}
	return id, nil
}

// StaffShow handles GET /admin/config/staff/:id.
func (s *Server) StaffShow(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	p, err := s.staffPage(c, id, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/staff_form", p)
}

// StaffEdit handles POST /admin/config/staff/:id.
func (s *Server) StaffEdit(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	f, partners, err := s.typedStaff(c)
	if err != nil {
		return err
	}
	err = staff.Edit(c.Request.Context(), s.Pool, s.Actor(c), id, staff.Change{Name: f.name, RoleID: f.roleID, AllPartners: f.allPartners, PartnerIDs: partners})
	if err == nil {
		return s.saved(c, StaffURL(id), nil)
	}
	return s.refusedStaff(c, id, &f, err)
}

// refusedStaff shows the page of a member of staff again, with the error.
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

// StaffPassword handles POST /admin/config/staff/:id/password.
func (s *Server) StaffPassword(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	password := staff.Suggest()
	if err := staff.ResetPassword(c.Request.Context(), s.Pool, s.Actor(c), id, password); err != nil {
		return s.refusedStaff(c, id, nil, err)
	}
	return s.showFresh(c, id, password)
}

// StaffSwitch returns the handler of POST /admin/config/staff/:id/disable or /enable, which
// calls do.
func (s *Server) StaffSwitch(do func(context.Context, db.Beginner, audit.Actor, int64) error, said string) kit.Handler {
	return func(c *gin.Context) error {
		id, err := staffOfAddress(c)
		if err != nil {
			return err
		}
		if err := do(c.Request.Context(), s.Pool, s.Actor(c), id); err != nil {
			return s.refusedStaff(c, id, nil, err)
		}
		s.SetFlash(c, kit.ToneGood, said)
		return s.Redirect(c, StaffURL(id))
	}
}
