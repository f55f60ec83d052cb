package cardcode

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LastFour returns the last four symbols that a screen shows of a masked code, as they are
// typed in a search; empty where the screen shows fewer. Both the stored hash and the
// search use it, so that a search never needs more of a code than a screen shows.
func (c Code) LastFour() string {
	shown := []rune(c.shown())
	if len(shown) < groupLength {
		return ""
	}
	return Latin(strings.ToUpper(string(shown[len(shown)-groupLength:])))
}

// ParseLastFour reads the end of a code as people type it: "k7qp", "•••• K7QP". Codes
// of other systems may have any letters.
func ParseLastFour(text string) (string, bool) {
	text = Latin(strings.ToUpper(strings.Trim(PlainText(text), " •-…")))
	if utf8.RuneCountInString(text) != groupLength {
		return "", false
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return "", false
		}
	}
	return text, true
}

// Ender hashes the ends of codes under one index key. Not for concurrent use.
type Ender struct{ mac hash.Hash }

// Ender returns what hashes the ends of codes under an index key of the ring.
func (k *Keyring) Ender(indexKeyID int16) (*Ender, error) {
	key, err := k.indexKey(indexKeyID)
	if err != nil {
		return nil, err
	}
	return &Ender{hmac.New(sha256.New, key.lastFour())}, nil
}

// Hash is 32 bits: enough to tell apart 31⁴ ends, and small in the index.
func (e *Ender) Hash(end string) int32 {
	var sum [sha256.Size]byte
	e.mac.Reset()
	_, _ = io.WriteString(e.mac, end)
	return int32(binary.BigEndian.Uint32(e.mac.Sum(sum[:0]))) //nolint:gosec // the same bits
}
