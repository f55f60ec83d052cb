package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPortalPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	elsewhere := s.browser()
	elsewhere.signIn(doorCustomer, "anna")
	require.Equal(t, sectionPassword, anna.get(sectionHome).one("a[href='/portal/password']").AttrOr("href", ""))
	change := func(current, wanted, repeat string) *got {
		return anna.post(sectionPassword, url.Values{"current": {current}, "new": {wanted}, "repeat": {repeat}})
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
	require.Equal(t, http.StatusOK, anna.get(sectionHome).Status, "still signed in here")
	require.Equal(t, http.StatusSeeOther, elsewhere.get(sectionHome).Status, "and nowhere else")
	require.Equal(t, http.StatusUnprocessableEntity, elsewhere.post("/portal/login", url.Values{"username": {"anna"}, "password": {testPassword}}).Status)
	require.Contains(t, s.audits(), "customer.password_changed")
	for range 6 {
		change("wrong-one", "battery staple", "battery staple")
	}
	require.Equal(t, http.StatusTooManyRequests, change("correct horse", "battery staple", "battery staple").Status, "as at the door")
}
