package fault_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"

	"refill/internal/fault"
)

// reader reads one file for the registry.
type reader struct {
	*registry

	dir     string
	imports map[string]string
	seen    map[ast.Node]bool // parts of expressions that were read with the whole
	path    []ast.Node        // from the file down to the node
	open    []unfinished      // the function's faults that a later With is to complete
	late    []late            // the function's With on faults that can't be told
}

// unfinished is a fault in a table or an argument, of a function that gives it its
// arguments afterwards.
type unfinished struct {
	at    token.Pos
	code  string
	lacks []string
}

// late is a chain of With on a fault that can't be told.
type late struct {
	at   token.Pos
	adds []string
}

// declare enters the faults in the file's variables.
func (r *reader) declare(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, v := range spec.Values {
			if len(spec.Values) != len(spec.Names) {
				break
			}
			base, adds := unwind(v)
			if d, ok := r.made(base, false); ok {
				d.lacks = r.minus(d, adds, false)
				r.vars[r.dir][spec.Names[i].Name] = d
			}
		}
		return true
	})
}

// uses holds every fault of the file against its arguments.
func (r *reader) uses(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			if _, ok := r.path[len(r.path)-1].(ast.Decl); ok && len(r.path) == 2 {
				r.endFunction()
			}
			r.path = r.path[:len(r.path)-1]
			return true
		}
		r.path = append(r.path, n)
		if lit, ok := n.(*ast.CompositeLit); ok && r.isFault(lit.Type, "Error") {
			r.problem(lit.Pos(), "a fault.Error is made by fault.New or fault.Field")
		}
		if e, ok := n.(ast.Expr); ok && !r.seen[n] {
			r.use(e)
		}
		return true
	})
}

func (r *reader) use(e ast.Expr) {
	base, adds := unwind(e)
	d, ok := r.made(base, true)
	declared := false
	if !ok {
		d, ok = r.variable(base)
		declared = ok
	}
	if !ok {
		if len(adds) > 0 && r.isFaultsWith(adds) {
			l := late{at: e.Pos()}
			for _, a := range adds {
				l.adds = append(l.adds, a.name)
				r.seen[a.call], r.seen[a.call.Fun] = true, true
			}
			slices.Sort(l.adds)
			r.late = append(r.late, l)
		}
		return
	}
	ast.Inspect(e, func(n ast.Node) bool { // its arguments may hold faults of their own
		if call, ok := n.(*ast.CallExpr); ok {
			r.seen[call], r.seen[call.Fun] = true, true
		}
		return n != base
	})
	r.seen[base] = true
	if s, ok := base.(*ast.SelectorExpr); ok {
		r.seen[s.X], r.seen[s.Sel] = true, true
	}
	lacks := r.minus(d, adds, true)
	switch parent := r.path[len(r.path)-2].(type) {
	case *ast.CompositeLit:
		r.open = append(r.open, unfinished{e.Pos(), d.code, lacks})
		return
	case *ast.CallExpr:
		if f, ok := parent.Fun.(*ast.Ident); ok && f.Name != "append" {
			r.open = append(r.open, unfinished{e.Pos(), d.code, lacks})
			return
		}
	}
	if len(lacks) > 0 && !r.toAdd(base, declared) {
		r.problem(e.Pos(), "%s lacks %s", d.code, lacks[0])
	}
}

// endFunction holds the unfinished faults of a function against what it adds to them:
// where anything lacks, every late With has to add just that.
func (r *reader) endFunction() {
	for _, o := range r.open {
		slices.Sort(o.lacks)
		completed := func(l late) bool { return slices.Equal(l.adds, o.lacks) }
		if len(o.lacks) > 0 && !slices.ContainsFunc(r.late, completed) {
			r.problem(o.at, "%s lacks %s", o.code, o.lacks[0])
		}
	}
	for _, l := range r.late {
		completes := func(o unfinished) bool { return slices.Equal(l.adds, o.lacks) }
		if !slices.ContainsFunc(r.open, completes) {
			r.problem(l.at, "with arguments for an unknown fault")
		}
	}
	r.open, r.late = nil, nil
}

// toAdd reports whether the fault at the end of the path need not be whole: a variable
// that its uses complete, or a fault that another one is compared with.
func (r *reader) toAdd(base ast.Expr, declared bool) bool {
	switch parent := r.path[len(r.path)-2].(type) {
	case *ast.ValueSpec:
		name, isName := base.(*ast.Ident)
		return !declared || isName && slices.Contains(parent.Names, name)
	case *ast.SelectorExpr:
		return parent.Sel.Name == "Code"
	case *ast.CallExpr:
		is, ok := parent.Fun.(*ast.SelectorExpr)
		return ok && is.Sel.Name == "Is"
	}
	return false
}

// with is one argument: With("name", value).
type with struct {
	call  *ast.CallExpr
	name  string
	value ast.Expr
}

// unwind takes With, Because and At off a fault.
func unwind(e ast.Expr) (base ast.Expr, adds []with) {
	for {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			return e, adds
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"With", "Because", "At"}, method.Sel.Name) {
			return e, adds
		}
		if method.Sel.Name == "With" {
			w := with{call: call}
			if len(call.Args) == 2 {
				w.name, _ = constant(call.Args[0], nil)
				w.value = call.Args[1]
			}
			adds = append(adds, w)
		}
		e = method.X
	}
}

var codeForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// made reads a call of fault.New or fault.Field.
func (r *reader) made(e ast.Expr, report bool) (declaration, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 3 || !r.isFault(call.Fun, "New") && !r.isFault(call.Fun, "Field") {
		return declaration{}, false
	}
	code, isCode := constant(call.Args[1], r.texts[r.dir])
	message, isMessage := constant(call.Args[2], r.texts[r.dir])
	p, err := fault.Parse(message)
	d := declaration{code: code, lacks: p.Names, count: p.Count}
	switch {
	case !report:
	case !isCode:
		r.problem(call.Pos(), "the code is no constant")
	case !codeForm.MatchString(code):
		r.problem(call.Pos(), "malformed code %q", code)
	case !isMessage:
		r.problem(call.Pos(), "the message is no constant")
	case err != nil:
		r.problem(call.Pos(), "%v", err)
	default:
		if r.messages[code] == nil {
			r.messages[code] = map[string]token.Pos{}
		}
		r.messages[code][message] = call.Pos()
	}
	return d, true
}

// variable reads the name of a variable that holds a fault.
func (r *reader) variable(e ast.Expr) (declaration, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		d, ok := r.vars[r.dir][e.Name]
		return d, ok
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			d, ok := r.vars[r.imports[x.Name]][e.Sel.Name]
			return d, ok
		}
	}
	return declaration{}, false
}

// minus returns which arguments are still lacking after some.
func (r *reader) minus(d declaration, adds []with, report bool) []string {
	lacks := slices.Clone(d.lacks)
	for _, a := range adds {
		at := slices.Index(lacks, a.name)
		switch {
		case at >= 0:
			lacks = slices.Delete(lacks, at, at+1)
			if call, ok := a.value.(*ast.CallExpr); report && a.name == d.count && (!ok || !r.isFault(call.Fun, "Number")) {
				r.problem(a.call.Pos(), "the plural %s counts by fault.Number", a.name)
			}
		case !report:
		case a.name == "":
			r.problem(a.call.Pos(), "With takes a literal name")
		default:
			r.problem(a.call.Pos(), "%s has no %s", d.code, a.name)
		}
	}
	return lacks
}

// isFault reports whether e is a name of package fault.
func (r *reader) isFault(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && r.imports[x.Name] == "internal/fault"
}

// isFaultsWith tells With of a fault from that of a logger, by the type of the value.
func (r *reader) isFaultsWith(adds []with) bool {
	return slices.ContainsFunc(adds, func(w with) bool {
		call, ok := w.value.(*ast.CallExpr)
		if !ok {
			return false
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		return ok && r.isFault(s, s.Sel.Name)
	})
}

// constant returns the value of a string that is known without running the program.
func constant(e ast.Expr, named map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := named[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok := constant(e.X, named)
		right, okToo := constant(e.Y, named)
		return left + right, ok && okToo && e.Op == token.ADD
	case *ast.ParenExpr:
		return constant(e.X, named)
	}
	return "", false
}
