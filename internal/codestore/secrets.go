package codestore

// CurrentKey returns the id of the key under which new secrets are sealed.
func (s *Store) CurrentKey() int16 { return s.keys.Current() }

// SealSecret seals a secret other than a code, such as a second factor, and returns the id of
// the key. It opens only with the same purpose, which should identify the row.
func (s *Store) SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error) {
	return s.keys.Seal("secret seal", purpose, clear)
}

// OpenSecret opens a secret that SealSecret sealed with the same purpose.
func (s *Store) OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error) {
	return s.keys.Open(keyID, "secret seal", purpose, sealed)
}
