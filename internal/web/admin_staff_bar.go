package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"refill/internal/fault"
	"refill/internal/staff"
)

// staffBar fills in until when a member of staff may try no code, and how it is lifted.
// Who is barred does not lift their own bar.
func (s *Server) staffBar(c *gin.Context, p *staffFormPage, name string) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	until, err := s.Cards.StaffBarredUntil(c.Request.Context(), p.ID)
	if err != nil || until.IsZero() {
		return err
	}
	until = until.In(zone(settings.TimeZone))
	p.Barred = &until
	if !p.Self && p.Person.Can(staff.GuessClear) {
		p.Clear = &confirmation{
			ID: "clear", Opener: "Lift the bar", Title: "Let " + name + " try codes again?",
			Text:   "The count of wrong codes starts anew. Do it when you know what they look for: somebody may be guessing.",
			Button: "Lift the bar", Action: staffURL(p.ID) + "/clear-guesses", Reason: &field{Name: "reason", Label: "Reason", Required: true, MaxLength: 300},
		}
	}
	return nil
}

// adminStaffClear handles POST /admin/config/staff/:id/clear-guesses.
func (s *Server) adminStaffClear(c *gin.Context) error {
	id, err := staffOfAddress(c)
	if err != nil {
		return err
	}
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = s.Cards.ClearStaffGuesses(c.Request.Context(), s.actor(c), id, form.Get("reason"))
	manages := s.person(c).Can(staff.StaffManage) // else the page of a member of staff is not theirs to see
	if err == nil {
		s.setFlash(c, "They can try codes again.")
		if !manages {
			return s.redirect(c, "/admin")
		}
		return s.redirect(c, staffURL(id))
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
	p.Clear.refuse(err, form.Get("reason"))
	return s.render(c, http.StatusUnprocessableEntity, "admin/staff_form", p)
}
