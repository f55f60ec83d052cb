package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and all that authenticators agree on; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
)

// The authenticator's parameters are those of RFC 6238, which every app takes for
// granted: SHA-1, six digits, 30 seconds.
const (
	TOTPDigits = 6
	totpPeriod = 30
	// totpSkew is how many periods a telephone's clock may be off.
	totpSkew = 1
	// secretLength is as long as the hash, as RFC 4226 recommends.
	secretLength = sha1.Size
)

// NewSecret draws the secret of a second factor.
func NewSecret() []byte {
	secret := make([]byte, secretLength)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	return secret
}

// totp is the code of a period (RFC 6238, section 4).
func totp(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step)) //nolint:gosec // not before 1970
	mac := hmac.New(sha1.New, secret)
	_, _ = mac.Write(counter[:]) // a hash takes everything
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%0*d", TOTPDigits, binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

// TOTPStep returns the 30-second period whose code matches, among those around clock,
// which is in seconds since 1970.
func TOTPStep(secret []byte, code string, clock int64) (step int64, ok bool) {
	for at := clock/totpPeriod - totpSkew; at <= clock/totpPeriod+totpSkew; at++ {
		if subtle.ConstantTimeCompare([]byte(totp(secret, at)), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}

// SecretText is a secret as it is typed into an authenticator.
func SecretText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// AuthenticatorURI is what an authenticator reads from a QR code: whose secret it
// is, and of which portal.
func AuthenticatorURI(brand, username, secret string) string {
	brand = strings.ReplaceAll(brand, ":", " ")
	return "otpauth://totp/" + url.PathEscape(brand) + ":" + url.PathEscape(username) +
		"?secret=" + secret + "&issuer=" + url.PathEscape(brand)
}
