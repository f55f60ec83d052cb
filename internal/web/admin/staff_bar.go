package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// staffBar adds until when a member of staff is barred from trying codes, and the dialog
// that lifts the bar. A person cannot lift their own bar.
func (s *Server) staffBar(c *gin.Context, p *staffFormPage, name string) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	until, err := s.Cards.Guesses.StaffBarredUntil(c.Request.Context(), p.ID)
	if err != nil || until.IsZero() {
		return err
	}
	until = until.In(kit.Zone(settings.TimeZone))
	p.Barred = &until
	if !p.Self && p.Person.Can(staff.GuessClear) {
		p.Clear = &kit.Confirmation{
			ID: "clear", Opener: lang.M("Lift the bar"), Title: "Let " + name + lang.M(" try codes again?"),
			Text:   lang.M("The count of wrong codes starts anew. Do it when you know what they look for: somebody may be guessing."),
			Button: lang.M("Lift the bar"), Action: StaffURL(p.ID) + "/clear-guesses", Reason: &kit.Field{Name: "reason", Label: lang.M("Reason"), Required: true, MaxLength: 300},
		}
	}
	return nil
}

// StaffClear handles POST /admin/config/staff/:id/clear-guesses.
func (s *Server) StaffClear(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = s.Cards.Guesses.ClearStaff(c.Request.Context(), s.Actor(c), id, form.Get("reason"))
	manages := s.Person(c).Can(staff.StaffManage) // otherwise the person may not see the page of a member of staff
	if err == nil {
		s.SetFlash(c, kit.ToneGood, lang.M("They can try codes again."))
		if !manages {
			return s.Redirect(c, "/admin")
		}
		return s.Redirect(c, StaffURL(id))
	}
	if kind := fault.KindOf(err); !manages || (kind != fault.Invalid && kind != fault.Conflict) {
		return err
	}
	p, pageErr := s.staffPage(c, id, nil)
	if pageErr != nil {
		return pageErr
	}
	if p.Clear == nil {
		return err
	}
	p.Clear.Refuse(err, form.Get("reason"))
	return s.Render(c, http.StatusUnprocessableEntity, "admin/staff_form", p)
}
