package openapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Curl returns a call of the operation for a shell, with the address of the portal in
// $REFILL and the key in $KEY.
func (o *Operation) Curl() string {
	path, query := o.Path, url.Values{}
	var headers []string
	for _, p := range o.Parameters {
		value := p.Sample()
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case "query":
			if p.Name == "limit" { // one parameter shows how; the table has the others
				query.Set(p.Name, value)
			}
		case "header":
			headers = append(headers, p.Name+": "+value)
		}
	}
	address := "$REFILL/api/v1" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	lines := []string{"curl -sS"}
	if o.Method != http.MethodGet && (o.Method != http.MethodPost || o.Body == nil) {
		lines[0] += " -X " + o.Method
	}
	lines[0] += ` "` + address + `"`
	lines = append(lines, `-H "Authorization: `+`Bearer $KEY"`)
	if o.Body != nil {
		headers = append(headers, "Content-Type: "+mediaJSON)
	}
	for _, h := range headers {
		lines = append(lines, "-H '"+h+"'")
	}
	if o.Body != nil {
		lines = append(lines, "-d '"+compact(o.Body.Media().Example)+"'")
	}
	return strings.Join(lines, " \\\n  ")
}

// mediaJSON is the media type of bodies.
const mediaJSON = "application/json"

// mediaProblem is the media type of problem documents.
const mediaProblem = "application/problem+json"

// Media returns the body in JSON; the zero value where there is none.
func (b *Body) Media() Media { return b.Content.Get(mediaJSON) }

// Media returns the answer in JSON; the zero value where there is none.
func (r Response) Media() Media { return r.Content.Get(mediaJSON) }

// IsProblem reports whether the answer is a problem document.
func (r Response) IsProblem() bool { return r.Content.Get(mediaProblem).Schema != nil }

// Pretty returns the example in lines; empty where there is none.
func (m Media) Pretty() string {
	var b bytes.Buffer
	if len(m.Example) == 0 || json.Indent(&b, m.Example, "", "  ") != nil {
		return ""
	}
	return b.String()
}

// Sample returns the example of a parameter as a text.
func (p Parameter) Sample() string {
	var s string
	if json.Unmarshal(p.Example, &s) == nil {
		return s
	}
	return string(p.Example)
}

// compact writes JSON on one line.
func compact(data json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, data) != nil {
		return ""
	}
	return b.String()
}
