package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/xdg-go/stringprep"
)

// The standard security handler with AES-256 (ISO 32000-2, section 7.6, version 5,
// revision 6): every string and stream is encrypted on its own, so a file streams
// as before and grows by some thirty bytes an object. Who has the password has the
// whole file; the permissions that a viewer may be asked to keep to are all given.

// MinPassword and MaxPassword bound a password: characters at least, because whoever
// has the file may try passwords on machines of their own, without anybody to slow
// them down; bytes at most, because the standard reads no more.
const (
	MinPassword = 8
	MaxPassword = 127
)

// Refusals of a password.
var (
	ErrPasswordShort = errors.New("pdf: password is too short")
	ErrPasswordLong  = errors.New("pdf: password is too long")
	ErrPasswordChars = errors.New("pdf: password has a character that readers don't agree on")
)

// PreparePassword returns a password as it is hashed: SASLprep (RFC 4013), as the
// standard asks. What some readers would take otherwise than others is refused:
// controls, what can't be seen, characters younger than the profile, a space at an
// end. Errors never hold the password.
func PreparePassword(password string) (string, error) {
	prepared, err := stringprep.SASLprep.Prepare(password)
	if err != nil || len(prepared) != len(bytes.TrimSpace([]byte(prepared))) {
		return "", ErrPasswordChars
	}
	characters := 0
	for _, r := range prepared {
		if stringprep.TableA1.Contains(r) || r == '\uFFFD' { // unassigned then; what is left of broken UTF-8
			return "", ErrPasswordChars
		}
		characters++
	}
	switch {
	case characters < MinPassword:
		return "", ErrPasswordShort
	case len(prepared) > MaxPassword:
		return "", ErrPasswordLong
	}
	return prepared, nil
}

// cipherer encrypts the strings and streams of a file.
type cipherer struct {
	block  cipher.Block
	random io.Reader
	dict   string // the encryption dictionary
	id     [16]byte
}

// permissions are all that there are; bits 1 and 2 must be 0 (ISO 32000-2, table 22).
const permissions = 0xFFFFFFFC

// newCipherer draws a key for a file and locks it with a password, and once more with
// an owner's password that nobody is told. All that is drawn comes from random.
func newCipherer(password string, random io.Reader) (*cipherer, error) {
	prepared, err := PreparePassword(password)
	if err != nil {
		return nil, err
	}
	var drawn struct {
		Key                [32]byte
		UserSalts          [16]byte // for checking, then for the key
		Owner              [32]byte
		OwnerSalts         [16]byte
		ID, PermissionsEnd [16]byte
	}
	if err := binary.Read(random, binary.BigEndian, &drawn); err != nil {
		return nil, fmt.Errorf("pdf: draw a key: %w", err)
	}
	c := &cipherer{random: random, id: drawn.ID}
	if c.block, err = aes.NewCipher(drawn.Key[:]); err != nil {
		return nil, err
	}
	u, ue, err := lock([]byte(prepared), drawn.UserSalts[:], nil, drawn.Key[:])
	if err != nil {
		return nil, err
	}
	o, oe, err := lock(drawn.Owner[:], drawn.OwnerSalts[:], u, drawn.Key[:])
	if err != nil {
		return nil, err
	}
	perms := drawn.PermissionsEnd // its last four bytes stay as drawn
	binary.LittleEndian.PutUint64(perms[:8], 0xFFFFFFFF<<32|permissions)
	copy(perms[8:12], "Tadb") // the metadata are encrypted; a fixed mark
	c.block.Encrypt(perms[:], perms[:])
	c.dict = fmt.Sprintf("<</Filter/Standard/V 5/R 6/Length 256/CF<</StdCF<</Type/CryptFilter/CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>"+
		"/StmF/StdCF/StrF/StdCF/EncryptMetadata true/P %d/U<%X>/UE<%X>/O<%X>/OE<%X>/Perms<%X>>>", int32(permissions-1<<32), u, ue, o, oe, perms)
	return c, nil
}

// lock makes the U and UE, or with u the O and OE, of a password (algorithms 8 and 9).
func lock(password, salts, u, key []byte) (check, locked []byte, err error) {
	hash, err := passwordHash(password, salts[:8], u)
	if err != nil {
		return nil, nil, err
	}
	check = append(hash, salts...)
	over, err := passwordHash(password, salts[8:], u)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(over)
	if err != nil {
		return nil, nil, err
	}
	locked = make([]byte, len(key))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(locked, key) //nolint:gosec // the standard asks for an empty vector; the key is used once
	return check, locked, nil
}

// passwordHash is algorithm 2.B: at least 64 rounds of AES and one of three hashes,
// which the round before chooses.
func passwordHash(password, salt, u []byte) ([]byte, error) {
	first := sha256.New()
	for _, part := range [][]byte{password, salt, u} {
		first.Write(part)
	}
	k := first.Sum(nil)
	for round := 1; ; round++ {
		text := bytes.Repeat(bytes.Join([][]byte{password, k, u}, nil), 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil, err
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(text, text)
		sum := 0 // 256 is 1 modulo 3, so the number of sixteen bytes is their sum
		for _, b := range text[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(text)
			k = h[:]
		case 1:
			h := sha512.Sum384(text)
			k = h[:]
		default:
			h := sha512.Sum512(text)
			k = h[:]
		}
		if round >= 64 && int(text[len(text)-1]) <= round-32 {
			return k[:32:32], nil
		}
	}
}

// seal appends data encrypted: a vector of its own, then CBC, filled up to whole
// blocks (algorithm 1.A).
func (c *cipherer) seal(b, data []byte) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, aes.BlockSize)...)
	if _, err := io.ReadFull(c.random, b[start:]); err != nil {
		return b, fmt.Errorf("pdf: draw a vector: %w", err)
	}
	b = append(b, data...)
	fill := aes.BlockSize - len(data)%aes.BlockSize
	b = append(b, bytes.Repeat([]byte{byte(fill)}, fill)...)
	body := b[start+aes.BlockSize:]
	cipher.NewCBCEncrypter(c.block, b[start:start+aes.BlockSize]).CryptBlocks(body, body)
	return b, nil
}

// sealedLength is how long data are once they are encrypted.
func (*cipherer) sealedLength(n int) int { return aes.BlockSize + n + aes.BlockSize - n%aes.BlockSize }
