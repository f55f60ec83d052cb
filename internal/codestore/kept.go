package codestore

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"

	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
)

// storedCode is the code of a card as the database stores it.
type storedCode struct {
	Ref

	keyID, indexKeyID  int16
	index, sealed, mac []byte
	mayLackMAC         bool // the card may have neither a sealed code nor a MAC
}

// mayLackMAC reports whether a card may have neither a sealed code nor a MAC of its index: a
// used or void card that was not shredded, and any card until FillMACs has finished.
func mayLackMAC(state db.CardState, shredded *bool, macsKept bool) bool {
	gone := state == db.CardStateUsed || state == db.CardStateVoid
	return !macsKept || (gone && (shredded == nil || !*shredded))
}

// indexMAC returns the MAC that binds the blind index to the card.
func (c storedCode) indexMAC(k *cardcode.Keyring) ([]byte, error) {
	return k.IndexMAC(c.indexKeyID, c.SeriesID, c.Serial, c.index)
}

// ErrTampered refuses a card whose blind index does not match its code. Its row was changed by
// something other than the program.
var ErrTampered = fault.Field("code", "card_tampered", "This card does not match its code in the database. Nothing was paid. An administrator finds more on the page Checks.")

// tampered is the cause of ErrTampered: the card, and what does not match.
type tampered struct {
	ref  Ref
	what string
}

func (t *tampered) Error() string {
	return fmt.Sprintf("card %d/%d: %s", t.ref.SeriesID, t.ref.Serial, t.what)
}

// check opens the sealed code and compares its blind index with the stored index. If the code
// was shredded, it compares the MAC of the index. It returns ErrTampered if they do not match,
// and ErrKeysBehind if this process lacks a key.
func (c storedCode) check(k *cardcode.Keyring) error {
	if !k.HasIndex(c.indexKeyID) || (len(c.sealed) > 0 && !k.Has(c.keyID)) {
		return ErrKeysBehind
	}
	if len(c.sealed) == 0 {
		return c.checkMAC(k)
	}
	seal, err := k.Sealer(c.keyID, c.SeriesID)
	if err != nil {
		return err
	}
	code, err := seal.Open(c.sealed, c.Serial)
	if err != nil {
		return ErrTampered.Because(&tampered{c.Ref, "its sealed code does not open"})
	}
	index, err := k.Indexer(c.indexKeyID)
	if err != nil {
		return err
	}
	if !bytes.Equal(index.Append(nil, code), c.index) {
		return ErrTampered.Because(&tampered{c.Ref, "its index is not its code's"})
	}
	return nil
}

// checkMAC checks the MAC of a card without a sealed code.
func (c storedCode) checkMAC(k *cardcode.Keyring) error {
	if len(c.mac) == 0 && c.mayLackMAC {
		return nil
	}
	mac, err := c.indexMAC(k)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac, c.mac) {
		return ErrTampered.Because(&tampered{c.Ref, "its index is not the one that it had when its code was shredded"})
	}
	return nil
}

// tamperedCard returns the cause of an ErrTampered of check.
func tamperedCard(err error) (*tampered, bool) { return errors.AsType[*tampered](err) }
