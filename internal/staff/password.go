package staff

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"refill/internal/fault"
)

// hashing is how many passwords are hashed at once, in the whole process. Each
// takes 19 MiB and about 30 ms of a core: without a bound, a burst of sign-ins
// would take the memory that redemptions need.
var hashing = make(chan struct{}, 3) //nolint:gochecknoglobals // one bound for the process, whoever hashes

// params are OWASP's second choice for argon2id. They are written out because
// the library's defaults depend on the machine's number of cores.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// nobody is the hash of a password that nobody knows. An unknown username is
// checked against it, so that the answer takes as long as for a known one.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$nVJ1k+y5a8vP9st1gee3Ww$GlBNl0vkxAWJql3mxdz/SZeVnS0ahXwhvvTcleZ2wvE"

// Hash returns the hash of a password, to be stored.
func Hash(password string) (string, error) {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	hash, err := argon2id.CreateHash(password, params())
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// matches reports whether a password belongs to a hash; an empty hash belongs to
// none, in the same time. It waits for its turn no longer than ctx lasts.
func matches(ctx context.Context, password, hash string) (bool, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return false, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
	known := hash != ""
	if !known {
		hash = nobody
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	return ok && known, nil
}

// ValidPassword returns a fault where a password is not fit to be one.
func ValidPassword(password string) *fault.Error {
	if n := utf8.RuneCountInString(password); n < 8 || n > 200 || !utf8.ValidString(password) {
		return fault.Field("password", "password_length", "The password must be 8 to 200 characters long.")
	}
	return nil
}
