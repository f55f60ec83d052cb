package signin

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Errors of sign-ins.
var (
	ErrWrong    = fault.New(fault.Invalid, "sign_in_wrong", "The username and the password don't belong together. Check both and try again.")
	ErrDisabled = fault.New(fault.Invalid, "sign_in_disabled", "This sign-in has been switched off. Ask the person who gave it to you.")
	ErrBarred   = fault.New(fault.Limited, "sign_in_barred", "Too many wrong passwords. You can try again at {from}.")
	// errLast and errPaused are ErrWrong, for the last try before a pause and for the one that
	// starts it.
	errLast   = fault.New(fault.Invalid, "sign_in_wrong_last", "The username and the password don't belong together. 1 try left: after another wrong one you have to wait.")
	errPaused = fault.New(fault.Invalid, "sign_in_wrong_paused", "The username and the password don't belong together, and there were too many wrong ones. You can try again at {from}.")
)

// Attempt is an attempt to sign in.
type Attempt struct {
	Username  string
	Password  string
	Address   netip.Addr
	RequestID string
	// Device is the hash of the token of a known browser; nil: the browser sent none.
	Device []byte
	Zone   *time.Location // of the times in errors; nil: UTC
	// Own says that the person is signed in already and repeats their own password.
	Own bool
}

// Account is what a sign-in needs to know of the account with the username. The zero
// Account means that there is none.
type Account struct {
	PasswordHash string
	Disabled     bool
	ShutOut      int32       // how often all their sessions had been ended when the row was read
	SecondFactor bool        // a second factor is needed besides the password
	Actor        audit.Actor // for the audit row; its address and request id are filled in
}

// AddressLimit is the number of failed sign-ins from one address within an hour, after
// which it is barred.
const AddressLimit = 60

// Realm is a set of accounts with usernames, limits and audit rows of its own: staff or
// customers. Wrong passwords for customer "anna" do not bar staff "anna".
type Realm struct {
	Name string // "staff" or "customer"; part of the keys of limits
	Find func(ctx context.Context, dbtx db.DBTX, username string) (Account, error)
	// FindDevice returns the id of a browser that is known for a username; 0: it is not
	// known.
	FindDevice func(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error)
	// Failed returns the act that records a failed sign-in.
	Failed func(Failure) act.Act
}

// Failure is the audit detail of a failed sign-in.
type Failure struct {
	Reason  string `json:"reason"`             // "password", "unknown", "disabled", or the code of a fault
	StaffID int64  `json:"staff_id,omitempty"` // whose sign-in was tried; not proved to be the actor
	Barred  bool   `json:"barred,omitempty"`   // this failure started a bar
}

// scopes returns the keys that an attempt is counted under: the username and the address.
// A known browser of the person, and a person who is signed in, have separate keys, which
// guesses from elsewhere do not reach.
func (r Realm) scopes(ctx context.Context, dbtx db.DBTX, a Attempt) (who, address string, err error) {
	username := Fold(a.Username)
	if a.Own {
		who = "signin:own:" + r.Name + ":" + username
		return who, who + ":address", nil
	}
	if a.Device != nil && ValidUsername(username) {
		id, err := r.FindDevice(ctx, dbtx, a.Device, username)
		if err != nil {
			return "", "", err
		}
		if id != 0 {
			who = fmt.Sprintf("signin:device:%d", id)
			return who, who + ":address", nil
		}
	}
	return "signin:" + r.Name + ":" + username, "signin:ip:" + audit.AddressScope(a.Address), nil
}

// Entry is the result of a right password: a full sign-in, or the second step where a
// second factor is set up. All sessions of the account may be ended while the password is
// checked, so a session may start only while the account's ShutOut equals this one.
type Entry struct {
	ID      int64  // who it was
	ShutOut int32  // the account's count when its password was checked
	Step    string // token of the second step; empty: no second factor
}

// Prove is the only way to check a password, for staff and customers. It charges the
// attempt before it looks anything up; a limiter that checks first and counts afterwards
// lets parallel guesses through. Unknown usernames and wrong passwords get the same answer
// after the same work, and only the audit row tells them apart. The caller acts on a right
// password and records that. Account.Actor is the person.
func Prove(ctx context.Context, dbtx db.DBTX, realm Realm, a Attempt) (Account, error) {
	username := Fold(a.Username)
	who, address, err := realm.scopes(ctx, dbtx, a)
	if err != nil {
		return Account{}, err
	}
	charged, err := charge(ctx, dbtx, PasswordLimit(who, address), a.Zone)
	if err != nil {
		return Account{}, err
	}
	barred := charged.until != nil
	var account Account
	if ValidUsername(username) {
		if account, err = realm.Find(ctx, dbtx, username); err != nil {
			return Account{}, err
		}
	}
	ok, err := Matches(ctx, a.Password, account.PasswordHash)
	if err != nil {
		return Account{}, err
	}
	account.Actor.Address, account.Actor.RequestID = a.Address, a.RequestID
	switch {
	case ok && !account.Disabled:
		return account, Forgive(ctx, dbtx, who, address)
	case ok:
		if err := RecordFailure(ctx, dbtx, realm.Failed, account.Actor, "disabled", barred); err != nil {
			return Account{}, err
		}
		return Account{}, ErrDisabled
	default:
		// An unknown username is not logged, because people sometimes type their password
		// into the wrong field.
		reason := "password"
		if account.PasswordHash == "" {
			reason = "unknown"
		}
		if err := RecordFailure(ctx, dbtx, realm.Failed, account.Actor, reason, barred); err != nil {
			return Account{}, err
		}
		return Account{}, charged.wrong(a.Zone)
	}
}

// wrong is the error of a wrong password. It says how near the next pause is, which depends
// on the typed username alone, not on whether an account has it.
func (c charged) wrong(zone *time.Location) error {
	switch {
	case c.until != nil:
		return errPaused.With("from", clock(*c.until, zone)).Because(ErrWrong)
	case c.left == 1:
		return errLast.Because(ErrWrong)
	}
	return ErrWrong
}

// clock is the end of a pause in whole seconds.
func clock(until time.Time, zone *time.Location) fault.Clock {
	if zone == nil {
		zone = time.UTC
	}
	return fault.Clock(until.Add(time.Second - 1).Truncate(time.Second).In(zone))
}

// RecordFailure records a failed sign-in in the audit trail. The detail names the member
// of staff; the actor is a visitor, because the identity is not proved.
func RecordFailure(ctx context.Context, dbtx db.DBTX, failed func(Failure) act.Act, actor audit.Actor, reason string, barred bool) error {
	failure := Failure{Reason: reason, StaffID: actor.Person(), Barred: barred}
	if actor.CustomerID() == 0 {
		actor = audit.Visitor().From(actor.Address, actor.RequestID)
	}
	return act.Record(ctx, dbtx, actor, failed(failure))
}

// PasswordLimit returns the limit on wrong passwords: the fifth costs a pause of 30
// seconds, and each further one twice as long. The longest pause is short, so that guesses
// by others don't keep the owner out for a day.
func PasswordLimit(who, address string) db.GuessChargeParams {
	return db.GuessChargeParams{
		Who: who, WhoWindow: time.Hour, SoftLimit: 5, FirstPause: 30 * time.Second, TopPause: 15 * time.Minute,
		HardLimit: 50, HardPause: time.Hour,
		// One address may be a whole office behind one router.
		Address: address, AddressWindow: time.Hour, AddressLimit: AddressLimit,
	}
}

// Charge counts an attempt against username and address, and refuses it where one of them
// is barred. It reports whether this attempt started a bar.
func Charge(ctx context.Context, dbtx db.DBTX, limit db.GuessChargeParams) (bool, error) {
	c, err := charge(ctx, dbtx, limit, nil)
	return c.until != nil, err
}

// charged is what an attempt has left.
type charged struct {
	left  int32      // tries of the username before a pause
	until *time.Time // end of the pause that this attempt started; nil: it started none
}

// charge is Charge with what is left.
func charge(ctx context.Context, dbtx db.DBTX, limit db.GuessChargeParams, zone *time.Location) (charged, error) {
	rows, err := db.New().GuessCharge(ctx, dbtx, limit)
	if err != nil {
		return charged{}, fmt.Errorf("charge an attempt to sign in: %w", err)
	}
	var c charged
	for _, row := range rows {
		if !row.Allowed {
			return charged{}, ErrBarred.With("from", clock(*row.BarredUntil, zone))
		}
		if row.Scope == limit.Who {
			c.left = limit.SoftLimit - row.N
		}
		if row.BarredUntil != nil && (c.until == nil || row.BarredUntil.After(*c.until)) {
			c.until = row.BarredUntil
		}
	}
	return c, nil
}

// Forgive removes the charge of an attempt that succeeded.
func Forgive(ctx context.Context, dbtx db.DBTX, who, address string) error {
	if err := db.New().GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: []string{who}, Attempts: 1, Address: address, AddressLimit: AddressLimit}); err != nil {
		return fmt.Errorf("forgive an attempt to sign in: %w", err)
	}
	return nil
}

// Fold normalises a username: all its spellings share one limit, and the result is short
// enough for a key.
func Fold(username string) string {
	username = strings.ToLower(strings.TrimSpace(username))
	if !ValidUsername(username) {
		// No account has such a username; quoted it is valid text for the database.
		username = strconv.QuoteToASCII(username)
	}
	return username[:min(len(username), 80)]
}
