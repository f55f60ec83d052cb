package admin

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// configModulesPage switches modules on and off.
type configModulesPage struct {
	kit.Page
	RefillCards kit.Choice
	Effect      []string // what the switch would do now
	Asked       askedFor
}

// ConfigModulesShow handles GET /admin/config/modules.
func (s *Server) ConfigModulesShow(c *gin.Context) error {
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
	return s.Render(c, http.StatusOK, "admin/config_modules", &configModulesPage{
		Page: s.Page(c, lang.M("Modules"), SectionModules),
		RefillCards: kit.Choice{
			Name: "refill_cards", Label: lang.M("Refill cards"), Switch: true, Checked: settings.RefillCards,
			Hint: lang.M("Off: its menu, its pages and the form in the portal are gone. Cards, balances and payments stay as they are, and come back with it."),
		},
		Effect: moduleEffect(settings.RefillCards, use),
		Asked:  asked.only(func(v approvalView) bool { return v.Module }),
	})
}

// moduleEffect returns what the switch would do now.
func moduleEffect(on bool, use db.SettingModuleUseRow) []string {
	series := func(n int64) string { return kit.Count(n, "series", "series") }
	jobs := use.Making + use.Writing
	waiting := "1 job"
	if jobs != 1 {
		waiting = money.Group(strconv.FormatInt(jobs, 10)) + " jobs"
	}
	if !on {
		lines := []string{series(use.Series) + " kept, " + money.Group(strconv.FormatInt(use.Active, 10)) + lang.M(" of them active, and as they were.")}
		if jobs > 0 {
			lines = append(lines, waiting+lang.M(" waiting: they go on within seconds of switching on."))
		}
		return lines
	}
	lines := []string{
		series(use.Series) + lang.M(" would be hidden, ") + money.Group(strconv.FormatInt(use.Active, 10)) + lang.M(" of them active. Nobody could redeem their cards until you switch on again."),
		lang.M("What is past its last day is still booked as expired meanwhile."),
	}
	if jobs > 0 {
		lines = append(lines, waiting+lang.M(" under way would wait and go on when you switch on again. Nothing is lost."))
	}
	return lines
}

// ConfigModules handles POST /admin/config/modules.
func (s *Server) ConfigModules(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	err = approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.Actor(c), func(v *setting.Settings) { v.RefillCards = form.Get("refill_cards") != "" })
	if s.waits(c, err) {
		return s.Redirect(c, SectionModules)
	}
	return s.saved(c, SectionModules, err)
}

// saved returns err, or confirms the change and redirects.
func (s *Server) saved(c *gin.Context, to string, err error) error {
	if err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, lang.M("Saved."))
	return s.Redirect(c, to)
}

// wholeNumber reads a number as people type it. It returns 0 for other text.
func wholeNumber(text string) int64 {
	n, err := money.Parse(strings.TrimSpace(text), "JPY") // a currency without decimals
	if err != nil {
		return 0
	}
	return n
}
