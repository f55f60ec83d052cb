package fault_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sameMessage lists codes that share their message with another code, and why.
var sameMessage = map[string]string{}

// Every fault of the module has one constant message for its code, and each site gives
// the message exactly the arguments that it names. So a catalogue of messages can be
// made of the source.
func TestRegistry(t *testing.T) {
	t.Parallel()
	r := newRegistry()
	root := filepath.Join("..", "..")
	for _, top := range []string{"cmd", "internal"} {
		err := fs.WalkDir(os.DirFS(root), top, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || path.Dir(name) == "internal/fault" {
				return err
			}
			src, err := os.ReadFile(filepath.Join(root, name))
			if err == nil {
				err = r.add(name, src)
			}
			return err
		})
		require.NoError(t, err)
	}
	problems := r.check(sameMessage)
	require.Empty(t, problems, strings.Join(problems, "\n"))
	require.Greater(t, len(r.messages), 250, "the faults are found")
}

// The checker notices each way to break the rule.
func TestRegistryNotices(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"two messages":       {`var a, b = fault.New(k, "a", "One."), fault.New(k, "a", "Two.")`, `code a has two messages`},
		"two codes":          {`var a, b = fault.New(k, "a", "One."), fault.New(k, "b", "One.")`, `codes a, b have one message`},
		"glued":              {`func f(s string) error { return fault.New(k, "a", "One "+s) }`, `the message is no constant`},
		"formatted":          {`func f(n int) error { return fault.Field("x", "a", fmt.Sprintf("%d", n)) }`, `the message is no constant`},
		"code of parts":      {`func f(s string) error { return fault.Field("x", "a_"+s, "One.") }`, `the code is no constant`},
		"a strange code":     {`var a = fault.New(k, "A b", "One.")`, `malformed code`},
		"a literal":          {`var a = &fault.Error{Code: "a"}`, `fault.Error is made by fault.New`},
		"malformed":          {`var a = fault.New(k, "a", "{a b}")`, `malformed message`},
		"no argument":        {`func f() error { return fault.New(k, "a", "{n} is one.") }`, `a lacks n`},
		"one of two":         {`func f() error { return fault.New(k, "a", "{m} is {n}.").With("n", v) }`, `a lacks m`},
		"another argument":   {`func f() error { return fault.New(k, "a", "One.").Because(e).With("n", v) }`, `a has no n`},
		"twice":              {`func f() error { return fault.New(k, "a", "{n}").With("n", v).With("n", v) }`, `a has no n`},
		"a computed name":    {`func f(s string) error { return fault.New(k, "a", "{n}").With(s, v) }`, `With takes a literal name`},
		"a plural of text":   {`func f() error { return fault.New(k, "a", "{n, plural, one {#} other {#}}").With("n", fault.Text(s)) }`, `the plural n counts by fault.Number`},
		"a variable":         {`var a = fault.New(k, "a", "{n}"); func f() error { return a }`, `a lacks n`},
		"a variable with":    {`var a = fault.New(k, "a", "One."); func f() error { return a.At("x").With("n", v) }`, `a has no n`},
		"another package's":  {`func f() error { return other.ErrOther }`, `other lacks n`},
		"an unknown's":       {`func f(e *fault.Error) error { return e.With("n", fault.Number(1)) }`, `with arguments for an unknown fault`},
		"a table":            {`func f() { for _, x := range []row{{1, fault.New(k, "a", "{n}")}, {1, fault.New(k, "b", "{m}")}} { list = append(list, x.wrong.With("n", fault.Number(1))) } }`, `b lacks m`},
		"a table alone":      {`var a = fault.New(k, "a", "{n}"); func f() { return []error{a} }`, `a lacks n`},
		"a finished table":   {`func f() { for _, x := range []row{{1, fault.New(k, "a", "One.")}} { list = append(list, x.wrong.With("n", fault.Number(1))) } }`, `with arguments for an unknown fault`},
		"right by a table":   {`func f() { for _, x := range []row{{1, fault.New(k, "a", "{n}")}} { list = append(list, x.wrong.With("n", fault.Number(1))) } }`, ``},
		"right by a closure": {`func f() { add := func(f *fault.Error) { list = append(list, f.With("n", fault.Number(1))) }; add(fault.New(k, "a", "{n}")) }`, ``},
		"right":              {`const m = "{n, plural, one {# card} other {# cards}} of" + " {s}."; var a = fault.New(k, "a", m).With("s", fault.Text(s)); func f() error { return a.With("n", fault.Number(2)).Because(e) }`, ``},
		"right by others":    {`func f(err error) error { if errors.Is(err, other.ErrOther) || other.ErrOther.Code == c { return other.ErrOther.With("n", v) }; return nil }`, ``},
		"a logger, not ours": {`func f() { log.With("n", 1) }`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegistry()
			require.NoError(t, r.add("internal/other/other.go", []byte("package other\nimport \"refill/internal/fault\"\nvar ErrOther = fault.New(k, \"other\", \"Other {n}.\")")))
			require.NoError(t, r.add("internal/one/one.go", []byte("package one\nimport (\n\"refill/internal/fault\"\n\"refill/internal/other\"\n)\n"+c.src)))
			problems := strings.Join(r.check(nil), "\n")
			if c.want == "" {
				require.Empty(t, problems)
				return
			}
			require.Contains(t, problems, c.want)
		})
	}
}

// registry is what the source says of faults.
type registry struct {
	files    *token.FileSet
	packages map[string][]*ast.File            // by directory
	texts    map[string]map[string]string      // string constants, by directory and name
	vars     map[string]map[string]declaration // faults in variables, by directory and name
	messages map[string]map[string]token.Pos   // by code
	problems []string
}

// declaration is a fault in a variable, with the arguments that its uses have to add.
type declaration struct {
	code  string
	lacks []string
	count string // the argument that chooses a plural
}

func newRegistry() *registry {
	return &registry{
		files: token.NewFileSet(), packages: map[string][]*ast.File{}, texts: map[string]map[string]string{},
		vars: map[string]map[string]declaration{}, messages: map[string]map[string]token.Pos{},
	}
}

func (r *registry) add(name string, src []byte) error {
	file, err := parser.ParseFile(r.files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	dir := path.Dir(name)
	r.packages[dir] = append(r.packages[dir], file)
	return nil
}

func (r *registry) problem(at token.Pos, format string, args ...any) {
	p := r.files.Position(at)
	r.problems = append(r.problems, fmt.Sprintf("%s:%d: ", p.Filename, p.Line)+fmt.Sprintf(format, args...))
}

// check returns what breaks the rule. same lists codes that may share a message.
func (r *registry) check(same map[string]string) []string {
	for dir, files := range r.packages {
		r.texts[dir] = constants(files)
	}
	for dir, files := range r.packages {
		r.vars[dir] = map[string]declaration{}
		for _, file := range files {
			(&reader{r, dir, imports(file), nil, nil, nil, nil}).declare(file)
		}
	}
	for dir, files := range r.packages {
		for _, file := range files {
			(&reader{r, dir, imports(file), map[ast.Node]bool{}, nil, nil, nil}).uses(file)
		}
	}
	codes := map[string][]string{}
	for code, messages := range r.messages {
		if len(messages) > 1 {
			for message, at := range messages {
				r.problem(at, "code %s has two messages: %s", code, message)
			}
		}
		for message := range messages {
			if same[code] == "" {
				codes[message] = append(codes[message], code)
			}
		}
	}
	for message, list := range codes {
		if len(list) > 1 {
			slices.Sort(list)
			r.problem(r.messages[list[0]][message], "codes %s have one message: %s", strings.Join(list, ", "), message)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(r.problems)))
}

// constants reads the string constants of a package.
func constants(files []*ast.File) map[string]string {
	found := map[string]string{}
	for range 2 { // a constant may be made of another one
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
					for _, spec := range d.Specs {
						s, _ := spec.(*ast.ValueSpec) // what a const declaration holds
						for i, v := range s.Values {
							if text, ok := constant(v, found); ok {
								found[s.Names[i].Name] = text
							}
						}
					}
				}
				return true
			})
		}
	}
	return found
}

// imports returns the directories of the module's packages by the names that a file
// gives them.
func imports(file *ast.File) map[string]string {
	found := map[string]string{}
	for _, s := range file.Imports {
		dir, ours := strings.CutPrefix(strings.Trim(s.Path.Value, `"`), "refill/")
		if !ours {
			continue
		}
		found[path.Base(dir)] = dir
		if s.Name != nil {
			found[s.Name.Name] = dir
		}
	}
	return maps.Clone(found)
}
