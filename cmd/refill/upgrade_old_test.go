package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// This file draws, indexes and seals codes as version 4b8be3e did. It is a separate
// implementation, so that a change of the program does not change it. It is deterministic:
// a card has the same code and the same bytes in each run.

// oldMaster is the only key of the key file.
var oldMaster = sha256.Sum256([]byte("the key file of then"))

// oldKeyFile is the key file.
func oldKeyFile() string { return "1 " + base64.StdEncoding.EncodeToString(oldMaster[:]) + "\n" }

func oldDerive(t *testing.T, purpose string) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, oldMaster[:], nil, "refill "+purpose, 32)
	require.NoError(t, err)
	return key
}

// oldSeries describes the cards of a series.
type oldSeries struct {
	ID       int64
	Quantity int32 // cards made
	Alphabet string
	Length   int
	Imported bool
}

// oldCard is a row of COPY: serial, index, sealed code, hash of the last symbols, serial of
// another system.
func (s oldSeries) cards(t *testing.T) func(serial int32) []any {
	t.Helper()
	index, end := hmac.New(sha256.New, oldDerive(t, "code index")), hmac.New(sha256.New, oldDerive(t, "code last four"))
	aead := oldSeal(t, s.ID)
	return func(serial int32) []any {
		symbols := s.symbols(serial)
		indexed := symbols
		var elsewhere *string
		if s.Imported {
			indexed = strings.ReplaceAll(symbols, "-", "")
			number := fmt.Sprintf("A%d", serial)
			elsewhere = &number
		}
		index.Reset()
		index.Write([]byte(indexed))
		end.Reset()
		end.Write([]byte(symbols[len(symbols)-4:]))
		return []any{
			s.ID, serial, int16(1), "active", index.Sum(nil)[:16], oldSealed(aead, s.ID, serial, symbols),
			int32(binary.BigEndian.Uint32(end.Sum(nil))), elsewhere, //nolint:gosec // the same bits
		}
	}
}

// oldSeal returns the cipher of a series; series 0 is the cipher of the canary.
func oldSeal(t *testing.T, seriesID int64) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(oldDerive(t, fmt.Sprintf("code seal %d", seriesID)))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead
}

func oldSealed(aead cipher.AEAD, seriesID int64, serial int32, symbols string) []byte {
	bound := binary.BigEndian.AppendUint64(nil, uint64(seriesID)) //nolint:gosec // small
	bound = binary.BigEndian.AppendUint32(bound, uint32(serial))  //nolint:gosec // small
	nonce := sha256.Sum256(append([]byte("nonce"), bound...))
	return aead.Seal(nonce[:12:12], nonce[:12], []byte(symbols), bound)
}

// symbols returns the stored symbols of a code. A code of another system begins with a byte
// 0.
func (s oldSeries) symbols(serial int32) string {
	random := sha256.Sum256(fmt.Appendf(nil, "code %d/%d", s.ID, serial))
	switch {
	case s.Imported:
		return fmt.Sprintf("\x00VX-%014d", binary.BigEndian.Uint64(random[:])%1e14)
	case s.Alphabet == "digits":
		symbols := make([]byte, s.Length)
		interim := byte(0)
		for i := range s.Length - 1 {
			symbols[i] = '0' + random[i]%10
			interim = oldDamm[interim][symbols[i]-'0']
		}
		symbols[s.Length-1] = '0' + interim
		return string(symbols)
	}
	const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	symbols := make([]byte, s.Length)
	sum := 0
	for i := range s.Length - 1 {
		symbols[i] = letters[random[i]%31]
		sum += (i + 1) * strings.IndexByte(letters, symbols[i])
	}
	for v := range 31 {
		if (sum+s.Length*v)%31 == 0 {
			symbols[s.Length-1] = letters[v]
		}
	}
	return string(symbols)
}

// oldDamm is the table of the check digit of H. Michael Damm.
var oldDamm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}
