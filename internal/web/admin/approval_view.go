package admin

import (
	"fmt"
	"strings"
	"time"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/client"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// approvalView is one request, prepared for display.
type approvalView struct {
	ID         int64
	URL        string
	What       string // "Activate 6 cards"
	Worth      string // empty: the request is not about money
	Of         string // text before the subject, such as "of series"
	Subject    string // empty: the request has no subject
	SubjectURL string
	Lines      []approvalLine // details of the request
	By         string
	At         time.Time
	ExpiresAt  time.Time
	Before     string // what the requester did alone that day, if that put the request above the limit
	Activates  bool
	Deletes    bool
	Own        bool // the viewer made the request, so another person decides
	State      kit.Badge
	Decided    string
	DecidedAt  time.Time
	For        string // why the requester wants it, in their words
	Reason     string
	Error      string // what is wrong with the typed Reason
	Serial     int32  // of the card; 0: the request is not about one card
	Partner    int64  // the partner to be enabled; 0: none
	Module     bool   // the request is to switch the module on
}

// approvalLine is one labelled detail of a request.
type approvalLine struct{ Label, Value string }

// Hint returns the text that a screen reader adds to Approve and Refuse.
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
		ID: a.ID, URL: fmt.Sprintf("%s/%d", SectionApprovals, a.ID),
		By: audit.Named(&row.AskedBy, row.ClientName), At: a.RequestedAt, ExpiresAt: a.ExpiresAt, Own: a.RequestedBy == viewer, Activates: a.Kind == db.ApprovalKindActivate,
		Deletes: a.Kind == db.ApprovalKindDeletion,
		For:     row.WantedFor, Decided: row.DecidedName, Reason: a.Reason,
	}
	sum := func(minor int64) string { return money.Amount{Minor: minor, Currency: row.Currency}.String() }
	if row.Currency != "" {
		v.Worth = sum(a.Value)
	}
	switch {
	case a.SeriesID != nil:
		v.Of, v.Subject, v.SubjectURL = lang.M("of series"), row.SeriesNumber, SeriesURL(row.SeriesNumber)
	case a.CustomerID != nil:
		v.Of, v.Subject, v.SubjectURL = "for", row.CustomerName, CustomerURL(*a.CustomerID)
	case a.ImportID != nil:
		v.Of, v.Subject, v.SubjectURL = lang.M("of file"), row.FileName, importURL(*a.ImportID)
	}
	did, err := v.describe(row, sum)
	if err != nil {
		return v, err
	}
	if a.Before > 0 && did != "" {
		v.Before = fmt.Sprintf(lang.M("In the 24 hours before, %s had %s worth %s without a second person."), row.AskedBy, did, sum(a.Before))
	}
	v.stand(row)
	return v, nil
}

// describe fills in what a request asks for, by its kind. did is a phrase for what the
// requester did before, such as "activated cards".
func (v *approvalView) describe(row db.ApprovalListRow, sum func(int64) string) (did string, err error) {
	a := row.Approval
	switch a.Kind {
	case db.ApprovalKindActivate:
		v.What, did = "Activate "+cardCount(a.Cards), lang.M("activated cards")
	case db.ApprovalKindDeletion:
		facts, err := approval.Facts[card.DeletionFacts](a)
		if err != nil {
			return "", err
		}
		v.What, v.For, did = "Delete "+cardCount(a.Cards), facts.Reason, lang.M("deleted cards")
	case db.ApprovalKindExport:
		v.What, did = lang.M("Export the codes of ")+cardCount(a.Cards), lang.M("exported cards")
	case db.ApprovalKindImport:
		facts, err := approval.Facts[approval.ImportFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = "Import "+cardCount(a.Cards), lang.M("imported cards")
		if facts.Active {
			v.What += lang.M(", active at once")
		}
	case db.ApprovalKindOpeningBalances:
		facts, err := approval.Facts[approval.BalancesFacts](a)
		if err != nil {
			return "", err
		}
		v.What, v.Of, v.Subject, did = lang.M("Enter the opening balances of ")+kit.Count(facts.Customers, "customer", "customers"), lang.M("of file"), facts.File, lang.M("entered balances")
		v.SubjectURL = customerImportURL(facts.Import)
		v.Lines = append(v.Lines, approvalLine{lang.M("Customers are credited"), sum(facts.Credits)})
		if facts.Debts != 0 {
			v.Lines = append(v.Lines, approvalLine{lang.M("Customers owe"), sum(facts.Debts)})
		}
	default:
		return v.describeMore(row, sum)
	}
	return did, nil
}

// describeMore is the second part of describe, for the remaining kinds.
func (v *approvalView) describeMore(row db.ApprovalListRow, sum func(int64) string) (did string, err error) {
	a := row.Approval
	switch a.Kind {
	case db.ApprovalKindRenewal:
		facts, err := approval.Facts[card.EditFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = lang.M("Edit, so that ")+cardCount(a.Cards)+lang.M(" can be redeemed"), lang.M("brought into use cards")
		for _, c := range facts.Changes {
			v.Lines = append(v.Lines, approvalLine{c.What, c.From + " → " + c.To})
		}
	case db.ApprovalKindReveal:
		facts, err := approval.Facts[card.RevealFacts](a)
		if err != nil {
			return "", err
		}
		v.Serial, v.For = *a.Serial, facts.Reason
		v.What, did = lang.M("Reveal a code"), lang.M("exported or revealed cards")
		v.Of, v.Subject, v.SubjectURL = lang.M("of card"), kit.CardName(row.SeriesNumber, int64(v.Serial)), CardURL(row.SeriesNumber, v.Serial)
	case db.ApprovalKindPayment:
		facts, err := approval.Facts[customer.PaymentFacts](a)
		if err != nil {
			return "", err
		}
		v.What, did = lang.M("Enter a payment"), lang.M("credited payments")
		v.Lines = []approvalLine{{lang.M("Payment type"), kit.PaymentTypeName(facts.Type)}, {lang.M("Amount"), sum(facts.Amount)}}
		label := lang.M("Comment")
		if facts.Reverses != 0 {
			v.What, label = fmt.Sprintf(lang.M("Reverse payment %d"), facts.Reverses), lang.M("Reason")
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
		v.What = lang.M("Change the value above which a second person approves")
		v.Lines = []approvalLine{{lang.M("Now"), limit(facts.From)}, {lang.M("Asked for"), limit(facts.To)}}
	case db.ApprovalKindProtection:
		facts, err := approval.Facts[approval.ProtectionFacts](a)
		if err != nil {
			return "", err
		}
		v.What, v.Lines = lang.M("Change the rules about theft, wrong codes and second factors"), protectionLines(facts.From, facts.To)
	case db.ApprovalKindReopening:
		facts, err := approval.Facts[approval.ReopeningFacts](a)
		if err != nil {
			return "", err
		}
		did = lang.M("brought into use cards")
		if v.Module = facts.Module; v.Module {
			v.What = lang.M("Switch refill cards on, with cards")
			break
		}
		v.Partner = facts.Partner
		v.What, v.Of, v.Subject, v.SubjectURL = lang.M("Enable a partner, with cards"), lang.M("of partner"), facts.Name, PartnerURL(facts.Partner)
	case db.ApprovalKindClient:
		facts, err := approval.Facts[client.GrantFacts](a)
		if err != nil {
			return "", err
		}
		v.describeClient(facts)
	default:
		v.What = string(a.Kind)
	}
	return did, nil
}

// describeClient fills in a request about an API client.
func (v *approvalView) describeClient(facts client.GrantFacts) {
	v.What, v.Of, v.Subject, v.SubjectURL = lang.M("Edit, so that keys that work give out more codes of cards,"), lang.M("of API client"), facts.Name, ClientURL(facts.Client)
	if facts.Key {
		v.What = lang.M("Make a key that gives out codes of cards")
	}
	var words []string
	for _, one := range facts.Rights.Permissions {
		words = append(words, staff.Permission(one).Words())
	}
	networks := lang.M("Every address")
	if len(facts.Rights.Networks) > 0 {
		networks = strings.Join(facts.Rights.Networks, ", ")
	}
	v.Lines = []approvalLine{
		{lang.M("Owner"), facts.Owner},
		{lang.M("Partners"), clientPartners(facts.Rights.AllPartners, facts.Rights.Test, facts.Partners)},
		{lang.M("It may"), strings.Join(words, "; ")},
		{lang.M("Networks"), networks},
	}
}

// stand sets the state and the time of the decision.
func (v *approvalView) stand(row db.ApprovalListRow) {
	a := row.Approval
	if a.DecidedAt != nil {
		v.DecidedAt = *a.DecidedAt
	}
	switch {
	case row.Expired, a.State == db.ApprovalStateExpired:
		v.State = kit.Badge{Word: lang.M("Expired"), Tone: kit.ToneIdle}
		if v.DecidedAt.IsZero() {
			v.DecidedAt = a.ExpiresAt
		}
	case a.State == db.ApprovalStateWaiting:
		v.State = kit.Badge{Word: lang.M("Waits"), Tone: kit.ToneWarn}
	case a.State == db.ApprovalStateApproved:
		v.State = kit.Badge{Word: lang.M("Approved"), Tone: kit.ToneGood}
	case a.State == db.ApprovalStateRefused:
		v.State = kit.Badge{Word: lang.M("Refused"), Tone: kit.ToneBad}
	case a.State == db.ApprovalStateOutdated:
		v.State = kit.Badge{Word: lang.M("Changed meanwhile"), Tone: kit.ToneIdle}
	default:
		v.State = kit.Badge{Word: lang.M("Withdrawn"), Tone: kit.ToneIdle}
	}
}
