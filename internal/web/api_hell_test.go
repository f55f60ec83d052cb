package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/db"
)

// marked is part of every hostile text, so that an answer that repeats one is noticed.
const marked = "zqxhostile"

// hellJSON returns values that no field should break on, as JSON.
func hellJSON() map[string]string {
	values := map[string]string{
		"null": "null", "a number": "1", "below zero": "-1", "a fraction": "1.5", "beyond an int64": "9223372036854775808", "beyond a float": "1e999",
		"true": "true", "an empty object": "{}", "an empty list": "[]", "a list": `["` + marked + `",1,null]`, "an object": `{"` + marked + `":"` + marked + `"}`,
		"a lone surrogate": `"\ud800` + marked + `"`, "a NUL": `"` + marked + `\u0000"`, "bad UTF-8": "\"" + marked + "\xff\xfe\"",
		"half a text": `"` + marked, "a deep list": strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "a deep object": strings.Repeat(`{"a":`, 8_000) + "1" + strings.Repeat("}", 8_000),
		"a huge text": `"` + strings.Repeat("x", 70_000) + `"`,
	}
	for name, text := range hellValues() {
		raw, _ := json.Marshal(text + marked)
		values["text: "+name] = string(raw)
	}
	return values
}

// spots returns the JSON of a body once for each value in it, however deep, with that value
// replaced.
func spots(body any, value string) map[string]string {
	texts := map[string]string{"the whole": value}
	switch body := body.(type) {
	case map[string]any:
		for name, inner := range body {
			for at, text := range spots(inner, value) {
				fields := maps.Clone(body)
				fields[name] = json.RawMessage("0")
				raw, _ := json.Marshal(fields)
				texts[name+"/"+at] = strings.Replace(string(raw), fmt.Sprintf("%q:0", name), fmt.Sprintf("%q:%s", name, text), 1)
			}
		}
		raw, _ := json.Marshal(body)
		texts["a field more"] = strings.TrimSuffix(string(raw), "}") + `,"` + marked + `":` + value + "}"
	case []any:
		texts["an element"] = "[" + value + "]"
	}
	return texts
}

// For every value in every field of every operation the answer is a problem document that
// repeats nothing, or the operation takes it; a refusal changes nothing, and the books are
// right afterwards.
func TestAPIBodiesFromHell(t *testing.T) {
	t.Parallel()
	const walks = 4
	for i := range walks {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.printShop()
			own := s.partner("Mine")
			p := s.program([]db.Partner{own})
			s.exec(`update api_client set per_minute = 100000, wrong_codes_hour = 100000`)
			n := -1
			s.apiRoutes(func(r route, path string, op apiOperation) {
				if n++; n%walks != i || r.method == get {
					return
				}
				h := s.holdsAPI(own, p)
				var body any = map[string]any{}
				if op.body != nil {
					body = op.body(h)
				}
				filled, _ := h.fillAPI(path)
				for value, text := range hellJSON() {
					for at, broken := range spots(body, text) {
						name := fmt.Sprintf("%s %s: %s is %s", r.method, path, at, value)
						before := s.print()
						headers := []string{"Idempotency-Key", uuid.NewString()}
						if op.match {
							headers = append(headers, "If-Match", p.call(http.MethodGet, filled, "").Header.Get("ETag"))
						}
						got := p.call(r.method, filled, broken, headers...)
						require.Less(t, got.Status, http.StatusInternalServerError, "%s: %s", name, got.Body)
						if got.Status < http.StatusBadRequest {
							continue
						}
						require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"), name)
						if !strings.HasSuffix(at, "a field more") && !strings.Contains(value, "object") { // the name of an unknown field is told, the value never
							require.NotContains(t, got.Body, marked, name)
						}
						require.Equal(t, before, s.print(), "%s: refused, and yet something changed", name)
					}
				}
			})
			require.NotContains(t, s.Log.String(), `"msg":"panic"`)
			require.NotContains(t, s.Log.String(), marked)
			broken, err := check.Run(t.Context(), s.Pool, nil)
			require.NoError(t, err)
			require.Empty(t, broken)
		})
	}
}

// print counts what requests can make or change, much faster than state.
func (s *site) print() string {
	s.t.Helper()
	var text string
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select concat_ws(' ', (select count(*) from ledger_tx), (select count(*) from customer), (select sum(version) from customer),
		(select count(*) from series), (select sum(version) from series), (select count(*) from export), (select count(*) from card_change), (select count(*) from approval),
		(select count(*) from audit where action !~ 'refused'), (select count(*) from form_print), (select count(*) from webhook_endpoint), (select sum(version) from webhook_endpoint), (select sum(attempts) from webhook_delivery))`).Scan(&text))
	return text
}

// Addresses, queries and headers of programs break nothing either.
func TestAPIAddressesFromHell(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	s.exec(`update api_client set per_minute = 100000`)
	hostile := []string{"-1", "0", "9223372036854775808", "1e3", "..", "%2e%2e%2f", "%00", "%ff", "%F0%9F%92%A5", strings.Repeat("9", 3000), "%27%3B--", "a%20b", "%0d%0aX%3A1", "{{.}}"}
	s.apiRoutes(func(r route, path string, _ apiOperation) {
		for _, value := range hostile {
			address := path
			for _, name := range []string{":id", ":payment", ":number", ":card", ":external", ":seq"} {
				address = strings.ReplaceAll(address, name, value)
			}
			got := p.call(r.method, address+"?after="+value+"&limit="+value, "{}", "Idempotency-Key", value, "If-Match", value, "Prefer", "wait="+value)
			require.Less(t, got.Status, http.StatusInternalServerError, "%s %s: %s", r.method, address, got.Body)
			got = p.call(r.method, address, "{}", "Idempotency-Key", "k", "If-Match", `"1"`, "Prefer", "wait=0")
			require.Less(t, got.Status, http.StatusInternalServerError, "%s %s: %s", r.method, address, got.Body)
		}
	})
}
