package fault

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Pattern is a parsed message: one whole sentence for each English plural form, with
// {name} as the placeholder of an argument. Catalogues for go-i18n and ICU are generated
// from it.
type Pattern struct {
	Count string   // The argument that chooses the form; empty: there is one form, Other.
	One   string   // The form for a count of 1.
	Other string   // The form for every other count.
	Names []string // The arguments, each once, in the order of the message.
}

// The syntax of a message is a subset of ICU MessageFormat: {name}, and at most once
// {name, plural, one {# card} other {# cards}}, where # is the count.
var (
	placeholder = regexp.MustCompile(`\{([a-z]+)\}`)
	plural      = regexp.MustCompile(`\{([a-z]+), plural, one \{((?:[^{}]|\{[a-z]+\})*)\} other \{((?:[^{}]|\{[a-z]+\})*)\}\}`)
)

var errPattern = errors.New("malformed message")

// Parse parses a message. It fails for a brace that belongs to no placeholder, and for a
// second plural, because a catalogue entry has one count.
func Parse(message string) (Pattern, error) {
	p := Pattern{Other: message}
	if at := plural.FindStringSubmatchIndex(message); at != nil {
		p.Count = message[at[2]:at[3]]
		form := func(from, to int) string {
			return message[:at[0]] + strings.ReplaceAll(message[from:to], "#", "{"+p.Count+"}") + message[at[1]:]
		}
		p.One, p.Other = form(at[4], at[5]), form(at[6], at[7])
		p.Names = append(p.Names, p.Count)
	}
	for _, form := range []string{p.One, p.Other} {
		if strings.ContainsAny(placeholder.ReplaceAllString(form, ""), "{}") {
			return p, fmt.Errorf("%w: %s", errPattern, message)
		}
		for _, m := range placeholder.FindAllStringSubmatch(form, -1) {
			if !slices.Contains(p.Names, m[1]) {
				p.Names = append(p.Names, m[1])
			}
		}
	}
	return p, nil
}

// english fills in the arguments. A placeholder without one stays as it is.
func (p Pattern) english(args []Arg) string {
	values := map[string]Value{}
	for _, a := range args {
		values[a.Name] = a.Value
	}
	form := p.Other
	if p.Count != "" && values[p.Count] == Number(1) {
		form = p.One
	}
	return placeholder.ReplaceAllStringFunc(form, func(hole string) string {
		if v := values[hole[1:len(hole)-1]]; v != nil {
			return v.String()
		}
		return hole
	})
}
