// Package extract collects the texts that people read from the source. In Go these are the
// texts marked by lang.M and the messages of faults, in templates the texts between tags
// and in attributes. It also finds literals in Go that look like such a text but are not
// marked.
package extract

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Text is a text that people read, with its place in the source.
type Text struct {
	Text string
	File string // below the root, with slashes
	Line int
}

// Source holds the texts of Go files that people read.
type Source struct {
	Marked   []Text
	Unmarked []Text // literals that look like texts for people and carry no mark
}

// Go returns the texts of the Go files below folders of root. It skips tests.
func Go(root string, folders ...string) (Source, error) {
	var found Source
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return found.read(root, path)
		})
		if err != nil {
			return found, err
		}
	}
	for _, list := range [][]Text{found.Marked, found.Unmarked} {
		sort.SliceStable(list, func(i, j int) bool { return list[i].File < list[j].File })
	}
	return found, nil
}

// read adds the texts of a file.
func (s *Source) read(root, path string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	r := reader{source: s, files: files, name: filepath.ToSlash(name)}
	ast.Walk(visitor{reader: &r}, file)
	return nil
}

// reader collects the texts of one file.
type reader struct {
	source *Source
	files  *token.FileSet
	name   string
}

// add records a literal, unless it is neither marked nor looks like a text for people.
func (r *reader) add(lit *ast.BasicLit, marked bool) {
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	one := Text{Text: text, File: r.name, Line: r.files.Position(lit.Pos()).Line}
	switch {
	case marked:
		r.source.Marked = append(r.source.Marked, one)
	case forPeople(text):
		r.source.Unmarked = append(r.source.Unmarked, one)
	}
}

// visitor walks the syntax tree of a file. Literals in a call that marks texts are recorded
// as marked. Literals in a call whose result no person reads are skipped.
type visitor struct {
	*reader
	marked bool
}

// Visit implements ast.Visitor.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil && n.Name.Name == "Error" { // the text of an error is for the log
			return nil
		}
	case *ast.ImportSpec, *ast.Field:
		return nil // paths and struct tags
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			v.add(n, v.marked)
		}
		return nil
	case *ast.CallExpr:
		name := callName(n)
		if name == "lang.M" {
			for _, arg := range n.Args {
				ast.Walk(visitor{v.reader, true}, arg)
			}
			return nil
		}
		if at, ok := messageOf[name]; ok { // a fault: only its message is a text for people
			ast.Walk(visitor{v.reader, true}, n.Args[at])
			return nil
		}
		if internal[name] || strings.HasPrefix(name, "slog.") {
			ast.Walk(v, n.Fun)
			for _, arg := range n.Args { // a nested call may contain texts
				if _, isLit := arg.(*ast.BasicLit); !isLit {
					ast.Walk(v, arg)
				}
			}
			return nil
		}
	case *ast.KeyValueExpr:
		if _, ok := n.Key.(*ast.BasicLit); ok { // the key of a map
			ast.Walk(v, n.Value)
			return nil
		}
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ { // compared, not shown
			return nil
		}
	case *ast.CaseClause:
		for _, one := range n.Body {
			ast.Walk(v, one)
		}
		return nil
	case *ast.IndexExpr: // the key of a map is not shown
		if _, ok := n.Index.(*ast.BasicLit); ok {
			ast.Walk(v, n.X)
			return nil
		}
	}
	return v
}

// messageOf maps the calls that take a message for people to the index of that argument.
var messageOf = map[string]int{"fault.New": 2, "fault.Field": 2} //nolint:gochecknoglobals // a table

// internal holds the calls whose literals are for programs and operators.
var internal = map[string]bool{ //nolint:gochecknoglobals // a table
	"errors.New": true, "fmt.Errorf": true, "panic": true, "regexp.MustCompile": true, "Log.LogAttrs": true, "Need.Or": true, "time.Parse": true, "strings.Contains": true, "s.send": true,
	"json.RawMessage": true, "c.Header": true, "c.GetHeader": true, "h.Set": true, "Header.Get": true, "Format": true, "strings.NewReplacer": true,
}

// callName returns the name of the called function, with the qualifier before its last
// dot. The qualifier of a method called on a result is the name of the function that gave
// the result.
func callName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		switch x := f.X.(type) {
		case *ast.Ident:
			if f.Sel.Name == "Format" {
				return "Format"
			}
			return x.Name + "." + f.Sel.Name
		case *ast.SelectorExpr:
			if f.Sel.Name == "Format" {
				return "Format"
			}
			return x.Sel.Name + "." + f.Sel.Name
		case *ast.CallExpr: // a method of a result: the last part of both names
			if made := callName(x); made != "" && f.Sel.Name != "Format" {
				return made[strings.LastIndex(made, ".")+1:] + "." + f.Sel.Name
			}
		}
		if f.Sel.Name == "Format" {
			return "Format"
		}
	}
	return ""
}

// words matches text for people: two words of letters with a space between them, or one
// word that begins with a capital letter and continues in lower case.
var words = regexp.MustCompile(`\p{L}{2,}[,:;.]? \p{L}+|^\p{Lu}\p{Ll}+[.:…]?$`)

// technical matches texts that look like words but are not shown: headers, time layouts,
// media types, parts of SQL and of style sheets.
var technical = regexp.MustCompile(`^(X-|Content-|Cache-|HX-|Sec-|Retry-|Last-|If-|Accept|Referrer|Cross-|Strict-|Permissions-|Vary|Mozilla|default-src|[a-z-]+/[a-z.+-]+;)|2006|^:root|^(select|insert|update|delete|with) |^[-a-z]+( [-a-z0-9.']+)*;|charset=|no-store|max-age`)

// forPeople reports whether a text reads like one for people.
func forPeople(text string) bool {
	return words.MatchString(text) && !technical.MatchString(text)
}
