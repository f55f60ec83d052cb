package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"refill/internal/db"
	"refill/internal/fault"
)

// An access token stands for a pair, or for a customer who has signed in with their password.
// It is bound to the address and the user agent that asked for it.

// Lifetimes of tokens.
const (
	AccessFor          = 30 * time.Minute
	refreshFor         = 30 * 24 * time.Hour
	refreshForCustomer = 7 * 24 * time.Hour // as long as a session of the portal
)

// Errors of tokens.
var (
	ErrTokenUnknown = fault.New(fault.Forbidden, "token_unknown", "There is no such token. Ask for a new one.")
	ErrTokenExpired = fault.New(fault.Forbidden, "token_expired", "The token has expired. Renew it, or ask for a new one.")
	ErrTokenAddress = fault.New(fault.Forbidden, "token_address", "The token was made for another address. Ask for a new one.")
	ErrTokenAgent   = fault.New(fault.Forbidden, "token_agent", "The token was made for another user agent. Ask for a new one.")
	ErrTokenClosed  = fault.New(fault.Forbidden, "token_closed", "Customers of your provider can’t sign in here. Use the portal.")
)

// Token is a pair of an access token and the token that renews it.
type Token struct {
	Access, Refresh           string
	AccessUntil, RefreshUntil time.Time
}

// Holder is who uses a token: its address and its user agent.
type Holder struct {
	Address netip.Addr
	Agent   string
}

func (h Holder) address() *netip.Addr {
	if !h.Address.IsValid() {
		return nil
	}
	return &h.Address
}

func (h Holder) agentHash() []byte { return hashOf(h.Agent) }

// newToken returns a token of 256 random bits with its hash.
func newToken() (text string, hash []byte) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: package crypto/rand ends the program first
	text = hex.EncodeToString(b[:])
	sum := sha256.Sum256([]byte(text))
	return text, sum[:]
}

// IssueToken makes a token for the pair of an admitted client.
func IssueToken(ctx context.Context, dbtx db.DBTX, c Client, h Holder) (Token, error) {
	access, accessHash := newToken()
	refresh, refreshHash := newToken()
	err := db.New().TokenCreateClient(ctx, dbtx, db.TokenCreateClientParams{
		ApiKeyID: c.KeyID, AccessHash: accessHash, RefreshHash: refreshHash, AgentHash: h.agentHash(), Address: h.address(), Lifetime: AccessFor, Refresh: refreshFor,
	})
	if err != nil {
		return Token{}, fmt.Errorf("keep a token: %w", err)
	}
	return readToken(ctx, dbtx, access, refresh, accessHash)
}

// IssueCustomerToken makes a token for a customer whose password was checked; shutOut is that
// of the check. It is ErrTokenClosed where no client that has the switch sees the partner of
// the customer.
func IssueCustomerToken(ctx context.Context, dbtx db.DBTX, customerID int64, shutOut int32, h Holder) (Token, error) {
	access, accessHash := newToken()
	refresh, refreshHash := newToken()
	n, err := db.New().TokenCreateCustomer(ctx, dbtx, db.TokenCreateCustomerParams{
		CustomerID: customerID, ShutOut: shutOut, AccessHash: accessHash, RefreshHash: refreshHash, AgentHash: h.agentHash(), Address: h.address(),
		Lifetime: AccessFor, Refresh: refreshForCustomer,
	})
	if err != nil {
		return Token{}, fmt.Errorf("keep a token: %w", err)
	}
	if n == 0 {
		return Token{}, ErrTokenClosed
	}
	return readToken(ctx, dbtx, access, refresh, accessHash)
}

// readToken returns a token that was made, with the times of the database.
func readToken(ctx context.Context, dbtx db.DBTX, access, refresh string, accessHash []byte) (Token, error) {
	row, err := db.New().TokenGet(ctx, dbtx, db.TokenGetParams{AccessHash: accessHash})
	if err != nil {
		return Token{}, fmt.Errorf("read a token: %w", err)
	}
	return Token{Access: access, Refresh: refresh, AccessUntil: row.ExpiresAt, RefreshUntil: row.RefreshUntil}, nil
}

// CustomerOf is a customer who is admitted with a token; the zero value: none.
type CustomerOf struct{ ID, PartnerID int64 }

// AdmitToken is Admit for the calls below /api/2.0/, with an access token. It returns the
// client of the token, or the customer.
func AdmitToken(ctx context.Context, dbtx db.DBTX, access string, h Holder) (Client, CustomerOf, error) {
	row, err := db.Need(db.New().TokenGet(ctx, dbtx, db.TokenGetParams{AccessHash: hashOf(access)})).Or(ErrTokenUnknown, "find a token")
	if err != nil {
		return Client{}, CustomerOf{}, err
	}
	if err := checkHolder(row, h); err != nil {
		return Client{}, CustomerOf{}, err
	}
	if row.Expired {
		return Client{}, CustomerOf{}, ErrTokenExpired
	}
	if row.CustomerID != 0 {
		return Client{}, CustomerOf{row.CustomerID, row.PartnerID}, nil
	}
	c, err := admit(ctx, dbtx, db.ClientAdmitParams{Hash: row.KeyHash, SplynxKey: &row.SplynxKey}, h.Address)
	return c, CustomerOf{}, err
}

// checkHolder refuses a token that has ended, and one of another address or user agent.
func checkHolder(row db.TokenGetRow, h Holder) error {
	switch {
	case row.Ended:
		return ErrTokenUnknown
	case row.Address != nil && row.Address.Unmap() != h.Address.Unmap():
		return ErrTokenAddress
	case string(row.AgentHash) != string(h.agentHash()):
		return ErrTokenAgent
	}
	return nil
}

// refreshRow finds a token by what renews it.
func refreshRow(ctx context.Context, dbtx db.DBTX, refresh string, h Holder) (db.TokenGetRow, error) {
	row, err := db.Need(db.New().TokenGet(ctx, dbtx, db.TokenGetParams{RefreshHash: hashOf(refresh)})).Or(ErrTokenMissing, "find a token")
	if err != nil {
		return row, err
	}
	return row, checkHolder(row, h)
}

// ErrTokenMissing answers a token in an address that is not there.
var ErrTokenMissing = fault.New(fault.NotFound, "token_missing", "There is no such token.")

// RenewToken makes a new access token; the one before ends. The pair, or the customer, must
// still be admitted.
func RenewToken(ctx context.Context, dbtx db.DBTX, refresh string, h Holder) (Token, error) {
	row, err := refreshRow(ctx, dbtx, refresh, h)
	if err != nil {
		return Token{}, err
	}
	if row.Over {
		return Token{}, ErrTokenExpired
	}
	if row.CustomerID == 0 {
		if _, err := admit(ctx, dbtx, db.ClientAdmitParams{Hash: row.KeyHash, SplynxKey: &row.SplynxKey}, h.Address); err != nil {
			return Token{}, err
		}
	}
	access, hash := newToken()
	until, err := db.New().TokenRenew(ctx, dbtx, db.TokenRenewParams{ID: row.ID, AccessHash: hash, Lifetime: AccessFor})
	if err != nil {
		return Token{}, fmt.Errorf("renew a token: %w", err)
	}
	return Token{Access: access, Refresh: refresh, AccessUntil: until.ExpiresAt, RefreshUntil: until.RefreshUntil}, nil
}

// EndToken ends a token by what renews it. It returns the customer whose token it was.
func EndToken(ctx context.Context, dbtx db.DBTX, refresh string, h Holder) (CustomerOf, error) {
	row, err := refreshRow(ctx, dbtx, refresh, h)
	if err != nil {
		return CustomerOf{}, err
	}
	if err := db.New().TokenDelete(ctx, dbtx, row.ID); err != nil {
		return CustomerOf{}, fmt.Errorf("end a token: %w", err)
	}
	return CustomerOf{row.CustomerID, row.PartnerID}, nil
}
