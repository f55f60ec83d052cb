package admin

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/theft"
	"refill/internal/web/kit"
)

// alarmListPage is the list of theft alarms: either the open or the acknowledged ones.
type alarmListPage struct {
	kit.Page
	Words []kit.FilterWord
	Rows  []alarmView
	Open  bool
	Pager kit.Pager
	Empty kit.Empty
}

// alarmPage is the page of one alarm, with the events behind it and the actions it offers.
type alarmPage struct {
	kit.Page
	Alarm       alarmView
	Means, Todo string
	Refused     bool // the events are refused attempts, not redemptions
	Events      []alarmEvent
	More        bool               // there are more events than Events lists
	Locks       []kit.Confirmation // series that can be locked
	Disable     bool               // the remaining cards of the serial range can be disabled
	AuditURL    string
	CanClose    bool
	Reason      kit.Field
	Mistakes    []kit.Mistake
}

// alarmEvent is one redemption or attempt behind an alarm.
type alarmEvent struct {
	At          time.Time
	Series      string // empty: the viewer may not see it
	CardURL     string
	Serial      int64
	Active      bool // the series is active
	Price       string
	Customer    string
	CustomerURL string
	Address     string
}

const (
	alarmsPerPage = 50
	// alarmEvents is the number of events that the page of an alarm lists.
	alarmEvents = 200
	// stateAcknowledged is the value of the state filter for acknowledged alarms.
	stateAcknowledged = "acknowledged"
)

// AlarmList handles GET …/refill-cards/alarms.
func (s *Server) AlarmList(c *gin.Context) error {
	ctx := c.Request.Context()
	p := &alarmListPage{Page: s.Page(c, lang.M("Alarms"), SectionAlarms), Open: c.Query("state") != stateAcknowledged}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	params := db.TheftAlarmListParams{
		State: db.TheftAlarmStateOpen, BeforeID: math.MaxInt64, Size: alarmsPerPage + 1,
		AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs,
	}
	state := ""
	if !p.Open {
		params.State, state = db.TheftAlarmStateAcknowledged, stateAcknowledged
	}
	if before, ok := idParam(c, "before"); ok {
		params.BeforeID, p.Pager.Newer = before, kit.ListURL(SectionAlarms, "state", state)
	}
	rows, err := db.New().TheftAlarmList(ctx, s.Pool, params)
	if err != nil {
		return err
	}
	for _, row := range rows[:min(len(rows), alarmsPerPage)] {
		p.Rows = append(p.Rows, viewAlarm(row, settings.Currency))
	}
	if len(rows) > alarmsPerPage {
		p.Pager.Older = kit.ListURL(SectionAlarms, "state", state, "before", fmt.Sprint(rows[alarmsPerPage-1].TheftAlarm.ID))
	}
	p.Words = []kit.FilterWord{{Text: lang.M("Open"), URL: SectionAlarms, Current: p.Open}, {Text: lang.M("Acknowledged"), URL: kit.ListURL(SectionAlarms, "state", stateAcknowledged), Current: !p.Open}}
	p.Empty = kit.Empty{Icon: "shield-check", Title: lang.M("No open alarm"), Text: lang.M("Redemptions that look like a stolen box, or codes that got out, stand here. Settings → Theft alarms has the rules.")}
	if !p.Open {
		p.Empty = kit.Empty{Icon: "history", Title: lang.M("None yet"), Text: lang.M("Alarms that somebody looked into stand here, with the reason.")}
	}
	return s.Render(c, http.StatusOK, "admin/alarm_list", p)
}

// AlarmShow handles GET …/refill-cards/alarms/:id.
func (s *Server) AlarmShow(c *gin.Context) error {
	p, err := s.newAlarmPage(c)
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/alarm_show", p)
}

// newAlarmPage reads the alarm named in the address. It returns theft.ErrNoAlarm for an
// alarm outside the viewer's partners.
func (s *Server) newAlarmPage(c *gin.Context) (*alarmPage, error) {
	ctx, person := c.Request.Context(), s.Person(c)
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return nil, theft.ErrNoAlarm
	}
	row, err := db.Need(db.New().TheftAlarmGet(ctx, s.Pool, db.TheftAlarmGetParams{ID: id, AllPartners: person.Scope.AllPartners, PartnerIds: person.Scope.PartnerIDs})).Or(theft.ErrNoAlarm, "read an alarm")
	if err != nil {
		return nil, err
	}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	v, rule := viewAlarm(db.TheftAlarmListRow(row), settings.Currency), theft.Rule(row.TheftAlarm.Rule)
	p := &alarmPage{Page: s.Page(c, v.Title, SectionAlarms), Alarm: v}
	words := alarmWords(rule)
	p.Means, p.Todo = words.Means, words.Todo
	p.Refused = rule == theft.Early || rule == theft.Locked || rule == theft.Copied
	if err := s.alarmEvents(ctx, p, row.TheftAlarm, settings.Currency); err != nil {
		return nil, err
	}
	p.Locks = alarmLocks(person, p.Events)
	p.Disable = v.FirstSerial > 0 && person.Can(staff.CardsChange)
	if person.Can(staff.AuditView) {
		p.AuditURL = alarmTrail(row.TheftAlarm, v, p.Refused, kit.Zone(settings.TimeZone))
	}
	p.CanClose = v.Open && person.Can(staff.AlarmsAcknowledge) && (row.TheftAlarm.StaffID == nil || *row.TheftAlarm.StaffID != person.ID)
	p.Reason = kit.Field{Name: "reason", Label: lang.M("What you found out"), Required: true, MaxLength: 300, Rows: 2, Hint: lang.M("Kept for good. What the alarm counted counts no more: only what comes after raises another.")}
	return p, nil
}

// alarmEvents adds the events behind an alarm to the page.
func (s *Server) alarmEvents(ctx context.Context, p *alarmPage, a db.TheftAlarm, currency string) error {
	q, scope := db.New(), p.Person.Scope
	add := func(e alarmEvent, series *string, state *db.SeriesState, price *int64, customerID *int64, customer *string) {
		if series != nil && state != nil && price != nil {
			e.Series, e.Active = *series, *state == db.SeriesStateActive
			e.CardURL = fmt.Sprintf("%s/cards/%d", SeriesURL(e.Series), e.Serial)
			e.Price = money.Amount{Minor: *price, Currency: currency}.String()
		}
		if customerID != nil && customer != nil {
			e.Customer, e.CustomerURL = *customer, CustomerURL(*customerID)
		}
		p.Events = append(p.Events, e)
	}
	if a.StaffID != nil {
		rows, err := q.TheftAlarmReveals(ctx, s.Pool, db.TheftAlarmRevealsParams{StaffID: a.StaffID, Since: a.FirstAt, Until: a.LastAt, Size: alarmEvents + 1})
		for _, row := range rows[:min(len(rows), alarmEvents)] {
			add(alarmEvent{At: row.At, Serial: int64(row.Serial)}, &row.SeriesNumber, &row.SeriesState, &row.Price, &row.CustomerID, &row.CustomerName)
		}
		p.More = len(rows) > alarmEvents
		return err
	}
	params := db.TheftAlarmEventsParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Since: a.FirstAt, Until: a.LastAt, Size: alarmEvents + 1,
		SeriesID: a.SeriesID, CustomerID: a.CustomerID, Network: a.Network,
	}
	if a.FirstSerial != nil && a.LastSerial != nil {
		params.FirstSerial, params.LastSerial = *a.FirstSerial, *a.LastSerial
	}
	if p.Refused {
		params.Refusal = a.Rule
	}
	rows, err := q.TheftAlarmEvents(ctx, s.Pool, params)
	for _, row := range rows[:min(len(rows), alarmEvents)] {
		e := alarmEvent{At: row.At}
		if row.Serial != nil {
			e.Serial = int64(*row.Serial)
		}
		if row.Address != nil {
			e.Address = row.Address.String()
		}
		add(e, row.SeriesNumber, row.SeriesState, row.Price, row.CustomerID, row.CustomerName)
	}
	p.More = len(rows) > alarmEvents
	return err
}

// alarmTrail returns the address of the audit trail, filtered to the entries behind an
// alarm.
func alarmTrail(a db.TheftAlarm, v alarmView, refused bool, in *time.Location) string {
	what := "card.redeemed"
	switch {
	case a.StaffID != nil:
		return kit.ListURL(SectionAudit, "what", "card.revealed", "who", fmt.Sprint(*a.StaffID))
	case refused:
		what = "card.refused"
	}
	customerID := ""
	if a.CustomerID != nil {
		customerID = fmt.Sprint(*a.CustomerID)
	}
	address := a.Network
	if len(address) > 3 && address[len(address)-3:] == "/64" {
		address = "" // the filter accepts a single address, not a network
	}
	return kit.ListURL(SectionAudit, "what", what, "series", v.Series, "customer", customerID, "address", address,
		"from", v.First.In(in).Format(time.DateOnly), "to", v.Last.In(in).Format(time.DateOnly))
}

// AlarmAcknowledge handles POST …/refill-cards/alarms/:id/acknowledge.
func (s *Server) AlarmAcknowledge(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newAlarmPage(c)
	if err != nil {
		return err
	}
	err = s.theft.Acknowledge(c.Request.Context(), s.Actor(c), p.Alarm.ID, form.Get("reason"))
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("The alarm is acknowledged."))
		return s.Redirect(c, SectionAlarms)
	case fault.KindOf(err) == fault.Conflict:
		s.SetFaultFlash(c, err)
		return s.Redirect(c, p.Alarm.URL)
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p.Reason.Value = kit.Truncate(form.Get("reason"), 1200)
	p.Mistakes = kit.Explain(err, &p.Reason)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/alarm_show", p)
}

// homeTheft adds the newest open theft alarms to the dashboard.
func (s *Server) homeTheft(ctx context.Context, p *homePage, settings setting.Settings) error {
	const shown = 3
	rows, err := db.New().TheftAlarmList(ctx, s.Pool, db.TheftAlarmListParams{
		State: db.TheftAlarmStateOpen, BeforeID: math.MaxInt64, Size: alarmsPerPage + 1,
		AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs,
	})
	if err != nil {
		return err
	}
	for _, row := range rows[:min(len(rows), shown)] {
		v := viewAlarm(row, settings.Currency)
		p.Alarms = append(p.Alarms, alarm{Text: lang.M("This looks like theft: ") + v.Title + ".", URL: v.URL, Link: lang.M("See what to do")})
	}
	if more := len(rows) - shown; more > 0 {
		words := kit.Count(int64(more), lang.M("more alarm about theft is"), lang.M("more alarms about theft are")) + " open."
		if len(rows) > alarmsPerPage {
			words = fmt.Sprintf(lang.M("More than %d alarms about theft are open."), alarmsPerPage)
		}
		p.Alarms = append(p.Alarms, alarm{Text: words, URL: SectionAlarms, Link: lang.M("See them all")})
	}
	return nil
}
