package admin

import (
	"fmt"
	"time"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/theft"
	"refill/internal/web/kit"
)

// alarmView is a theft alarm, prepared for its row in the list and for its page.
type alarmView struct {
	ID           int64
	URL          string
	Title        string // what was found, and where or with whom
	Rule         kit.Badge
	Cards        int64
	Customers    int64
	Value        string // empty: the attempts were refused, so no value moved
	Usual        int64  // the median that Cards is compared with; 0: not compared
	First, Last  time.Time
	RaisedAt     time.Time
	Open         bool
	Series       string
	SeriesURL    string
	FirstSerial  int64
	LastSerial   int64
	Customer     string
	CustomerURL  string
	Staff        string
	Network      string
	By           string // who acknowledged it
	Acknowledged time.Time
	Reason       string
}

// ruleWords is the name of a theft rule, what it means and what to do about it.
type ruleWords struct{ Name, Means, Todo string }

// alarmWords returns the texts of a rule.
func alarmWords(rule theft.Rule) ruleWords {
	switch rule {
	case theft.Run:
		return ruleWords{lang.M("Neighbouring cards"), lang.M("Many cards whose serials lie side by side were redeemed within a short time. Cards are sold one by one: a whole box that is redeemed at once was probably stolen. A company or a school that bought a box looks the same."), lang.M("Ask the shop that got these serials. If the box is missing, disable the cards that are left of it, or lock the series until you know how far it reaches.")}
	case theft.Account:
		return ruleWords{lang.M("One customer"), lang.M("One customer redeemed far more than others do. A thief, or somebody who sells on what a thief took, puts it on an account of their own."), lang.M("Look at the customer’s payments: do the serials lie side by side? Disable the customer, or lock the series that the cards are of, while you ask.")}
	case theft.Address:
		return ruleWords{lang.M("One address"), lang.M("Far more cards were redeemed from one network address than from others. Behind it may be one person with many accounts, or a place that many people share."), lang.M("Look at who redeemed from there. If it is a hotel or a gateway of your own, name the address in Settings → Theft alarms.")}
	case theft.Early:
		return ruleWords{lang.M("Before the sale"), lang.M("Somebody typed the code of a card whose series was never activated. The attempt was refused. Only people at the printer, on the way or in your store can know such a code."), lang.M("Do not activate the series before you know which boxes are whole. Cards that were tried can be disabled one by one; a series whose codes got out is deleted and ordered anew.")}
	case theft.Locked:
		return ruleWords{lang.M("Out of use"), lang.M("Cards were tried that staff had taken out of use: of a locked series, or disabled. The attempts were refused."), lang.M("Look at who tried them, and where they bought the cards. Honest buyers of a stolen box are owed an answer.")}
	case theft.Copied:
		return ruleWords{lang.M("Used already"), lang.M("Buyers of several cards of one series found them used by others. Somebody may have copied the codes before the cards were sold."), lang.M("Look at who redeemed those cards first. Lock the series while you ask who had its file or its boxes.")}
	case theft.Revealed:
		return ruleWords{lang.M("Codes shown to staff"), lang.M("Several codes that one member of staff had shown were redeemed soon after. Support does that for a damaged card now and then."), lang.M("Read the reasons in the audit trail, and look at which customers got the value. Talk to the person, or let another look into it.")}
	}
	return ruleWords{Name: string(rule)}
}

// viewAlarm prepares an alarm for display.
func viewAlarm(row db.TheftAlarmListRow, currency string) alarmView {
	a := row.TheftAlarm
	v := alarmView{
		ID: a.ID, URL: fmt.Sprintf("%s/%d", SectionAlarms, a.ID), Cards: int64(a.Cards), Customers: int64(a.Customers), Usual: int64(a.Usual),
		First: a.FirstAt, Last: a.LastAt, RaisedAt: a.RaisedAt, Open: a.State == db.TheftAlarmStateOpen, Network: a.Network, Reason: a.Reason,
	}
	if a.Value > 0 {
		v.Value = money.Amount{Minor: a.Value, Currency: currency}.String()
	}
	if row.SeriesNumber != nil {
		v.Series, v.SeriesURL = *row.SeriesNumber, SeriesURL(*row.SeriesNumber)
	}
	if a.FirstSerial != nil && a.LastSerial != nil {
		v.FirstSerial, v.LastSerial = int64(*a.FirstSerial), int64(*a.LastSerial)
	}
	if row.CustomerName != nil && a.CustomerID != nil {
		v.Customer, v.CustomerURL = *row.CustomerName, CustomerURL(*a.CustomerID)
	}
	if row.StaffName != nil {
		v.Staff = *row.StaffName
	}
	if a.AcknowledgedAt != nil {
		v.By, v.Acknowledged = lang.M("somebody on the host"), *a.AcknowledgedAt
		if row.AcknowledgedName != nil {
			v.By = *row.AcknowledgedName
		}
	}
	rule := theft.Rule(a.Rule)
	v.Rule = kit.Badge{Word: alarmWords(rule).Name, Tone: kit.ToneBad}
	if !v.Open {
		v.Rule.Tone = kit.ToneIdle
	}
	cards := cardCount(v.Cards)
	switch rule {
	case theft.Run:
		v.Title = fmt.Sprintf(lang.M("%s side by side of series %s redeemed within %s"), cards, v.Series, span(v.Last.Sub(v.First)))
	case theft.Account:
		v.Title = fmt.Sprintf("%s redeemed %s", v.Customer, cards)
	case theft.Address:
		v.Title = fmt.Sprintf(lang.M("%s redeemed from %s"), cards, v.Network)
	case theft.Early:
		v.Title = fmt.Sprintf(lang.M("%s of series %s tried before it is on sale"), cards, v.Series)
	case theft.Locked:
		v.Title = fmt.Sprintf(lang.M("%s of series %s tried that are out of use"), cards, v.Series)
	case theft.Copied:
		v.Title = fmt.Sprintf(lang.M("%s of series %s found used by their buyers"), cards, v.Series)
	case theft.Revealed:
		v.Title = fmt.Sprintf(lang.M("%s redeemed after %s saw their code"), cards, v.Staff)
	}
	return v
}

// alarmLocks returns the confirmation dialogs for locking the active series of an alarm.
// Each form posts to the lock action of its series. A person without the permission gets
// none.
func alarmLocks(person staff.Person, events []alarmEvent) []kit.Confirmation {
	if !person.Can(staff.SeriesActivate) {
		return nil
	}
	var locks []kit.Confirmation
	asked := map[string]bool{}
	for _, e := range events {
		if e.Series == "" || !e.Active || asked[e.Series] {
			continue
		}
		asked[e.Series] = true
		locks = append(locks, kit.Confirmation{
			ID: "lock-" + e.Series, Opener: lang.M("Lock series ") + e.Series, Title: lang.M("Lock series ") + e.Series + "?", Button: lang.M("Lock series ") + e.Series, Danger: true,
			Action: SeriesURL(e.Series) + "/lock",
			Text:   lang.M("None of its cards can be redeemed until somebody activates it again. Honest customers who have one are refused as well. Balances stay as they are."),
		})
	}
	return locks
}
