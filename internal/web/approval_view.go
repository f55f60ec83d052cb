package web

import (
	"fmt"
	"time"

	"refill/internal/approval"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
)

// approvalView is one request, in words.
type approvalView struct {
	ID         int64
	URL        string
	What       string // "Activate 6 cards"
	Worth      string // empty: it is about no money
	Of         string // before the subject: "of series"
	Subject    string // empty: there is none
	SubjectURL string
	Lines      []approvalLine // what exactly is asked for
	By         string
	At         time.Time
	ExpiresAt  time.Time
	Before     string // what the asker had done by themselves that day, where that is why
	Activates  bool
	Own        bool // the viewer asked for it: another person decides
	State      badge
	Decided    string
	DecidedAt  time.Time
	For        string // why they want it, in their words
	Reason     string
	Error      string // at the reason, as it was typed
	Serial     int32  // of the card; 0: it is not about one
	Partner    int64  // that is to be enabled; 0: none
	Module     bool   // the module is to be switched on
}

// approvalLine is one thing that is asked for.
type approvalLine struct{ Label, Value string }

// Hint is what a screen reader says behind Approve and Refuse.
func (v approvalView) Hint() string {
	if v.Subject == "" {
		return v.What
	}
	return v.What + " " + v.Of + " " + v.Subject
}

// viewApproval describes a request for display.
func viewApproval(row db.ApprovalListRow, viewer int64) (approvalView, error) {
	a := row.Approval
	v := approvalView{
		ID: a.ID, URL: fmt.Sprintf("%s/%d", sectionApprovals, a.ID),
		By: row.AskedBy, At: a.RequestedAt, ExpiresAt: a.ExpiresAt, Own: a.RequestedBy == viewer, Activates: a.Kind == db.ApprovalKindActivate,
		For: row.WantedFor, Decided: row.DecidedName, Reason: a.Reason,
	}
	sum := func(minor int64) string { return money.Amount{Minor: minor, Currency: row.Currency}.String() }
	if row.Currency != "" {
		v.Worth = sum(a.Value)
	}
	switch {
	case a.SeriesID != nil:
		v.Of, v.Subject, v.SubjectURL = "of series", row.SeriesNumber, seriesURL(row.SeriesNumber)
	case a.CustomerID != nil:
		v.Of, v.Subject, v.SubjectURL = "for", row.CustomerName, customerURL(*a.CustomerID)
	case a.ImportID != nil:
		v.Of, v.Subject, v.SubjectURL = "of file", row.FileName, importURL(*a.ImportID)
	}
	did, err := v.describe(row, sum)
	if err != nil {
		return v, err
	}
	if a.Before > 0 && did != "" {
		v.Before = fmt.Sprintf("In the 24 hours before, %s had %s worth %s without a second person.", row.AskedBy, did, sum(a.Before))
	}
	v.stand(row)
	return v, nil
}

// describe says what is asked for, by kind, and returns what the asker had done of it
// before: "activated cards".
func (v *approvalView) describe(row db.ApprovalListRow, sum func(int64) string) (did string, err error) {
	a := row.Approval
	switch a.Kind {
	case db.ApprovalKindActivate:
		v.What, did = "Activate "+cardCount(a.Cards), "activated cards"
	case db.ApprovalKindExport:
		v.What, did = "Export the codes of "+cardCount(a.Cards), "exported cards"
	case db.ApprovalKindImport:
		facts, err := approval.Facts[approval.ImportFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = "Import "+cardCount(a.Cards), "imported cards"
		if facts.Active {
			v.What += ", active at once"
		}
	case db.ApprovalKindOpeningBalances:
		facts, err := approval.Facts[approval.BalancesFacts](a)
		if err != nil {
			return "", err
		}
		v.What, v.Of, v.Subject, did = "Enter the opening balances of "+countOf(facts.Customers, "customer", "customers"), "of file", facts.File, "entered balances"
		v.SubjectURL = customerImportURL(facts.Import)
		v.Lines = append(v.Lines, approvalLine{"Customers are credited", sum(facts.Credits)})
		if facts.Debts != 0 {
			v.Lines = append(v.Lines, approvalLine{"Customers owe", sum(facts.Debts)})
		}
	default:
		return v.describeMore(row, sum)
	}
	return did, nil
}

// describeMore is describe for what is not about many cards.
func (v *approvalView) describeMore(row db.ApprovalListRow, sum func(int64) string) (did string, err error) {
	a := row.Approval
	switch a.Kind {
	case db.ApprovalKindRenewal:
		facts, err := approval.Facts[card.EditFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = "Edit, so that "+cardCount(a.Cards)+" can be redeemed", "brought into use cards"
		for _, c := range facts.Changes {
			v.Lines = append(v.Lines, approvalLine{c.What, c.From + " → " + c.To})
		}
	case db.ApprovalKindReveal:
		facts, err := approval.Facts[card.RevealFacts](a)
		if err != nil {
			return "", err
		}
		v.Serial, v.For = *a.Serial, facts.Reason
		v.What, did = "Reveal the code of card "+money.Group(fmt.Sprint(v.Serial)), "exported or revealed cards"
		v.SubjectURL = cardURL(row.SeriesNumber, v.Serial)
	case db.ApprovalKindPayment:
		facts, err := approval.Facts[customer.PaymentFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = "Enter a payment", "credited payments"
		v.Lines = []approvalLine{{"Payment type", paymentTypeName(facts.Type)}, {"Amount", sum(facts.Amount)}}
		label := "Comment"
		if facts.Reverses != 0 {
			v.What, label = fmt.Sprintf("Reverse payment %d", facts.Reverses), "Reason"
		}
		if facts.Comment != "" {
			v.Lines = append(v.Lines, approvalLine{label, facts.Comment})
		}
	case db.ApprovalKindLimit:
		facts, err := approval.Facts[approval.LimitFacts](a)
		if err != nil {
			return "", err
		}
		limit := func(minor *int64) string {
			if minor == nil {
				return "never"
			}
			return money.Amount{Minor: *minor, Currency: facts.Currency}.String()
		}
		v.What = "Change the value above which a second person approves"
		v.Lines = []approvalLine{{"Now", limit(facts.From)}, {"Asked for", limit(facts.To)}}
	case db.ApprovalKindProtection:
		facts, err := approval.Facts[approval.ProtectionFacts](a)
		if err != nil {
			return "", err
		}
		v.What, v.Lines = "Change the rules about theft, wrong codes and second factors", protectionLines(facts.From, facts.To)
	case db.ApprovalKindReopening:
		facts, err := approval.Facts[approval.ReopeningFacts](a)
		if err != nil {
			return "", err
		}
		did = "brought into use cards"
		if v.Module = facts.Module; v.Module {
			v.What = "Switch refill cards on, with cards"
			break
		}
		v.Partner = facts.Partner
		v.What, v.Of, v.Subject, v.SubjectURL = "Enable a partner, with cards", "of partner", facts.Name, partnerURL(facts.Partner)
	default:
		v.What = string(a.Kind)
	}
	return did, nil
}

// stand says how far a request is.
func (v *approvalView) stand(row db.ApprovalListRow) {
	a := row.Approval
	if a.DecidedAt != nil {
		v.DecidedAt = *a.DecidedAt
	}
	switch {
	case row.Expired, a.State == db.ApprovalStateExpired:
		v.State = badge{"Expired", toneIdle}
		if v.DecidedAt.IsZero() {
			v.DecidedAt = a.ExpiresAt
		}
	case a.State == db.ApprovalStateWaiting:
		v.State = badge{"Waits", toneWarn}
	case a.State == db.ApprovalStateApproved:
		v.State = badge{"Approved", toneGood}
	case a.State == db.ApprovalStateRefused:
		v.State = badge{"Refused", toneBad}
	case a.State == db.ApprovalStateOutdated:
		v.State = badge{"Changed meanwhile", toneIdle}
	default:
		v.State = badge{"Withdrawn", toneIdle}
	}
}

// countOf is a count with its noun: "1 customer", "1,200 customers".
func countOf(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return money.Group(fmt.Sprint(n)) + " " + many
}
