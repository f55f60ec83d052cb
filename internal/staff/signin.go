package staff

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// What a sign-in can be refused with.
var (
	ErrWrong    = fault.New(fault.Invalid, "sign_in_wrong", "The username and the password don't belong together. Check both and try again.")
	ErrDisabled = fault.New(fault.Invalid, "sign_in_disabled", "This sign-in has been switched off. Ask whoever gave it to you.")
	ErrBarred   = fault.New(fault.Limited, "sign_in_barred", "Too many wrong passwords. Wait a while, then try again.")
)

// Attempt is somebody at a sign-in form.
type Attempt struct {
	Username  string
	Password  string
	Address   netip.Addr
	RequestID string
}

// Account is what a sign-in needs to know of whom the username names. The zero
// Account is nobody.
type Account struct {
	PasswordHash string
	Disabled     bool
	Actor        audit.Actor // for the audit row; its address and request id are filled in
}

// addressLimit is how many sign-ins of one address may fail within an hour.
const addressLimit = 60

// Realm is one of the two doors. Their usernames, limits and audit rows are
// apart: customer "anna" cannot bar staff "anna".
type Realm struct {
	Name string // "staff", "customer": in scopes of limits and audit actions
	Find func(ctx context.Context, dbtx db.DBTX, username string) (Account, error)
}

// SignIn checks a member of staff's username and password and returns the id.
// dbtx must be the pool: the attempt is charged, and stays charged, before
// anything is looked up.
func SignIn(ctx context.Context, dbtx db.DBTX, a Attempt) (int64, error) {
	actor, err := Prove(ctx, dbtx, Realm{Name: "staff", Find: findStaff}, a)
	return actor.StaffID, err
}

func findStaff(ctx context.Context, dbtx db.DBTX, username string) (Account, error) {
	row, err := db.New().StaffGetByUsername(ctx, dbtx, username)
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, nil
	}
	if err != nil {
		return Account{}, fmt.Errorf("find staff: %w", err)
	}
	return Account{
		PasswordHash: row.PasswordHash, Disabled: row.DisabledAt != nil,
		Actor: audit.Actor{StaffID: row.ID},
	}, nil
}

// Prove is the one way to sign in, for staff and customers. It charges the
// attempt first, then looks: a limiter that checks and then counts lets a
// thousand parallel guesses past. Unknown names and wrong passwords get the same
// answer after the same work; only the audit row tells them apart. The actor is who
// signed in.
func Prove(ctx context.Context, dbtx db.DBTX, realm Realm, a Attempt) (audit.Actor, error) {
	username := fold(a.Username)
	who, address := "signin:"+realm.Name+":"+username, "signin:ip:"+audit.AddressScope(a.Address)
	barred, err := charge(ctx, dbtx, who, address)
	if err != nil {
		return audit.Actor{}, err
	}
	var account Account
	if ValidUsername(username) {
		if account, err = realm.Find(ctx, dbtx, username); err != nil {
			return audit.Actor{}, err
		}
	}
	ok, err := matches(ctx, a.Password, account.PasswordHash)
	if err != nil {
		return audit.Actor{}, err
	}

	actor := account.Actor
	actor.Address, actor.RequestID = a.Address, a.RequestID
	switch {
	case ok && !account.Disabled:
		if err := db.New().GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: who, Address: address, AddressLimit: addressLimit}); err != nil {
			return audit.Actor{}, fmt.Errorf("forgive an attempt to sign in: %w", err)
		}
		return actor, audit.Record(ctx, dbtx, actor, audit.Entry{Action: realm.Name + ".signed_in"})
	case ok:
		if err := recordFailure(ctx, dbtx, realm, actor, "disabled", barred); err != nil {
			return audit.Actor{}, err
		}
		return audit.Actor{}, ErrDisabled
	default:
		// A name that belongs to nobody is not written down: people type their
		// password into the wrong field.
		reason := "password"
		if account.PasswordHash == "" {
			reason = "unknown"
		}
		if err := recordFailure(ctx, dbtx, realm, actor, reason, barred); err != nil {
			return audit.Actor{}, err
		}
		return audit.Actor{}, ErrWrong
	}
}

func recordFailure(ctx context.Context, dbtx db.DBTX, realm Realm, actor audit.Actor, reason string, barred bool) error {
	detail := map[string]any{"reason": reason}
	if actor.StaffID != 0 {
		// Nobody has proved to be this person: named, but not as who acted.
		detail["staff_id"], actor.StaffID = actor.StaffID, 0
	}
	if barred {
		detail["barred"] = true
	}
	return audit.Record(ctx, dbtx, actor, audit.Entry{Action: realm.Name + ".sign_in_failed", Detail: detail})
}

// charge counts the attempt against the name and the address, and refuses where
// one of them is barred. It reports whether this attempt set a bar.
func charge(ctx context.Context, dbtx db.DBTX, who, address string) (bool, error) {
	rows, err := db.New().GuessCharge(ctx, dbtx, db.GuessChargeParams{
		// The fifth wrong password costs 30 seconds, then twice as long each
		// time. The pause stays short: somebody else's guesses must not keep
		// a person out for the day.
		Who: who, WhoWindow: time.Hour, SoftLimit: 5, FirstPause: 30 * time.Second, TopPause: 15 * time.Minute,
		HardLimit: 50, HardPause: time.Hour,
		// One address may be a whole office behind one router.
		Address: address, AddressWindow: time.Hour, AddressLimit: addressLimit,
	})
	if err != nil {
		return false, fmt.Errorf("charge an attempt to sign in: %w", err)
	}
	barred := false
	for _, row := range rows {
		if !row.Allowed {
			return false, ErrBarred
		}
		barred = barred || row.BarredUntil != nil
	}
	return barred, nil
}

// fold makes one name of the ways in which people write it, short enough to be
// the name of a limit.
func fold(username string) string {
	username = strings.ToLower(strings.TrimSpace(username))
	if !ValidUsername(username) {
		// Whatever it is, it names nobody; quoted it can be kept.
		username = strconv.QuoteToASCII(username)
	}
	return username[:min(len(username), 80)]
}
