package card

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"refill/internal/db"
)

// masterLength is the length of a master key in bytes.
const masterLength = 32

// indexLength is how many bytes of the HMAC are kept: 128 bits make a chance
// collision among ten million cards a matter of 10^-25.
const indexLength = 16

// Keyring holds the key sets that codes are indexed and sealed under. It comes
// from a file outside the database and its backups: with only one of the two
// nobody can read or forge a code. The set with the highest id is current; the
// others still open what was sealed under them.
//
// Safe for concurrent use; Adopt changes its keys while the program runs.
type Keyring struct {
	keys atomic.Pointer[keySet]

	mu    sync.Mutex
	seals map[sealKey]cipher.AEAD
}

// keySet is what a key file holds. It never changes once made.
type keySet struct {
	masters map[int16][]byte
	current int16
}

type sealKey struct {
	keyID    int16
	seriesID int64
}

// cachedSeals bounds the derived keys that are kept: one per series in use.
const cachedSeals = 1024

// ReadKeyring reads a key file: one key set a line, its id (1 to 32767), a space
// and 32 bytes in base64. Lines that start with # are comments.
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
// a key that nobody has announced in the database must seal nothing.
func (k *Keyring) Adopt(other *Keyring) (bool, error) {
	was, is := k.keys.Load(), other.keys.Load()
	for id, master := range is.masters {
		if old, known := was.masters[id]; known && !bytes.Equal(old, master) {
			return false, fmt.Errorf("key %d of the key file is not the key that it was; put the file back from its backup", id)
		}
	}
	k.keys.Store(is)
	return !slices.Equal(slices.Sorted(maps.Keys(was.masters)), slices.Sorted(maps.Keys(is.masters))), nil
}

// Current is the id of the key set that new codes are sealed under.
func (k *Keyring) Current() int16 { return k.keys.Load().current }

// Has reports whether the keyring has a key set.
func (k *Keyring) Has(keyID int16) bool {
	_, ok := k.keys.Load().masters[keyID]
	return ok
}

func readKeySet(r io.Reader) (*keySet, error) {
	k := &keySet{masters: map[int16][]byte{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		idText, keyText, _ := strings.Cut(line, " ")
		id, err := strconv.ParseInt(idText, 10, 16)
		if err != nil || id < 1 {
			return nil, fmt.Errorf("line %d of the key file does not begin with a key id from 1 to 32767", n)
		}
		master, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keyText))
		if err != nil || len(master) != masterLength {
			return nil, fmt.Errorf("line %d of the key file has no %d bytes in base64 after the id", n, masterLength)
		}
		if _, twice := k.masters[int16(id)]; twice {
			return nil, fmt.Errorf("line %d of the key file repeats key id %d", n, id)
		}
		k.masters[int16(id)] = master
		k.current = max(k.current, int16(id))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if len(k.masters) == 0 {
		return nil, errors.New("the key file holds no key; make one with: refill keys init")
	}
	return k, nil
}

// WriteNewKey writes a fresh key set as a line of a key file.
func WriteNewKey(w io.Writer, id int16) error {
	master := make([]byte, masterLength)
	_, _ = rand.Read(master) // crashes the program rather than fail (Go 1.24)
	_, err := fmt.Fprintf(w, "%d %s\n", id, base64.StdEncoding.EncodeToString(master))
	return err
}

// derive makes a key of one purpose from a master key (HKDF-SHA-256, RFC 5869).
func (k *Keyring) derive(keyID int16, purpose string) ([]byte, error) {
	master, ok := k.keys.Load().masters[keyID]
	if !ok {
		return nil, fmt.Errorf("key %d is not in the key file", keyID)
	}
	return hkdf.Key(sha256.New, master, nil, "refill "+purpose, masterLength)
}

// AuditKey derives the key that the chain of the audit trail is sealed under.
func (k *Keyring) AuditKey(keyID int16) ([]byte, error) { return k.derive(keyID, "audit chain") }

// indexer computes blind indexes under one key set. Not for concurrent use.
type indexer struct{ mac hash.Hash }

func (k *Keyring) indexer(keyID int16) (*indexer, error) {
	key, err := k.derive(keyID, "code index")
	if err != nil {
		return nil, err
	}
	return &indexer{hmac.New(sha256.New, key)}, nil
}

// append adds the index of a code to dst.
func (x *indexer) append(dst []byte, code Code) []byte {
	var sum [sha256.Size]byte
	x.mac.Reset()
	_, _ = io.WriteString(x.mac, code.indexed())
	return append(dst, x.mac.Sum(sum[:0])[:indexLength]...)
}

// indexes returns the index of each code under every key set: while keys rotate,
// a card may stand under any of them.
func (k *Keyring) indexes(codes []Code) ([][]byte, error) {
	var all [][]byte
	for _, id := range slices.Sorted(maps.Keys(k.keys.Load().masters)) {
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

// sealer seals and opens the codes of one series under one key set.
type sealer struct {
	aead     cipher.AEAD
	seriesID int64
}

func (k *Keyring) sealer(keyID int16, seriesID int64) (sealer, error) {
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

// sealedLength is how many bytes a sealed code of n symbols takes.
func sealedLength(n int) int { return nonceLength + n + 16 }

// bound is the associated data: a sealed code opens only as the card that it was
// sealed for.
func (s sealer) bound(buffer []byte, serial int32) []byte {
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(s.seriesID)) //nolint:gosec // ids are positive
	return binary.BigEndian.AppendUint32(buffer, uint32(serial))       //nolint:gosec // serials are positive
}

// append adds the sealed code to dst, its nonce first.
func (s sealer) append(dst []byte, code Code, serial int32, nonces *drawer) []byte {
	start := len(dst)
	for range nonceLength {
		dst = append(dst, nonces.next())
	}
	var bound [12]byte
	return s.aead.Seal(dst, dst[start:start+nonceLength], []byte(code.symbols), s.bound(bound[:0], serial))
}

// open returns the code of a card. It fails where the row was tampered with or
// moved.
func (s sealer) open(sealed []byte, serial int32) (Code, error) {
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

// canaryText is what a canary row holds, sealed; canarySeries and canarySerial
// are no card's.
const (
	canaryText   = "REFILL-CANARY"
	canarySerial = 0
	canarySeries = 0
)

// CheckKeys refuses a keyring that is not this database's: every canary row must
// open. A key set seen for the first time gets its row.
func CheckKeys(ctx context.Context, dbtx db.DBTX, k *Keyring) error {
	q := db.New()
	rows, err := q.KeyCanaryList(ctx, dbtx)
	if err != nil {
		return fmt.Errorf("read the key canaries: %w", err)
	}
	seen := map[int16]bool{}
	for _, row := range rows {
		seen[row.KeyID] = true
		s, err := k.sealer(row.KeyID, canarySeries)
		if err != nil {
			return fmt.Errorf("this database has codes sealed under key %d, which the key file lacks; point REFILL_KEY_FILE at the right file, or put the key back from its backup", row.KeyID)
		}
		if code, err := s.open(row.Sealed, canarySerial); err != nil || code.symbols != canaryText {
			return fmt.Errorf("key %d of the key file is not the key that this database's codes are sealed under; point REFILL_KEY_FILE at the right file", row.KeyID)
		}
	}
	for id := range k.keys.Load().masters {
		if seen[id] {
			continue
		}
		s, err := k.sealer(id, canarySeries)
		if err != nil {
			return err
		}
		sealed := s.append(nil, Code{canaryText}, canarySerial, &drawer{})
		if err := q.KeyCanaryCreate(ctx, dbtx, db.KeyCanaryCreateParams{KeyID: id, Sealed: sealed}); err != nil {
			return fmt.Errorf("keep a canary of key %d: %w", id, err)
		}
	}
	return nil
}
