package web

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// attack sends wrong passwords for a username until it is locked out, from a browser
// without a sign-in.
func (s *site) attack(path, username string) {
	s.t.Helper()
	stranger := s.browser()
	for range 8 {
		if stranger.post(path, credentials(username, "wrong")).Status == http.StatusTooManyRequests {
			return
		}
	}
	require.Fail(s.t, "the name is not barred")
}

// forgetSession deletes the session cookie of a browser, so that only its device cookie is
// left.
func (b *browser) forgetSession(d kit.Door) {
	b.site.t.Helper()
	name := map[kit.Door]string{kit.DoorStaff: "refill-staff", kit.DoorCustomer: "refill-portal"}[d]
	kept := []*http.Cookie{}
	for _, c := range b.client.Jar.Cookies(b.site.origin()) {
		if c.Name != name {
			kept = append(kept, &http.Cookie{Name: c.Name, Value: c.Value, Path: "/"}) //nolint:gosec // a cookie in a test
		}
	}
	jar, err := cookiejar.New(nil)
	require.NoError(b.site.t, err)
	jar.SetCookies(b.site.origin(), kept)
	b.client.Jar = jar
}

// Wrong guesses lock out a username for browsers without a sign-in. The owner, staff or
// customer, can still sign in from a known browser.
func TestGuessesDoNotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	s.newCustomer("carl", s.North)
	for _, one := range []struct {
		d          kit.Door
		path, name string
	}{{kit.DoorStaff, "/admin/login", "anna"}, {kit.DoorCustomer, "/portal/login", "carl"}} {
		owner := s.browser()
		owner.signIn(one.d, one.name)
		owner.forgetSession(one.d)
		s.attack(one.path, one.name)
		require.Equal(t, http.StatusTooManyRequests, s.browser().post(one.path, credentials(one.name, testPassword)).Status, "a strange browser, whatever it knows")
		for range 3 {
			require.Equal(t, http.StatusSeeOther, owner.post(one.path, credentials(one.name, testPassword)).Status)
			owner.forgetSession(one.d)
			s.attack(one.path, one.name)
		}
		// The owner can sign in even while the whole IP address is locked out, as may happen
		// to an office behind one router.
		s.exec(`insert into guess (scope, n, since, barred_until, allowed) values ('signin:ip:127.0.0.1', 60, now(), now() + interval '1 hour', true)
			on conflict (scope) do update set barred_until = excluded.barred_until`)
		require.Equal(t, http.StatusSeeOther, owner.post(one.path, credentials(one.name, testPassword)).Status)
		s.exec(`delete from guess where scope like 'signin:ip:%'`)

		// The attempts from a known browser have a limit of their own.
		owner.forgetSession(one.d)
		last := 0
		for range 8 {
			last = owner.post(one.path, credentials(one.name, "wrong")).Status
		}
		require.Equal(t, http.StatusTooManyRequests, last)
		require.Equal(t, http.StatusTooManyRequests, owner.post(one.path, credentials(one.name, testPassword)).Status)
		s.exec(`delete from guess`)
	}
}

// A device cookie can't be forged, or used with another username or at the other door
// (staff or customers). It gives no access, and a failed sign-in sets none.
func TestKnownBrowsersAreNoKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	s.newStaff("bert", db.StaffRoleCashier)
	s.newCustomer("anna", s.North)
	known := func(b *browser) string {
		for _, c := range b.client.Jar.Cookies(s.origin()) {
			if c.Name == "refill-staff-known" {
				return c.Value
			}
		}
		return ""
	}
	plant := func(value string) *browser {
		b := s.browser()
		b.client.Jar.SetCookies(s.origin(), []*http.Cookie{
			{Name: "refill-staff-known", Value: value, Path: "/"}, {Name: "refill-portal-known", Value: value, Path: "/"}, //nolint:gosec // planted, as an attacker would
		})
		return b
	}
	for _, name := range []string{"anna", "nobody"} {
		got := s.browser().post("/admin/login", credentials(name, "wrong"))
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
		require.Empty(t, got.Header.Values("Set-Cookie"), "a refusal tells nothing of who exists")
	}
	owner := s.browser()
	in := owner.post("/admin/login", credentials("anna", testPassword))
	require.Regexp(t, `refill-staff-known=[A-Za-z0-9_-]{43}; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax`, strings.Join(in.Header.Values("Set-Cookie"), "\n"))
	first := known(owner)
	var hashed bool
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select every(encode(token_hash, 'base64') !~ $1) from known_device`, first[:10]).Scan(&hashed))
	require.True(t, hashed)

	require.Equal(t, http.StatusSeeOther, plant(first).get("/admin").Status, "it is no session")
	s.attack("/admin/login", "anna")
	s.attack("/portal/login", "anna")
	s.attack("/admin/login", "bert")
	for _, value := range []string{strings.Repeat("A", 43), "x", "' or 1=1 --", strings.Map(func(r rune) rune { return r ^ 1 }, first[:1]) + first[1:]} {
		require.Equal(t, http.StatusTooManyRequests, plant(value).post("/admin/login", credentials("anna", testPassword)).Status, value)
	}
	require.Equal(t, http.StatusTooManyRequests, plant(first).post("/admin/login", credentials("bert", testPassword)).Status, "another name")
	require.Equal(t, http.StatusTooManyRequests, plant(first).post("/portal/login", credentials("anna", testPassword)).Status, "another door")

	// A sign-in gives the browser a new token: a copy of the old one is worthless.
	owner.forgetSession(kit.DoorStaff)
	owner.signIn(kit.DoorStaff, "anna")
	require.NotEqual(t, first, known(owner))
	require.Equal(t, http.StatusTooManyRequests, plant(first).post("/admin/login", credentials("anna", testPassword)).Status)

	// A browser that two people use is known for both.
	s.exec(`delete from guess`)
	owner.forgetSession(kit.DoorStaff)
	owner.signIn(kit.DoorStaff, "bert")
	s.attack("/admin/login", "anna")
	s.attack("/admin/login", "bert")
	for _, name := range []string{"anna", "bert", "anna"} {
		owner.forgetSession(kit.DoorStaff)
		owner.signIn(kit.DoorStaff, name)
	}
}

// After a change of password, only the browser that changed it stays known. No browser of a
// disabled person stays known. The number of known browsers of a person is limited.
func TestKnownBrowsersAreForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, id := s.as(db.StaffRoleAdministrator), s.newStaff("anna", db.StaffRoleCashier)
	count := func() (n int) {
		require.NoError(t, s.Pool.QueryRow(t.Context(), `select count(*) from known_device where staff_id = $1`, id).Scan(&n))
		return n
	}
	var last *browser
	for range 13 {
		last = s.browser()
		last.signIn(kit.DoorStaff, "anna")
	}
	require.Equal(t, 10, count())
	got := last.post(adminpages.SectionAccount+"/password", map[string][]string{"current": {testPassword}, "new": {"heron basket 7"}, "repeat": {"heron basket 7"}})
	require.Equal(t, http.StatusSeeOther, got.Status, got.Body)
	require.Equal(t, 1, count())
	s.attack("/admin/login", "anna")
	last.forgetSession(kit.DoorStaff)
	require.Equal(t, http.StatusSeeOther, last.post("/admin/login", credentials("anna", "heron basket 7")).Status)
	admin.post(fmt.Sprintf("%s/%d/disable", adminpages.SectionStaff, id), nil)
	require.Zero(t, count())
}

// Password attempts of a signed-in person count on a counter of their own.
func TestGuessesDoNotKeepFromOnesOwnPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleCashier)
	anna, carl := s.browser(), s.asCustomer("carl", s.North)
	anna.signIn(kit.DoorStaff, "anna")
	s.attack("/admin/login", "anna")
	s.attack("/portal/login", "carl")
	form := map[string][]string{"current": {testPassword}, "new": {"heron basket 7"}, "repeat": {"heron basket 7"}}
	require.Equal(t, http.StatusSeeOther, anna.post(adminpages.SectionAccount+"/password", form).Status)
	require.Equal(t, http.StatusSeeOther, carl.post(portal.SectionPassword, form).Status)
	last := 0
	form["current"] = []string{"wrong"}
	form["new"], form["repeat"] = []string{"heron basket 8"}, []string{"heron basket 8"}
	for range 8 {
		last = anna.post(adminpages.SectionAccount+"/password", form).Status
	}
	require.Equal(t, http.StatusTooManyRequests, last, "with a limit")
}
