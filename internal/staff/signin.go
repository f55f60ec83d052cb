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
	// Device is the hash of the token of a known browser; nil: it showed none.
	Device []byte
	// Own says that the person is signed in and shows their own password once more.
	Own bool
}

// Account is what a sign-in needs to know of whom the username names. The zero
// Account is nobody.
type Account struct {
	PasswordHash string
	Disabled     bool
	ShutOut      int32       // how often their sign-ins had been ended when it was read
	SecondFactor bool        // the password alone does not let them in
	Actor        audit.Actor // for the audit row; its address and request id are filled in
}

// addressLimit is how many sign-ins of one address may fail within an hour.
const addressLimit = 60

// Realm is one of the two doors. Their usernames, limits and audit rows are
// apart: customer "anna" cannot bar staff "anna".
type Realm struct {
	Name string // "staff", "customer": in scopes of limits and audit actions
	Find func(ctx context.Context, dbtx db.DBTX, username string) (Account, error)
	// FindDevice returns the row of a browser that is known for a name; 0: it is not.
	FindDevice func(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error)
}

// scopes returns what an attempt is counted against. From where nobody is known it is
// the name and the address. A browser that this very person signed in from before, and
// a person who is signed in, have counts that no guess from elsewhere reaches.
func (r Realm) scopes(ctx context.Context, dbtx db.DBTX, a Attempt) (who, address string, err error) {
	username := fold(a.Username)
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

// Entry is what a right password opens: everything, or the step for the code of a
// second factor. Checking takes a while, in which all their sign-ins may be ended: a
// session begins only while ShutOut still holds.
type Entry struct {
	ID      int64  // who it was
	ShutOut int32  // as of their account when it was checked
	Step    string // token of the second step; empty: there is none
}

// SignIn checks a member of staff's username and password. Who has a second
// factor is not in yet: see EnterCode. dbtx must be the pool: the attempt is
// charged, and stays charged, before anything is looked up.
func SignIn(ctx context.Context, dbtx db.DBTX, a Attempt) (Entry, error) {
	account, err := Prove(ctx, dbtx, staffRealm(), a)
	if err != nil {
		return Entry{}, err
	}
	if account.SecondFactor {
		return startStep(ctx, dbtx, account)
	}
	return Entry{ID: account.Actor.StaffID, ShutOut: account.ShutOut}, audit.Record(ctx, dbtx, account.Actor, audit.Entry{Action: "staff.signed_in"})
}

func staffRealm() Realm { return Realm{Name: "staff", Find: findStaff, FindDevice: findDevice} }

func findStaff(ctx context.Context, dbtx db.DBTX, username string) (Account, error) {
	row, err := db.New().StaffGetByUsername(ctx, dbtx, username)
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, nil
	}
	if err != nil {
		return Account{}, fmt.Errorf("find staff: %w", err)
	}
	return Account{
		PasswordHash: row.PasswordHash, Disabled: row.DisabledAt != nil, ShutOut: row.ShutOut, SecondFactor: row.SecondFactor,
		Actor: audit.Actor{StaffID: row.ID},
	}, nil
}

// Prove is the one way to check a password, for staff and customers. It charges
// the attempt first, then looks: a limiter that checks and then counts lets a
// thousand parallel guesses past. Unknown names and wrong passwords get the same
// answer after the same work; only the audit row tells them apart. What a right one
// opens is for the caller to do and to record; the account's actor is who it was.
func Prove(ctx context.Context, dbtx db.DBTX, realm Realm, a Attempt) (Account, error) {
	username := fold(a.Username)
	who, address, err := realm.scopes(ctx, dbtx, a)
	if err != nil {
		return Account{}, err
	}
	barred, err := charge(ctx, dbtx, passwordLimit(who, address))
	if err != nil {
		return Account{}, err
	}
	var account Account
	if ValidUsername(username) {
		if account, err = realm.Find(ctx, dbtx, username); err != nil {
			return Account{}, err
		}
	}
	ok, err := matches(ctx, a.Password, account.PasswordHash)
	if err != nil {
		return Account{}, err
	}
	account.Actor.Address, account.Actor.RequestID = a.Address, a.RequestID
	switch {
	case ok && !account.Disabled:
		return account, forgive(ctx, dbtx, who, address)
	case ok:
		if err := recordFailure(ctx, dbtx, realm.Name+".sign_in_failed", account.Actor, "disabled", barred); err != nil {
			return Account{}, err
		}
		return Account{}, ErrDisabled
	default:
		// A name that belongs to nobody is not written down: people type their
		// password into the wrong field.
		reason := "password"
		if account.PasswordHash == "" {
			reason = "unknown"
		}
		if err := recordFailure(ctx, dbtx, realm.Name+".sign_in_failed", account.Actor, reason, barred); err != nil {
			return Account{}, err
		}
		return Account{}, ErrWrong
	}
}

func recordFailure(ctx context.Context, dbtx db.DBTX, action string, actor audit.Actor, reason string, barred bool) error {
	detail := map[string]any{"reason": reason}
	if actor.StaffID != 0 {
		// Nobody has proved to be this person: named, but not as who acted.
		detail["staff_id"], actor.StaffID = actor.StaffID, 0
	}
	if barred {
		detail["barred"] = true
	}
	return audit.Record(ctx, dbtx, actor, audit.Entry{Action: action, Detail: detail})
}

// passwordLimit: the fifth wrong password costs 30 seconds, then twice as long
// each time. The pause stays short: somebody else's guesses must not keep a person
// out for the day.
func passwordLimit(who, address string) db.GuessChargeParams {
	return db.GuessChargeParams{
		Who: who, WhoWindow: time.Hour, SoftLimit: 5, FirstPause: 30 * time.Second, TopPause: 15 * time.Minute,
		HardLimit: 50, HardPause: time.Hour,
		// One address may be a whole office behind one router.
		Address: address, AddressWindow: time.Hour, AddressLimit: addressLimit,
	}
}

// charge counts an attempt against the name and the address, and refuses where
// one of them is barred. It reports whether this attempt set a bar.
func charge(ctx context.Context, dbtx db.DBTX, limit db.GuessChargeParams) (bool, error) {
	rows, err := db.New().GuessCharge(ctx, dbtx, limit)
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

// forgive takes a charge back: it was right.
func forgive(ctx context.Context, dbtx db.DBTX, who, address string) error {
	if err := db.New().GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: who, Address: address, AddressLimit: addressLimit}); err != nil {
		return fmt.Errorf("forgive an attempt to sign in: %w", err)
	}
	return nil
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
