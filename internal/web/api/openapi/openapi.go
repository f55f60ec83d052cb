// Package openapi holds the document of the REST API: OpenAPI 3.1, written by hand, one file
// a resource. It composes the files at start, and reads the result for the pages that show
// it. It handles no request and knows no route. The tests of package web hold the document
// against the routes and against every answer that they get.
//
// # How an operation is added
//
//  1. A resource is a file such as customers.yaml: its tag, its paths, its schemas, and the
//     problems that are its own. Parameters, headers and schemas that several resources use
//     are in common.yaml.
//  2. x-permission is the permission of the route; empty: every client may call it. x-module
//     is cards where the route is closed while the module of refill cards is off.
//  3. x-problems lists the codes that the domain refuses this operation with. Codes that
//     follow from what the operation has (a body, an idempotency key, parameters of the
//     address, If-Match) are added from x-problem-sets of common.yaml, and so are the answers
//     with their statuses.
//  4. Each body and each first answer has an example. The pages and the tests use it.
package openapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"refill/internal/lang"
)

//go:embed *.yaml
var files embed.FS

// common is the file of what all resources share.
const common = "common.yaml"

// Load returns the document. It is composed once in a process. An error is a mistake in the
// files, which are part of the program.
var Load = sync.OnceValues(load) //nolint:gochecknoglobals // what is embedded does not change

func load() (*Document, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	base, err := parse(common)
	if err != nil {
		return nil, err
	}
	c := composer{root: base, operations: map[string]bool{}}
	if err := c.begin(); err != nil {
		return nil, err
	}
	var resources []object
	for _, entry := range entries {
		if entry.Name() == common {
			continue
		}
		one, err := parse(entry.Name())
		if err != nil {
			return nil, err
		}
		if err := c.addProblems(one, entry.Name()); err != nil {
			return nil, err
		}
		resources = append(resources, one)
	}
	slices.SortStableFunc(resources, func(a, b object) int {
		return strings.Compare(text(child(a, "tag"), "name"), text(child(b, "tag"), "name"))
	})
	for _, one := range resources {
		if err := c.add(one); err != nil {
			return nil, err
		}
	}
	return c.finish()
}

// parse reads a file with its keys in order.
func parse(name string) (object, error) {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var o object
	if err := yaml.UnmarshalWithOptions(data, &o, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// composer makes one document of the files.
type composer struct {
	root           object
	sets           object
	tags           []any
	paths, schemas object
	problems       []Problem
	operations     map[string]bool // by operationId
}

// begin takes out of the common file what the other files add to.
func (c *composer) begin() error {
	c.sets = child(c.root, "x-problem-sets")
	components := child(c.root, "components")
	c.schemas = child(components, "schemas")
	if c.sets == nil || c.schemas == nil {
		return fmt.Errorf("%s lacks x-problem-sets or schemas", common)
	}
	return c.addProblems(c.root, common)
}

// addProblems adds the problems of a file. A code is described in one file only.
func (c *composer) addProblems(from object, file string) error {
	for _, item := range child(from, "problems") {
		code, _ := item.Key.(string)
		p := Problem{Code: code}
		data, err := yaml.Marshal(item.Value)
		if err == nil {
			err = yaml.UnmarshalWithOptions(data, &p, yaml.DisallowUnknownField())
		}
		if err != nil {
			return fmt.Errorf("%s: problem %s: %w", file, code, err)
		}
		if _, twice := c.problem(code); twice {
			return fmt.Errorf("%s: problem %s is described twice", file, code)
		}
		if p.Status == 0 || p.What == "" || p.Do == "" || !slices.Contains([]string{"no", "later", "key"}, p.Again) {
			return fmt.Errorf("%s: problem %s lacks status, what, do, or a valid again", file, code)
		}
		c.problems = append(c.problems, p)
	}
	return nil
}

func (c *composer) problem(code string) (Problem, bool) {
	at := slices.IndexFunc(c.problems, func(p Problem) bool { return p.Code == code })
	if at < 0 {
		return Problem{}, false
	}
	return c.problems[at], true
}

// add adds a resource.
func (c *composer) add(from object) error {
	tag := child(from, "tag")
	name := text(tag, "name")
	if name == "" || text(tag, "slug") == "" {
		return fmt.Errorf("a resource lacks the name or the slug of its tag")
	}
	c.tags = append(c.tags, object{{Key: "name", Value: name}, {Key: "description", Value: text(tag, "description")}, {Key: "x-slug", Value: text(tag, "slug")}})
	for _, item := range child(from, "schemas") {
		if get(c.schemas, item.Key) != nil {
			return fmt.Errorf("schema %v is described twice", item.Key)
		}
		c.schemas = append(c.schemas, item)
	}
	for _, path := range child(from, "paths") {
		if get(c.paths, path.Key) != nil {
			return fmt.Errorf("path %v is in two files", path.Key)
		}
		methods, _ := path.Value.(object)
		for i, method := range methods {
			operation, _ := method.Value.(object)
			whole, err := c.complete(operation, name)
			if err != nil {
				return fmt.Errorf("%v %v: %w", method.Key, path.Key, err)
			}
			methods[i].Value = whole
		}
		c.paths = append(c.paths, yaml.MapItem{Key: path.Key, Value: methods})
	}
	return nil
}

// complete adds the tag, the problems and their answers to an operation.
func (c *composer) complete(operation object, tag string) (object, error) {
	id := text(operation, "operationId")
	if id == "" || c.operations[id] {
		return nil, fmt.Errorf("operationId %q is missing or there twice", id)
	}
	c.operations[id] = true
	problems, err := c.problemsOf(operation)
	if err != nil {
		return nil, err
	}
	responses := child(operation, "responses")
	byStatus := map[int][]string{}
	codes := []any{}
	for _, p := range problems {
		byStatus[p.Status] = append(byStatus[p.Status], p.Code)
		codes = append(codes, p.Code)
	}
	for _, p := range problems {
		status := strconv.Itoa(p.Status)
		if get(responses, status) == nil {
			responses = append(responses, yaml.MapItem{Key: status, Value: problemResponse(p.Status, byStatus[p.Status])})
		}
	}
	operation = set(operation, "tags", []any{tag})
	operation = set(operation, "x-problems", codes)
	return set(operation, "responses", responses), nil
}

// problemsOf returns every problem that an operation can answer, by status, the common ones
// after its own.
func (c *composer) problemsOf(operation object) ([]Problem, error) {
	own, _ := get(operation, "x-problems").([]any)
	codes := slices.Clone(own)
	for _, name := range setsOf(operation) {
		more, _ := get(c.sets, name).([]any)
		codes = append(codes, more...)
	}
	var list []Problem
	for _, code := range codes {
		p, known := c.problem(fmt.Sprint(code))
		if !known {
			return nil, fmt.Errorf("problem %v is described nowhere", code)
		}
		if slices.Contains(list, p) {
			return nil, fmt.Errorf("problem %v is listed twice", code)
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b Problem) int { return a.Status - b.Status })
	return list, nil
}

// setsOf returns the sets of problems that follow from what an operation has.
func setsOf(operation object) []string {
	var sets []string
	if text(operation, "x-permission") != "" {
		sets = append(sets, "permission")
	}
	if module := text(operation, "x-module"); module != "" {
		sets = append(sets, module)
	}
	if get(operation, "requestBody") != nil {
		sets = append(sets, "body")
	}
	parameters, _ := get(operation, "parameters").([]any)
	asksQuery := false
	for _, one := range parameters {
		parameter, _ := one.(object)
		switch ref := text(parameter, "$ref"); {
		case strings.HasSuffix(ref, "/IdempotencyKey"):
			sets = append(sets, "idempotency")
		case strings.HasSuffix(ref, "/IfMatch"):
			sets = append(sets, "if-match")
		case text(parameter, "in") == "query", strings.HasSuffix(ref, "/Limit"), strings.HasSuffix(ref, "/After"):
			asksQuery = true
		}
	}
	if asksQuery {
		sets = append(sets, "query")
	}
	return append(sets, "always")
}

// problemResponse is the answer with a status that has only problems.
func problemResponse(status int, codes []string) object {
	r := object{{Key: "description", Value: lang.M("One of these codes:") + " " + strings.Join(codes, ", ") + "."}}
	header := map[int][2]string{
		401: {"WWW-Authenticate", "WWWAuthenticate"}, 429: {"Retry-After", "RetryAfter"}, 503: {"Retry-After", "RetryAfter"},
	}
	if h, ok := header[status]; ok {
		r = append(r, yaml.MapItem{Key: "headers", Value: object{{Key: h[0], Value: ref("headers/" + h[1])}}})
	}
	media := object{{Key: "schema", Value: ref("schemas/Problem")}}
	return append(r, yaml.MapItem{Key: "content", Value: object{{Key: "application/problem+json", Value: media}}})
}

func ref(to string) object { return object{{Key: "$ref", Value: "#/components/" + to}} }

// finish writes the document as JSON and reads it for the pages.
func (c *composer) finish() (*Document, error) {
	components := set(child(c.root, "components"), "schemas", c.schemas)
	root := set(c.root, "components", components)
	root = set(set(root, "tags", c.tags), "paths", c.paths)
	d := &Document{About: Text(text(child(root, "info"), "description")), Topics: c.topics(), Problems: c.problems}
	always, _ := get(c.sets, "always").([]any)
	for _, code := range always {
		d.Always = append(d.Always, fmt.Sprint(code))
	}
	root = set(root, "info", set(child(root, "info"), "description", d.description()))
	own := []string{"problems", "x-problem-sets", "x-topics"}
	root = slices.DeleteFunc(root, func(i yaml.MapItem) bool { return slices.Contains(own, fmt.Sprint(i.Key)) })
	var b bytes.Buffer
	if err := writeJSON(&b, root); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b.Bytes())
	d.JSON, d.ETag = b.Bytes(), `W/"`+hex.EncodeToString(sum[:12])+`"`
	if err := json.Unmarshal(d.JSON, &d.raw); err != nil {
		return nil, err
	}
	return d, d.group()
}

// topics returns what holds for all operations.
func (c *composer) topics() []Topic {
	var topics []Topic
	list, _ := get(c.root, "x-topics").([]any)
	for _, one := range list {
		topic, _ := one.(object)
		topics = append(topics, Topic{Title: text(topic, "title"), Text: Text(text(topic, "text"))})
	}
	return topics
}

// description is the description of the document in Markdown, for programs that show it.
func (d *Document) description() string {
	parts := []string{string(d.About)}
	for _, t := range d.Topics {
		parts = append(parts, "## "+t.Title+"\n", string(t.Text))
	}
	return strings.Join(parts, "\n")
}
