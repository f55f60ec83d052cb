package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mail"
	"refill/internal/mailqueue"
)

// Errors of e-mail addresses.
var (
	errMailAddress = fault.Field("mail", "mail_address", "Write your e-mail address like name@example.com, and nothing else in the field.")
	errMailSame    = fault.Field("mail", "mail_same", "This address is confirmed already.")
	// ErrMailLimit refuses further confirmation messages.
	ErrMailLimit = fault.New(fault.Limited, "mail_limit", "Five messages were sent within the last hour. Wait an hour, then try again.")
	// ErrMailLink refuses a confirmation link, with one message for all reasons.
	ErrMailLink = fault.New(fault.NotFound, "mail_link_dead", "This link does not confirm an address of your account. It works once, for an hour, and a newer one replaces it. Enter the address again on the page of your account.")
)

// mailLimit is the number of messages that a member of staff can have sent to themselves
// within an hour, because an address that is not confirmed may be a stranger's.
const mailLimit = 5

// NewMail is a member of staff's request to change their own e-mail address.
type NewMail struct {
	Username string
	Password string
	Address  string
}

// AskMail enters an e-mail address of the actor, which waits for its confirmation. Nothing but
// the confirmation link is sent to it before. beginner must be the pool.
func AskMail(ctx context.Context, beginner db.Beginner, actor audit.Actor, m NewMail) error {
	address := strings.TrimSpace(m.Address)
	if !mail.ValidAddress(address) {
		return errMailAddress
	}
	now, found, err := db.Found(db.New().MailStaffShow(ctx, beginner, actor.Person()))
	if err != nil {
		return fmt.Errorf("read an address: %w", err)
	}
	if found && now.Address == address && now.Pending == "" {
		return errMailSame
	}
	if err := proveOwn(ctx, beginner, actor, "mail-password", m.Username, m.Password); err != nil {
		return err
	}
	if err := ChargeMail(ctx, beginner, actor); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := db.New().MailStaffAsk(ctx, tx, db.MailStaffAskParams{StaffID: actor.Person(), Pending: address}); err != nil {
			return fmt.Errorf("enter an address: %w", err)
		}
		if err := mailqueue.Staff(ctx, tx, mailqueue.StaffArgs{StaffID: actor.Person(), About: mailqueue.Confirm}); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, MailAsked{})
	})
}

// ChargeMail counts a message that the actor has sent to their own address. It returns
// ErrMailLimit after five within an hour. dbtx must be the pool.
func ChargeMail(ctx context.Context, dbtx db.DBTX, actor audit.Actor) error {
	who := fmt.Sprintf("mail:staff:%d", actor.Person())
	rows, err := db.New().GuessCharge(ctx, dbtx, db.GuessChargeParams{
		Who: who, WhoWindow: time.Hour, SoftLimit: mailLimit, FirstPause: time.Hour, TopPause: time.Hour, HardLimit: mailLimit, HardPause: time.Hour,
		Address: who + ":address", AddressWindow: time.Hour, AddressLimit: math.MaxInt32,
	})
	if err != nil {
		return fmt.Errorf("charge a message: %w", err)
	}
	for _, row := range rows {
		if !row.Allowed {
			return ErrMailLimit
		}
	}
	return nil
}

// MailToken draws the token of the confirmation link of an address that waits, and keeps its
// hash. The caller has to send the token to that address alone. An empty token: the address
// waits no more.
func MailToken(ctx context.Context, dbtx db.DBTX, id int64, pending string) (string, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	hash := sha256.Sum256(secret)
	n, err := db.New().MailStaffToken(ctx, dbtx, db.MailStaffTokenParams{StaffID: id, Pending: pending, TokenHash: hash[:]})
	if err != nil {
		return "", fmt.Errorf("keep a confirmation: %w", err)
	}
	if n == 0 {
		return "", nil
	}
	return base64.RawURLEncoding.EncodeToString(secret), nil
}

func mailHash(token string) ([]byte, bool) {
	secret, err := base64.RawURLEncoding.DecodeString(token)
	hash := sha256.Sum256(secret)
	return hash[:], err == nil && len(secret) == 32
}

// FindMail returns the address that a confirmation link of the actor is for, without using
// the link.
func FindMail(ctx context.Context, dbtx db.DBTX, actor audit.Actor, token string) (string, error) {
	hash, ok := mailHash(token)
	if !ok {
		return "", ErrMailLink
	}
	return db.Need(db.New().MailStaffFind(ctx, dbtx, db.MailStaffFindParams{StaffID: actor.Person(), TokenHash: hash})).Or(ErrMailLink, "look up a confirmation")
}

// ConfirmMail confirms the address of a link. Only the member of staff who entered it can use
// the link. The address that it replaces is told.
func ConfirmMail(ctx context.Context, beginner db.Beginner, actor audit.Actor, token string) error {
	hash, ok := mailHash(token)
	if !ok {
		return ErrMailLink
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		q := db.New()
		was, err := db.Need(q.MailStaffLock(ctx, tx, actor.Person())).Or(ErrMailLink, "read an address")
		if err != nil {
			return err
		}
		n, err := q.MailStaffConfirm(ctx, tx, db.MailStaffConfirmParams{StaffID: actor.Person(), TokenHash: hash})
		if err != nil {
			return fmt.Errorf("confirm an address: %w", err)
		}
		if n == 0 {
			return ErrMailLink
		}
		if was.Address != was.Pending {
			if err := tellFormer(ctx, tx, actor.Person(), was.Address); err != nil {
				return err
			}
		}
		return act.Record(ctx, tx, actor, MailConfirmed{})
	})
}

// RemoveMail removes the actor's e-mail address, and one that waits. A confirmed address is
// told.
func RemoveMail(ctx context.Context, beginner db.Beginner, actor audit.Actor) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		q := db.New()
		was, found, err := db.Found(q.MailStaffLock(ctx, tx, actor.Person()))
		if err != nil {
			return fmt.Errorf("read an address: %w", err)
		}
		if !found || was.Address == "" && was.Pending == "" {
			return nil
		}
		if err := q.MailStaffRemove(ctx, tx, actor.Person()); err != nil {
			return fmt.Errorf("remove an address: %w", err)
		}
		if err := tellFormer(ctx, tx, actor.Person(), was.Address); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, MailRemoved{})
	})
}

// tellFormer queues the message to an address that is no longer used.
func tellFormer(ctx context.Context, tx pgx.Tx, id int64, address string) error {
	if address == "" {
		return nil
	}
	former, err := db.New().MailFormerCreate(ctx, tx, db.MailFormerCreateParams{StaffID: id, Address: address})
	if err != nil {
		return fmt.Errorf("keep a former address: %w", err)
	}
	return mailqueue.Staff(ctx, tx, mailqueue.StaffArgs{StaffID: id, About: mailqueue.Former, ID: former})
}

// MailChoice is what a member of staff wants to be told by e-mail.
type MailChoice struct{ Files, Approvals, Alarms bool }

// ChooseMail changes what the actor is told by e-mail.
func ChooseMail(ctx context.Context, beginner db.Beginner, actor audit.Actor, m MailChoice) error {
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		err := db.New().MailStaffChoose(ctx, tx, db.MailStaffChooseParams{StaffID: actor.Person(), Files: m.Files, Approvals: m.Approvals, Alarms: m.Alarms})
		if err != nil {
			return fmt.Errorf("choose messages: %w", err)
		}
		return act.Record(ctx, tx, actor, MailChosen(m))
	})
}
