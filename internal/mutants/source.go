package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sources holds the source that mutants change: the program's files, their declarations by
// name, the queries, and the tests of each package.
type sources struct {
	files    map[string]string // by path from the root, with slashes
	decls    map[string][]span // by name, its first letter small
	queries  map[string]span   // by name, in queries/
	made     map[string]span   // the text that sqlc made of each query, in internal/db
	imports  map[string][]string
	packages map[string]bool     // names of packages of this program
	tests    map[string][]string // by package, as ./internal/card
}

// span is a part of a file.
type span struct {
	file       string
	start, end int
}

// readSources reads the sources below root.
func readSources(root string) (*sources, error) {
	s := &sources{
		files: map[string]string{}, decls: map[string][]span{}, queries: map[string]span{}, made: map[string]span{},
		imports: map[string][]string{}, packages: map[string]bool{}, tests: map[string][]string{},
	}
	for _, dir := range []string{"cmd", "internal", "queries", "migrations"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(at string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil || filepath.Base(at) == "mutants" {
					return filepath.SkipDir // another module, or this list itself
				}
				return nil
			}
			name, err := filepath.Rel(root, at)
			if err != nil {
				return err
			}
			return s.read(root, filepath.ToSlash(name))
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read adds one file.
func (s *sources) read(root, name string) error {
	isGo := strings.HasSuffix(name, ".go")
	if !isGo && !strings.HasSuffix(name, ".sql") {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) //nolint:gosec // of this repository
	if err != nil {
		return err
	}
	s.files[name] = string(text)
	switch {
	case strings.HasPrefix(name, "queries/"):
		s.blocks(name, regexp.MustCompile(`(?m)^-- name: (\w+) `), s.queries)
	case strings.HasSuffix(name, ".sql.go"):
		s.blocks(name, regexp.MustCompile("= `-- name: (\\w+) "), s.made)
	case isGo:
		return s.parse(name)
	}
	return nil
}

// blocks records where each query of a file begins and ends. A query in generated code ends
// with its string literal.
func (s *sources) blocks(name string, head *regexp.Regexp, into map[string]span) {
	text := s.files[name]
	heads := head.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		start := h[0]
		if strings.HasPrefix(text[start:], "= `") {
			start += len("= `")
			end = start + strings.IndexByte(text[start:], '`')
		}
		into[text[h[2]:h[3]]] = span{name, start, end}
	}
}

// parse records the declarations of a file, or the tests of a test file.
func (s *sources) parse(name string) error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, s.files[name], parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, "_test.go") {
		dir := "./" + path.Dir(name)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				s.tests[dir] = append(s.tests[dir], f.Name.Name)
			}
		}
		return nil
	}
	s.packages[file.Name.Name] = true
	for _, i := range file.Imports {
		named := path.Base(strings.Trim(i.Path.Value, `"`))
		if i.Name != nil {
			named = i.Name.Name
		}
		s.imports[name] = append(s.imports[name], named)
	}
	note := func(ident *ast.Ident, node ast.Node) {
		at := span{name, fset.Position(node.Pos()).Offset, fset.Position(node.End()).Offset}
		text := s.files[name]
		at.start = strings.LastIndexByte(text[:at.start], '\n') + 1 // whole lines
		if n := strings.IndexByte(text[at.end:], '\n'); n >= 0 {
			at.end += n + 1
		}
		key := small(ident.Name)
		s.decls[key] = append(s.decls[key], at)
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			note(d.Name, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, ident := range spec.Names {
						note(ident, d) // with its group
					}
				case *ast.TypeSpec:
					note(spec.Name, d)
				}
			}
		}
	}
	return nil
}

// small returns a name with its first letter in lower case, so that a name is the same
// whether exported or not.
func small(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}

// testedIn returns the packages whose tests a mutant runs: its own, and those to which
// one of its tests has moved.
func (s *sources) testedIn(m mutant) ([]string, error) {
	var list []string
	for alternative := range strings.SplitSeq(m.run, "|") {
		alternative, _, _ = strings.Cut(alternative, "/") // the rest are parts of a test
		named, err := regexp.Compile(alternative)
		if err != nil {
			return nil, err
		}
		matches := func(dir string) bool { return slices.ContainsFunc(s.tests[dir], named.MatchString) }
		if matches(m.pkg) {
			list = append(list, m.pkg)
			continue
		}
		found := false
		for dir := range s.tests {
			if matches(dir) {
				list, found = append(list, dir), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no test %s", alternative) //nolint:err113 // for the person who moved it
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
