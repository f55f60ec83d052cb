package web

import (
	"context"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"refill/internal/approval"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
)

// What pages say beforehand of what takes a second person.

// soFar says what somebody did by themselves within a day and that one thing more,
// in words, is too much; did is "activated" or "exported".
func soFar(o approval.Solo, did, more, currency string) string {
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: currency} }
	return fmt.Sprintf("In the past 24 hours you have %s cards worth %s by yourself; with %s it is more than %s, so a second person has to approve", did, amount(o.Before()), more, amount(*o.Limit))
}

// activateHint says at the tick that activates cards how much one person may, and
// what of it this one has left where they have used some.
func (s *Server) activateHint(ctx context.Context, settings setting.Settings, person staff.Person) (string, error) {
	if settings.ApproveAbove == nil {
		return "", nil
	}
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, 0)
	if err != nil || o.Limit == nil {
		return "", err
	}
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: settings.Currency} }
	hint := fmt.Sprintf(" By yourself you may activate cards worth %s within 24 hours; those beyond that wait until somebody else approves it.", amount(*o.Limit))
	if o.Before() > 0 {
		hint += fmt.Sprintf(" Of that %s is left.", amount(o.Left()))
	}
	return hint, nil
}

// takesTwo says of cards that are about to be ordered what of it takes a second
// person; nothing where one is enough. What is activated later is measured then.
func (s *Server) takesTwo(ctx context.Context, person staff.Person, worth money.Amount, activate bool) (string, error) {
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, worth.Minor)
	switch {
	case err != nil:
		return "", err
	case o.Large() && activate:
		return "So much takes a second person: the cards are made, and stay worthless until somebody else approves their activation.", nil
	case o.Large():
		return "So much takes a second person: somebody else will have to approve the activation of these cards, and each file of them.", nil
	case o.Over() && activate:
		return soFar(o, "activated", "these", worth.Currency) + ": the cards are made, and stay worthless until then.", nil
	}
	return "", nil
}

// importTakesTwo says of cards that are about to be imported active that some of
// their series, or all, take a second person; nothing where one is enough.
func (s *Server) importTakesTwo(ctx context.Context, person staff.Person, currency string, groups []card.ImportGroup) (string, error) {
	var worth int64
	for _, g := range groups {
		worth += g.Worth()
	}
	o, err := s.Cards.Solo(ctx, person.ID, db.ApprovalKindActivate, 0, worth)
	switch {
	case err != nil || !o.Over():
		return "", err
	case len(groups) == 1 && o.Large():
		return "So much takes a second person: the cards are imported, and stay worthless until somebody else approves their activation.", nil
	case len(groups) == 1:
		return soFar(o, "activated", "these", currency) + ": the cards are imported, and stay worthless until then.", nil
	case o.Before() > 0:
		return soFar(o, "activated", "all of these", currency) + ": each series that goes beyond it stays worthless until then.", nil
	}
	return fmt.Sprintf("Together these series are worth more than the %s that one person may activate within 24 hours: each that goes beyond it stays worthless until somebody else approves its activation.", money.Amount{Minor: *o.Limit, Currency: currency}), nil
}

// fileTakesTwo says of a file that is about to be asked for that it takes a second
// person; nothing where one is enough.
func (s *Server) fileTakesTwo(c *gin.Context, row db.SeriesShowRow) (string, error) {
	worth := worthLeft(row)
	o, err := s.Cards.Solo(c.Request.Context(), s.person(c).ID, db.ApprovalKindExport, row.Series.ID, worth.Minor)
	switch {
	case err != nil || !o.Over():
		return "", err
	case o.Large():
		return fmt.Sprintf("The cards of this series are worth %s together, so each file of them takes a second person: it is made when somebody else has approved it, within 24 hours.", worth), nil
	}
	return soFar(o, "exported", fmt.Sprintf("the %s of this series", worth), worth.Currency) + ": a file is made when somebody else has approved it, within 24 hours.", nil
}

// worthLeft is what the cards of a series that are neither used nor void are worth.
func worthLeft(row db.SeriesShowRow) money.Amount {
	return money.Amount{Minor: (int64(row.Series.Made) - row.Used - row.Void) * row.Series.Price, Currency: row.Series.Currency}
}

// secondPerson says on the page of a series what of it waits, and what of it one
// person can only ask for.
func (s *Server) secondPerson(c *gin.Context, p *seriesShowPage, row db.SeriesShowRow) error {
	var err error
	if p.Waiting, err = s.approvals(c, db.ApprovalListParams{SeriesID: row.Series.ID, Waiting: true}); err != nil {
		return err
	}
	p.CanApprove = p.Person.Can(staff.SeriesApprove)
	if slices.ContainsFunc(p.Waiting, func(v approvalView) bool { return v.Activates }) {
		p.Actions = slices.DeleteFunc(p.Actions, func(a confirmation) bool { return a.ID == "activate" }) // it is asked for already
	}
	worth := worthLeft(row)
	o, err := s.Cards.Solo(c.Request.Context(), p.Person.ID, db.ApprovalKindActivate, row.Series.ID, worth.Minor)
	if err != nil || !o.Over() {
		return err
	}
	for i := range p.Actions {
		if a := &p.Actions[i]; a.ID == "activate" {
			a.Button = "Ask for the activation"
			a.Text = fmt.Sprintf("The cards are worth %s together, more than one person may activate. ", worth)
			if !o.Large() {
				a.Text = soFar(o, "activated", fmt.Sprintf("the %s of this series", worth), worth.Currency) + ". "
			}
			a.Text += "The series waits until somebody else approves it, for 24 hours at most."
		}
	}
	return nil
}
