// Package stafftest is the telephone of tests: an authenticator written apart from
// the portal's own arithmetic. Nothing but tests imports it.
package stafftest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what RFC 6238 says
	"encoding/base32"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// Code is what an authenticator that holds a secret shows at a moment.
func Code(tb testing.TB, secret string, at time.Time) string {
	tb.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		tb.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	var counter [8]byte
	big.NewInt(at.Unix() / 30).FillBytes(counter[:])
	_, _ = mac.Write(counter[:]) // a hash takes everything
	sum := mac.Sum(nil)
	from := sum[19] & 15
	number := new(big.Int).SetBytes(sum[from : from+4])
	number.SetBit(number, 31, 0)
	return fmt.Sprintf("%06d", number.Mod(number, big.NewInt(1_000_000)))
}
