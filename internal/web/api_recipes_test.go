package web

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"

	"refill/internal/web/api"
)

var (
	shellBlock  = regexp.MustCompile("(?s)```sh\n(.*?)```")
	callAddress = regexp.MustCompile(`curl [^\n]*"\$REFILL([^"]+)"`)
	callHeader  = regexp.MustCompile(`-H ['"]([A-Za-z-]+): ([^'"]+)['"]`)
	callBody    = regexp.MustCompile(`-d '([^']+)'`)
)

// undocumented are the calls of recipes whose operation is not there yet. A recipe leaves
// this list when its operation comes.
var undocumented = []string{}

// The calls of the recipes are operations of the document, and their bodies fit it.
func TestAPIRecipesFitTheDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	require.NoError(t, err)
	d, err := contract()
	require.NoError(t, err)
	calls, missing := 0, []string{}
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		address := callAddress.FindStringSubmatch(block[1])
		if address == nil {
			continue
		}
		calls++
		method, body := http.MethodGet, ""
		if data := callBody.FindStringSubmatch(block[1]); data != nil {
			method, body = http.MethodPost, data[1]
		}
		request, err := http.NewRequestWithContext(t.Context(), method, "http://refill.example.net"+address[1], strings.NewReader(body))
		require.NoError(t, err)
		for _, h := range callHeader.FindAllStringSubmatch(block[1], -1) {
			request.Header.Set(h[1], h[2])
		}
		require.NotEmpty(t, request.Header.Get("Authorization"), address[1])
		route, params := operationAt(d, method, request.URL.Path)
		if route == nil {
			missing = append(missing, strings.TrimPrefix(request.URL.Path, api.Base))
			continue
		}
		require.NoError(t, openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
			Request: request, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		}), address[1])
	}
	require.GreaterOrEqual(t, calls, 5)
	require.Equal(t, undocumented, missing)
}
