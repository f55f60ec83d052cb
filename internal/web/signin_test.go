package web

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
)

// credentials returns a filled-in sign-in form.
func credentials(username, password string) url.Values {
	return url.Values{"username": {username}, "password": {password}}
}

func TestSignInAsStaff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	b := s.browser()

	page := b.get("/admin/login")
	require.Equal(t, http.StatusOK, page.Status)
	require.Equal(t, "Username", page.text(`label[for="f-username"]`))
	require.Equal(t, "Password", page.text(`label[for="f-password"]`))
	require.Equal(t, "Sign in", page.text(`form#signin-form button`))

	wrong := b.post("/admin/login", credentials("anna", "not-this-one"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.text(`[role="alert"]`), "don't belong together")
	require.Equal(t, "anna", wrong.one(`#f-username`).AttrOr("value", ""), "what was typed is still there")
	require.Empty(t, wrong.one(`#f-password`).AttrOr("value", ""))

	unknown := b.post("/admin/login", credentials("nobody", "not-this-one"))
	require.Equal(t, wrong.Status, unknown.Status)
	require.Equal(t, wrong.text(`[role="alert"]`), unknown.text(`[role="alert"]`))

	form := credentials(" Anna ", testPassword)
	form.Set("next", "/admin?a=b")
	right := b.post("/admin/login", form)
	require.Equal(t, http.StatusSeeOther, right.Status)
	require.Equal(t, "/admin?a=b", right.Header.Get("Location"))
	home := b.get("/admin")
	require.Equal(t, http.StatusOK, home.Status)
	require.Equal(t, "Test anna", home.text(`.who-name`))
	require.Equal(t, "/admin", b.get("/admin/login").Header.Get("Location"), "who is signed in need not sign in")
	require.Equal(t, []string{"staff.sign_in_failed", "staff.sign_in_failed", "staff.signed_in"}, s.audits())
	require.NotContains(t, s.Log.String(), "not-this-one")
	require.NotContains(t, s.Log.String(), testPassword)
}

func TestSignInAsCustomer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	require.Equal(t, "/portal/login", b.get("/portal").Header.Get("Location"))
	s.newCustomer("carl", s.North)
	s.newStaff("carl", db.StaffRoleAdministrator)
	b.signIn(kit.DoorCustomer, "carl")
	home := b.get("/portal")
	require.Equal(t, http.StatusOK, home.Status)
	require.Equal(t, "North", home.text(`.brand`), "the partner's name stands where the brand is empty")
	require.Equal(t, http.StatusSeeOther, b.get("/admin").Status, "a customer is nobody at the other door")
	require.Equal(t, []string{"customer.signed_in"}, s.audits())
}

func TestSignInOfTheDisabled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleOperator)
	require.Equal(t, http.StatusOK, b.get("/admin").Status)
	s.exec(`update staff set disabled_at = now() where id = $1`, b.ID)
	require.Equal(t, http.StatusSeeOther, b.get("/admin").Status, "a session ends with its owner")

	var username string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select username from staff where id = $1`, b.ID).Scan(&username))
	refused := b.post("/admin/login", credentials(username, testPassword))
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.text(`[role="alert"]`), "switched off")
	require.Equal(t, "The username and the password don't belong together. Check both and try again.",
		b.post("/admin/login", credentials(username, "not-this-one")).text(`[role="alert"] li`),
		"only whoever knows the password learns that it is switched off")
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	s.newStaff("bert", db.StaffRoleAdministrator)
	b := s.browser()
	for range 5 {
		require.Equal(t, http.StatusUnprocessableEntity, b.post("/admin/login", credentials("anna", "not-this-one")).Status)
	}
	barred := b.post("/admin/login", credentials("ANNA", testPassword))
	require.Equal(t, http.StatusTooManyRequests, barred.Status)
	require.Contains(t, barred.text(`[role="alert"]`), "Too many wrong passwords")
	b.signIn(kit.DoorStaff, "bert") // another person in the same browser
	s.exec(`update guess set barred_until = now() - interval '1 second' where barred_until is not null`)
	b.signIn(kit.DoorStaff, "anna")
}

// A limiter that checks first and counts later would admit parallel guesses.
func TestParallelWrongPasswordsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	gate := make(chan struct{})
	statuses := make([]int, 24)
	var all sync.WaitGroup
	for i := range statuses {
		b := s.browser()
		b.get("/healthz") // open the connection first
		all.Go(func() {
			<-gate
			statuses[i] = b.post("/admin/login", credentials("anna", "not-this-one")).Status
		})
	}
	close(gate)
	all.Wait()
	looked := 0
	for _, status := range statuses {
		if status == http.StatusUnprocessableEntity {
			looked++
		}
	}
	require.Equal(t, 5, looked, "%v", statuses)
}

func TestSessionTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.newStaff("anna", db.StaffRoleAdministrator)
	b := s.browser()
	planted := strings.Repeat("A", 43)
	b.plant(planted)
	require.Equal(t, http.StatusSeeOther, b.get("/admin").Status)

	first := b.post("/admin/login", credentials("anna", testPassword))
	cookie := first.Header.Get("Set-Cookie")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
	token := b.token()
	require.NotEqual(t, planted, token, "a planted token is not the session's")

	b.signIn(kit.DoorStaff, "anna")
	require.NotEqual(t, token, b.token(), "each sign-in has a token of its own")
	thief := s.browser()
	thief.plant(token)
	require.Equal(t, http.StatusSeeOther, thief.get("/admin").Status, "the session before ended with it")

	thief.plant(b.token())
	require.Equal(t, http.StatusOK, thief.get("/admin").Status)
	out := b.post("/admin/logout", nil)
	require.Equal(t, "/admin/login", out.Header.Get("Location"))
	require.Empty(t, b.token())
	require.Equal(t, http.StatusSeeOther, thief.get("/admin").Status, "a copied cookie is signed out too")
	require.Equal(t, "You are signed out.", b.get("/admin/login").text(`[role="status"]`))
	b.get("/admin/login").none(`[role="status"]`)
	require.Equal(t, http.StatusSeeOther, b.post("/admin/logout", nil).Status, "twice does no harm")

	var stored int
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select count(*) from session`).Scan(&stored))
	require.Zero(t, stored)
}

func TestSessionCookieOverTLS(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.Secure = true })
	s.newStaff("anna", db.StaffRoleAdministrator)
	in := s.browser().post("/admin/login", credentials("anna", testPassword))
	require.Regexp(t, `^__Host-refill-staff=[A-Za-z0-9_-]{43}; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax$`, in.Header.Get("Set-Cookie"))
	require.Contains(t, in.Header.Get("Strict-Transport-Security"), "max-age=31536000")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	carl := s.asCustomer("carl", s.North)
	within := func(age string) (staff, customer int) {
		s.exec(`update session set seen_at = now() - $1::interval`, age)
		return admin.get("/admin").Status, carl.get("/portal").Status
	}
	staff, customer := within("1 hour 59 minutes")
	require.Equal(t, []int{200, 200}, []int{staff, customer})
	var seen bool
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select every(seen_at > now() - interval '1 minute') from session`).Scan(&seen))
	require.True(t, seen, "a request keeps the session awake")
	staff, customer = within("2 hours 1 minute")
	require.Equal(t, []int{303, 200}, []int{staff, customer})
	staff, customer = within("24 hours 1 minute")
	require.Equal(t, []int{303, 303}, []int{staff, customer})

	s.exec(`update session set seen_at = now(), expires_at = now() - interval '1 second'`)
	require.Equal(t, http.StatusSeeOther, admin.get("/admin").Status, "whatever one does, it ends")
	require.Equal(t, http.StatusSeeOther, carl.get("/portal").Status)
}

func TestNextIsOurs(t *testing.T) {
	t.Parallel()
	for wanted, to := range map[string]string{
		"":                               "/admin",
		"/admin/customers?page=2":        "/admin/customers?page=2",
		"/admin":                         "/admin",
		"/portal":                        "/admin",
		"https://evil.example/admin":     "/admin",
		"//evil.example/admin":           "/admin",
		"/\\evil.example":                "/admin",
		"/admin\r\nSet-Cookie: a=b":      "/admin",
		"/admin/../portal":               "/admin",
		"/administrator":                 "/admin",
		"/admin/login?next=/admin":       "/admin",
		"/admin/events":                  "/admin",
		"javascript:alert(1)":            "/admin",
		"/admin/" + string(rune(0x202e)): "/admin/%E2%80%AE",
	} {
		require.Equal(t, to, kit.AfterSignIn(kit.DoorStaff, wanted), "%q", wanted)
	}
	require.Equal(t, "/portal/finance/payments", kit.AfterSignIn(kit.DoorCustomer, "/portal/finance/payments"))
}

func TestWhereTheSignedOutAreSent(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	require.Equal(t, "/admin/login?next=%2Fadmin%3Fa%3Db", b.get("/admin?a=b").Header.Get("Location"))

	fragment := b.get("/admin", "HX-Request", "true", "HX-Current-URL", b.site.URL+"/admin/customers?q=x")
	require.Equal(t, http.StatusUnauthorized, fragment.Status)
	require.Equal(t, "/admin/login?next=%2Fadmin%2Fcustomers%3Fq%3Dx", fragment.Header.Get("HX-Redirect"),
		"back to the page, not to the fragment that it asked for")
	require.Empty(t, fragment.Body)
}

// A form that htmx sends after the end of the session leads to a sign-in page that says so,
// and back to the form afterwards.
func TestSignInPageSaysWhatWasNotDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	sent := b.do(http.MethodPost, admin.SectionGenerate, "quantity=5", "Content-Type", formType, "HX-Request", "true", "HX-Current-URL", s.URL+admin.SectionGenerate)
	require.Equal(t, http.StatusUnauthorized, sent.Status)
	to := sent.Header.Get("HX-Redirect")
	require.Equal(t, "/admin/login?next="+url.QueryEscape(admin.SectionGenerate), to)
	require.Equal(t, "You were signed out. What you sent was not carried out.", b.get(to).text(`[role="status"]`))
	b.get("/admin/login").none(`[role="status"]`)
	b.htmx("/admin") // a refresh sends nothing, so nothing was lost
	b.get("/admin/login").none(`[role="status"]`)
}
