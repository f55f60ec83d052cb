package admin

import (
	"fmt"
	"net/url"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// currencyQuestion asks in a form whether the currency is right, before the first customer or
// series fixes it. The zero value asks nothing.
type currencyQuestion struct {
	Choice kit.Choice // for a person who may change the settings
	Told   string     // for other people
}

// askCurrency returns the question of a form, with the answer that was typed.
func askCurrency(person staff.Person, settings setting.Settings, form url.Values) currencyQuestion {
	switch {
	case settings.CurrencyConfirmed:
		return currencyQuestion{}
	case !mayConfirmCurrency(person):
		return currencyQuestion{Told: fmt.Sprintf(lang.M("An administrator must confirm first, under Settings → General, that amounts are in %s."), settings.Currency)}
	}
	return currencyQuestion{Choice: kit.Choice{
		Name: "currency_confirmed", Label: fmt.Sprintf(lang.M("Our currency is %s"), settings.Currency), Checked: form.Get("currency_confirmed") != "",
		Hint: lang.M("It can’t be changed after the first customer or series. Another currency is chosen under Settings → General."),
	}}
}

// mayConfirmCurrency reports whether a person may change the settings of the installation.
func mayConfirmCurrency(p staff.Person) bool {
	return p.Can(staff.ConfigManage) && p.Scope.AllPartners
}

// confirmCurrency stores the answer to the question of askCurrency.
func (s *Server) confirmCurrency(c *gin.Context, form url.Values, settings setting.Settings) error {
	if settings.CurrencyConfirmed || form.Get("currency_confirmed") == "" || !mayConfirmCurrency(s.Person(c)) {
		return nil
	}
	return approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.Actor(c), func(v *setting.Settings) {
		// The person has answered for the currency of the form.
		v.CurrencyConfirmed = v.CurrencyConfirmed || v.Currency == settings.Currency
	})
}
