package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/setting"
	"refill/internal/web/portal"
)

// Crawlers find the sign-in of customers, and no page of staff.
func TestRobots(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	said := s.browser().get("/robots.txt")
	require.Equal(t, "text/plain; charset=utf-8", said.Header.Get("Content-Type"))
	require.Contains(t, said.Body, "Disallow: /admin\n")
	require.NotContains(t, said.Body, "/portal/login")
	for _, path := range []string{"/", "/portal/login"} {
		require.NotEmpty(t, s.browser().get(path).one("meta[name=description]").AttrOr("content", ""))
	}
}

// The portal can be put on a phone's screen under the partner's name.
func TestPortalManifest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update partner set slug = 'north', brand = 'Northlight' where id = $1`, s.North.ID)
	door := s.browser().get("/portal/login?partner=north")
	answer := s.browser().get(door.one("link[rel=manifest]").AttrOr("href", ""))
	require.Equal(t, "application/manifest+json", answer.Header.Get("Content-Type"))
	var m struct {
		Name     string `json:"name"`
		StartURL string `json:"start_url"`
		Icons    []struct{ Src, Type string }
	}
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &m))
	require.Equal(t, "Northlight", m.Name)
	require.Equal(t, "/portal", m.StartURL)
	require.Len(t, m.Icons, 3)
	icons := []string{door.one("link[rel=apple-touch-icon]").AttrOr("href", "")}
	for _, one := range m.Icons {
		icons = append(icons, one.Src)
	}
	for _, src := range icons {
		require.Equal(t, http.StatusOK, s.browser().get(src).Status, src)
	}
	require.Equal(t, 2, door.doc().Find("meta[name=theme-color]").Length())
}

// The service worker keeps static files and the offline page, which holds nothing of a person.
func TestPortalWorker(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	worker := anna.get(portal.WorkerPath)
	require.Equal(t, "/portal", worker.Header.Get("Service-Worker-Allowed"))
	require.Equal(t, "no-cache", worker.Header.Get("Cache-Control"))
	require.NotContains(t, worker.Body, ".put(", "no answer is kept")
	_, list, _ := strings.Cut(worker.Body, "files] = ")
	list, _, _ = strings.Cut(list, ";\n")
	var files []string
	require.NoError(t, json.Unmarshal([]byte(list), &files))
	require.Equal(t, portal.OfflinePath, files[0])
	files = files[1:]
	require.Greater(t, len(files), 5)
	for _, file := range files {
		require.True(t, strings.HasPrefix(file, "/static/"), file)
		require.Equal(t, http.StatusOK, s.browser().get(file).Status, file)
	}
	offline := anna.get(portal.OfflinePath)
	require.Equal(t, "You are offline", offline.text("h1"))
	require.NotContains(t, offline.Body, "anna")
	offline.none("nav")
}

// Where every code is made of digits, phones show their digits.
func TestPortalDigitsKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	require.Empty(t, anna.get(portal.SectionRedeem).one("#f-code").AttrOr("inputmode", ""))
	digits := newSite(t)
	require.NoError(t, digits.Server.Settings.Change(t.Context(), audit.System(), func(v *setting.Settings) { v.CodeAlphabet, v.CodeLength = cardcode.Digits, 21 }))
	ben := digits.asCustomer("ben", digits.North)
	require.Equal(t, "numeric", ben.get(portal.SectionRedeem).one("#f-code").AttrOr("inputmode", ""))
}

// The camera is for the form that reads a card, and for no other page.
func TestPortalCamera(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.asCustomer("anna", s.North)
	require.Contains(t, anna.get(portal.SectionRedeem).Header.Get("Permissions-Policy"), "camera=(self), geolocation=()")
	for _, path := range []string{"/", "/r", portal.SectionHome, portal.SectionPayments, portal.SectionPassword, "/portal/none"} {
		require.Contains(t, anna.get(path).Header.Get("Permissions-Policy"), "camera=()", path)
	}
	_, found := anna.get(portal.SectionRedeem).one("[data-camera]").Attr("hidden")
	require.True(t, found, "shown by the script where the browser can read QR codes")
}
