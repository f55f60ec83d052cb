package customer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// ErrLink answers for every link that lets nobody in, whatever the reason.
var ErrLink = fault.New(fault.NotFound, "link_dead", "This link has been used or has expired. Ask whoever gave it to you for a new one.")

// ErrLinkBarred answers an address that has tried too many links.
var ErrLinkBarred = fault.New(fault.Limited, "link_barred", "Too many links from here did not work. Wait an hour, then try again.")

// The lifetimes of a link.
const (
	shortestLink = time.Hour
	longestLink  = 7 * 24 * time.Hour
)

// SetPassword gives a customer a password that staff chose. Every session ends, and
// wrong passwords of before are forgotten.
func SetPassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, password string) error {
	row, err := find(ctx, beginner, actor, id)
	if err != nil {
		return err // before the work of hashing
	}
	names, err := staff.KnownNames(ctx, beginner, row.Username)
	if err != nil {
		return err
	}
	if err := staff.ValidPassword(password, staff.LeastForCustomers, names); err != nil {
		return err
	}
	hash, err := staff.Hash(password)
	if err != nil {
		return err
	}
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if _, err := savePassword(ctx, tx, id, was.Username, hash); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.password_set", CustomerID: id})
	})
}

// savePassword stores a password and ends every session. It returns what shutOut does.
func savePassword(ctx context.Context, tx pgx.Tx, id int64, username, hash string) (int32, error) {
	q := db.New()
	if err := q.CustomerSetPassword(ctx, tx, db.CustomerSetPasswordParams{ID: id, PasswordHash: hash}); err != nil {
		return 0, fmt.Errorf("set a password: %w", passwordKept(err))
	}
	n, err := shutOut(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if _, err := q.GuessClear(ctx, tx, "signin:customer:"+username); err != nil {
		return 0, fmt.Errorf("forget wrong passwords: %w", err)
	}
	return n, nil
}

// NewLink makes a link that lets a customer into the portal once, and returns its
// token: the only time that anybody sees it. The one before stops working.
func NewLink(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, lifetime time.Duration) (string, error) {
	if lifetime < shortestLink || lifetime > longestLink {
		return "", fault.Field("lifetime", "link_lifetime", "Choose how long the link works from the list.")
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	token := base64.RawURLEncoding.EncodeToString(secret)
	hash, _ := linkHash(token)
	err := change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if was.DisabledAt != nil {
			return fault.New(fault.Conflict, "customer_disabled", "This customer is disabled. Enable the customer first.")
		}
		q := db.New()
		if err := q.CustomerLinkDelete(ctx, tx, id); err != nil {
			return fmt.Errorf("take back a link: %w", err)
		}
		err := q.CustomerLinkCreate(ctx, tx, db.CustomerLinkCreateParams{TokenHash: hash, CustomerID: id, StaffID: actor.Staff(), Lifetime: lifetime})
		if err != nil {
			return fmt.Errorf("make a link: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.link_made", CustomerID: id, Detail: map[string]any{"hours": int(lifetime.Hours())}})
	})
	return token, err
}

// Link is somebody at the address of a link.
type Link struct {
	Token     string
	Address   netip.Addr
	RequestID string
}

// FindLink says whose link it is, without using it: programs that scan mail open
// every address that they see. dbtx must be the pool: the attempt is charged first.
func FindLink(ctx context.Context, dbtx db.DBTX, l Link) (db.CustomerLinkFindRow, error) {
	hash, ok := linkHash(l.Token)
	if err := l.charge(ctx, dbtx); err != nil {
		return db.CustomerLinkFindRow{}, err
	}
	if !ok {
		return db.CustomerLinkFindRow{}, ErrLink
	}
	row, err := db.New().CustomerLinkFind(ctx, dbtx, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrLink
	}
	if err != nil {
		return row, fmt.Errorf("look up a link: %w", err)
	}
	return row, l.forgive(ctx, dbtx)
}

// UseLink lets a customer in, once, and returns who is in. With a password it becomes
// theirs; one that does not hold leaves the link as it was.
func UseLink(ctx context.Context, beginner db.Beginner, l Link, password string) (staff.Entry, error) {
	var in staff.Entry
	hash, ok := linkHash(l.Token)
	if err := l.charge(ctx, beginner); err != nil {
		return in, err
	}
	if !ok {
		return in, ErrLink
	}
	var passwordHash string
	if password != "" {
		row, err := db.New().CustomerLinkFind(ctx, beginner, hash)
		if errors.Is(err, pgx.ErrNoRows) {
			return in, ErrLink // before the work of hashing
		}
		if err != nil {
			return in, fmt.Errorf("look up a link: %w", err)
		}
		names, err := staff.KnownNames(ctx, beginner, row.Username)
		if err != nil {
			return in, err
		}
		if err := staff.ValidPassword(password, staff.LeastForCustomers, names); err != nil {
			return in, err
		}
		if passwordHash, err = staff.Hash(password); err != nil {
			return in, err
		}
	}
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, err := db.New().CustomerLinkUse(ctx, tx, hash)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrLink
		}
		if err != nil {
			return fmt.Errorf("use a link: %w", err)
		}
		in = staff.Entry{ID: row.ID, ShutOut: row.ShutOut}
		if passwordHash != "" {
			if in.ShutOut, err = savePassword(ctx, tx, row.ID, row.Username, passwordHash); err != nil {
				return err
			}
		}
		actor := audit.Actor{CustomerID: row.ID, Address: l.Address, RequestID: l.RequestID}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.link_used", Detail: map[string]any{"password": passwordHash != ""}})
	})
	if err != nil {
		return staff.Entry{}, err
	}
	return in, l.forgive(ctx, beginner)
}

// linkHash is what the table knows a token by.
func linkHash(token string) ([]byte, bool) {
	secret, err := base64.RawURLEncoding.DecodeString(token)
	hash := sha256.Sum256(secret)
	return hash[:], err == nil && len(secret) == 32
}

// linkLimit is how many links of one address may fail within an hour. Nobody
// guesses 256 bits; this keeps those who try from costing anything.
const linkLimit = 30

func (l Link) scopes() (who, address string) {
	scope := audit.AddressScope(l.Address)
	return "link:" + scope, "link:ip:" + scope
}

func (l Link) charge(ctx context.Context, dbtx db.DBTX) error {
	who, address := l.scopes()
	rows, err := db.New().GuessCharge(ctx, dbtx, db.GuessChargeParams{
		Who: who, WhoWindow: time.Hour, SoftLimit: linkLimit, FirstPause: time.Hour, TopPause: time.Hour, HardLimit: linkLimit, HardPause: time.Hour,
		Address: address, AddressWindow: time.Hour, AddressLimit: linkLimit,
	})
	if err != nil {
		return fmt.Errorf("charge an attempt with a link: %w", err)
	}
	for _, row := range rows {
		if !row.Allowed {
			return ErrLinkBarred
		}
	}
	return nil
}

func (l Link) forgive(ctx context.Context, dbtx db.DBTX) error {
	who, address := l.scopes()
	if err := db.New().GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: who, Address: address, AddressLimit: linkLimit}); err != nil {
		return fmt.Errorf("forgive an attempt with a link: %w", err)
	}
	return nil
}
