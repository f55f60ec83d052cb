package web

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/kit"
	"refill/internal/web/splynx"
)

// samplePath replaces the parameters of a route by values that do not exist.
func samplePath(path string) string {
	path = regexp.MustCompile(`:[a-z]+`).ReplaceAllString(path, "999999")
	return regexp.MustCompile(`\*[a-z]+`).ReplaceAllString(path, "none")
}

// Every route refuses a person outside its audience, before its handler runs. The routes
// come from the router itself, so that none can be forgotten here.
func TestRoutesTurnAwayOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nobody, carl, weak := s.browser(), s.asCustomer("carl", s.North), s.program(nil, staff.ReportsView)
	byRole := map[db.StaffRole]*browser{}
	for _, role := range db.AllStaffRoleValues() {
		byRole[role] = s.as(role)
	}
	can := func(role db.StaffRole, permission staff.Permission) bool {
		row, err := db.New().RoleGetByKey(t.Context(), s.Pool, string(role))
		require.NoError(t, err)
		return row.Everything || slices.Contains(row.Permissions, string(permission))
	}
	for _, r := range s.Server.routes {
		if r.path == kit.EventsPath {
			continue // a stream does not end; see events_test.go
		}
		path, name := samplePath(r.path), r.method+" "+r.path
		outside := func(b *browser) {
			t.Helper()
			got := b.do(r.method, path, "", "Content-Type", formType)
			if r.method == get {
				require.Equal(t, http.StatusSeeOther, got.Status, name)
				require.Contains(t, got.Header.Get("Location"), "/login", name)
			} else {
				require.Equal(t, http.StatusUnauthorized, got.Status, name)
			}
		}
		switch r.who.door {
		case kit.DoorEverybody:
		case kit.DoorStaff:
			outside(nobody)
			outside(carl)
			for role, b := range byRole {
				if r.who.permission == "" || can(role, r.who.permission) {
					continue
				}
				got := b.do(r.method, path, "", "Content-Type", formType)
				require.Equal(t, http.StatusForbidden, got.Status, "%s as %s", name, role)
				require.Contains(t, got.text("main"), r.who.permission.Words(), "the page names what is missing")
			}
		case kit.DoorCustomer:
			outside(nobody)
			for _, b := range byRole {
				outside(b)
			}
		case kit.DoorClient:
			for _, b := range append(slices.Collect(maps.Values(byRole)), nobody, carl) {
				b.do(r.method, path, "", "Content-Type", "application/json").problem(t, http.StatusUnauthorized, "key_missing")
			}
			if r.who.permission != "" && r.who.permission != staff.ReportsView {
				got := weak.do(r.method, path, "", "Content-Type", "application/json", "Authorization", "Bearer "+weak.Key)
				require.Contains(t, got.problem(t, http.StatusForbidden, "permission_missing")["detail"], string(r.who.permission), name)
			}
		case kit.DoorSplynx:
			if r.who.anyCaller { // it takes credentials in its body or its address: see TestSplynxTokens
				continue
			}
			for _, b := range append(slices.Collect(maps.Values(byRole)), nobody, carl) {
				b.do(r.method, path, "", "Content-Type", "application/json").failed(t, http.StatusUnauthorized, "MISSED_AUTHORIZATION_HEADER")
			}
		case kit.DoorNobody:
			require.Fail(t, "a route for nobody", name)
		}
	}
}

func TestRoutesAreWellFormed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	open := []string{
		"/", "/healthz", "/readyz", "/metrics", "/static/*path", "/favicon.ico", "/robots.txt", "/r", "/r/:partner", "/brand/:file",
		"/admin/login", "/admin/login/code", "/admin/logout", "/portal/login", "/portal/logout",
		"/portal/welcome/:token", "/portal/help", "/portal/manifest.webmanifest", "/portal/worker.js", "/portal/offline",
		"/api/v1/openapi.json", "/api/docs", "/api/docs/splynx", "/api/docs/:resource", "/api/problems", "/api/problems/:code",
	}
	for _, r := range s.Server.routes {
		name := r.method + " " + r.path
		if !r.who.isProgram() {
			require.Contains(t, []string{get, post}, r.method, name)
		}
		switch r.who.door {
		case kit.DoorSplynx:
			require.True(t, strings.HasPrefix(r.path, splynx.Base+"/"), name)
		case kit.DoorEverybody:
			require.Contains(t, open, r.path, "%s: is it really for everybody?", name)
		case kit.DoorStaff:
			require.True(t, strings.HasPrefix(r.path, "/admin"), name)
		case kit.DoorCustomer:
			require.True(t, strings.HasPrefix(r.path, "/portal"), name)
		case kit.DoorClient:
			require.True(t, strings.HasPrefix(r.path, "/api/"), name)
		case kit.DoorNobody:
			require.Fail(t, "a route for nobody", name)
		}
	}
}

// A route without an audience admits nobody.
func TestNobodyIsTheDefault(t *testing.T) {
	t.Parallel()
	s := &Server{}
	require.ErrorIs(t, s.admit(nil, audience{}), kit.ErrNotFound)
}
