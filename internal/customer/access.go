package customer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// ErrLink refuses a link that does not work, with one message for all reasons.
var ErrLink = fault.New(fault.NotFound, "link_dead", "This link has been used or has expired. Ask the person who gave it to you for a new one.")

// ErrLinkBarred refuses an address from which too many links failed.
var ErrLinkBarred = fault.New(fault.Limited, "link_barred", "Too many links from here did not work. Wait an hour, then try again.")

// The lifetimes of a link.
const (
	shortestLink = time.Hour
	longestLink  = 7 * 24 * time.Hour
)

// SetPassword gives a customer a password that staff chose. It ends every session and
// clears the count of wrong passwords.
func SetPassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, password string) error {
	row, err := find(ctx, beginner, actor, id)
	if err != nil {
		return err // before the cost of hashing
	}
	names, err := signin.KnownNames(ctx, beginner, row.Username)
	if err != nil {
		return err
	}
	if err := signin.ValidPassword(password, signin.LeastForCustomers, names); err != nil {
		return err
	}
	hash, err := signin.Hash(password)
	if err != nil {
		return err
	}
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.Customer) error {
		if _, err := savePassword(ctx, tx, id, was.Username, hash); err != nil {
			return err
		}
		if _, err := closeHelp(ctx, tx, id); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, PasswordSet{act.OfCustomer(id)})
	})
}

// savePassword stores a password and ends every session. Its result is that of shutOut.
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
	return n, tellPassword(ctx, tx, id)
}

// NewLink makes a link that signs a customer in once, and returns its token. The token
// can't be shown again, because only its hash is stored. An earlier link of the customer
// stops working.
func NewLink(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, lifetime time.Duration) (string, error) {
	if lifetime < shortestLink || lifetime > longestLink {
		return "", fault.Field("lifetime", "link_lifetime", "Choose how long the link works from the list.")
	}
	token, hash := newToken()
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
		if _, err := closeHelp(ctx, tx, id); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, LinkMade{act.OfCustomer(id), int(lifetime.Hours())})
	})
	return token, err
}

// newToken returns the token of a new link and its hash.
func newToken() (string, []byte) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	hash := sha256.Sum256(secret)
	return base64.RawURLEncoding.EncodeToString(secret), hash[:]
}

// MailLink makes the link of a message that a customer asked for, and returns its token. The
// link works once, for half an hour. It replaces an earlier link by e-mail, but no link that
// staff made: otherwise a stranger who knows the username could take those away. The caller
// has to send the token to the address of the account alone.
func MailLink(ctx context.Context, beginner db.Beginner, id int64) (string, error) {
	token, hash := newToken()
	return token, pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		q := db.New()
		if err := q.CustomerLinkDeleteMailed(ctx, tx, id); err != nil {
			return fmt.Errorf("take back a link: %w", err)
		}
		if err := q.CustomerLinkCreateMailed(ctx, tx, db.CustomerLinkCreateMailedParams{TokenHash: hash, CustomerID: id}); err != nil {
			return fmt.Errorf("make a link: %w", err)
		}
		return nil
	})
}

// LinkSent records that the SMTP server has taken the message with a link.
func LinkSent(ctx context.Context, dbtx db.DBTX, id int64) error {
	return act.Record(ctx, dbtx, audit.System(), LinkMailed{act.OfCustomer(id)})
}

// Link is an attempt to use a link.
type Link struct {
	Token     string
	Address   netip.Addr
	RequestID string
}

// FindLink returns the customer of a link without using the link, because programs that
// scan mail open every address in it. dbtx must be the pool: the attempt is charged first.
func FindLink(ctx context.Context, dbtx db.DBTX, l Link) (db.CustomerLinkFindRow, error) {
	hash, ok := linkHash(l.Token)
	if err := l.charge(ctx, dbtx); err != nil {
		return db.CustomerLinkFindRow{}, err
	}
	if !ok {
		return db.CustomerLinkFindRow{}, ErrLink
	}
	row, err := db.Need(db.New().CustomerLinkFind(ctx, dbtx, hash)).Or(ErrLink, "look up a link")
	if err != nil {
		return row, err
	}
	return row, l.forgive(ctx, dbtx)
}

// UseLink signs a customer in by a link, once. With a password it also sets the customer's
// password; an unfit password leaves the link unused.
func UseLink(ctx context.Context, beginner db.Beginner, l Link, password string) (signin.Entry, error) {
	var in signin.Entry
	hash, ok := linkHash(l.Token)
	if err := l.charge(ctx, beginner); err != nil {
		return in, err
	}
	if !ok {
		return in, ErrLink
	}
	var passwordHash string
	if password != "" {
		row, err := db.Need(db.New().CustomerLinkFind(ctx, beginner, hash)).Or(ErrLink, "look up a link") // before the cost of hashing
		if err != nil {
			return in, err
		}
		names, err := signin.KnownNames(ctx, beginner, row.Username)
		if err != nil {
			return in, err
		}
		if err := signin.ValidPassword(password, signin.LeastForCustomers, names); err != nil {
			return in, err
		}
		if passwordHash, err = signin.Hash(password); err != nil {
			return in, err
		}
	}
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, err := db.Need(db.New().CustomerLinkUse(ctx, tx, hash)).Or(ErrLink, "use a link")
		if err != nil {
			return err
		}
		in = signin.Entry{ID: row.ID, ShutOut: row.ShutOut}
		if passwordHash != "" {
			if in.ShutOut, err = savePassword(ctx, tx, row.ID, row.Username, passwordHash); err != nil {
				return err
			}
		}
		actor := audit.ByCustomer(row.ID, audit.Scope{}).From(l.Address, l.RequestID)
		return act.Record(ctx, tx, actor, LinkUsed{Password: passwordHash != ""})
	})
	if err != nil {
		return signin.Entry{}, err
	}
	return in, l.forgive(ctx, beginner)
}

// PastLink is what became of a link that does not work.
type PastLink struct {
	PartnerID int64 // 0: the link is not known
	Zone      string
	UsedAt    *time.Time
	ExpiredAt *time.Time
}

// FindPastLink says what became of a link that FindLink has refused. Only a person who holds
// the link can ask, because its token can't be guessed.
func FindPastLink(ctx context.Context, dbtx db.DBTX, l Link) (PastLink, error) {
	hash, ok := linkHash(l.Token)
	if !ok {
		return PastLink{}, nil
	}
	row, found, err := db.Found(db.New().CustomerLinkPast(ctx, dbtx, hash))
	if err != nil || !found {
		return PastLink{}, err
	}
	past := PastLink{PartnerID: row.PartnerID, Zone: row.TimeZone, UsedAt: row.UsedAt}
	if row.UsedAt == nil && row.Expired {
		past.ExpiredAt = &row.ExpiresAt
	}
	return past, nil
}

// linkHash returns the stored hash of a token; false where the text is no token.
func linkHash(token string) ([]byte, bool) {
	secret, err := base64.RawURLEncoding.DecodeString(token)
	hash := sha256.Sum256(secret)
	return hash[:], err == nil && len(secret) == 32
}

// linkLimit is the number of failed links from one address within an hour, after which it
// is barred. Tokens of 256 bits can't be guessed; the limit bounds the cost of trying.
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
	if err := db.New().GuessForgive(ctx, dbtx, db.GuessForgiveParams{Who: []string{who}, Attempts: 1, Address: address, AddressLimit: linkLimit}); err != nil {
		return fmt.Errorf("forgive an attempt with a link: %w", err)
	}
	return nil
}
