package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// The functions below tell a person beforehand that an act needs a second person.

// soFar returns a text that says how much a person did alone within a day, and that one
// more act would be too much. did is "activated" or "exported"; more names the act.
func soFar(o approval.Solo, did, more, currency string) string {
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: currency} }
	return fmt.Sprintf(lang.M("In the past 24 hours you have %s cards worth %s by yourself; with %s it is more than %s, so a second person has to approve"), did, amount(o.Before()), more, amount(*o.Limit))
}

// activateHint returns the hint of the check box that activates cards: how much one person
// may activate alone and, if this person has used some of it, how much is left.
func (s *Server) activateHint(ctx context.Context, settings setting.Settings, person staff.Person) (string, error) {
	if settings.ApproveAbove == nil {
		return "", nil
	}
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, money.Amount{})
	if err != nil || o.Limit == nil {
		return "", err
	}
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: settings.Currency} }
	hint := fmt.Sprintf(lang.M(" By yourself you may activate cards worth %s within 24 hours; those beyond that wait until somebody else approves it."), amount(*o.Limit))
	if o.Before() > 0 {
		hint += fmt.Sprintf(lang.M(" Of that %s is left."), amount(o.Left()))
	}
	return hint, nil
}

// takesTwo says what needs a second person in an order of cards. It returns an empty string
// if one person is enough. An activation that comes later is measured then.
func (s *Server) takesTwo(ctx context.Context, person staff.Person, worth money.Amount, activate bool) (string, error) {
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, worth)
	switch {
	case err != nil:
		return "", err
	case o.Large() && activate:
		return lang.M("So much takes a second person: the cards are made, and stay worthless until somebody else approves their activation."), nil
	case o.Large():
		return lang.M("So much takes a second person: somebody else will have to approve the activation of these cards, and each file of them."), nil
	case o.Over() && activate:
		return soFar(o, "activated", "these", worth.Currency) + lang.M(": the cards are made, and stay worthless until then."), nil
	}
	return "", nil
}

// importTakesTwo says whether an import of cards needs a second person, either as a whole
// or to activate some or all of its series. It returns an empty string if one person is
// enough.
func (s *Server) importTakesTwo(ctx context.Context, person staff.Person, currency string, activate bool, groups []cardimport.Group) (string, error) {
	whole, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindImport, 0, money.Amount{Minor: worthOf(groups)})
	switch {
	case err != nil:
		return "", err
	case whole.Large():
		return lang.M("So much takes a second person: nothing is imported until another person approves it, within 24 hours."), nil
	case whole.Over():
		return soFar(whole, "imported", "these", currency) + lang.M(": nothing is imported until then."), nil
	case !activate:
		return "", nil
	}
	groups = slices.DeleteFunc(slices.Clone(groups), func(g cardimport.Group) bool { return g.Inactive })
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, money.Amount{Minor: worthOf(groups)})
	switch {
	case err != nil || !o.Over():
		return "", err
	case len(groups) == 1 && o.Large():
		return lang.M("So much takes a second person: the cards are imported, and stay worthless until somebody else approves their activation."), nil
	case len(groups) == 1:
		return soFar(o, "activated", "these", currency) + lang.M(": the cards are imported, and stay worthless until then."), nil
	case o.Before() > 0:
		return soFar(o, "activated", lang.M("all of these"), currency) + lang.M(": each series that goes beyond it stays worthless until then."), nil
	}
	return fmt.Sprintf(lang.M("Together these series are worth more than the %s that one person may activate within 24 hours: each that goes beyond it stays worthless until somebody else approves its activation."), money.Amount{Minor: *o.Limit, Currency: currency}), nil
}

// worthOf returns the value of the cards of all groups, in minor units.
func worthOf(groups []cardimport.Group) (worth int64) {
	for _, g := range groups {
		worth += g.Worth()
	}
	return worth
}

// fileTakesTwo says whether a new file of a series needs a second person. It returns an
// empty string if one person is enough.
func (s *Server) fileTakesTwo(c *gin.Context, row db.SeriesShowRow) (string, error) {
	worth := worthLeft(row)
	o, err := s.Cards.Solo(c.Request.Context(), s.Person(c).ID, db.ApprovalKindExport, row.Series.ID, worth)
	switch {
	case err != nil || !o.Over():
		return "", err
	case o.Large():
		return fmt.Sprintf(lang.M("The cards of this series are worth %s together, so each file of them takes a second person: it is made when somebody else has approved it, within 24 hours."), worth), nil
	}
	return soFar(o, "exported", fmt.Sprintf(lang.M("the %s of this series"), worth), worth.Currency) + lang.M(": a file is made when somebody else has approved it, within 24 hours."), nil
}

// worthLeft returns the value of the cards of a series that are neither used nor void.
func worthLeft(row db.SeriesShowRow) money.Amount {
	return money.Amount{Minor: (int64(row.Series.Made) - row.Used - row.Void) * row.Series.Price, Currency: row.Series.Currency}
}

// secondPerson adds the waiting requests to the page of a series. It changes the activation
// dialog if the activation needs a second person.
func (s *Server) secondPerson(c *gin.Context, p *seriesShowPage, row db.SeriesShowRow) error {
	var err error
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{SeriesID: row.Series.ID}); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Asked.Waiting, func(v approvalView) bool { return v.Activates }) {
		p.Actions = slices.DeleteFunc(p.Actions, func(a kit.Confirmation) bool { return a.ID == "activate" }) // it is requested already
	}
	if err := s.deletionTakesTwo(c, p, row); err != nil {
		return err
	}
	worth := worthLeft(row)
	o, err := s.Cards.Solo(c.Request.Context(), p.Person.ID, db.ApprovalKindActivate, row.Series.ID, worth)
	if err != nil || !o.Over() {
		return err
	}
	for i := range p.Actions {
		if a := &p.Actions[i]; a.ID == "activate" {
			a.Button = lang.M("Ask for the activation")
			a.Text = fmt.Sprintf(lang.M("The cards are worth %s together, more than one person may activate. "), worth)
			if !o.Large() {
				a.Text = soFar(o, "activated", fmt.Sprintf(lang.M("the %s of this series"), worth), worth.Currency) + ". "
			}
			a.Text += lang.M("The series waits until somebody else approves it, for 24 hours at most.")
		}
	}
	return nil
}

// deletionTakesTwo changes the dialog that deletes a series if the deletion needs a second
// person, and removes it if the deletion is requested already.
func (s *Server) deletionTakesTwo(c *gin.Context, p *seriesShowPage, row db.SeriesShowRow) error {
	if slices.ContainsFunc(p.Asked.Waiting, func(v approvalView) bool { return v.Deletes }) {
		p.Actions = slices.DeleteFunc(p.Actions, func(a kit.Confirmation) bool { return a.ID == "delete" })
	}
	at := slices.IndexFunc(p.Actions, func(a kit.Confirmation) bool { return a.ID == "delete" })
	if at < 0 {
		return nil
	}
	o, err := s.Cards.DeletionSolo(c.Request.Context(), p.Person.ID, row)
	if err != nil || !o.Over() || o.Value == 0 {
		return err
	}
	worth := money.Amount{Minor: o.Value, Currency: row.Series.Currency}
	a := &p.Actions[at]
	a.Button = lang.M("Ask for the deletion")
	if o.Large() {
		a.Text += fmt.Sprintf(lang.M(" The cards are worth %s together, more than one person may delete."), worth)
	} else {
		a.Text += " " + soFar(o, "deleted", fmt.Sprintf(lang.M("the %s of this series"), worth), worth.Currency) + "."
	}
	a.Text += lang.M(" Nothing is deleted until somebody else approves it, for 24 hours at most.")
	return nil
}

// askedFor is the requests about the subject of a page that wait for a second person.
type askedFor struct {
	Waiting   []approvalView
	CanDecide bool
}

// askedFor reads the waiting requests that match params.
func (s *Server) askedFor(c *gin.Context, params db.ApprovalListParams) (askedFor, error) {
	params.Waiting = true
	views, err := s.approvals(c, params)
	return askedFor{Waiting: views, CanDecide: s.Person(c).Can(staff.SeriesApprove)}, err
}

// only keeps the requests for which about is true. It serves subjects that params cannot
// name.
func (a askedFor) only(about func(approvalView) bool) askedFor {
	a.Waiting = slices.DeleteFunc(a.Waiting, func(v approvalView) bool { return !about(v) })
	return a
}

// waits reports whether err means that a request now waits for a second person. It then
// sets the message of the next page.
func (s *Server) waits(c *gin.Context, err error) bool {
	all := fault.All(err)
	if len(all) != 1 || all[0].Kind != fault.Conflict || !strings.HasSuffix(all[0].Code, "_waits") {
		return false
	}
	s.SetFlash(c, kit.ToneIdle, all[0].Text())
	return true
}

// creditHint returns the hint of the payment form: how much one person may credit by hand
// and, if this person has used some of it, how much is left. It is empty without a limit.
func (s *Server) creditHint(c *gin.Context, person staff.Person) (string, error) {
	settings, err := s.Settings.Get(c.Request.Context())
	if err != nil || settings.ApproveAbove == nil {
		return "", err
	}
	o, err := s.Cards.Solo(c.Request.Context(), person.ID, db.ApprovalKindPayment, 0, money.Amount{})
	if err != nil || o.Limit == nil {
		return "", err
	}
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: settings.Currency} }
	hint := fmt.Sprintf(lang.M("By yourself you may credit %s within 24 hours; what is beyond that waits until another person approves it."), amount(*o.Limit))
	if o.Before() > 0 {
		hint += fmt.Sprintf(lang.M(" Of that %s is left."), amount(o.Left()))
	}
	return hint, nil
}

// editTakesTwo says whether an edit needs a second person. It returns an empty string if
// one person is enough.
func editTakesTwo(p card.EditPlan) string {
	switch o := p.Solo; {
	case !o.Over():
		return ""
	case o.Large():
		return fmt.Sprintf(lang.M("This brings cards worth %s into use, more than one person may. Nothing is changed until another person approves it, within 24 hours."), money.Amount{Minor: o.Value, Currency: p.Price.Currency})
	default:
		return soFar(o, lang.M("brought into use"), "these", p.Price.Currency) + lang.M(": nothing is changed until then.")
	}
}

// revealStands adds the waiting requests about a card, and until when the viewer may see
// its code after an approval.
func (s *Server) revealStands(c *gin.Context, p *cardShowPage, series db.Series, row db.CardShowRow) error {
	var err error
	if p.Asked, err = s.askedFor(c, db.ApprovalListParams{SeriesID: series.ID, Kind: string(db.ApprovalKindReveal)}); err != nil {
		return err
	}
	p.Asked = p.Asked.only(func(v approvalView) bool { return v.Serial == row.Serial })
	p.RevealUntil, err = s.Cards.RevealUntil(c.Request.Context(), p.Person.ID, card.Ref{SeriesID: series.ID, Serial: row.Serial})
	return err
}

// revealTakesTwo changes the reveal dialog if the reveal needs a second person. It removes
// the dialog if the viewer has requested the reveal already.
func (s *Server) revealTakesTwo(c *gin.Context, p *cardShowPage, series db.Series, row db.CardShowRow) error {
	at := slices.IndexFunc(p.Changes.Actions, func(a kit.Confirmation) bool { return a.ID == "reveal" })
	if at < 0 || !p.RevealUntil.IsZero() {
		return nil
	}
	if slices.ContainsFunc(p.Asked.Waiting, func(v approvalView) bool { return v.Own }) {
		p.Changes.Actions = slices.Delete(p.Changes.Actions, at, at+1)
		return nil
	}
	o, err := approval.Weigh(c.Request.Context(), s.Pool, approval.Act{Kind: db.ApprovalKindExport, By: audit.ForStaff(p.Person.ID), SeriesID: series.ID, Serial: row.Serial, Value: series.Price, Currency: series.Currency})
	if err != nil || !o.Over() || row.State == db.CardStateUsed || row.State == db.CardStateVoid {
		return err
	}
	a := &p.Changes.Actions[at]
	a.Button = lang.M("Ask for the code")
	a.Text = lang.M("With the codes that you have exported or been shown in the past 24 hours, this one is more than one person may know. It waits until another person approves it; then you can reveal it here once, within a day.")
	return nil
}

// redeemTakesTwo adds a notice to the redeem form if the viewer needs a second person to
// redeem the card without its code.
func (s *Server) redeemTakesTwo(c *gin.Context, p *cardShowPage, series db.Series, serial int32) error {
	second, err := s.Cards.RedeemTakesSecond(c.Request.Context(), series, serial, p.Person.ID)
	if second {
		p.Redeem.Second = card.ErrRedeemNeedsSecond.Text()
	}
	return err
}

// enableTakesTwo adds a notice to the enable dialog if the viewer needs a second person to
// enable the card.
func (s *Server) enableTakesTwo(c *gin.Context, p *cardShowPage, series db.Series, serial int32) error {
	at := slices.IndexFunc(p.Changes.Actions, func(a kit.Confirmation) bool { return a.ID == "enable" })
	if at < 0 {
		return nil
	}
	refusal, err := s.Cards.EnableTakesSecond(c.Request.Context(), series, serial, p.Person.ID)
	if err != nil || refusal == nil {
		return err
	}
	p.Changes.Actions[at].Text += " " + fault.All(refusal)[0].Text()
	return nil
}

// reversalTakesTwo changes the reversal dialog if the reversal credits the customer and
// needs a second person.
func (s *Server) reversalTakesTwo(c *gin.Context, p *paymentShowPage, row db.PaymentGetRow) error {
	if p.Reverse == nil || row.Amount >= 0 {
		return nil
	}
	o, err := s.Cards.Solo(c.Request.Context(), p.Person.ID, db.ApprovalKindPayment, 0, money.Amount{Minor: -row.Amount, Currency: row.Currency})
	if err != nil || !o.Over() {
		return err
	}
	p.Reverse.Button = lang.M("Ask for the reversal")
	p.Reverse.Text += fmt.Sprintf(lang.M(" You may credit %s by yourself within 24 hours, and this is more: nothing is posted until another person approves it."), money.Amount{Minor: *o.Limit, Currency: row.Currency})
	return nil
}
