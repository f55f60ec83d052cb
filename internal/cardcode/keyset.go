package cardcode

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
)

// KeySnapshot is the keys of a keyring as they were at one moment.
type KeySnapshot struct {
	ring *Keyring
	set  *keySet
}

// Load returns the keys as they are now.
func (k *Keyring) Load() KeySnapshot { return KeySnapshot{k, k.keys.Load()} }

// SealIDs returns the ids of the sealing keys in order.
func (s KeySnapshot) SealIDs() []int16 { return ids(s.set.seals) }

// IndexIDs returns the ids of the index keys in order.
func (s KeySnapshot) IndexIDs() []int16 { return ids(s.set.indexes) }

// IsCombined reports whether only the line of the sealing key with the same id holds an
// index key.
func (s KeySnapshot) IsCombined(id int16) bool { return s.set.combined[id] }

// Limit makes the given keys the newest that may be used for what is new. It does nothing
// where the key file was read again since: the reader of the file limits that set.
func (s KeySnapshot) Limit(seal, index int16) {
	is := *s.set
	is.seal, is.index = seal, index
	s.ring.keys.CompareAndSwap(s.set, &is)
}

// A canary is a known text under a key. It tells a wrong key from the right one.
const (
	canaryText   = "REFILL-CANARY"
	canarySerial = 0 // with canarySeries, no card's
	canarySeries = 0
)

// SealCanary seals the known text under a sealing key.
func (s KeySnapshot) SealCanary(id int16) ([]byte, error) {
	seal, err := s.ring.Sealer(id, canarySeries)
	if err != nil {
		return nil, err
	}
	return seal.Append(nil, Code{canaryText}, canarySerial, &Drawer{}), nil
}

// OpensCanary reports whether a sealed canary opens under a sealing key.
func (s KeySnapshot) OpensCanary(id int16, sealed []byte) (bool, error) {
	seal, err := s.ring.Sealer(id, canarySeries)
	if err != nil {
		return false, err
	}
	text, err := seal.Open(sealed, canarySerial)
	return err == nil && bytes.Equal([]byte(text.symbols), []byte(canaryText)), nil
}

// IndexCanary returns the MAC of the known text under an index key.
func (s KeySnapshot) IndexCanary(id int16) ([]byte, error) {
	key, err := s.set.indexes[id].derive("index canary")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(canaryText))
	return mac.Sum(nil), nil
}
