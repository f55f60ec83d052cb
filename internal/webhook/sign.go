package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// secretPrefix and secretSize are the form of a secret in Standard Webhooks 1.0: the prefix
// and that many random bytes in base64.
const (
	secretPrefix = "whsec_"
	secretSize   = 32
)

// newSecret draws a secret.
func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	return secret
}

// secretText is a secret as it is shown, once.
func secretText(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// sign returns the webhook-signature header: one signature for each secret, the newest first.
// What is signed is the id, the time of the try in Unix seconds and the body, as they are
// sent, with full stops between them.
func sign(secrets [][]byte, id string, at time.Time, body []byte) string {
	var signatures []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		_, _ = mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " ")
}

// purpose binds a sealed secret to its endpoint.
func purpose(id int64) string { return fmt.Sprintf("webhook %d", id) }
