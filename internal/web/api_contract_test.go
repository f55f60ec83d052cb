package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"

	"refill/internal/web/api"
	"refill/internal/web/api/openapi"
	"refill/internal/web/kit"
)

// contract is the document of the API for the validator. Here answers may have no field that
// the document does not name; clients get a document that allows fields to come.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	d, err := openapi.Load()
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(d.JSON, &v); err != nil {
		return nil, err
	}
	closeObjects(v)
	strict, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(strict)
})

// closeObjects forbids unnamed fields in every schema that names some.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, named := v["properties"].(map[string]any); named && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner)
		}
	}
}

// ginParam is a parameter of a route's path.
var ginParam = regexp.MustCompile(`[:*]([a-z_]+)`)

// documented returns the path of a route as the document writes it.
func documented(path string) string {
	return ginParam.ReplaceAllString(strings.TrimPrefix(path, api.Base), "{$1}")
}

// operationAt returns the operation of the document for a request, with the parameters of
// its path; nil where there is none.
func operationAt(d *openapi3.T, method, path string) (*routers.Route, map[string]string) {
	parts := strings.Split(strings.TrimPrefix(path, api.Base), "/")
	var best *routers.Route
	var params map[string]string
	for name, item := range d.Paths.Map() {
		operation := item.GetOperation(method)
		names := strings.Split(name, "/")
		if operation == nil || len(names) != len(parts) {
			continue
		}
		found, fits := map[string]string{}, true
		for i, part := range names {
			if strings.HasPrefix(part, "{") {
				found[strings.Trim(part, "{}")] = parts[i]
			} else if part != parts[i] {
				fits = false
			}
		}
		if fits && (best == nil || len(found) < len(params)) { // a fixed path comes before one with parameters
			best, params = &routers.Route{Spec: d, Path: name, PathItem: item, Method: method, Operation: operation}, found
		}
	}
	return best, params
}

// do sends a request, and holds it and its answer against the document of the API.
func (p *program) do(method, path, body string, headers ...string) *got {
	p.site.t.Helper()
	answer := p.browser.do(method, path, body, headers...)
	require.NoError(p.site.t, checkContract(p.site, method, path, body, answer, headers))
	return answer
}

// checkContract returns an error for an answer that the document does not promise, and for
// a request that was accepted and that the document does not allow.
func checkContract(s *site, method, path, body string, answer *got, headers []string) error {
	d, err := contract()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	route, params := operationAt(d, method, request.URL.Path)
	if route == nil {
		if answer.Status == http.StatusNotFound || answer.Status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("%s %s answers %d and is not in the document", method, request.URL.Path, answer.Status)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	name := fmt.Sprintf("%s %s, %d", method, route.Path, answer.Status)
	if answer.Status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(s.t.Context(), input); err != nil {
			return fmt.Errorf("%s: the request was accepted and is not as documented: %w", name, err)
		}
	}
	err = openapi3filter.ValidateResponse(s.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.Status, Header: answer.Header, Body: io.NopCloser(strings.NewReader(answer.Body)),
		Options: input.Options,
	})
	if err != nil {
		return fmt.Errorf("%s: the answer is not as documented: %w", name, err)
	}
	if answer.Status >= http.StatusBadRequest {
		return checkProblem(route, answer)
	}
	return nil
}

// checkProblem returns an error for a problem whose code the operation does not list, or
// whose status is another than that of its page.
func checkProblem(route *routers.Route, answer *got) error {
	var problem api.Problem
	if err := json.Unmarshal([]byte(answer.Body), &problem); err != nil {
		return err
	}
	d, err := openapi.Load()
	if err != nil {
		return err
	}
	codes := []string{problem.Code}
	for _, one := range problem.Errors {
		codes = append(codes, one.Code)
	}
	listed, _ := route.Operation.Extensions["x-problems"].([]any)
	for i, code := range codes {
		if !slices.Contains(listed, any(code)) {
			return fmt.Errorf("%s %s answers %s, which its x-problems does not list", route.Method, route.Path, code)
		}
		if page, _ := d.Problem(code); i == 0 && page.Status != answer.Status {
			return fmt.Errorf("the page of %s says status %d, the answer has %d", code, page.Status, answer.Status)
		}
	}
	return nil
}

// The routes of programs and the operations of the document are the same, with the same
// permissions, and the same ones are closed while the module of refill cards is off.
func TestAPIDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d, err := openapi.Load()
	require.NoError(t, err)
	in := map[string]*openapi.Operation{}
	for _, o := range d.Operations() {
		in[o.Method+" "+o.Path] = o
	}
	for _, r := range s.Server.routes {
		if r.who.door != kit.DoorClient {
			continue
		}
		name := r.method + " " + documented(r.path)
		o := in[name]
		require.NotNil(t, o, "%s is not in the document", name)
		require.Equal(t, string(r.who.permission), o.Permission, name)
		require.Equal(t, r.who.cardsModule, o.Module == "cards", "%s: x-module", name)
		delete(in, name)
	}
	require.Empty(t, in, "the document has operations without a route")
}

// An answer with an unnamed field, status or code fails.
func TestAPIContractIsStrict(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	good := p.call(http.MethodGet, "/me", "")
	check := func(edit func(g *got)) error {
		g := *good
		g.Header = good.Header.Clone()
		edit(&g)
		return checkContract(s, http.MethodGet, api.Base+"/me", "", &g, nil)
	}
	require.NoError(t, check(func(*got) {}))
	require.ErrorContains(t, check(func(g *got) { g.Body = strings.Replace(g.Body, `{"name"`, `{"secret":1,"name"`, 1) }), "not as documented")
	require.ErrorContains(t, check(func(g *got) { g.Body = strings.Replace(g.Body, `"name"`, `"title"`, 1) }), "not as documented")
	require.ErrorContains(t, check(func(g *got) { g.Status = http.StatusAccepted }), "not as documented")
	require.ErrorContains(t, check(func(g *got) {
		g.Status = http.StatusUnprocessableEntity
	}), "not as documented")
	refuse := func(status int, code string) func(g *got) {
		return func(g *got) {
			g.Status = status
			g.Header.Set("Content-Type", "application/problem+json")
			g.Body = `{"type":"x","title":"x","status":` + strconv.Itoa(status) + `,"detail":"x","code":"` + code + `"}`
		}
	}
	require.NoError(t, check(refuse(http.StatusUnauthorized, "key_ended")))
	require.ErrorContains(t, check(refuse(http.StatusUnauthorized, "card_refused")), "does not list")
	require.ErrorContains(t, check(refuse(http.StatusForbidden, "key_ended")), "says status 401")
	require.ErrorContains(t, checkContract(s, http.MethodGet, api.Base+"/you", "", good, nil), "is not in the document")
}
