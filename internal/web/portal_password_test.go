package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

func TestPortalPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	elsewhere := s.browser()
	elsewhere.signIn(kit.DoorCustomer, "anna")
	require.Equal(t, portal.SectionPassword, anna.get(portal.SectionHome).one("a[href='/portal/password']").AttrOr("href", ""))
	change := func(current, wanted, repeat string) *got {
		return anna.post(portal.SectionPassword, url.Values{"current": {current}, "new": {wanted}, "repeat": {repeat}})
	}
	for _, c := range []struct{ current, wanted, repeat, field string }{
		{"wrong-one", "correct horse", "correct horse", "current"},
		{testPassword, "short", "short", "new"},
		{testPassword, "correct horse", "correct house", "repeat"},
		{testPassword, testPassword, testPassword, "new"},
		{testPassword, "aaaaaaaaaa", "aaaaaaaaaa", "new"},
		{testPassword, "North-12345", "North-12345", "new"},
	} {
		got := change(c.current, c.wanted, c.repeat)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, c)
		got.one("#f-" + c.field + "-error")
		require.NotContains(t, got.Body, "correct hor", "a password is never sent back")
	}
	require.Equal(t, http.StatusSeeOther, change(testPassword, "correct horse", "correct horse").Status)
	require.Equal(t, http.StatusOK, anna.get(portal.SectionHome).Status, "still signed in here")
	require.Equal(t, http.StatusSeeOther, elsewhere.get(portal.SectionHome).Status, "and nowhere else")
	require.Equal(t, http.StatusUnprocessableEntity, elsewhere.post("/portal/login", url.Values{"username": {"anna"}, "password": {testPassword}}).Status)
	require.Contains(t, s.audits(), "customer.password_changed")
	for range 6 {
		change("wrong-one", "battery staple", "battery staple")
	}
	require.Equal(t, http.StatusTooManyRequests, change("correct horse", "battery staple", "battery staple").Status, "as at the door")
}
