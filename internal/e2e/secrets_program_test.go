package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// hiddenProgram is the demo's API client, whose traffic must leave no secret behind.
type hiddenProgram struct {
	t   *testing.T
	url string
	dir string // of the demo's data
}

// send sends a request and returns the answer, decoded.
func (p hiddenProgram) send(method, path string, body any, status int) map[string]any {
	p.t.Helper()
	key, err := os.ReadFile(filepath.Join(p.dir, "api-key"))
	require.NoError(p.t, err)
	text, err := json.Marshal(body)
	require.NoError(p.t, err)
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+"/api/v1"+path, strings.NewReader(string(text)))
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", uuid.NewString())
	answer, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	got, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, answer.Body.Close())
	require.Equal(p.t, status, answer.StatusCode, "%s %s: %s", method, path, got)
	var decoded map[string]any
	require.NoError(p.t, json.Unmarshal(got, &decoded))
	return decoded
}

// use sends codes in the right and in wrong places, and has a webhook sent under two secrets,
// which it returns as they are after their prefix.
func (p hiddenProgram) use(code func(serial int) string) [2]string {
	p.t.Helper()
	who := map[string]string{"username": "customer2"}
	var signed atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Webhook-Signature") != "" {
			signed.Add(1)
		}
	}))
	defer receiver.Close()
	made := p.send(http.MethodPost, "/webhook-endpoints", map[string]any{"name": "hidden", "url": receiver.URL, "all_partners": true, "types": []string{"redemption.*"}}, http.StatusCreated)
	first, _ := made["secret"].(string)
	id, _ := made["id"].(string)
	rotated := p.send(http.MethodPost, "/webhook-endpoints/"+id+"/secret", map[string]any{}, http.StatusOK)
	second, _ := rotated["secret"].(string)

	p.send(http.MethodPost, "/redemptions", map[string]any{"code": "Hidden-" + code(7), "customer": who}, http.StatusCreated)
	held := p.send(http.MethodPost, "/reservations", map[string]any{"code": "Hidden-" + code(8), "customer": who}, http.StatusCreated)
	reservation, _ := held["id"].(string)
	p.send(http.MethodPost, "/reservations/"+reservation+"/commit", map[string]any{}, http.StatusCreated)
	p.send(http.MethodPost, "/redemptions", map[string]any{"cod": "Hidden-" + code(9), "customer": who}, http.StatusBadRequest)
	p.send(http.MethodPost, "/redemptions", map[string]any{"card": "Hidden-" + code(9), "customer": who, "reference": code(9)}, http.StatusNotFound)
	p.send(http.MethodGet, "/cards/"+code(10), nil, http.StatusNotFound)
	p.send(http.MethodGet, "/customers?q="+code(10), nil, http.StatusOK)
	require.Eventually(p.t, func() bool { return signed.Load() >= 2 }, busy(30*time.Second), 50*time.Millisecond, "the webhooks of both redemptions")
	require.NotEqual(p.t, first, second)
	return [2]string{strings.TrimPrefix(first, "whsec_"), strings.TrimPrefix(second, "whsec_")}
}
