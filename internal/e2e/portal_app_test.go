package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where the portal can't be reached the phone shows the offline page, and it has kept nothing
// else than that page and static files.
func TestPortalOffline(t *testing.T) {
	t.Parallel()
	d := sharedDemo(t)
	to, err := url.Parse(d.URL)
	require.NoError(t, err)
	line := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}})
	defer line.Close()
	phone := newBrowser(t, line.URL, 360, 740)
	phone.signIn("/portal/login", "customer3")
	phone.open("/portal/finance/payments")
	require.True(t, script[bool](phone, `navigator.serviceWorker.ready.then(() => true)`))
	phone.open("/portal/finance/refill-card")
	phone.open("/portal")
	kept := script[[]string](phone, `(async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => new URL(r.url).pathname)))).flat())()`)
	require.Contains(t, kept, "/portal/offline")
	for _, path := range kept {
		require.Regexp(t, `^(/static/|/portal/offline$)`, path)
	}
	line.CloseClientConnections()
	line.Close()
	script[bool](phone, `(location.href = "/portal/finance/payments", true)`)
	phone.sees("You are offline")
	phone.looks("portal-offline")
	require.Equal(t, http.StatusOK, script[int](phone, `performance.getEntriesByType("navigation")[0].responseStatus`))
}
