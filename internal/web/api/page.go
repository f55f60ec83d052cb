package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Bounds of a page of a list.
const (
	usualPage   = 50
	largestPage = 200
)

// query holds the parameters of an address. Reading collects what is wrong.
type query struct {
	values url.Values
	bad    bool
}

// readQuery returns the parameters of a request. An unknown name, or one that comes twice, is
// refused, so that typing errors show.
func readQuery(c *gin.Context, names ...string) *query {
	q := &query{values: c.Request.URL.Query()}
	for name, values := range q.values {
		if len(values) != 1 || !slices.Contains(names, name) {
			q.bad = true
		}
	}
	return q
}

// err returns errQuery where something could not be read.
func (q *query) err() error {
	if q.bad {
		return errQuery
	}
	return nil
}

// text returns a parameter of at most 200 characters; empty where it is not there.
func (q *query) text(name string) string {
	text := q.values.Get(name)
	if len([]rune(text)) > 200 {
		q.bad = true
		return ""
	}
	return text
}

// number returns a whole number of at least 1; usual where the parameter is not there.
func (q *query) number(name string, usual, most int64) int64 {
	if !q.values.Has(name) {
		return usual
	}
	n, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if err != nil || n < 1 || n > most {
		q.bad = true
		return usual
	}
	return n
}

// moment returns a time as RFC 3339; nil where the parameter is not there.
func (q *query) moment(name string) *time.Time {
	if !q.values.Has(name) {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, q.values.Get(name))
	if err != nil || at.Year() < 1 || at.Year() > 9999 {
		q.bad = true
		return nil
	}
	return &at
}

// day returns a day; the zero time where the parameter is not there.
func (q *query) day(name string) time.Time {
	if !q.values.Has(name) {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, q.values.Get(name))
	if err != nil || at.Year() < 2000 || at.Year() > 9000 {
		q.bad = true
		return time.Time{}
	}
	return at
}

// page is the part of a list that a request asks for: at most size rows below the id after.
type page struct {
	after int64
	size  int64
}

// lastID is above every id, for the first page of a list that begins with the newest.
const lastID = 1<<63 - 1

// page reads limit and after. Lists begin with the newest row.
func (q *query) page() page {
	return page{after: q.number("after", lastID, lastID), size: q.number("limit", usualPage, largestPage)}
}

// limit is the number of rows to read: one more than are shown tells whether there are more.
func (p page) limit() int32 { return int32(p.size) + 1 } //nolint:gosec // at most largestPage

// list is one page of a list.
type list[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"` // the value of after for the next page; null: this is the last
}

// answerList answers a page of rows, which are one more than asked for where there are more.
func answerList[R, T any](c *gin.Context, p page, rows []R, id func(R) int64, view func(R) T) error {
	l := list[T]{Data: []T{}}
	for i, row := range rows {
		if int64(i) == p.size {
			next := strconv.FormatInt(id(rows[i-1]), 10)
			l.Next = &next
			sayNext(c, next)
			break
		}
		l.Data = append(l.Data, view(row))
	}
	return answer(c, http.StatusOK, l)
}

// sayNext writes the address of the next page as a Link header.
func sayNext(c *gin.Context, after string) {
	values := c.Request.URL.Query()
	values.Set("after", after)
	c.Header("Link", "<"+c.Request.URL.Path+"?"+values.Encode()+`>; rel="next"`)
}

// version reads If-Match as the version that etag wrote.
func version(c *gin.Context) (int32, error) {
	text := c.GetHeader("If-Match")
	if text == "" {
		return 0, errMatchNeeded
	}
	n, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 32)
	if err != nil || text != etag(int32(n)) {
		return 0, errMatchStale
	}
	return int32(n), nil
}

// etag returns the ETag of a version.
func etag(version int32) string { return `"` + strconv.FormatInt(int64(version), 10) + `"` }
