package cardcode

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Keyring holds the keys that codes are sealed (AES-256-GCM) and indexed (HMAC-SHA-256)
// under. It is read from a file outside the database and its backups: reading or forging a
// code takes both the file and the database.
//
// Sealing keys rotate. The newest one seals. An older one opens what it sealed, until that
// is sealed again under the newest; then it is retired. Index keys are never retired,
// because a code is recognised by its index even after its card is deleted. New cards are
// indexed under the newest.
//
// Safe for concurrent use; Adopt and CheckKeys change it while the program runs.
type Keyring struct {
	keys atomic.Pointer[keySet]

	mu    sync.Mutex
	seals map[sealKey]cipher.AEAD
}

// keySet is what a key file holds. It never changes once made.
type keySet struct {
	seals    map[int16][]byte
	indexes  map[int16]indexKey
	combined map[int16]bool // index keys that only the line of a sealing key holds

	seal, index int16 // the newest that may be used for what is new
}

type sealKey struct {
	keyID    int16
	seriesID int64
}

// cachedSeals bounds the derived keys that are kept: one per series in use.
const cachedSeals = 1024

// ReadKeyring reads a key file; see readKeySet for its lines.
func ReadKeyring(r io.Reader) (*Keyring, error) {
	set, err := readKeySet(r)
	if err != nil {
		return nil, err
	}
	k := &Keyring{seals: map[sealKey]cipher.AEAD{}}
	k.keys.Store(set)
	return k, nil
}

// Adopt takes over the keys of another keyring, read from the file after it was
// changed, and reports whether anything is new. Call CheckKeys on the other first:
// a key that is not announced in the database must seal nothing.
func (k *Keyring) Adopt(other *Keyring) (bool, error) {
	was, is := k.keys.Load(), other.keys.Load()
	for id, key := range is.seals {
		if old, known := was.seals[id]; known && !bytes.Equal(old, key) {
			return false, fmt.Errorf("key %d of the key file is not the key that it was; put the file back from its backup", id)
		}
	}
	for id, key := range is.indexes {
		if old, known := was.indexes[id]; known && !bytes.Equal(old, key) {
			return false, fmt.Errorf("index key %d of the key file is not the key that it was; put the file back from its backup", id)
		}
	}
	k.keys.Store(is)
	same := was.seal == is.seal && was.index == is.index &&
		slices.Equal(ids(was.seals), ids(is.seals)) && slices.Equal(ids(was.indexes), ids(is.indexes))
	return !same, nil
}

// ids returns the ids of keys in order.
func ids[V any](keys map[int16]V) []int16 { return slices.Sorted(maps.Keys(keys)) }

// Current returns the id of the sealing key that new codes are sealed under.
func (k *Keyring) Current() int16 { return k.keys.Load().seal }

// CurrentIndex returns the id of the index key that new codes are indexed under.
func (k *Keyring) CurrentIndex() int16 { return k.keys.Load().index }

// Has reports whether the keyring has a sealing key.
func (k *Keyring) Has(keyID int16) bool {
	_, ok := k.keys.Load().seals[keyID]
	return ok
}

// HasIndex reports whether the keyring has an index key.
func (k *Keyring) HasIndex(keyID int16) bool {
	_, ok := k.keys.Load().indexes[keyID]
	return ok
}

// HeldBack reports whether the key file has a key newer than those in use, because the
// database does not announce it yet.
func (k *Keyring) HeldBack() bool {
	set := k.keys.Load()
	return set.seal < slices.Max(ids(set.seals)) || set.index < slices.Max(ids(set.indexes))
}

// IndexIDs returns the ids of the index keys in order.
func (k *Keyring) IndexIDs() []int16 { return ids(k.keys.Load().indexes) }

// IndexIsCombined reports whether only the line of the sealing key with the same id
// holds an index key.
func (k *Keyring) IndexIsCombined(id int16) bool { return k.keys.Load().combined[id] }

// derive makes a key of one purpose from a sealing key (HKDF-SHA-256, RFC 5869).
func (k *Keyring) derive(keyID int16, purpose string) ([]byte, error) {
	key, ok := k.keys.Load().seals[keyID]
	if !ok {
		return nil, fmt.Errorf("key %d is not in the key file", keyID)
	}
	return hkdf.Key(sha256.New, key, nil, "refill "+purpose, sealKeyLength)
}

// AuditKey derives the key that the chain of the audit trail is sealed under.
func (k *Keyring) AuditKey(keyID int16) ([]byte, error) { return k.derive(keyID, "audit chain") }

// sealer seals and opens the codes of one series under one sealing key.
type sealer struct {
	aead     cipher.AEAD
	seriesID int64
}

// Sealer returns a sealer for the codes of a series under a sealing key. It fails where
// the keyring does not have the key.
func (k *Keyring) Sealer(keyID int16, seriesID int64) (sealer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := sealKey{keyID, seriesID}
	aead, ok := k.seals[at]
	if !ok {
		key, err := k.derive(keyID, fmt.Sprintf("code seal %d", seriesID))
		if err != nil {
			return sealer{}, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return sealer{}, err
		}
		if aead, err = cipher.NewGCM(block); err != nil {
			return sealer{}, err
		}
		if len(k.seals) >= cachedSeals {
			clear(k.seals)
		}
		k.seals[at] = aead
	}
	return sealer{aead, seriesID}, nil
}

// nonceLength is GCM's own. Nonces are random: a key seals at most the cards of
// one series, far below the 2^32 at which chance repeats begin to count (NIST SP
// 800-38D, 8.3).
const nonceLength = 12

// SealedLength is how many bytes a sealed code of n symbols takes.
func SealedLength(n int) int { return nonceLength + n + 16 }

// bound is the associated data: a sealed code opens only as the card that it was
// sealed for.
func (s sealer) bound(buffer []byte, serial int32) []byte {
	return appendRef(buffer, s.seriesID, serial)
}

// appendRef adds what names a card to bytes that a seal or a MAC is made over.
func appendRef(buffer []byte, seriesID int64, serial int32) []byte {
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(seriesID)) //nolint:gosec // ids are positive
	return binary.BigEndian.AppendUint32(buffer, uint32(serial))     //nolint:gosec // serials are positive
}

// append adds the sealed code to dst, its nonce first.
func (s sealer) Append(dst []byte, code Code, serial int32, nonces *Drawer) []byte {
	start := len(dst)
	for range nonceLength {
		dst = append(dst, nonces.next())
	}
	var bound [12]byte
	return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(bound[:0], serial))
}

// open returns the code of a card. It fails where the row was tampered with or
// moved.
func (s sealer) Open(sealed []byte, serial int32) (Code, error) {
	if len(sealed) < nonceLength {
		return Code{}, fmt.Errorf("the sealed code of card %d of series %d is cut off", serial, s.seriesID)
	}
	var bound [12]byte
	plain, err := s.aead.Open(nil, sealed[:nonceLength], sealed[nonceLength:], s.bound(bound[:0], serial))
	if err != nil {
		return Code{}, fmt.Errorf("the code of card %d of series %d does not open: wrong key, or the row was changed", serial, s.seriesID)
	}
	return Code{string(plain)}, nil
}
