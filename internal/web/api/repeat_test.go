package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

// Of two Idempotency-Key headers none is taken: a repetition may come with the other one first.
func TestIdempotencyKeyIsOne(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		keys []string
		ok   bool
	}{
		{nil, false}, {[]string{""}, false}, {[]string{"a"}, true}, {[]string{"a", "b"}, false}, {[]string{"a", "a"}, false}, {[]string{"a b"}, false},
	} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		c.Request.Header["Idempotency-Key"] = row.keys
		_, err := idempotencyKey(c)
		if row.ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, errKeyNeeded, row.keys)
	}
}
