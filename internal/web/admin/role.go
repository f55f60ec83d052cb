package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// roleListPage is the list of roles.
type roleListPage struct {
	kit.Page
	Rows []roleRow
}

// roleRow is one role.
type roleRow struct {
	Name, URL  string
	Everything bool
	Count      int
	People     int64
}

// roleFormPage is the form for a new or an existing role.
type roleFormPage struct {
	kit.Page
	Action, Button string
	Name           kit.Field
	Groups         []permissionGroup
	Error          string // about the permissions
	Mistakes       []kit.Mistake
	Everything     bool // the administrator's role, which cannot be changed
	People         int64
	ID             int64
	Delete         *kit.Confirmation
}

// permissionGroup is the check boxes of one area.
type permissionGroup struct {
	Title   string
	Choices []kit.Choice
}

func roleURL(id int64) string { return fmt.Sprintf("%s/%d", SectionRoles, id) }

// PermissionField names a permission's check box.
func PermissionField(p staff.Permission) string {
	return "may-" + strings.ReplaceAll(string(p), ".", "-")
}

// RoleList handles GET /admin/config/roles.
func (s *Server) RoleList(c *gin.Context) error {
	p := &roleListPage{Page: s.Page(c, lang.M("Roles"), SectionRoles)}
	rows, err := db.New().RoleList(c.Request.Context(), s.Pool)
	if err != nil {
		return err
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, roleRow{Name: r.Name, URL: roleURL(r.ID), Everything: r.Everything, Count: len(r.Permissions), People: r.People})
	}
	return s.Render(c, http.StatusOK, "admin/role_list", p)
}

func (s *Server) newRoleForm(c *gin.Context, title string, f staff.RoleForm) *roleFormPage {
	p := &roleFormPage{Page: s.Page(c, title, SectionRoles), Action: SectionRoles, Button: lang.M("Create role")}
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), Value: kit.Truncate(f.Name, 100), Required: true, Autocomplete: "off"}
	for _, g := range staff.Groups() {
		group := permissionGroup{Title: g.Title}
		for _, one := range g.Permissions {
			words := one.Words()
			box := kit.Choice{
				Name: PermissionField(one), Label: strings.ToUpper(words[:1]) + words[1:],
				Checked: slices.Contains(f.Permissions, string(one)),
			}
			if !p.Person.Can(one) {
				box.Disabled, box.Hint = true, lang.M("Your own role doesn’t include this.")
			}
			group.Choices = append(group.Choices, box)
		}
		p.Groups = append(p.Groups, group)
	}
	return p
}

func roleForm(form url.Values) staff.RoleForm {
	f := staff.RoleForm{Name: form.Get("name")}
	for _, g := range staff.Groups() {
		for _, one := range g.Permissions {
			if form.Get(PermissionField(one)) == "on" {
				f.Permissions = append(f.Permissions, string(one))
			}
		}
	}
	return f
}

func (s *Server) mendRole(c *gin.Context, p *roleFormPage, err error) error {
	permissions := kit.Field{Name: "permissions"}
	p.Mistakes = kit.Explain(err, &p.Name, &permissions)
	p.Error = permissions.Error
	return s.Render(c, http.StatusUnprocessableEntity, "admin/role_form", p)
}

// RoleNew handles GET /admin/config/roles/new.
func (s *Server) RoleNew(c *gin.Context) error {
	p := s.newRoleForm(c, lang.M("New role"), staff.RoleForm{})
	p.Name.Autofocus = true
	return s.Render(c, http.StatusOK, "admin/role_form", p)
}

// RoleCreate handles POST /admin/config/roles.
func (s *Server) RoleCreate(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	f := roleForm(form)
	_, err = staff.CreateRole(c.Request.Context(), s.Pool, s.Actor(c), f)
	if err == nil {
		s.SetFlash(c, kit.ToneGood, lang.M("The role is there. Give it to somebody on the staff page."))
		return s.Redirect(c, SectionRoles)
	}
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	return s.mendRole(c, s.newRoleForm(c, lang.M("New role"), f), err)
}

// rolePage returns the page of a role. Its form has the values of f or, if f is nil, the
// stored ones.
func (s *Server) rolePage(c *gin.Context, f *staff.RoleForm) (*roleFormPage, error) {
	rows, err := db.New().RoleList(c.Request.Context(), s.Pool)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(rows, func(r db.RoleListRow) bool { return fmt.Sprint(r.ID) == c.Param("id") })
	if at < 0 {
		return nil, staff.ErrNoRole
	}
	row := rows[at]
	if f == nil {
		f = &staff.RoleForm{Name: row.Name, Permissions: row.Permissions}
	}
	p := s.newRoleForm(c, row.Name, *f)
	p.ID, p.Action, p.Button, p.People, p.Everything = row.ID, roleURL(row.ID), lang.M("Save"), row.People, row.Everything
	if row.People+row.Disabled == 0 && !row.Everything {
		p.Delete = &kit.Confirmation{
			ID: "delete", Opener: lang.M("Delete"), Title: lang.M("Delete the role ") + row.Name + "?", Button: "Delete " + row.Name, Action: p.Action + "/delete", Danger: true,
			Text: lang.M("Nobody has this role. It can be made again by hand."),
		}
	}
	return p, nil
}

// RoleShow handles GET /admin/config/roles/:id.
func (s *Server) RoleShow(c *gin.Context) error {
	p, err := s.rolePage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/role_form", p)
}

// RoleEdit handles POST /admin/config/roles/:id.
func (s *Server) RoleEdit(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	f := roleForm(form)
	p, err := s.rolePage(c, &f)
	if err != nil {
		return err
	}
	return s.roleChanged(c, p, staff.EditRole(c.Request.Context(), s.Pool, s.Actor(c), p.ID, f), lang.M("Saved. It holds from now on."))
}

// RoleDelete handles POST /admin/config/roles/:id/delete.
func (s *Server) RoleDelete(c *gin.Context) error {
	p, err := s.rolePage(c, nil)
	if err != nil {
		return err
	}
	return s.roleChanged(c, p, staff.DeleteRole(c.Request.Context(), s.Pool, s.Actor(c), p.ID), lang.M("The role is deleted."))
}

func (s *Server) roleChanged(c *gin.Context, p *roleFormPage, err error, said string) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict:
		return s.mendRole(c, p, err)
	default:
		if err != nil {
			return err
		}
	}
	s.SetFlash(c, kit.ToneGood, said)
	return s.Redirect(c, SectionRoles)
}
