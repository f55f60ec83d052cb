package signin

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/static"
)

// hashing bounds how many passwords the process hashes at once. Each hash takes 19 MiB and
// about 30 ms of a core. Without the bound a burst of sign-ins would take the memory that
// redemptions need.
var hashing = make(chan struct{}, 3) //nolint:gochecknoglobals // one bound for the whole process

// params returns OWASP's second choice of parameters for argon2id. They are explicit,
// because the library's defaults depend on the number of cores.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// dummyHash is the hash of a random password. The password of an unknown username is
// checked against it, so that the answer takes the same time as for a known one.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$nVJ1k+y5a8vP9st1gee3Ww$GlBNl0vkxAWJql3mxdz/SZeVnS0ahXwhvvTcleZ2wvE"

// Hash returns the argon2id hash of a password, for storage.
func Hash(password string) (string, error) {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	hash, err := argon2id.CreateHash(password, params())
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Derive returns the argon2id hash of a text under a given salt. It waits for a free slot
// until ctx ends.
func Derive(ctx context.Context, salt []byte, text string) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a text: %w", ctx.Err())
	}
	p := params()
	return argon2.IDKey([]byte(text), salt, p.Iterations, p.Memory, p.Parallelism, p.KeyLength), nil
}

// Matches reports whether a password belongs to a hash. An empty hash never matches, in
// the same time. It waits for a free slot until ctx ends.
func Matches(ctx context.Context, password, hash string) (bool, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return false, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	known := hash != ""
	if !known {
		hash = dummyHash
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	return ok && known, nil
}

// The minimum lengths of passwords, in characters. Staff need longer ones because they can
// do more harm; customers type on telephones.
const (
	LeastForStaff     = 10
	LeastForCustomers = 8
)

// common returns the list of common passwords. A linear search of its 450 KB takes less
// time than the hash that follows.
var common = sync.OnceValue(static.CommonPasswords) //nolint:gochecknoglobals // read once

// KnownNames returns the words that an attacker would try first for an account: its
// username and the names of the portal.
func KnownNames(ctx context.Context, dbtx db.DBTX, username string) ([]string, error) {
	names, err := db.New().NameList(ctx, dbtx)
	if err != nil {
		return nil, fmt.Errorf("list what the portal is called: %w", err)
	}
	return append(names, username, setting.Default().Brand), nil
}

// ValidPassword returns a fault for a password that is too short or easy to guess, and nil
// otherwise. names come from KnownNames.
func ValidPassword(password string, least int, names []string) *fault.Error {
	if n := utf8.RuneCountInString(password); n < least || n > 200 || !utf8.ValidString(password) {
		return fault.Field("password", "password_length", "The password must be {least} to 200 characters long.").With("least", fault.Number(least))
	}
	word := core(password)
	for _, name := range names {
		if squash(name) != "" && squash(word) == squash(name) {
			return fault.Field("password", "password_name", "The password must be more than the username or the portal’s name. Choose another, such as a few words in a row.")
		}
	}
	if isCommon(password, word) {
		return fault.Field("password", "password_common", "Many people have this password, so it is tried first. Choose another, such as a few words in a row.")
	}
	return nil
}

// isCommon reports whether a password is on the list, or is a word of the list with
// digits and signs around it, a row of digits, or a few symbols over and over.
func isCommon(password, word string) bool {
	password = strings.ToLower(password)
	listed := func(text string) bool {
		return text != "" && !strings.Contains(text, "\n") && strings.Contains(common(), "\n"+text+"\n")
	}
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	return listed(password) || listed(word) || len(different) < 4 || strings.Contains(strings.Repeat("1234567890", 21), password)
}

// core is a password without the digits and signs that people put around a word to
// make it longer.
func core(password string) string {
	return strings.TrimFunc(strings.ToLower(password), func(r rune) bool { return !unicode.IsLetter(r) })
}

// squash keeps the letters and digits of a text.
func squash(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToLower(text))
}
