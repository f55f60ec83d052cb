package admin

import (
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

// configTheftPage is the settings page for the theft rules.
type configTheftPage struct {
	kit.Page
	RunCards, RunMinutes, RunGap  kit.Field
	AccountCards, AddressCards    kit.Field
	Factor, Shared                kit.Field
	Early, Locked, Copied, Reveal kit.Field
	Hours                         kit.Field
	Asked                         askedFor // requests for weaker rules that wait for a second person
	Second                        bool     // weaker rules need a second person
	Sole                          string   // says that no other person can approve weaker rules
	Mistakes                      []kit.Mistake
}

// fields maps each numeric field to the setting that it changes.
func (p *configTheftPage) fields(t *setting.Theft) map[*kit.Field]*int32 {
	return map[*kit.Field]*int32{
		&p.RunCards: &t.RunCards, &p.RunMinutes: &t.RunMinutes, &p.RunGap: &t.RunGap,
		&p.AccountCards: &t.AccountCards, &p.AddressCards: &t.AddressCards, &p.Factor: &t.Factor,
		&p.Early: &t.EarlyCards, &p.Locked: &t.LockedCards, &p.Copied: &t.CopiedCards, &p.Reveal: &t.RevealedCards,
		&p.Hours: &t.Hours,
	}
}

// newConfigTheftPage returns the page with the rules, or with the submitted form.
func (s *Server) newConfigTheftPage(c *gin.Context, v setting.Settings, typed url.Values) (*configTheftPage, error) {
	t := v.Theft
	number := func(name, label, hint string) kit.Field {
		return kit.Field{Name: name, Label: label, Hint: hint, InputMode: "numeric", Short: true, Autocomplete: "off"}
	}
	p := &configTheftPage{
		Page:         s.Page(c, lang.M("Theft alarms"), SectionTheft),
		RunCards:     number("run_cards", lang.M("Neighbouring cards until an alarm"), lang.M("Cards of one series whose serials lie side by side, by whatever accounts and in whatever order, 5 to 1,000. Empty: no alarm.")),
		RunMinutes:   number("run_minutes", lang.M("Redeemed within"), "Minutes, 1 to 1,440."),
		RunGap:       number("run_gap", lang.M("Cards that may be missing between two"), lang.M("0 to 10: a box from which a few were sold is still a box.")),
		AccountCards: number("account_cards", lang.M("Cards by one customer until an alarm"), lang.M("At least so many, 2 to 100,000. From five cards on their value counts in the same way. Empty: no alarm.")),
		AddressCards: number("address_cards", lang.M("Cards from one address until an alarm"), lang.M("At least so many, 2 to 1,000,000, redeemed in the portal from one IPv4 address or one IPv6 network (/64). Empty: no alarm.")),
		Factor:       number("factor", lang.M("And so many times the usual"), lang.M("1 to 1,000. The usual is the median of all customers, or addresses, that redeemed within the time.")),
		Shared: kit.Field{
			Name: "shared", Label: lang.M("Addresses that many people share"), Rows: 3, Plain: true, MaxLength: 4000, Value: strings.Join(t.Shared, "\n"),
			Hint: lang.M("One a line, such as 192.0.2.7 or 2001:db8::/48: hotels, camps, your own gateways. They raise no alarm."),
		},
		Early:  number("early_cards", lang.M("Cards tried before their series is on sale"), lang.M("Different cards of a series that was never activated, 1 to 1,000. Only somebody at the printer or on the way has them. Empty: no alarm.")),
		Locked: number("locked_cards", lang.M("Cards tried that were taken out of use"), lang.M("Different cards of a locked series, or disabled ones, 1 to 1,000. Empty: no alarm.")),
		Copied: number("copied_cards", lang.M("Used cards tried by others"), lang.M("Different cards of one series that buyers find used already, 1 to 1,000: the codes may have been copied. Empty: no alarm.")),
		Reveal: number("revealed_cards", lang.M("Cards redeemed after staff saw their code"), lang.M("Different cards whose code one member of staff had shown and that were redeemed after, 1 to 1,000. Empty: no alarm.")),
		Hours:  number("hours", lang.M("Look back over"), lang.M("Hours, 1 to 168. For every rule but neighbouring cards.")),
	}
	for f, value := range p.fields(&t) {
		if *value != 0 || f == &p.RunGap {
			f.Value = strconv.Itoa(int(*value))
		}
		if typed != nil {
			f.Value = kit.Truncate(typed.Get(f.Name), 20)
		}
	}
	if typed != nil {
		p.Shared.Value = kit.Truncate(typed.Get("shared"), 4000)
	}
	var err error
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{Kind: string(db.ApprovalKindProtection)}); err != nil {
		return nil, err
	}
	p.Second = v.ApproveAbove != nil
	p.Sole, err = s.soleApprover(c, v, lang.M("Weaker rules are set on the host: refill rules NAME=VALUE."))
	return p, err
}

// take writes the submitted form into the rules. An empty field switches its rule off. Text
// that is not a number becomes -1, which no setting allows.
func (p *configTheftPage) take(form url.Values, t *setting.Theft) {
	for f, value := range p.fields(t) {
		text := strings.TrimSpace(form.Get(f.Name))
		if *value = smallNumber(text); *value == 0 && text != "" && text != "0" || f == &p.RunGap && text == "" {
			*value = -1
		}
	}
	t.Shared = []string{}
	for line := range strings.SplitSeq(form.Get("shared"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			t.Shared = append(t.Shared, line)
		}
	}
}

// ConfigTheftShow handles GET /admin/config/theft.
func (s *Server) ConfigTheftShow(c *gin.Context) error {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	p, err := s.newConfigTheftPage(c, settings, nil)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/config_theft", p)
}

// ConfigTheft handles POST /admin/config/theft.
func (s *Server) ConfigTheft(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil {
		return err
	}
	settings.Theft = setting.Theft{}
	p, err := s.newConfigTheftPage(c, settings, form)
	if err != nil {
		return err
	}
	err = approval.ChangeSettings(c.Request.Context(), s.Pool, s.Settings, s.Actor(c), func(v *setting.Settings) { p.take(form, &v.Theft) })
	if s.waits(c, err) {
		return s.Redirect(c, SectionTheft)
	}
	if err == nil || fault.IsInternal(err) {
		return s.saved(c, SectionTheft, err)
	}
	p.Mistakes = kit.Explain(err, &p.RunCards, &p.RunMinutes, &p.RunGap, &p.AccountCards, &p.AddressCards, &p.Factor, &p.Shared, &p.Early, &p.Locked, &p.Copied, &p.Reveal, &p.Hours)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/config_theft", p)
}
