package envelope_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"refill/internal/envelope"
	"refill/internal/fault"
)

// run calls a program that people open files with. A missing one fails the test.
func run(t *testing.T, env []string, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "these tests need age and gpg; make test installs them")
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s: %s", name, args, &stderr)
	return out
}

// letter is longer than any buffer on the way.
var letter = bytes.Repeat([]byte("R26-7K2M-9XQD-4HVT-C8P2\n"), 20_000)

// sealed encrypts the letter for a key, in pieces, and returns the path of the file.
func sealed(t *testing.T, key envelope.Key) string {
	t.Helper()
	var b bytes.Buffer
	w, err := key.Seal(&b, time.Now())
	require.NoError(t, err)
	for rest := letter; len(rest) > 0; {
		n := min(len(rest), 9_999)
		_, err := w.Write(rest[:n])
		require.NoError(t, err)
		rest = rest[n:]
	}
	require.NoError(t, w.Close())
	require.NotContains(t, b.String(), "R26-7K2M")
	path := filepath.Join(t.TempDir(), "letter")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func TestAgeOpensWhatWasSealed(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	key, err := envelope.Read("# Printhouse\n"+identity.Recipient().String()+"\n", time.Now())
	require.NoError(t, err)
	require.Equal(t, envelope.Age, key.Kind)
	require.Equal(t, identity.Recipient().String(), key.Fingerprint)
	secret := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, os.WriteFile(secret, []byte(identity.String()), 0o600))
	require.Equal(t, letter, run(t, nil, "age", "--decrypt", "--identity", secret, sealed(t, key)))
}

func TestGnuPGOpensWhatWasSealed(t *testing.T) {
	t.Parallel()
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // its sockets want a short path
	require.NoError(t, err)
	env := []string{"GNUPGHOME=" + home}
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--kill", "all")
		cmd.Env = append(os.Environ(), env...)
		_ = cmd.Run() // an agent that is gone is fine
		require.NoError(t, os.RemoveAll(home))
	})
	for i, kind := range [][2]string{{"rsa2048", "rsa2048"}, {"ed25519", "cv25519"}} {
		who := strings.ToUpper(kind[0]) + "@printhouse.example"
		run(t, env, "gpg", "--batch", "--passphrase", "", "--quick-gen-key", who, kind[0], "sign", "never")
		fingerprint := ""
		for line := range strings.Lines(string(run(t, env, "gpg", "--batch", "--with-colons", "--list-keys", who))) {
			if cells := strings.Split(line, ":"); cells[0] == "fpr" && fingerprint == "" {
				fingerprint = cells[9]
			}
		}
		public := string(run(t, env, "gpg", "--batch", "--armor", "--export", who))
		_, err := envelope.Read(public, time.Now())
		require.ErrorIs(t, err, envelope.ErrUseless, "it only signs")

		run(t, env, "gpg", "--batch", "--passphrase", "", "--quick-add-key", fingerprint, kind[1], "encr", "1y")
		public = strings.ReplaceAll(string(run(t, env, "gpg", "--batch", "--armor", "--export", who)), "\n", "\r\n") // as browsers send it
		key, err := envelope.Read(public, time.Now())
		require.NoError(t, err, i)
		require.Equal(t, envelope.OpenPGP, key.Kind)
		require.Equal(t, fingerprint, key.Fingerprint)
		require.Equal(t, letter, run(t, env, "gpg", "--batch", "--quiet", "--decrypt", sealed(t, key)))

		_, err = envelope.Read(string(run(t, env, "gpg", "--batch", "--armor", "--export", who)), time.Now().AddDate(2, 0, 0))
		require.ErrorIs(t, err, envelope.ErrUseless, "by then it has expired")
		secret := string(run(t, env, "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--armor", "--export-secret-keys", who))
		_, err = envelope.Read(secret, time.Now())
		require.ErrorIs(t, err, envelope.ErrSecret)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	for text, want := range map[string]*fault.Error{
		"":                                 envelope.ErrKey,
		"age1nonsense":                     envelope.ErrKey,
		identity.String():                  envelope.ErrSecret,
		strings.ToLower(identity.String()): envelope.ErrSecret,
		identity.Recipient().String() + "\n" + identity.Recipient().String():                   envelope.ErrKey,
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n-----END PGP PUBLIC KEY BLOCK-----": envelope.ErrKey,
		strings.Repeat("x", envelope.MaxKey+1):                                                 envelope.ErrKey,
	} {
		_, err := envelope.Read(text, time.Now())
		require.ErrorIs(t, err, want)
		require.Equal(t, "key", fault.All(err)[0].Field)
	}
	_, err = envelope.Key{}.Seal(&bytes.Buffer{}, time.Now())
	require.Error(t, err)
}
