package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/splynx"
)

// addon is a program that was written for Splynx.
type addon struct {
	*program

	Pair  client.Pair
	nonce int64
}

// addon makes a client that has the switch, with a pair.
func (s *site) addon(partners []db.Partner, permissions ...staff.Permission) *addon {
	s.t.Helper()
	p := s.program(partners, permissions...)
	s.exec(`update api_client set splynx = true where id = $1`, p.ID)
	pair, err := client.MakePair(s.t.Context(), s.Pool, s.Server.Cards.Codes, audit.System(), p.ID, client.KeyForm{})
	require.NoError(s.t, err)
	return &addon{program: p, Pair: pair, nonce: 100}
}

// basic returns the header of a key and its secret.
func (a *addon) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Pair.Key+":"+a.Pair.Secret))
}

// sign returns the signature of a nonce.
func (a *addon) sign(nonce string) string {
	mac := hmac.New(sha256.New, []byte(a.Pair.Secret))
	_, _ = mac.Write([]byte(nonce + a.Pair.Key))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

// signed returns the header of the next signature.
func (a *addon) signed() string {
	a.nonce++
	nonce := strconv.FormatInt(a.nonce, 10)
	return "Splynx-EA (key=" + a.Pair.Key + "&nonce=" + nonce + "&signature=" + a.sign(nonce) + ")"
}

// ask sends a call with a JSON body, or with none.
func (a *addon) ask(method, path, body string, headers ...string) *got {
	a.site.t.Helper()
	return a.do(method, splynx.Base+"/"+path, body, append([]string{"Authorization", a.basic(), "Content-Type", "application/json"}, headers...)...)
}

// failed checks the shape of an error of Splynx.
func (g *got) failed(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, g.Status, g.Body)
	var v struct {
		Error struct {
			Message      string `json:"message"`
			Code         int    `json:"code"`
			InternalCode string `json:"internal_code"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(g.Body), &v), g.Body)
	require.Equal(t, status, v.Error.Code, g.Body)
	require.Equal(t, code, v.Error.InternalCode, g.Body)
	require.NotEmpty(t, v.Error.Message)
}

// rows decodes the list of an answer.
func (g *got) listed(t *testing.T) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, g.Status, g.Body)
	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(g.Body), &list), g.Body)
	return list
}

// do sends a request. It goes round the document of the API, which these calls are not in.
func (a *addon) do(method, path, body string, headers ...string) *got {
	a.site.t.Helper()
	return a.browser.do(method, path, body, headers...)
}
