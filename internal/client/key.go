package client

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
)

// A key is "refill_", 43 characters that are 256 random bits in base 62, "_", and 6
// characters that are the CRC-32 (IEEE) of all before them, without the last "_", in base
// 62. A double click selects all of it, and a scanner of source code tells a real key from
// a similar text without asking anyone.
const (
	keyPrefix  = "refill_"
	secretSize = 43 // 62^43 > 2^256
	sumSize    = 6  // 62^6 > 2^32
	hintSize   = len(keyPrefix) + 4
)

// KeyPattern matches the keys of API clients.
const KeyPattern = `refill_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}`

var keyForm = regexp.MustCompile(`^` + KeyPattern + `$`)

// newKey draws a key and returns it with its hash and its hint.
func newKey() (text string, hash []byte, hint string) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: package crypto/rand ends the program first
	body := keyPrefix + base62(new(big.Int).SetBytes(secret[:]), secretSize)
	text = body + "_" + keySum(body)
	return text, hashOf(text), text[:hintSize] + "…"
}

// wellFormed reports whether a text has the form and the checksum of a key.
func wellFormed(text string) bool {
	if !keyForm.MatchString(text) {
		return false
	}
	body, sum := text[:len(text)-sumSize-1], text[len(text)-sumSize:]
	return keySum(body) == sum
}

// hashOf returns the SHA-256 under which a key is stored.
func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// keySum returns the checksum of a key without it.
func keySum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), sumSize)
}

// base62 writes a number with the digits 0–9, a–z and A–Z in at least size characters.
func base62(n *big.Int, size int) string {
	text := n.Text(62)
	return strings.Repeat("0", max(0, size-len(text))) + text
}
