package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/api"
)

// pages returns the routes of browsers: all but those of programs.
func (s *Server) pages() []route {
	return slices.DeleteFunc(slices.Clone(s.routes), func(r route) bool { return r.who.isProgram() })
}

// program is an API client with its key.
type program struct {
	*browser
	Key   string
	Owner int64
}

// program makes a client with permissions, all grantable ones where none is named, for
// partners; none: all.
func (s *site) program(partners []db.Partner, permissions ...staff.Permission) *program {
	s.t.Helper()
	owner := s.newStaff("owner-"+strconv.Itoa(int(s.people.Add(1))), db.StaffRoleAdministrator)
	if len(permissions) == 0 {
		permissions = client.Scopes()
	}
	f := client.Form{
		Name: uuid.NewString(), OwnerID: owner, AllPartners: len(partners) == 0, Permissions: staff.Stored(permissions...),
		PerMinute: client.UsualPerMinute, WrongCodesHour: client.UsualWrongCodesHour,
	}
	for _, p := range partners {
		f.PartnerIDs = append(f.PartnerIDs, p.ID)
	}
	by := audit.ByStaff(owner, audit.Everything())
	id, err := client.Create(s.t.Context(), s.Pool, by, f)
	require.NoError(s.t, err)
	key, err := client.MakeKey(s.t.Context(), s.Pool, audit.System(), id, client.KeyForm{})
	require.NoError(s.t, err)
	p := &program{browser: s.browser(), Key: key, Owner: owner}
	p.ID = id
	return p
}

// call sends a request to the API. body is JSON or empty; headers are pairs of name and
// value beside the key and the content type.
func (p *program) call(method, path, body string, headers ...string) *got {
	p.site.t.Helper()
	headers = append([]string{"Authorization", "Bearer " + p.Key, "Content-Type", "application/json"}, headers...)
	return p.do(method, api.Base+path, body, headers...)
}

// send posts a body with an idempotency key.
func (p *program) send(path, key, body string) *got {
	p.site.t.Helper()
	return p.call(http.MethodPost, path, body, "Idempotency-Key", key)
}

// json decodes an answer.
func (g *got) json() map[string]any {
	g.t.Helper()
	var v map[string]any
	require.NoError(g.t, json.Unmarshal([]byte(g.Body), &v), g.Body)
	return v
}

// problem checks that an answer is a problem document with a status and a code.
func (g *got) problem(t *testing.T, status int, code string) map[string]any {
	t.Helper()
	require.Equal(t, status, g.Status, g.Body)
	require.Equal(t, "application/problem+json", g.Header.Get("Content-Type"))
	v := g.json()
	require.Equal(t, code, v["code"], g.Body)
	require.InDelta(t, float64(status), v["status"], 0)
	require.Equal(t, api.ProblemsPath+"/"+code, v["type"], g.Body)
	return v
}

// balanceOf returns the balance of a customer in minor units.
func (s *site) balanceOf(username string) int64 {
	s.t.Helper()
	return int64(s.count(`select balance from account join customer on customer.id = account.customer_id where username = $1`, username))
}
