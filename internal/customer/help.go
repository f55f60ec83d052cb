package customer

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mailqueue"
	"refill/internal/signin"
)

// Errors of requests for help with signing in.
var (
	errHelpUsername = fault.Field("username", "help_username", "Type your username.")
	ErrHelpBarred   = fault.New(fault.Limited, "help_barred", "Too many requests came from here. Wait an hour, or ask in person.")
)

// helpLimit is the number of requests from one address within an hour.
const helpLimit = 10

// HelpRequest is a request of a person who can't sign in.
type HelpRequest struct {
	Username  string
	Address   netip.Addr
	RequestID string
}

// AskForHelp opens a request that staff of the customer's partner see. Its answer and its work
// are the same whether a customer has the username, so that nobody learns which ones exist.
// beginner must be the pool: the request is charged to the address first.
func AskForHelp(ctx context.Context, beginner db.Beginner, r HelpRequest) error {
	if strings.TrimSpace(r.Username) == "" {
		return errHelpUsername
	}
	scope := audit.AddressScope(r.Address)
	rows, err := db.New().GuessCharge(ctx, beginner, db.GuessChargeParams{
		Who: "help:" + scope, WhoWindow: time.Hour, SoftLimit: helpLimit, FirstPause: time.Hour, TopPause: time.Hour, HardLimit: helpLimit, HardPause: time.Hour,
		Address: "help:ip:" + scope, AddressWindow: time.Hour, AddressLimit: helpLimit,
	})
	if err != nil {
		return fmt.Errorf("charge a request for help: %w", err)
	}
	for _, row := range rows {
		if !row.Allowed {
			return ErrHelpBarred
		}
	}
	mayMail, err := chargeMail(ctx, beginner, signin.Fold(r.Username))
	if err != nil {
		return err
	}
	var from *netip.Addr
	if r.Address.IsValid() {
		from = &r.Address
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, err := db.New().SignInHelpAsk(ctx, tx, db.SignInHelpAskParams{
			Username: signin.Fold(r.Username), Address: from, MayMail: mayMail && db.Mails(tx), MaxAttempts: mailqueue.MaxAttempts,
		})
		if err != nil {
			return fmt.Errorf("ask for help: %w", err)
		}
		return act.Record(ctx, tx, audit.Visitor().From(r.Address, r.RequestID), HelpAsked{act.OfCustomer(row.CustomerID), row.Mailed})
	})
}

// mailLimit is the number of links that one username can have mailed within an hour. Further
// requests go to staff, because the messages seem not to arrive.
const mailLimit = 3

// chargeMail counts a request against the typed username, whether or not it exists, and
// reports whether a message may answer it.
func chargeMail(ctx context.Context, dbtx db.DBTX, username string) (bool, error) {
	who := "help:name:" + username
	rows, err := db.New().GuessCharge(ctx, dbtx, db.GuessChargeParams{
		Who: who, WhoWindow: time.Hour, SoftLimit: mailLimit, FirstPause: time.Hour, TopPause: time.Hour, HardLimit: mailLimit, HardPause: time.Hour,
		Address: who + ":address", AddressWindow: time.Hour, AddressLimit: math.MaxInt32,
	})
	if err != nil {
		return false, fmt.Errorf("charge a message: %w", err)
	}
	for _, row := range rows {
		if !row.Allowed {
			return false, nil
		}
	}
	return true, nil
}

// MailFailed opens the request for staff of a customer to whom a link could not be mailed. id
// is that of the request by e-mail.
func MailFailed(ctx context.Context, dbtx db.DBTX, id int64) error {
	if _, err := db.New().SignInHelpOpen(ctx, dbtx, id); err != nil {
		return fmt.Errorf("ask staff instead of a message: %w", err)
	}
	return nil
}

// CloseHelp closes a customer's request for help without a link. A closed request stays closed.
func CloseHelp(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, _ db.Customer) error {
		n, err := closeHelp(ctx, tx, id)
		if err != nil || n == 0 { // it is closed already
			return err
		}
		return act.Record(ctx, tx, actor, HelpClosed{act.OfCustomer(id)})
	})
}

func closeHelp(ctx context.Context, tx pgx.Tx, id int64) (int64, error) {
	n, err := db.New().SignInHelpClose(ctx, tx, id)
	if err != nil {
		return 0, fmt.Errorf("close a request for help: %w", err)
	}
	return n, nil
}
