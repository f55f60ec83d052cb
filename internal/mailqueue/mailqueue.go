// Package mailqueue queues e-mail in the transaction of the event that is told. A job holds
// ids alone: package mailing reads what the message says, and whether it is still to be sent,
// when it sends the message. Where the process has no SMTP server nothing is queued.
package mailqueue

import (
	"context"
	"encoding/json"
	"fmt"

	"refill/internal/db"
)

// Queue is the queue of messages.
const Queue = "mail"

// MaxAttempts is the number of attempts, which take a day; see package mailing.
const MaxAttempts = 31

// About says what a message is about.
type About string

// What members of staff are told.
const (
	File       About = "file"        // a file is ready; the id is that of the export
	Approval   About = "approval"    // a request waits; the id is its own
	Theft      About = "theft"       // an alarm about theft; the id is its own
	Books      About = "books"       // a rule of the books is broken; the id is that of the check
	Guess      About = "guess"       // codes are guessed; the id is that of the partner, 0 for all
	Probe      About = "probe"       // a file tries codes; the id is that of the import
	WorkerBack About = "worker-back" // a worker runs again; no id
	Confirm    About = "confirm"     // the link that confirms an address; no id
	Former     About = "former"      // a former address; the id is that of its row
)

// What customers are told.
const (
	Link     About = "link"     // a sign-in link that they asked for; the id is that of the request
	Password About = "password" // their password was changed; no id
)

// StaffArgs are the arguments of the job of a message to a member of staff.
type StaffArgs struct {
	StaffID int64 `json:"staff_id"`
	About   About `json:"about"`
	ID      int64 `json:"id"`
}

// Kind names the job.
func (StaffArgs) Kind() string { return "mail_staff" }

// CustomerArgs are the arguments of the job of a message to a customer.
type CustomerArgs struct {
	CustomerID int64 `json:"customer_id"`
	About      About `json:"about"`
	ID         int64 `json:"id"`
}

// Kind names the job.
func (CustomerArgs) Kind() string { return "mail_customer" }

// Event is something that several members of staff may want to be told.
type Event struct {
	About About
	ID    int64
	Only  int64   // the member of staff whom it concerns alone; 0: all
	But   []int64 // members of staff who are not told
}

// wish is the choice on the page of the account that an event belongs to, with the
// permissions of which a reader needs one.
type wish struct {
	choice      string
	permissions []string
}

// wishes are the choices by event. The permissions are those of package staff, which this
// package can't import.
var wishes = map[About]wish{ //nolint:gochecknoglobals // a table
	File:     {"files", []string{"series.export"}},
	Approval: {"approvals", []string{"series.approve"}},
	Theft:    {"alarms", []string{"alarms.view"}},
	Books:    {"alarms", []string{"jobs.view"}},
	Guess:    {"alarms", []string{"audit.view", "guesses.clear"}},
	Probe:    {"alarms", []string{"audit.view", "guesses.clear"}},
}

// Needs returns the permissions of which a reader of an event needs one.
func Needs(about About) []string { return wishes[about].permissions }

// Tell queues a message for each member of staff who wants to be told of an event.
func Tell(ctx context.Context, dbtx db.DBTX, e Event) error {
	w := wishes[e.About]
	_, err := db.New().MailQueueStaff(ctx, dbtx, db.MailQueueStaffParams{
		About: string(e.About), ID: e.ID, MaxAttempts: MaxAttempts, Choice: w.choice, Permissions: w.permissions,
		Mails: db.Mails(dbtx), OnlyStaff: e.Only, ButStaff: append([]int64{}, e.But...),
	})
	if err != nil {
		return fmt.Errorf("queue messages about %s: %w", e.About, err)
	}
	return nil
}

// Staff queues a message for a member of staff about their own account.
func Staff(ctx context.Context, dbtx db.DBTX, args StaffArgs) error {
	return enqueue(ctx, dbtx, args.Kind(), args)
}

// Customer queues a message for a customer about their own account.
func Customer(ctx context.Context, dbtx db.DBTX, args CustomerArgs) error {
	return enqueue(ctx, dbtx, args.Kind(), args)
}

func enqueue(ctx context.Context, dbtx db.DBTX, kind string, args any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	if _, err := db.New().MailQueue(ctx, dbtx, db.MailQueueParams{Kind: kind, Args: text, MaxAttempts: MaxAttempts, Mails: db.Mails(dbtx)}); err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	return nil
}

// AlarmBegins queues messages about an alarm that lasts, unless it was told within 24 hours
// and is not over. subject tells alarms of a kind apart. It returns whether the alarm is told.
func AlarmBegins(ctx context.Context, dbtx db.DBTX, alarm About, subject int64) (bool, error) {
	n, err := db.New().MailAlarmTell(ctx, dbtx, db.MailAlarmTellParams{Alarm: string(alarm), Subject: subject, Mails: db.Mails(dbtx)})
	if err != nil {
		return false, fmt.Errorf("note an alarm: %w", err)
	}
	return n > 0, nil
}
