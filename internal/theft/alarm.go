package theft

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mailqueue"
)

// Errors of an acknowledgement.
var (
	ErrNoAlarm      = fault.New(fault.NotFound, "alarm_unknown", "There is no such alarm.")
	ErrAcknowledged = fault.New(fault.Conflict, "alarm_acknowledged", "This alarm was acknowledged already.")
	ErrOwn          = fault.New(fault.Conflict, "alarm_own", "This alarm is about codes that you had shown. Another person has to acknowledge it; where there is none, it is closed on the host: refill alarm.")
	ErrShared       = fault.New(fault.Conflict, "alarm_shared", "You and the person whom this alarm is about may be one person: within the last 30 days one of you, or the same third person, set the sign-in, password or second factor of the other. Another person has to acknowledge it.")
)

// finding is the result of a rule about one subject.
type finding struct {
	rule                    Rule
	subject                 string // by id
	seriesID                int64
	firstSerial, lastSerial int32
	customerID, staffID     int64
	network                 string
	partners                []int64 // the partners whose customers are concerned
	from, to                time.Time
	cards, customers        int32
	value                   int64 // minor units
	usual                   int32
}

// subjectOf returns the key of a rule's subject, the same for every finding about it.
func subjectOf(rule Rule, of string) string { return string(rule) + ":" + of }

func subjectID(rule Rule, id int64) string { return subjectOf(rule, strconv.FormatInt(id, 10)) }

// raise creates an alarm, or extends the open alarm about the same subject. The
// transaction holds the cursor's row, so no other worker does the same.
func (w *watch) raise(ctx context.Context, tx pgx.Tx, f finding, open int64) error {
	q := w.s.q
	if open == 0 && f.rule != Run {
		id, _, err := db.Found(q.TheftAlarmOpen(ctx, tx, db.TheftAlarmOpenParams{Rule: string(f.rule), Subject: f.subject}))
		if err != nil {
			return fmt.Errorf("look for an open alarm: %w", err)
		}
		open = id
	}
	if open != 0 {
		err := q.TheftAlarmExtend(ctx, tx, db.TheftAlarmExtendParams{
			ID: open, FirstSerial: some(f.firstSerial), LastSerial: some(f.lastSerial), FirstAt: f.from, LastAt: f.to,
			Cards: f.cards, Customers: f.customers, Value: f.value, PartnerIds: f.partners,
		})
		if err != nil {
			return fmt.Errorf("extend an alarm: %w", err)
		}
		return nil
	}
	id, err := q.TheftAlarmRaise(ctx, tx, db.TheftAlarmRaiseParams{
		Rule: string(f.rule), Subject: f.subject, SeriesID: some(f.seriesID), FirstSerial: some(f.firstSerial), LastSerial: some(f.lastSerial),
		CustomerID: some(f.customerID), StaffID: some(f.staffID), Network: f.network, PartnerIds: f.partners,
		FirstAt: f.from, LastAt: f.to, Cards: f.cards, Customers: f.customers, Value: f.value, Usual: f.usual,
	})
	if err != nil {
		return fmt.Errorf("raise an alarm: %w", err)
	}
	w.raised = append(w.raised, raised{id, f.rule, f.cards})
	if err := mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.Theft, ID: id}); err != nil {
		return err
	}
	return act.Record(ctx, tx, audit.System(), Raised{
		Subject: act.Subject{CustomerID: f.customerID, SeriesID: f.seriesID},
		Alarm:   id, Rule: f.rule, Cards: f.cards, FirstSerial: f.firstSerial, LastSerial: f.lastSerial,
	})
}

// Acknowledge closes an alarm with a reason. The events that it counted are excluded from
// later counts, so that only new events raise another alarm.
func (s *Service) Acknowledge(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	person := actor.Person()
	if person == 0 && !actor.IsSystem() {
		return audit.ErrNeedsStaff
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		if err := s.q.TheftAlarmLock(ctx, tx, id); err != nil {
			return fmt.Errorf("lock an alarm: %w", err)
		}
		row, err := db.Need(s.q.TheftAlarmGet(ctx, tx, db.TheftAlarmGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})).Or(ErrNoAlarm, "read an alarm")
		alarm := row.TheftAlarm
		switch {
		case err != nil:
			return err
		case alarm.State != db.TheftAlarmStateOpen:
			return ErrAcknowledged
		case alarm.StaffID != nil && *alarm.StaffID == person:
			return ErrOwn
		}
		if alarm.StaffID != nil {
			shared, err := approval.Shared(ctx, tx, person, *alarm.StaffID)
			if err != nil {
				return err
			}
			if shared {
				return ErrShared
			}
		}
		if n := utf8.RuneCountInString(reason); n < 3 || n > 300 {
			return fault.Field("reason", "reason", "Give a reason of 3 to 300 characters; it is kept for good.")
		}
		if _, err := s.q.TheftAlarmAcknowledge(ctx, tx, db.TheftAlarmAcknowledgeParams{ID: id, StaffID: actor.Staff(), Reason: reason}); err != nil {
			return fmt.Errorf("acknowledge an alarm: %w", err)
		}
		return act.Record(ctx, tx, actor, Acknowledged{
			Subject: act.Subject{CustomerID: db.Deref(alarm.CustomerID), SeriesID: db.Deref(alarm.SeriesID)},
			Alarm:   id, Rule: Rule(alarm.Rule), Reason: reason,
		})
	})
}

// some returns a value for a nullable column; zero: null.
func some[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
