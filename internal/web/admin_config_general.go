package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// configGeneralPage is the name, the money and the clock of the installation.
type configGeneralPage struct {
	page
	BrandName, Currency, TimeZone field
	Checks                        field
	Fixed                         bool // money has moved: the currency stays
	SecondFactor                  choice
	Mistakes                      []mistake
}

// newConfigGeneralPage shows the settings, or the form as it was typed.
func (s *Server) newConfigGeneralPage(c *gin.Context, typed url.Values) (*configGeneralPage, error) {
	ctx := c.Request.Context()
	v, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	zones, err := s.zones(ctx)
	if err != nil {
		return nil, err
	}
	fixed, err := db.New().SettingMoneyMoved(ctx, s.Pool)
	if err != nil {
		return nil, err
	}
	p := &configGeneralPage{
		page:      s.page(c, "General", sectionGeneral),
		BrandName: field{Name: "brand", Label: "Brand", Value: v.Brand, Hint: "On the portal and on cards where the partner has no name of its own.", Autocomplete: "off"},
		Currency:  field{Name: "currency", Label: "Currency", Value: v.Currency, Hint: "Three letters, such as USD or EUR. It can’t be changed once there are customers or series.", Plain: true, Capitals: true, Short: true, Mono: true, Autocomplete: "off"},
		TimeZone:  field{Name: "time_zone", Label: "Time zone", Value: v.TimeZone, Hint: "Type to search. Decides when the last day of cards for several partners ends.", Plain: true, Short: true, Autocomplete: "off", List: zones},
		Checks:    field{Name: "check_hours", Label: "Check the books every", Value: strconv.Itoa(v.CheckHours), Hint: "Hours, 1 to 168. Money, cards and rights are held against the rules on the Checks page.", InputMode: "numeric", Short: true, Autocomplete: "off"},
		Fixed:     fixed,
		SecondFactor: choice{
			Name: "staff_factor", Label: "Staff must use a second factor", Checked: v.StaffFactor,
			Hint: "Who has none sets it up before anything else, you too. A code from the telephone is then asked for after every password.",
		},
	}
	if v.StaffFactor && v.ApproveAbove != nil {
		sole, err := s.soleApprover(c, v, "It is switched off on the host: refill rules staff_factor=off.")
		if err != nil {
			return nil, err
		}
		p.SecondFactor.Hint = strings.TrimSpace(p.SecondFactor.Hint + " To switch it off takes a second person. " + sole)
	}
	if typed != nil {
		p.BrandName.Value, p.TimeZone.Value = cut(typed.Get("brand"), 200), cut(typed.Get("time_zone"), 100)
		p.Checks.Value = cut(typed.Get("check_hours"), 20)
		p.SecondFactor.Checked = typed.Get("staff_factor") == "on"
		if !fixed {
			p.Currency.Value = cut(typed.Get("currency"), 20)
		}
	}
	return p, nil
}

// adminConfigGeneralShow handles GET /admin/config/general.
func (s *Server) adminConfigGeneralShow(c *gin.Context) error {
	p, err := s.newConfigGeneralPage(c, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_general", p)
}

// adminConfigGeneral handles POST /admin/config/general.
func (s *Server) adminConfigGeneral(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = s.maker(c).CheckBrand("brand", form.Get("brand"))
	if err == nil {
		err = s.changeGeneral(c, form)
	}
	if s.waits(c, err) {
		return s.redirect(c, sectionGeneral)
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, sectionGeneral, err)
	}
	p, pageErr := s.newConfigGeneralPage(c, form)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = explain(err, &p.BrandName, &p.Currency, &p.TimeZone, &p.Checks)
	return s.render(c, http.StatusUnprocessableEntity, "admin/config_general", p)
}

// changeGeneral keeps what was typed.
func (s *Server) changeGeneral(c *gin.Context, form url.Values) error {
	return approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.actor(c), func(v *setting.Settings) {
		v.Brand, v.TimeZone = strings.TrimSpace(form.Get("brand")), strings.TrimSpace(form.Get("time_zone"))
		if form.Has("check_hours") {
			v.CheckHours = int(smallNumber(form.Get("check_hours")))
		}
		v.StaffFactor = form.Get("staff_factor") == "on"
		if form.Has("currency") { // it is not asked for where it is fixed
			v.Currency = strings.ToUpper(strings.TrimSpace(form.Get("currency")))
		}
	})
}
