package cardcode

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
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

// IndexLength is how many bytes of the HMAC are kept: 128 bits make a chance
// collision among ten million cards a matter of 10^-25.
const IndexLength = 16

// Indexer computes blind indexes under one index key. Not for concurrent use.
type Indexer struct{ mac hash.Hash }

// Indexer returns what computes blind indexes under an index key of the ring.
func (k *Keyring) Indexer(id int16) (*Indexer, error) {
	key, err := k.indexKey(id)
	if err != nil {
		return nil, err
	}
	return &Indexer{hmac.New(sha256.New, key.code())}, nil
}

// Append adds the index of a code to dst.
func (x *Indexer) Append(dst []byte, code Code) []byte {
	var sum [sha256.Size]byte
	x.mac.Reset()
	_, _ = io.WriteString(x.mac, code.Indexed())
	return append(dst, x.mac.Sum(sum[:0])[:IndexLength]...)
}

// Indexes returns the blind index of each code under every index key, because a card may
// be indexed under any of them. An installation has more than one index key only after a
// compromise.
func (k *Keyring) Indexes(codes []Code) ([][]byte, error) {
	var all [][]byte
	for _, id := range ids(k.keys.Load().indexes) {
		x, err := k.Indexer(id)
		if err != nil {
			return nil, err
		}
		for _, code := range codes {
			all = append(all, x.Append(nil, code))
		}
	}
	return all, nil
}

// Trace returns a short keyed hash of a code: the same wrong code can be
// recognised in the audit trail, and nothing can be learnt from it. It is not the
// blind index and has a key of its own.
func (k *Keyring) Trace(code Code) (string, error) {
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

// IndexMAC binds the blind index of a card to the card, under the card's index key.
// Cards whose sealed code is shredded keep it in the place of the seal.
func (k *Keyring) IndexMAC(indexKeyID int16, seriesID int64, serial int32, blindIndex []byte) ([]byte, error) {
	index, err := k.indexKey(indexKeyID)
	if err != nil {
		return nil, err
	}
	key, err := index.derive("index mac")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(append(appendRef(nil, seriesID, serial), blindIndex...))
	return mac.Sum(nil)[:IndexLength], nil
}
