package openapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"refill/internal/lang"
)

// Document is the composed document.
type Document struct {
	JSON      []byte // as clients get it
	About     Text   // what the API is
	Topics    []Topic
	Always    []string // the codes that every operation can answer
	ETag      string   // of JSON
	Resources []Resource
	Problems  []Problem // every code that has a page
	raw       raw
}

// Topic is a text about what holds for all operations.
type Topic struct {
	Title string
	Text  Text
}

// Resource is a group of operations, which a page shows.
type Resource struct {
	Name, Slug  string
	Description Text
	Operations  []*Operation
}

// Problem describes a code of problem documents.
type Problem struct {
	Code   string `yaml:"-"`
	Status int    `yaml:"status"`
	Again  string `yaml:"again"` // no, later or key; see common.yaml
	What   Text   `yaml:"what"`
	Do     Text   `yaml:"do"`
}

// Operation is one call.
type Operation struct {
	Method, Path string            `json:"-"`
	ID           string            `json:"operationId"`
	Summary      string            `json:"summary"`
	Description  Text              `json:"description"`
	Tags         []string          `json:"tags"`
	Permission   string            `json:"x-permission"` // empty: every client may call it
	Module       string            `json:"x-module"`
	Problems     []string          `json:"x-problems"` // every code that it can answer
	Parameters   []Parameter       `json:"parameters"`
	Body         *Body             `json:"requestBody"`
	Responses    Ordered[Response] `json:"responses"`
}

// Parameter is a part of the address, or a header.
type Parameter struct {
	Ref         string          `json:"$ref"`
	Name        string          `json:"name"`
	In          string          `json:"in"` // path, query or header
	Required    bool            `json:"required"`
	Description Text            `json:"description"`
	Schema      *Schema         `json:"schema"`
	Example     json.RawMessage `json:"example"`
}

// Body is the body of a request.
type Body struct {
	Content Ordered[Media] `json:"content"`
}

// Response is an answer.
type Response struct {
	Description Text           `json:"description"`
	Content     Ordered[Media] `json:"content"`
}

// Media is a body in one media type.
type Media struct {
	Schema  *Schema         `json:"schema"`
	Example json.RawMessage `json:"example"`
}

// Schema describes a value.
type Schema struct {
	Ref         string           `json:"$ref"`
	Type        types            `json:"type"`
	Format      string           `json:"format"`
	Description Text             `json:"description"`
	Properties  Ordered[*Schema] `json:"properties"`
	Required    []string         `json:"required"`
	Items       *Schema          `json:"items"`
	Word        string           `json:"x-word"` // what people call it, where its fields need no table
}

// types is one type or a list of types.
type types []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *types) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// raw is the document as it is written.
type raw struct {
	Tags []struct {
		Name        string `json:"name"`
		Slug        string `json:"x-slug"`
		Description Text   `json:"description"`
	} `json:"tags"`
	Paths      Ordered[Ordered[*Operation]] `json:"paths"`
	Components struct {
		Parameters Ordered[Parameter] `json:"parameters"`
		Schemas    Ordered[*Schema]   `json:"schemas"`
	} `json:"components"`
}

// group puts the operations into their resources and resolves their parameters.
func (d *Document) group() error {
	for _, tag := range d.raw.Tags {
		d.Resources = append(d.Resources, Resource{Name: tag.Name, Slug: tag.Slug, Description: tag.Description})
	}
	for _, path := range d.raw.Paths {
		for _, method := range path.Value {
			o := method.Value
			o.Method, o.Path = strings.ToUpper(method.Name), path.Name
			for i, p := range o.Parameters {
				if p.Ref == "" {
					continue
				}
				o.Parameters[i] = d.raw.Components.Parameters.Get(strings.TrimPrefix(p.Ref, "#/components/parameters/"))
				if o.Parameters[i].Name == "" {
					return fmt.Errorf("%s %s: there is no parameter %s", o.Method, o.Path, p.Ref)
				}
			}
			at := slices.IndexFunc(d.Resources, func(r Resource) bool { return slices.Contains(o.Tags, r.Name) })
			d.Resources[at].Operations = append(d.Resources[at].Operations, o)
		}
	}
	return nil
}

// Operations returns all operations.
func (d *Document) Operations() []*Operation {
	var list []*Operation
	for _, r := range d.Resources {
		list = append(list, r.Operations...)
	}
	return list
}

// Resource returns the resource with a slug.
func (d *Document) Resource(slug string) (Resource, bool) {
	at := slices.IndexFunc(d.Resources, func(r Resource) bool { return r.Slug == slug })
	if at < 0 {
		return Resource{}, false
	}
	return d.Resources[at], true
}

// Problem returns the description of a code.
func (d *Document) Problem(code string) (Problem, bool) {
	at := slices.IndexFunc(d.Problems, func(p Problem) bool { return p.Code == code })
	if at < 0 {
		return Problem{}, false
	}
	return d.Problems[at], true
}

// Field is a row of a table of fields. Fields of objects within it follow it.
type Field struct {
	Name        string // with the names of the objects around it: customer.id
	Kind        string // in words
	Required    bool
	Description Text
	Schema      string // name of the schema whose fields another table has; empty: they follow
}

// Fields returns the fields of a schema and of the objects within it. The fields of a schema
// that known names are left out.
func (d *Document) Fields(s *Schema, known func(schema string) bool) []Field {
	return d.fields(s, "", known)
}

func (d *Document) fields(s *Schema, within string, known func(string) bool) []Field {
	s = d.resolve(s)
	var list []Field
	for _, p := range s.Properties {
		value := d.resolve(p.Value)
		f := Field{Name: within + p.Name, Kind: d.kind(value), Required: slices.Contains(s.Required, p.Name), Description: value.Description}
		if p.Value.Description != "" {
			f.Description = p.Value.Description
		}
		inner, name := f.Name+".", p.Value.SchemaName()
		if value.Items != nil {
			name = value.Items.SchemaName()
			value, inner = d.resolve(value.Items), f.Name+"[]."
		}
		deeper := value.Word == "" && len(value.Properties) > 0
		if deeper && known(name) {
			f.Schema, deeper = name, false
		}
		list = append(list, f)
		if deeper {
			list = append(list, d.fields(value, inner, known)...)
		}
	}
	return list
}

// SchemaName returns the name of the schema that s refers to; empty where it has none.
func (s *Schema) SchemaName() string {
	if s == nil {
		return ""
	}
	return strings.TrimPrefix(s.Ref, "#/components/schemas/")
}

// resolve follows a reference.
func (d *Document) resolve(s *Schema) *Schema {
	if s != nil && s.Ref != "" {
		if at := d.raw.Components.Schemas.Get(s.SchemaName()); at != nil {
			return at
		}
	}
	if s == nil {
		return &Schema{}
	}
	return s
}

// kind names the type of a value for people.
func (d *Document) kind(s *Schema) string {
	words := map[string]string{
		"string": lang.M("text"), "integer": lang.M("whole number"), "boolean": lang.M("true or false"), "object": lang.M("object"), "null": "null",
	}
	if s.Word != "" {
		return s.Word
	}
	var list []string
	for _, t := range s.Type {
		switch {
		case t == "array":
			list = append(list, lang.M("list of")+" "+d.kind(d.resolve(s.Items)))
		case s.Format == "date-time" && t == "string":
			list = append(list, lang.M("time"))
		case s.Format == "date" && t == "string":
			list = append(list, lang.M("date"))
		default:
			list = append(list, words[t])
		}
	}
	return strings.Join(list, " or ")
}

// Kind names the type of a parameter for people.
func (d *Document) Kind(p Parameter) string { return d.kind(d.resolve(p.Schema)) }
