package webhook

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// example returns the code of a language in docs/webhooks.md.
func example(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "webhooks.md"))
	require.NoError(t, err)
	_, code, found := strings.Cut(string(page), "```"+language+"\n")
	require.True(t, found, language)
	code, _, _ = strings.Cut(code, "```")
	return code
}

// The examples of the documentation take a signature of ours, and no changed body.
func TestDocumentedVerification(t *testing.T) {
	t.Parallel()
	secret, at := newSecret(), time.Now()
	body := []byte(`{"type":"ping","data":{"name":"Ä"}}`)
	headers := map[string]string{
		"webhook-id": "e-1", "webhook-timestamp": strconv.FormatInt(at.Unix(), 10), "webhook-signature": sign([][]byte{newSecret(), secret}, "e-1", at, body),
	}
	for name, c := range map[string]struct {
		language, file, tail string
		command              []string
	}{
		"PHP": {"php", "verify.php", `
[$secret, $headers, $good, $bad] = json_decode(file_get_contents('php://stdin'), true);
echo json_encode([verify($secret, $headers, $good), verify($secret, $headers, $bad)]);`, []string{"php", "verify.php"}},
		"Python": {"python", "verify.py", `
import json, sys
secret, headers, good, bad = json.load(sys.stdin)
print(json.dumps([verify(secret, headers, good.encode()), verify(secret, headers, bad.encode())]))`, []string{"python3", "verify.py"}},
		"Go": {"go", "receiver/verify.go", "", []string{"go", "run", "."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(c.command[0]); err != nil {
				t.Skipf("%s is not there", c.command[0])
			}
			dir := t.TempDir()
			write := func(name, text string) {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			write(c.file, example(t, c.language)+c.tail)
			if name == "Go" {
				write("go.mod", "module example\n\ngo 1.24\n")
				write("main.go", `package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"example/receiver"
)

func main() {
	var in []any
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	h := http.Header{}
	for name, value := range in[1].(map[string]any) {
		h.Set(name, value.(string))
	}
	verify := func(body any) bool { return receiver.Verify(in[0].(string), h, []byte(body.(string))) }
	fmt.Printf("[%v,%v]", verify(in[2]), verify(in[3]))
}
`)
			}
			cmd := exec.CommandContext(t.Context(), c.command[0], c.command[1:]...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOTOOLCHAIN=local")
			cmd.Stdin = strings.NewReader(jsonOf(t, []any{secretText(secret), headers, string(body), string(body) + " "}))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			require.JSONEq(t, `[true, false]`, string(out))
		})
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
