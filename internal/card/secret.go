package card

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

// CurrentKey is the id of the key set that new secrets are sealed under.
func (s *Service) CurrentKey() int16 { return s.keys.Current() }

// SealSecret seals what must not be read in a copy of the database and is no code,
// and returns the id of the key. It opens only for the purpose that it was sealed
// for: name the row in it.
func (s *Service) SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error) {
	return s.keys.seal("secret seal", purpose, clear)
}

// OpenSecret returns what SealSecret sealed.
func (s *Service) OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error) {
	return s.keys.open(keyID, "secret seal", purpose, sealed)
}

// SealFileKey implements blob.Keys: a file of codes is of no use without the key
// file.
func (k *Keyring) SealFileKey(name string, fileKey []byte) (keyID int16, sealed []byte, err error) {
	return k.seal("file seal", name, fileKey)
}

// OpenFileKey implements blob.Keys.
func (k *Keyring) OpenFileKey(keyID int16, name string, sealed []byte) ([]byte, error) {
	return k.open(keyID, "file seal", name, sealed)
}

// seal seals under a key of the newest set that is derived for one use, to a purpose.
func (k *Keyring) seal(use, purpose string, clear []byte) (keyID int16, sealed []byte, err error) {
	keyID = k.Current()
	sealed, err = k.sealUnder(keyID, use, purpose, clear)
	return keyID, sealed, err
}

// sealUnder is seal under a key of one's choice.
func (k *Keyring) sealUnder(keyID int16, use, purpose string, clear []byte) (sealed []byte, err error) {
	aead, err := k.aead(keyID, use)
	if err != nil {
		return nil, err
	}
	sealed = make([]byte, nonceLength, nonceLength+len(clear)+aead.Overhead())
	_, _ = rand.Read(sealed) // never fails: package crypto/rand ends the program first
	return aead.Seal(sealed, sealed, clear, []byte(purpose)), nil
}

func (k *Keyring) open(keyID int16, use, purpose string, sealed []byte) ([]byte, error) {
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
