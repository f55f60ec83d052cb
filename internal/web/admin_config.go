package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
)

// configModulesPage switches modules on and off.
type configModulesPage struct {
	page
	RefillCards choice
	Effect      []string // of the switch, as things stand
	Asked       askedFor
}

// adminConfigModulesShow handles GET /admin/config/modules.
func (s *Server) adminConfigModulesShow(c *gin.Context) error {
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	use, err := db.New().SettingModuleUse(ctx, s.Pool)
	if err != nil {
		return err
	}
	asked, err := s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindReopening)})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "admin/config_modules", &configModulesPage{
		page: s.page(c, "Modules", sectionModules),
		RefillCards: choice{
			Name: "refill_cards", Label: "Refill cards", Switch: true, Checked: settings.RefillCards,
			Hint: "Off: its menu, its pages and the form in the portal are gone. Cards, balances and payments stay as they are, and come back with it.",
		},
		Effect: moduleEffect(settings.RefillCards, use),
		Asked:  asked.only(func(v approvalView) bool { return v.Module }),
	})
}

// moduleEffect says what the switch would do now.
func moduleEffect(on bool, use db.SettingModuleUseRow) []string {
	series := func(n int64) string {
		if n == 1 {
			return "1 series"
		}
		return money.Group(strconv.FormatInt(n, 10)) + " series"
	}
	jobs := use.Making + use.Writing
	waiting := "1 job"
	if jobs != 1 {
		waiting = money.Group(strconv.FormatInt(jobs, 10)) + " jobs"
	}
	if !on {
		lines := []string{series(use.Series) + " kept, " + money.Group(strconv.FormatInt(use.Active, 10)) + " of them active, and as they were."}
		if jobs > 0 {
			lines = append(lines, waiting+" waiting: they go on within seconds of switching on.")
		}
		return lines
	}
	lines := []string{
		series(use.Series) + " would be hidden, " + money.Group(strconv.FormatInt(use.Active, 10)) + " of them active. Nobody could redeem their cards until you switch on again.",
		"What is past its last day is still booked as expired meanwhile.",
	}
	if jobs > 0 {
		lines = append(lines, waiting+" under way would wait and go on when you switch on again. Nothing is lost.")
	}
	return lines
}

// adminConfigModules handles POST /admin/config/modules.
func (s *Server) adminConfigModules(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	err = approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.actor(c), func(v *setting.Settings) { v.RefillCards = form.Get("refill_cards") != "" })
	if s.waits(c, err) {
		return s.redirect(c, sectionModules)
	}
	return s.saved(c, sectionModules, err)
}

// saved ends a settings form that has nothing to mend.
func (s *Server) saved(c *gin.Context, to string, err error) error {
	if err != nil {
		return err
	}
	s.setFlash(c, "Saved.")
	return s.redirect(c, to)
}

// wholeNumber reads a number as people type it; what is none is 0, which no
// setting allows.
func wholeNumber(text string) int64 {
	n, err := money.Parse(strings.TrimSpace(text), "JPY") // a currency without decimals
	if err != nil {
		return 0
	}
	return n
}
