package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

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

	wrong := b.post("/admin/login", url.Values{"username": {"anna"}, "password": {"not-this-one"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.text(`[role="alert"]`), "don't belong together")
	require.Equal(t, "anna", wrong.one(`#f-username`).AttrOr("value", ""), "what was typed is still there")
	require.Empty(t, wrong.one(`#f-password`).AttrOr("value", ""))

	unknown := b.post("/admin/login", url.Values{"username": {"nobody"}, "password": {"not-this-one"}})
	require.Equal(t, wrong.Status, unknown.Status)
	require.Equal(t, wrong.text(`[role="alert"]`), unknown.text(`[role="alert"]`))

	right := b.post("/admin/login", url.Values{"username": {" Anna "}, "password": {testPassword}, "next": {"/admin?a=b"}})
	require.Equal(t, http.StatusSeeOther, right.Status)
	require.Equal(t, "/admin?a=b", right.Header.Get("Location"))
	home := b.get("/admin")
	require.Equal(t, http.StatusOK, home.Status)
	require.Equal(t, "Test anna", home.text(`.who-name`))
	require.Equal(t, []string{"staff.sign_in_failed", "staff.sign_in_failed", "staff.signed_in"}, s.audits())
}
