package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A request that prefers to wait is held until the work changes its state, and no longer
// than that. It is answered at once where nothing is under way, and when the server stops.
func TestAPIPreferWait(t *testing.T) {
	t.Parallel()
	s := listening(t)
	p := s.program(nil)
	number := fmt.Sprint(p.send("/series", "s1", seriesBody(`"any_partner":true`, false)).json()["number"])
	path := "/series/" + number
	before := s.Hub.Subscribers()
	answers := make(chan *got, 1)
	ask := func() {
		go func() { answers <- p.call(http.MethodGet, path, "", "Prefer", "respond-async, wait=30") }()
		s.comes("a request waits", func() bool { return s.Hub.Subscribers() > before })
	}
	ask()
	s.generated(number)
	got := <-answers
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, "wait=30", got.Header.Get("Preference-Applied"))
	require.NotEqual(t, "queued", got.json()["state"])

	ready := p.call(http.MethodGet, path, "", "Prefer", "wait=30")
	require.Equal(t, "ready", ready.json()["state"], "nothing is under way: no wait")
	require.Equal(t, "wait=1", p.call(http.MethodGet, path, "", "Prefer", "wait=1").Header.Get("Preference-Applied"))
	for _, odd := range []string{"wait=0", "wait=-1", "wait=x", "wait", "waiting=3"} {
		require.Empty(t, p.call(http.MethodGet, path, "", "Prefer", odd).Header.Get("Preference-Applied"), odd)
	}
	p.call(http.MethodGet, "/series/209912", "", "Prefer", "wait=30").problem(t, http.StatusNotFound, "series_unknown")

	next := fmt.Sprint(p.send("/series", "s2", seriesBody(`"any_partner":true`, false)).json()["number"])
	path = "/series/" + next
	require.Equal(t, "queued", p.call(http.MethodGet, path, "", "Prefer", "wait=1").json()["state"], "the wait is over")
	s.comes("no request waits", func() bool { return s.Hub.Subscribers() == before })
	ask()
	s.Server.CloseStreams()
	require.Equal(t, "queued", (<-answers).json()["state"])
}
