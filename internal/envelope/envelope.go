// Package envelope owns the encryption of files to their recipients: age recipients and
// OpenPGP keys. It reads public keys and streams. It keeps nothing and has no clock; a
// secret key is recognised only to be refused.
package envelope

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"refill/internal/fault"
)

// Kind is how a file is encrypted: also how its name ends.
type Kind string

// The kinds.
const (
	Age     Kind = "age"
	OpenPGP Kind = "gpg"
)

// MaxKey is the longest key that is read, in bytes.
const MaxKey = 20_000

// Refusals of a key.
var (
	ErrKey     = fault.Field("key", "envelope_key", "Paste an age recipient (age1…) or an OpenPGP public key, from its BEGIN line to its END line.")
	ErrSecret  = fault.Field("key", "envelope_secret_key", "This is a secret key. Only its owner should have it: ask for the public one, and have a new pair made.")
	ErrUseless = fault.Field("key", "envelope_useless_key", "Nothing can be encrypted for this key: it has expired, was revoked, or only signs. Ask its owner for another.")
)

// Key is a public key.
type Key struct {
	Kind        Kind
	Fingerprint string // as its owner would read it out
	age         []age.Recipient
	pgp         *openpgp.Entity
}

// Read reads a public key, as it is good at a time.
func Read(text string, now time.Time) (Key, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > MaxKey:
		return Key{}, ErrKey
	case strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-"), strings.Contains(text, "PRIVATE KEY"):
		return Key{}, ErrSecret
	case strings.HasPrefix(text, "-----BEGIN PGP PUBLIC KEY BLOCK-----"):
		return readPGP(text, now)
	}
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(recipients) != 1 {
		return Key{}, ErrKey // the error would quote the text
	}
	fingerprint := text
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "age1") {
			fingerprint = line
		}
	}
	return Key{Kind: Age, Fingerprint: fingerprint, age: recipients}, nil
}

func readPGP(text string, now time.Time) (Key, error) {
	entities, err := openpgp.ReadArmoredKeyRing(strings.NewReader(text))
	if err != nil || len(entities) != 1 {
		return Key{}, ErrKey
	}
	if _, usable := entities[0].EncryptionKey(now, configAt(now)); !usable {
		return Key{}, ErrUseless
	}
	return Key{Kind: OpenPGP, Fingerprint: fmt.Sprintf("%X", entities[0].PrimaryKey.Fingerprint), pgp: entities[0]}, nil
}

// configAt is what OpenPGP messages are made with: AES-256, not compressed, for
// what comes is so already.
func configAt(now time.Time) *packet.Config {
	return &packet.Config{
		DefaultCipher: packet.CipherAES256, DefaultCompressionAlgo: packet.CompressionNone,
		Time: func() time.Time { return now },
	}
}

// Seal returns a writer whose bytes reach w encrypted; Close ends them and leaves
// w open. Memory stays the same however many come.
func (k Key) Seal(w io.Writer, now time.Time) (io.WriteCloser, error) {
	var sealed io.WriteCloser
	var err error
	switch k.Kind {
	case Age:
		sealed, err = age.Encrypt(w, k.age...)
	case OpenPGP:
		sealed, err = openpgp.Encrypt(w, []*openpgp.Entity{k.pgp}, nil, nil, &openpgp.FileHints{}, configAt(now))
	default:
		err = errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("envelope: begin: %w", err)
	}
	return sealed, nil
}

// errNoKey says that a Key did not come from Read: a mistake of ours.
var errNoKey = errors.New("envelope: no key")
