package client

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// A pair is what a program shows for the calls below /api/2.0/: a key, which names the pair,
// and a secret. The secret has the form of a key of the API, so that scanners find it. It is
// kept as a hash, and sealed besides, because a signature can be checked only with the secret
// itself. A pair never has a permission that gives out codes of cards, so it takes no second
// person.

// Vault seals secrets. Package codestore has it.
type Vault interface {
	CurrentKey() int16
	SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error)
	OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error)
	HoldKey(ctx context.Context, tx pgx.Tx, keyID int16) error
	KeysBehind(ctx context.Context) error
}

// Errors of pairs.
var (
	ErrPairOff   = fault.New(fault.Conflict, "client_pair_off", "The calls in the shape of Splynx are off for this API client. Switch them on under Edit first.")
	ErrTwoPairs  = fault.New(fault.Conflict, "client_two_pairs", "This API client has two pairs that work. Revoke one of them first.")
	ErrSignature = fault.New(fault.Forbidden, "signature_wrong", "The signature does not fit the key and the nonce.")
	ErrNonce     = fault.New(fault.Forbidden, "nonce_used", "The nonce is not greater than those before. Send a greater one with each request.")
	errPairKeys  = fault.New(fault.Unsettled, "client_pair_keys", "The portal is taking over new keys. Make the pair again in a minute.")
)

// Pair is a key and its secret.
type Pair struct{ Key, Secret string }

// Signed is what a signed request shows: the signature is the HMAC-SHA-256 of the nonce and
// the key under the secret, in hexadecimal.
type Signed struct{ Key, Nonce, Signature string }

func pairPurpose(key string) string { return "splynx pair " + key }

// MakePair makes a pair and returns it, once. At most two pairs of a client work at once; the
// overlap of the form is that of the pairs before. The client must have the switch
// (ErrPairOff).
func MakePair(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, id int64, f KeyForm) (Pair, error) {
	if !slices.Contains(Overlaps(), f.Overlap) {
		return Pair{}, ErrOverlap
	}
	if err := vault.KeysBehind(ctx); err != nil {
		return Pair{}, errPairKeys.Because(err)
	}
	var name [16]byte
	_, _ = rand.Read(name[:]) // never fails: package crypto/rand ends the program first
	secret, hash, _ := newKey()
	p := Pair{Key: hex.EncodeToString(name[:]), Secret: secret}
	err := change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if err := checkKeyMaker(ctx, tx, actor, was); err != nil {
			return err
		}
		if !was.Splynx {
			return ErrPairOff
		}
		q := db.New()
		keys, err := q.ClientKeyCount(ctx, tx, id)
		switch {
		case err != nil:
			return fmt.Errorf("count the pairs of an API client: %w", err)
		case f.Newest != nil && *f.Newest != keys.Newest:
			return ErrKeyChanged
		case keys.Pairs > 1 && f.Overlap > 0:
			return ErrTwoPairs
		}
		keyID, sealed, err := vault.SealSecret(pairPurpose(p.Key), []byte(p.Secret))
		if err != nil {
			return err
		}
		if err := vault.HoldKey(ctx, tx, keyID); err != nil {
			return err
		}
		maker := actor.Person()
		if maker == 0 {
			maker = was.OwnerID
		}
		hint := p.Key[:8] + "…"
		row, err := q.ClientKeyCreate(ctx, tx, db.ClientKeyCreateParams{
			ClientID: id, Hint: hint, Hash: hash, CreatedBy: maker, SplynxKey: &p.Key, SplynxKeyID: &keyID, SplynxSecret: sealed,
		})
		if err != nil {
			return fmt.Errorf("keep a pair: %w", err)
		}
		if err := q.ClientKeyExpire(ctx, tx, db.ClientKeyExpireParams{ClientID: id, Keep: row.ID, Pairs: true, Overlap: f.Overlap}); err != nil {
			return fmt.Errorf("end the pairs before: %w", err)
		}
		return act.Record(ctx, tx, actor, PairMade{ClientID: id, Name: was.Name, KeyID: row.ID, Hint: hint, OverlapHours: int(f.Overlap.Hours())})
	})
	if err != nil {
		return Pair{}, err
	}
	return p, nil
}

// AdmitPair is Admit for the calls below /api/2.0/, with a key and its secret.
func AdmitPair(ctx context.Context, dbtx db.DBTX, p Pair, address netip.Addr) (Client, error) {
	if p.Key == "" || p.Secret == "" {
		return Client{}, ErrNoKey
	}
	if !pairKey.MatchString(p.Key) || !wellFormed(p.Secret) {
		return Client{}, ErrKeyUnknown
	}
	return admit(ctx, dbtx, db.ClientAdmitParams{Hash: hashOf(p.Secret), SplynxKey: &p.Key}, address)
}

var (
	pairKey   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	nonceForm = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// AdmitSigned is Admit for the calls below /api/2.0/, with a signature. The nonce is used up
// once the signature is right, whatever else is wrong.
func AdmitSigned(ctx context.Context, dbtx db.DBTX, vault Vault, s Signed, address netip.Addr) (Client, error) {
	if s.Key == "" || s.Nonce == "" || s.Signature == "" {
		return Client{}, ErrNoKey
	}
	if !pairKey.MatchString(s.Key) {
		return Client{}, ErrKeyUnknown
	}
	nonce, err := strconv.ParseInt(s.Nonce, 10, 64)
	if err != nil || !nonceForm.MatchString(s.Nonce) {
		return Client{}, ErrNonce
	}
	row, err := db.Need(db.New().PairGet(ctx, dbtx, s.Key)).Or(ErrKeyUnknown, "find a pair")
	if err != nil {
		return Client{}, err
	}
	secret, err := vault.OpenSecret(row.KeyID, pairPurpose(s.Key), row.Secret)
	if err != nil {
		return Client{}, fmt.Errorf("open the secret of pair %d: %w", row.ID, err)
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(s.Nonce + s.Key))
	if !hmac.Equal([]byte(strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))), []byte(strings.ToUpper(s.Signature))) {
		return Client{}, ErrSignature
	}
	n, err := db.New().PairAdvance(ctx, dbtx, db.PairAdvanceParams{ID: row.ID, Nonce: nonce})
	if err != nil {
		return Client{}, fmt.Errorf("use up a nonce: %w", err)
	}
	if n == 0 {
		return Client{}, ErrNonce
	}
	return admit(ctx, dbtx, db.ClientAdmitParams{Hash: row.Hash, SplynxKey: &s.Key}, address)
}

// ResealPairs seals the secrets of pairs under older keys again under the newest, and forgets
// those that have expired, and the tokens that have ended. Periodic.
func ResealPairs(ctx context.Context, dbtx db.DBTX, vault Vault) error {
	q := db.New()
	if _, err := q.PairForget(ctx, dbtx); err != nil {
		return fmt.Errorf("forget the secrets of pairs: %w", err)
	}
	if _, err := q.TokenTrim(ctx, dbtx); err != nil {
		return fmt.Errorf("delete tokens that have ended: %w", err)
	}
	rows, err := q.PairOld(ctx, dbtx, vault.CurrentKey())
	if err != nil {
		return fmt.Errorf("look for pairs under older keys: %w", err)
	}
	for _, row := range rows {
		secret, err := vault.OpenSecret(row.KeyID, pairPurpose(row.SplynxKey), row.Secret)
		if err != nil {
			return fmt.Errorf("open the secret of pair %d: %w", row.ID, err)
		}
		p := db.PairSealParams{ID: row.ID, WasSecret: row.Secret}
		if p.KeyID, p.Secret, err = vault.SealSecret(pairPurpose(row.SplynxKey), secret); err != nil {
			return fmt.Errorf("seal the secret of pair %d again: %w", row.ID, err)
		}
		if err := q.PairSeal(ctx, dbtx, p); err != nil {
			return fmt.Errorf("keep the secret of pair %d: %w", row.ID, err)
		}
	}
	return nil
}
