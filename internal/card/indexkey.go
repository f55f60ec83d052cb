package card

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"refill/internal/db"
	"refill/internal/fault"
)

// indexKey is two keys: of the blind index of codes, and of the hash of their last
// four symbols. What else hangs on an index key is derived from both.
type indexKey []byte

func (k indexKey) code() []byte     { return k[:indexKeyLength/2] }
func (k indexKey) lastFour() []byte { return k[indexKeyLength/2:] }

// derive makes a key of one purpose from an index key (HKDF-SHA-256, RFC 5869).
func (k indexKey) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k, nil, "refill "+purpose, sha256.Size)
}

// indexKey returns an index key of the ring.
func (k *Keyring) indexKey(id int16) (indexKey, error) {
	key, ok := k.keys.Load().indexes[id]
	if !ok {
		return nil, fmt.Errorf("index key %d is not in the key file", id)
	}
	return key, nil
}

// indexLength is how many bytes of the HMAC are kept: 128 bits make a chance
// collision among ten million cards a matter of 10^-25.
const indexLength = 16

// indexer computes blind indexes under one index key. Not for concurrent use.
type indexer struct{ mac hash.Hash }

func (k *Keyring) indexer(id int16) (*indexer, error) {
	key, err := k.indexKey(id)
	if err != nil {
		return nil, err
	}
	return &indexer{hmac.New(sha256.New, key.code())}, nil
}

// append adds the index of a code to dst.
func (x *indexer) append(dst []byte, code Code) []byte {
	var sum [sha256.Size]byte
	x.mac.Reset()
	_, _ = io.WriteString(x.mac, code.indexed())
	return append(dst, x.mac.Sum(sum[:0])[:indexLength]...)
}

// indexes returns the index of each code under every index key: a card may stand under
// any of them. There is one in an installation whose index key was never compromised.
func (k *Keyring) indexes(codes []Code) ([][]byte, error) {
	var all [][]byte
	for _, id := range ids(k.keys.Load().indexes) {
		x, err := k.indexer(id)
		if err != nil {
			return nil, err
		}
		for _, code := range codes {
			all = append(all, x.append(nil, code))
		}
	}
	return all, nil
}

// trace returns a short keyed hash of a code: the same wrong code can be
// recognised in the audit trail, and nothing can be learnt from it. It is not the
// blind index and has a key of its own.
func (k *Keyring) trace(code Code) (string, error) {
	index, err := k.indexKey(k.CurrentIndex())
	if err != nil {
		return "", err
	}
	key, err := index.derive("code trace")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code.symbols))
	return hex.EncodeToString(mac.Sum(nil)[:6]), nil
}

// keptCode is what the database keeps of the code of a card.
type keptCode struct {
	Ref

	keyID, indexKeyID  int16
	index, sealed, mac []byte
	mayLackMAC         bool // there is neither a seal nor a MAC, and need not be
}

// mayLackMAC reports whether a card may have neither a sealed code nor a MAC of its
// index: one that can't be redeemed any more, or one that was shredded before MACs were
// kept and has not got one yet.
func mayLackMAC(state db.CardState, shredded *bool, macsKept bool) bool {
	gone := state == db.CardStateUsed || state == db.CardStateVoid
	return !macsKept || (gone && (shredded == nil || !*shredded))
}

// indexMAC binds the index of a card to the card, under the card's index key. Cards
// whose sealed code is shredded keep it in the place of the seal.
func (k *Keyring) indexMAC(c keptCode) ([]byte, error) {
	index, err := k.indexKey(c.indexKeyID)
	if err != nil {
		return nil, err
	}
	key, err := index.derive("index mac")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(append(appendRef(nil, c.SeriesID, c.Serial), c.index...))
	return mac.Sum(nil)[:indexLength], nil
}

// ErrTampered refuses a card whose index is not that of its code: its row was changed
// by something other than the program.
var ErrTampered = fault.Field("code", "card_tampered", "This card does not match its code in the database. Nothing was paid. An administrator finds more on the page Checks.")

// tampered names a card whose row was changed, and what does not fit.
type tampered struct {
	ref  Ref
	what string
}

func (t *tampered) Error() string {
	return fmt.Sprintf("card %d/%d: %s", t.ref.SeriesID, t.ref.Serial, t.what)
}

// checkCode opens what is kept of a code and compares it with the index that the card is
// found by; where only a MAC of the index is left, that is compared. It returns ErrTampered
// where they do not fit, and ErrKeysBehind where this process lacks a key.
func (k *Keyring) checkCode(c keptCode) error {
	if !k.HasIndex(c.indexKeyID) || (len(c.sealed) > 0 && !k.Has(c.keyID)) {
		return ErrKeysBehind
	}
	if len(c.sealed) == 0 {
		return k.checkMAC(c)
	}
	seal, err := k.sealer(c.keyID, c.SeriesID)
	if err != nil {
		return err
	}
	code, err := seal.open(c.sealed, c.Serial)
	if err != nil {
		return ErrTampered.With(&tampered{c.Ref, "its sealed code does not open"})
	}
	index, err := k.indexer(c.indexKeyID)
	if err != nil {
		return err
	}
	if !bytes.Equal(index.append(nil, code), c.index) {
		return ErrTampered.With(&tampered{c.Ref, "its index is not its code's"})
	}
	return nil
}

// checkMAC compares the MAC of a card without a sealed code.
func (k *Keyring) checkMAC(c keptCode) error {
	if len(c.mac) == 0 && c.mayLackMAC {
		return nil
	}
	mac, err := k.indexMAC(c)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac, c.mac) {
		return ErrTampered.With(&tampered{c.Ref, "its index is not the one that it had when its code was shredded"})
	}
	return nil
}

// tamperedCard returns the card that an error of checkCode is about.
func tamperedCard(err error) (*tampered, bool) { return errors.AsType[*tampered](err) }
