package splynx

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// Bounds of a list. Splynx has none; here a program asks for more with limit and offset.
const (
	mostRows     = 10_000
	mostFilters  = 50
	mostElements = 1000 // of one IN
)

// list is what the address of a list asks for: PHP writes it in brackets, as
// main_attributes[login][0]=LIKE&main_attributes[login][1]=jo&order[id]=DESC&limit=10.
type list struct {
	size, skip int32
	newest     bool // order[id]=DESC
	filters    map[string]filter
	bad        bool // something could not be read
}

// filter is the condition on one attribute.
type filter struct {
	operator string
	values   []string
}

// Operators of filters.
const (
	opIs      = "="
	opLike    = "LIKE"
	opIn      = "IN"
	opBetween = "BETWEEN"
	opLeast   = ">="
	opMost    = "<="
)

var (
	bracketed  = regexp.MustCompile(`^main_attributes\[([a-z_]{1,40})\]((?:\[[0-9]{0,4}\])*)$`)
	orderedBy  = regexp.MustCompile(`^order\[([a-z_]{1,40})\]$`)
	subscripts = regexp.MustCompile(`\[([0-9]{0,4})\]`)
)

// readList reads the address of a list that can be filtered by some attributes. Anything else
// is refused: a filter that was ignored would answer with more than was asked for.
func readList(c *gin.Context, attributes ...string) *list {
	l := &list{size: mostRows, filters: map[string]filter{}}
	query := c.Request.URL.Query()
	parts := map[string][]part{}
	for name, values := range query {
		switch at := bracketed.FindStringSubmatch(name); {
		case name == "limit" && len(values) == 1:
			l.size = l.number(values[0], 1, mostRows)
		case name == "offset" && len(values) == 1:
			l.skip = l.number(values[0], 0, math.MaxInt32)
		case at != nil && slices.Contains(attributes, at[1]):
			parts[at[1]] = append(parts[at[1]], partsOf(at[2], values)...)
		case orderedBy.FindStringSubmatch(name) != nil && orderedBy.FindStringSubmatch(name)[1] == "id" && len(values) == 1:
			l.newest = strings.EqualFold(values[0], "desc")
			l.bad = l.bad || !l.newest && !strings.EqualFold(values[0], "asc")
		default:
			l.bad = true
		}
	}
	if len(query) > mostFilters+mostElements {
		l.bad = true
	}
	for name, values := range parts {
		l.filters[name] = l.filterOf(values)
	}
	return l
}

// part is a value of a filter, with the numbers in its brackets.
type part struct {
	path  []int
	value string
}

// partsOf returns the values at a place such as [1][0]. Empty brackets count up.
func partsOf(brackets string, values []string) []part {
	var path []int
	counts := false
	for _, at := range subscripts.FindAllStringSubmatch(brackets, -1) {
		n, _ := strconv.Atoi(at[1]) // 0 for empty brackets
		path, counts = append(path, n), at[1] == ""
	}
	var list []part
	for i, value := range values {
		one := slices.Clone(path)
		if counts {
			one[len(one)-1] = i
		}
		list = append(list, part{one, value})
	}
	return list
}

// filterOf returns the condition that the values of an attribute say: one value, or an
// operator and its operands.
func (l *list) filterOf(parts []part) filter {
	slices.SortFunc(parts, func(a, b part) int { return slices.Compare(a.path, b.path) })
	if len(parts) == 1 && len(parts[0].path) == 0 {
		return filter{opIs, []string{parts[0].value}}
	}
	if len(parts) < 2 || len(parts) > mostElements+1 || len(parts[0].path) != 1 {
		l.bad = true
		return filter{}
	}
	f := filter{operator: strings.ToUpper(parts[0].value)}
	for i, one := range parts[1:] {
		f.values = append(f.values, one.value)
		l.bad = l.bad || len(one.path) == 0 || len(one.path) > 2 || i > 0 && slices.Equal(one.path, parts[i].path)
	}
	switch f.operator {
	case opIs, opLike, opLeast, opMost:
		l.bad = l.bad || len(f.values) != 1
	case opBetween:
		l.bad = l.bad || len(f.values) != 2
	case opIn:
	default:
		l.bad = true
	}
	return f
}

func (l *list) number(text string, least, most int64) int32 {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < least {
		l.bad = true
		return 1
	}
	return int32(min(n, most)) //nolint:gosec // bounded
}

// err returns errFilter where something could not be read.
func (l *list) err() error {
	if l.bad {
		return errFilter
	}
	return nil
}

// numbers returns the ids and the bounds that the filter of an attribute asks for. A value
// that is no number is found nowhere.
func (l *list) numbers(attribute string) (ids []int64, from, to *int64) {
	f, there := l.filters[attribute]
	if !there || l.bad {
		return nil, nil, nil
	}
	var values []int64
	for _, text := range f.values {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			n = noID
			l.bad = l.bad || f.operator != opIs && f.operator != opIn
		}
		values = append(values, n)
	}
	switch {
	case l.bad:
	case f.operator == opIs || f.operator == opIn:
		return values, nil, nil
	case f.operator == opBetween:
		return nil, &values[0], &values[1]
	case f.operator == opLeast:
		return nil, &values[0], nil
	case f.operator == opMost:
		return nil, nil, &values[0]
	default:
		l.bad = true
	}
	return nil, nil, nil
}

// texts returns the texts, in lower case, or the pattern that the filter of an attribute asks
// for.
func (l *list) texts(attribute string) (is []string, like *string) {
	f, there := l.filters[attribute]
	if !there || l.bad {
		return nil, nil
	}
	for _, text := range f.values {
		if !kit.IsCleanText(text) || len(text) > 400 {
			l.bad = true
			return nil, nil
		}
		is = append(is, strings.ToLower(text))
	}
	switch f.operator {
	case opIs, opIn:
		return is, nil
	case opLike:
		pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.Trim(f.values[0], "%")) + "%"
		return nil, &pattern
	}
	l.bad = true
	return nil, nil
}

// days returns the first and the last day that the filter of an attribute asks for.
func (l *list) days(attribute string) (from, to *time.Time) {
	f, there := l.filters[attribute]
	if !there || l.bad {
		return nil, nil
	}
	var days []time.Time
	for _, text := range f.values {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Year() < 1900 || day.Year() > 9000 {
			l.bad = true
			return nil, nil
		}
		days = append(days, day)
	}
	switch f.operator {
	case opIs:
		return &days[0], &days[0]
	case opBetween:
		return &days[0], &days[1]
	case opLeast:
		return &days[0], nil
	case opMost:
		return nil, &days[0]
	}
	l.bad = true
	return nil, nil
}

// noQuery refuses parameters of an address that has none.
func noQuery(c *gin.Context) error {
	if values, err := url.ParseQuery(c.Request.URL.RawQuery); err != nil || len(values) > 0 {
		return errFilter
	}
	return nil
}
