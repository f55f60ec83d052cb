package main

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// word is a token of Go.
type word struct {
	start, end int
	tok        token.Token
	text       string
}

func (w word) is(tok token.Token) bool { return w.tok == tok }

// words splits Go source into tokens, without comments and line ends. It returns false if
// the text is not Go, such as a part of a string.
func words(text string) ([]word, bool) {
	var list []word
	var scan scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(text))
	good := true
	scan.Init(file, []byte(text), func(token.Position, string) { good = false }, 0)
	for {
		pos, tok, literal := scan.Scan()
		if tok == token.EOF {
			return list, good
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue
		}
		if literal == "" {
			literal = tok.String()
		}
		start := file.Offset(pos)
		list = append(list, word{start, start + len(literal), tok, literal})
	}
}

// alike finds the text of a mutant in a declaration whose code has moved. Package
// qualifiers may have been added, changed or removed, and names exported or unexported. The
// new text gets the names of the present source.
func (s *sources) alike(at span, m mutant) []edit {
	text := s.files[at.file][at.start:at.end]
	old, good := words(m.old)
	there, _ := words(text)
	if !good || len(old) == 0 {
		return nil
	}
	f := fit{old: old, there: there, qualifies: func(name string) bool {
		return s.packages[name] || slices.Contains(s.imports[at.file], name)
	}}
	var found []edit
	for i := 0; i < len(there); i++ {
		if i > 1 && f.qualified(there, i-2) {
			continue // begins with its qualifier
		}
		names := &names{plain: map[string]string{}, selected: map[string]string{}}
		end, ok := f.at(0, i, names)
		if !ok {
			continue
		}
		found = append(found, edit{span{at.file, at.start + there[i].start, at.start + there[end-1].end}, names.rename(strings.TrimSpace(m.new), f.qualifies)})
		i = end - 1
	}
	return found
}

// names maps the names in a mutant's text to those in the source. The keys begin with a
// lower-case letter.
type names struct {
	plain    map[string]string // values with the package qualifier
	selected map[string]string // names after a dot
}

// fit compares the tokens of a mutant with those of a declaration.
type fit struct {
	old, there []word
	qualifies  func(name string) bool
}

// at compares the tokens from i and j on, collects the names, and returns the end of the
// match.
func (f fit) at(i, j int, n *names) (end int, ok bool) {
	for i < len(f.old) {
		qualified, qualifier := f.qualified(f.old, i), ""
		if f.qualified(f.there, j) {
			qualifier = f.there[j].text + "."
			j += 2
		}
		if qualified {
			i += 2
		}
		if !f.same(i, j) {
			return 0, false
		}
		if name := f.old[i]; name.is(token.IDENT) {
			if i > 0 && f.old[i-1].is(token.PERIOD) && !qualified {
				n.selected[small(name.text)] = f.there[j].text
			} else {
				n.plain[small(name.text)] = qualifier + f.there[j].text
			}
		}
		i, j = i+1, j+1
	}
	return j, true
}

// same reports whether two tokens are equal, apart from the case of a name's first letter.
func (f fit) same(i, j int) bool {
	if j >= len(f.there) || f.old[i].tok != f.there[j].tok {
		return false
	}
	if f.old[i].is(token.IDENT) {
		return small(f.old[i].text) == small(f.there[j].text)
	}
	return f.old[i].text == f.there[j].text
}

// qualified reports whether a package name and a dot are at a position.
func (f fit) qualified(list []word, i int) bool {
	return i+2 < len(list) && list[i].is(token.IDENT) && list[i+1].is(token.PERIOD) && list[i+2].is(token.IDENT) &&
		f.qualifies(list[i].text) && (i == 0 || !list[i-1].is(token.PERIOD))
}

// rename writes a new text with the names that are in the source.
func (n *names) rename(text string, qualifies func(string) bool) string {
	list, good := words(text)
	if !good {
		return text
	}
	var b strings.Builder
	at := 0
	for i := 0; i < len(list); i++ {
		w, behind := list[i], i > 0 && list[i-1].is(token.PERIOD)
		if !w.is(token.IDENT) {
			continue
		}
		name, known := n.plain[small(w.text)]
		start := w.start
		switch {
		case behind:
			name, known = n.selected[small(w.text)]
		case !known && i+2 < len(list) && list[i+1].is(token.PERIOD) && qualifies(w.text):
			if name, known = n.plain[small(list[i+2].text)]; known {
				i += 2 // with its qualifier
			}
		}
		if !known {
			continue
		}
		b.WriteString(text[at:start] + name)
		at = list[i].end
	}
	return b.String() + text[at:]
}
