package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// configGeneralPage is the settings page for the brand, currency, time zone, checks and
// second factor.
type configGeneralPage struct {
	kit.Page
	BrandName, Currency, TimeZone kit.Field
	Checks                        kit.Field
	Fixed                         bool // the currency cannot change any more
	SecondFactor                  kit.Choice
	Address                       kit.Choice // without a name: the public address needs no confirmation
	Mail                          mailState
	Mistakes                      []kit.Mistake
}

// newConfigGeneralPage returns the page with the settings, or with the submitted form.
func (s *Server) newConfigGeneralPage(c *gin.Context, typed url.Values) (*configGeneralPage, error) {
	ctx := c.Request.Context()
	v, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	zones, err := s.Zones(ctx)
	if err != nil {
		return nil, err
	}
	fixed, err := db.New().SettingMoneyMoved(ctx, s.Pool)
	if err != nil {
		return nil, err
	}
	p := &configGeneralPage{
		Page:      s.Page(c, lang.M("General"), SectionGeneral),
		BrandName: kit.Field{Name: "brand", Label: lang.M("Brand"), Value: v.Brand, Hint: lang.M("On the portal and on cards where the partner has no name of its own."), Autocomplete: "off"},
		Currency:  kit.Field{Name: "currency", Label: lang.M("Currency"), Value: v.Currency, Hint: lang.M("Three letters, such as USD or EUR. It can’t be changed once there are customers or series."), Plain: true, Capitals: true, Short: true, Mono: true, Autocomplete: "off"},
		TimeZone:  kit.Field{Name: "time_zone", Label: lang.M("Time zone"), Value: v.TimeZone, Hint: lang.M("Type to search. Decides when the last day of cards for several partners ends."), Plain: true, Short: true, Autocomplete: "off", List: zones},
		Checks:    kit.Field{Name: "check_hours", Label: lang.M("Check the books every"), Value: strconv.Itoa(v.CheckHours), Hint: lang.M("Hours, 1 to 168. Money, cards and rights are checked against the rules on the Checks page."), InputMode: "numeric", Short: true, Autocomplete: "off"},
		Fixed:     fixed,
		Mail:      s.mailState(),
		SecondFactor: kit.Choice{
			Name: "staff_factor", Label: lang.M("Staff must use a second factor"), Checked: v.StaffFactor,
			Hint: lang.M("Who has none sets it up before anything else, you too. A code from the telephone is then asked for after every password."),
		},
	}
	if setting.QuestionableAddress(s.PublicURL) {
		p.Address = kit.Choice{
			Name: "confirmed_address", Label: fmt.Sprintf(lang.M("Print cards with the address %s"), s.PublicURL), Checked: v.ConfirmedAddress == s.PublicURL,
			Hint: lang.M("Customers may be unable to open it: it belongs to this machine alone, or has no HTTPS. The public address is set with REFILL_PUBLIC_URL."),
		}
	}
	if v.StaffFactor && v.ApproveAbove != nil {
		sole, err := s.soleApprover(c, v, lang.M("It is switched off on the host: refill rules staff_factor=off."))
		if err != nil {
			return nil, err
		}
		p.SecondFactor.Hint = strings.TrimSpace(p.SecondFactor.Hint + lang.M(" To switch it off takes a second person. ") + sole)
	}
	if typed != nil {
		p.BrandName.Value, p.TimeZone.Value = kit.Truncate(typed.Get("brand"), 200), kit.Truncate(typed.Get("time_zone"), 100)
		p.Checks.Value = kit.Truncate(typed.Get("check_hours"), 20)
		p.SecondFactor.Checked = typed.Get("staff_factor") == "on"
		p.Address.Checked = typed.Get("confirmed_address") == "on"
		if !fixed {
			p.Currency.Value = kit.Truncate(typed.Get("currency"), 20)
		}
	}
	return p, nil
}

// ConfigGeneralShow handles GET /admin/config/general.
func (s *Server) ConfigGeneralShow(c *gin.Context) error {
	p, err := s.newConfigGeneralPage(c, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/config_general", p)
}

// ConfigGeneral handles POST /admin/config/general.
func (s *Server) ConfigGeneral(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = s.maker(c).CheckBrand("brand", form.Get("brand"))
	if err == nil {
		err = s.changeGeneral(c, form)
	}
	if s.waits(c, err) {
		return s.Redirect(c, SectionGeneral)
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionGeneral, err)
	}
	p, pageErr := s.newConfigGeneralPage(c, form)
	if pageErr != nil {
		return pageErr
	}
	p.Mistakes = kit.Explain(err, &p.BrandName, &p.Currency, &p.TimeZone, &p.Checks)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/config_general", p)
}

// changeGeneral saves the submitted form.
func (s *Server) changeGeneral(c *gin.Context, form url.Values) error {
	return approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.Actor(c), func(v *setting.Settings) {
		v.Brand, v.TimeZone = strings.TrimSpace(form.Get("brand")), strings.TrimSpace(form.Get("time_zone"))
		if form.Has("check_hours") {
			v.CheckHours = int(smallNumber(form.Get("check_hours")))
		}
		v.StaffFactor = form.Get("staff_factor") == "on"
		if setting.QuestionableAddress(s.PublicURL) {
			v.ConfirmedAddress = ""
			if form.Get("confirmed_address") == "on" {
				v.ConfirmedAddress = s.PublicURL
			}
		}
		if form.Has("currency") { // it is not asked for where it is fixed
			v.Currency, v.CurrencyConfirmed = strings.ToUpper(strings.TrimSpace(form.Get("currency"))), true
		}
	})
}
