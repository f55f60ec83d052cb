package pdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/stretchr/testify/require"
)

// encrypted returns a file of some pages with a password. Random bytes come from a seed.
func encrypted(t *testing.T, password string, seed byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	d, err := New(&buf, testConfig(t))
	require.NoError(t, err)
	require.NoError(t, d.Encrypt(password, &chance{seed: seed}))
	for range 3 {
		require.NoError(t, d.Page(one(text.New("SECRET-CODE"))))
	}
	require.NoError(t, d.Close())
	return buf.Bytes()
}

// opens reports whether a program opens a file, with its output.
func opens(t *testing.T, file []byte, name string, args ...string) (string, bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.pdf")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	program, err := exec.LookPath(name)
	require.NoError(t, err, "these tests need qpdf and poppler-utils; make test installs them")
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "FILE", path)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	return string(out), err == nil
}

// Independent readers open the file with its password, prepared and as typed, and do not
// open it without.
func TestPasswordOpensTheFile(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{
		"Plain":    "correct horse",
		"Brackets": `(pass)\word<>`,
		"Umlauts":  "Schlüßel-Ключ-κλειδί",
		"Longest":  strings.Repeat("x", MaxPassword),
		"Shortest": "12345678",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range byte(8) { // different numbers of hash rounds
				file := encrypted(t, password, seed)
				require.NotContains(t, string(file), "Τίτλος")
				require.NotContains(t, string(file), "Adobe")
				out, ok := opens(t, file, "qpdf", "--password-mode=unicode", "--password="+password, "--check", "FILE")
				require.True(t, ok, out)
				require.Contains(t, out, "R = 6")
				require.Contains(t, out, "No syntax or stream encoding errors")
				require.Contains(t, out, "stream encryption method: AESv3")
				if seed > 0 || len(password) > 32 { // poppler's programs truncate longer passwords
					continue
				}
				out, ok = opens(t, file, "pdftotext", "-upw", password, "FILE", "-")
				require.True(t, ok, out)
				require.Equal(t, 3, strings.Count(out, "SECRET-CODE"))
				out, ok = opens(t, file, "pdfinfo", "-upw", password, "FILE")
				require.True(t, ok, out)
				require.Contains(t, out, "Τίτλος")
				require.Regexp(t, `Encrypted:\s+yes \(print:yes copy:yes change:yes addNotes:yes algorithm:AES-256\)`, out)
				for _, wrong := range []string{"", "wrong horse", password[:len(password)-1]} {
					for _, reader := range [][]string{
						{"qpdf", "--password-mode=unicode", "--password=" + wrong, "--check", "FILE"},
						{"pdftotext", "-upw", wrong, "FILE", "-"},
					} {
						out, ok := opens(t, file, reader[0], reader[1:]...)
						require.False(t, ok, "%s opened the file with %q", reader[0], wrong)
						require.NotContains(t, out, "SECRET-CODE")
					}
				}
			}
		})
	}
}

// Each decrypted object equals the object of the file without a password.
func TestOnlyTheCoverIsOther(t *testing.T) {
	t.Parallel()
	var clear bytes.Buffer
	d, err := New(&clear, testConfig(t))
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, d.Page(one(text.New("SECRET-CODE"))))
	}
	require.NoError(t, d.Close())
	json := func(file []byte) string {
		out, ok := opens(t, file, "qpdf", "--password=correct horse", "--decrypt", "--json=2", "--json-key=qpdf", "--json-stream-data=inline", "FILE")
		require.True(t, ok, out)
		return out[strings.Index(out, `"obj:`):strings.Index(out, `"trailer"`)]
	}
	extension := regexp.MustCompile(`\s+"/Extensions": \{\s+"/ADBE": \{\s+"/BaseVersion": "/1.7",\s+"/ExtensionLevel": 8\s+\}\s+\},`)
	locked := json(encrypted(t, "correct horse", 1))
	require.True(t, extension.MatchString(locked))
	require.True(t, json(clear.Bytes()) == extension.ReplaceAllString(locked, ""), "other objects") //nolint:testifylint // not a hundred kilobytes on the screen
}

// The same random bytes give the same file, and other random bytes another key. Each string
// and stream has an initialization vector of its own.
func TestChanceIsHandedIn(t *testing.T) {
	t.Parallel()
	file, again, other := encrypted(t, "correct horse", 1), encrypted(t, "correct horse", 1), encrypted(t, "correct horse", 2)
	require.Equal(t, file, again)
	require.NotEqual(t, file, other)
	vectors := map[string]bool{}
	for rest := file; ; {
		_, after, found := bytes.Cut(rest, []byte("stream\n"))
		if !found {
			break
		}
		if after[0] != '\n' && len(after) > 16 && !bytes.HasPrefix(after, []byte("endobj")) {
			require.False(t, vectors[string(after[:16])], "a vector comes twice")
			vectors[string(after[:16])] = true
		}
		rest = after
	}
	require.GreaterOrEqual(t, len(vectors), 5)

	d, err := New(io.Discard, testConfig(t))
	require.NoError(t, err)
	dry := errors.New("no more chance")
	require.ErrorIs(t, d.Encrypt("correct horse", failing{dry}), dry)
	require.NoError(t, d.Encrypt("correct horse", io.MultiReader(io.LimitReader(&chance{}, 128), failing{dry})))
	err = d.Page(one())
	require.ErrorIs(t, err, dry, "nothing leaves in clear")
	require.Equal(t, err, d.Close())
}

// chance returns deterministic random bytes.
type chance struct{ seed, n byte }

func (c *chance) Read(p []byte) (int, error) {
	c.n++
	sum := sha256.Sum256([]byte{c.seed, c.n})
	return copy(p, sum[:]), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestPreparePassword(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"password":              "password",
		"ﬁle-ﬁle-ﬁle":           "file-file-file", // ligatures
		"Ｐａｓｓｗｏｒｄ":              "Password",       // full-width letters
		"u\u0308ber-den-See":    "über-den-See",   // a letter with a combining mark
		"no\u00a0break":         "no break",
		"soft\u00adhyphen":      "softhyphen",
		strings.Repeat("ü", 63): strings.Repeat("ü", 63),
	} {
		got, err := PreparePassword(typed)
		require.NoError(t, err, typed)
		require.Equal(t, want, got)
	}
	for typed, want := range map[string]error{
		"":                       ErrPasswordShort,
		"1234567":                ErrPasswordShort,
		"üüüüüüü":                ErrPasswordShort, // fourteen bytes, seven characters
		strings.Repeat("x", 128): ErrPasswordLong,
		strings.Repeat("ü", 64):  ErrPasswordLong,
		"tab\tulator":            ErrPasswordChars,
		"null\x00byte":           ErrPasswordChars,
		" leading space":         ErrPasswordChars,
		"trailing space ":        ErrPasswordChars,
		"emoji-🔑-emoji":          ErrPasswordChars,
		"broken-\xff-utf8":       ErrPasswordChars,
		"private-\ue000-use":     ErrPasswordChars,
		"both-אב-ways":           ErrPasswordChars,
	} {
		_, err := PreparePassword(typed)
		require.Equal(t, want, err, "%q", typed)
	}
}
