package cardcode

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"refill/internal/fault"
)

// ErrSecretKey says that a secret is sealed under a key which this process has not
// taken over yet.
var ErrSecretKey = fault.New(fault.Unsettled, "keys_behind_secret", "The portal is taking over new keys. Wait a minute, then try again.")

// SealFileKey implements blob.Keys: a file of codes is of no use without the key
// file.
func (k *Keyring) SealFileKey(name string, fileKey []byte) (keyID int16, sealed []byte, err error) {
	return k.Seal("file seal", name, fileKey)
}

// OpenFileKey implements blob.Keys.
func (k *Keyring) OpenFileKey(keyID int16, name string, sealed []byte) ([]byte, error) {
	return k.Open(keyID, "file seal", name, sealed)
}

// Seal encrypts a secret under the current sealing key. A key derived for the use encrypts
// it, and the purpose is authenticated with it: Open needs the same two.
func (k *Keyring) Seal(use, purpose string, clear []byte) (keyID int16, sealed []byte, err error) {
	keyID = k.Current()
	sealed, err = k.sealUnder(keyID, use, purpose, clear)
	return keyID, sealed, err
}

// sealUnder is Seal under a given key.
func (k *Keyring) sealUnder(keyID int16, use, purpose string, clear []byte) (sealed []byte, err error) {
	aead, err := k.aead(keyID, use)
	if err != nil {
		return nil, err
	}
	sealed = make([]byte, nonceLength, nonceLength+len(clear)+aead.Overhead())
	_, _ = rand.Read(sealed) // never fails: package crypto/rand ends the program first
	return aead.Seal(sealed, sealed, clear, []byte(purpose)), nil
}

// Open opens what Seal sealed, for the same use and purpose.
func (k *Keyring) Open(keyID int16, use, purpose string, sealed []byte) ([]byte, error) {
	if !k.Has(keyID) {
		return nil, ErrSecretKey
	}
	aead, err := k.aead(keyID, use)
	if err != nil {
		return nil, err
	}
	if len(sealed) < nonceLength {
		return nil, fmt.Errorf("the sealed secret %q is cut off", purpose)
	}
	clear, err := aead.Open(nil, sealed[:nonceLength], sealed[nonceLength:], []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("the secret %q does not open: wrong key, or it was changed", purpose)
	}
	return clear, nil
}

func (k *Keyring) aead(keyID int16, use string) (cipher.AEAD, error) {
	key, err := k.derive(keyID, use)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
