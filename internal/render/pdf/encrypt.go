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

// The standard security handler with AES-256 (ISO 32000-2, section 7.6, version 5, revision
// 6). Every string and stream is encrypted separately, so that files are still streamed and
// grow by about thirty bytes an object. The password gives access to the whole file, with
// all permissions.

// MinPassword and MaxPassword bound a password. The minimum is in characters, because an
// attacker with the file can try passwords offline without any limit; the maximum is in
// bytes, because the standard reads no more.
const (
	MinPassword = 8
	MaxPassword = 127
)

// Errors of a password.
var (
	ErrPasswordShort = errors.New("pdf: password is too short")
	ErrPasswordLong  = errors.New("pdf: password is too long")
	ErrPasswordChars = errors.New("pdf: password has a character that readers don't agree on")
)

// PreparePassword returns a password in the form that is hashed: prepared by SASLprep (RFC
// 4013), as the standard requires. It rejects characters on which readers disagree: control
// characters, invisible characters, characters that Unicode added after the profile, and a
// space at an end. Errors never contain the password.
func PreparePassword(password string) (string, error) {
	prepared, err := stringprep.SASLprep.Prepare(password)
	if err != nil || len(prepared) != len(bytes.TrimSpace([]byte(prepared))) {
		return "", ErrPasswordChars
	}
	characters := 0
	for _, r := range prepared {
		if stringprep.TableA1.Contains(r) || r == '\uFFFD' { // unassigned in the profile, or invalid UTF-8
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

// encrypter encrypts the strings and streams of a file.
type encrypter struct {
	block  cipher.Block
	random io.Reader
	dict   string // the encryption dictionary
	id     [16]byte
}

// permissions grants everything; bits 1 and 2 must be 0 (ISO 32000-2, table 22).
const permissions = 0xFFFFFFFC

// newEncrypter generates the file key and encrypts it under the password, and under a
// random owner password that is not kept. All random bytes come from random.
func newEncrypter(password string, random io.Reader) (*encrypter, error) {
	prepared, err := PreparePassword(password)
	if err != nil {
		return nil, err
	}
	var drawn struct {
		Key                [32]byte
		UserSalts          [16]byte // for the validation hash, then for the key
		Owner              [32]byte
		OwnerSalts         [16]byte
		ID, PermissionsEnd [16]byte
	}
	if err := binary.Read(random, binary.BigEndian, &drawn); err != nil {
		return nil, fmt.Errorf("pdf: draw a key: %w", err)
	}
	c := &encrypter{random: random, id: drawn.ID}
	if c.block, err = aes.NewCipher(drawn.Key[:]); err != nil {
		return nil, err
	}
	u, ue, err := encryptKey([]byte(prepared), drawn.UserSalts[:], nil, drawn.Key[:])
	if err != nil {
		return nil, err
	}
	o, oe, err := encryptKey(drawn.Owner[:], drawn.OwnerSalts[:], u, drawn.Key[:])
	if err != nil {
		return nil, err
	}
	perms := drawn.PermissionsEnd // the last four bytes are random
	binary.LittleEndian.PutUint64(perms[:8], 0xFFFFFFFF<<32|permissions)
	copy(perms[8:12], "Tadb") // metadata is encrypted; a fixed marker
	c.block.Encrypt(perms[:], perms[:])
	c.dict = fmt.Sprintf("<</Filter/Standard/V 5/R 6/Length 256/CF<</StdCF<</Type/CryptFilter/CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>"+
		"/StmF/StdCF/StrF/StdCF/EncryptMetadata true/P %d/U<%X>/UE<%X>/O<%X>/OE<%X>/Perms<%X>>>", int32(permissions-1<<32), u, ue, o, oe, perms)
	return c, nil
}

// encryptKey returns the entries U and UE of a password, or O and OE if u is set
// (algorithms 8 and 9).
func encryptKey(password, salts, u, key []byte) (check, locked []byte, err error) {
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

// passwordHash is algorithm 2.B: at least 64 rounds of AES and one of three hash functions,
// chosen by the result of the round before.
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
		sum := 0 // 256 is 1 modulo 3, so the number modulo 3 is the sum of its bytes modulo 3
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

// seal appends the encrypted data: a random initialization vector, then CBC with padding to
// whole blocks (algorithm 1.A).
func (c *encrypter) seal(b, data []byte) ([]byte, error) {
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

// sealedLength returns the length of n encrypted bytes.
func (*encrypter) sealedLength(n int) int { return aes.BlockSize + n + aes.BlockSize - n%aes.BlockSize }
