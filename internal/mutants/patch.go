package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// errMoved says that the source no longer contains the text of a mutant, which then has to
// be corrected.
var errMoved = errors.New("the text to be replaced is not there any more")

// errSeveral says that the text of a mutant occurs several times in a place.
var errSeveral = errors.New("the text to be replaced is there more than once")

// edit replaces a part of a file.
type edit struct {
	span
	text string
}

// patch returns the files that a mutant changes, by path from the root. A place is one of
//
//   - a declaration, by the name of its function, method, type, variable or constant. It
//     is looked up in every package, so that it may move, or in the package before the
//     dot ("partner.Enable"), where several packages have such a text;
//   - "query NAME, NAME": queries of queries/, together with what sqlc generates of them;
//   - a file, by its path: for migrations, which never move.
//
// Several declarations or queries may be named; each contains the text once.
func (s *sources) patch(m mutant) (map[string]string, error) {
	var edits []edit
	names, isQuery := strings.CutPrefix(m.in, "query ")
	for name := range strings.SplitSeq(names, ", ") {
		var found []edit
		var err error
		switch {
		case isQuery:
			found, err = s.inQuery(name, m)
		case strings.Contains(name, "/"):
			found, err = s.inSpans([]span{{name, 0, len(s.files[name])}}, m)
		default:
			found, err = s.inSpans(s.declared(name), m)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		edits = append(edits, found...)
	}
	return s.apply(edits), nil
}

// declared returns where a name is declared: in every package, or in the one before a dot.
func (s *sources) declared(name string) []span {
	folder, decl, named := strings.Cut(name, ".")
	if !named {
		return s.decls[small(name)]
	}
	return slices.DeleteFunc(slices.Clone(s.decls[small(decl)]), func(at span) bool {
		return !strings.Contains(at.file, "/"+folder+"/")
	})
}

// inSpans returns the edit of the one span that contains the text of a mutant: literally,
// or otherwise with other package qualifiers and exported names.
func (s *sources) inSpans(spans []span, m mutant) ([]edit, error) {
	var exact, moved []edit
	for _, at := range spans {
		text := s.files[at.file][at.start:at.end]
		for from := 0; m.old != ""; {
			i := strings.Index(text[from:], m.old)
			if i < 0 {
				break
			}
			from += i
			exact = append(exact, edit{span{at.file, at.start + from, at.start + from + len(m.old)}, m.new})
			from += len(m.old)
		}
		if len(exact) == 0 && strings.HasSuffix(at.file, ".go") {
			moved = append(moved, s.alike(at, m)...)
		}
	}
	if len(exact) > 0 {
		return one(exact)
	}
	return one(moved)
}

func one(found []edit) ([]edit, error) {
	switch len(found) {
	case 0:
		return nil, errMoved
	case 1:
		return found, nil
	}
	return nil, errSeveral
}

// argument matches a parameter as written in queries/.
var argument = regexp.MustCompile(`@(\w+)|sqlc\.n?arg\('?(\w+)'?\)`)

// inQuery returns the edits of a query and of the code that sqlc generated from it, in
// which parameters are numbers.
func (s *sources) inQuery(name string, m mutant) ([]edit, error) {
	query, known := s.queries[name]
	made, generated := s.made[name]
	if !known || !generated {
		return nil, errMoved
	}
	edits, err := s.inSpans([]span{query}, m)
	if err != nil {
		return nil, err
	}
	// The generated query has no semicolon at its end.
	before, after := strings.TrimSuffix(m.old, ";"), strings.TrimSuffix(m.new, ";")
	var pattern strings.Builder
	var arguments []string
	at := 0
	for _, found := range argument.FindAllStringSubmatchIndex(before, -1) {
		pattern.WriteString(regexp.QuoteMeta(before[at:found[0]]) + `(\$\d+)`)
		arguments = append(arguments, argumentName(before[found[0]:found[1]]))
		at = found[1]
	}
	pattern.WriteString(regexp.QuoteMeta(before[at:]))
	if before != m.old {
		pattern.WriteString(`\s*$`)
	}
	text := s.files[made.file][made.start:made.end]
	matches := regexp.MustCompile(pattern.String()).FindAllStringSubmatchIndex(text, -1)
	if len(matches) != 1 {
		_, err := one(make([]edit, len(matches)))
		return nil, fmt.Errorf("what sqlc made of it: %w", err)
	}
	numbers := map[string]string{}
	for i, argument := range arguments {
		numbers[argument] = text[matches[0][2+2*i]:matches[0][3+2*i]]
	}
	after = argument.ReplaceAllStringFunc(after, func(a string) string { return numbers[argumentName(a)] })
	return append(edits, edit{span{made.file, made.start + matches[0][0], made.start + matches[0][1]}, after}), nil
}

func argumentName(text string) string {
	parts := argument.FindStringSubmatch(text)
	return parts[1] + parts[2]
}

// apply returns the changed files. Edits of one file do not overlap.
func (s *sources) apply(edits []edit) map[string]string {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.start, a.start) }) // so that the others keep their places
	changed := map[string]string{}
	for _, e := range edits {
		text, begun := changed[e.file]
		if !begun {
			text = s.files[e.file]
		}
		changed[e.file] = text[:e.start] + e.text + text[e.end:]
	}
	return changed
}
