package api

import (
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/client"
	"refill/internal/event"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// ProblemsPath is the address below which every code of a problem has its page.
const ProblemsPath = "/api/problems"

// Problem is a problem document of RFC 9457. It never repeats a value of the request,
// because that may be the code of a card.
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   string         `json:"code"`
	Errors []ProblemError `json:"errors,omitempty"`
	// Violated names the limit of requests that a client has reached, as the IETF draft on
	// RateLimit fields says.
	Violated []string `json:"violated-policies,omitempty"`
	Balance  *Amount  `json:"balance,omitempty"` // of a charge that the balance is too low for
}

// ProblemError is one fault of a request body.
type ProblemError struct {
	Pointer string `json:"pointer"` // JSON Pointer into the body; empty: the whole body
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Errors of requests to the API that no page makes.
var (
	errNotJSON      = fault.New(fault.Invalid, "not_json", "The body is not one JSON value.")
	errMediaType    = fault.New(fault.Invalid, "media_type", "Send the body as Content-Type: application/json.")
	errUnknownField = fault.New(fault.Invalid, "unknown_field", "This version of the API has no such field here.")
	errTwiceField   = fault.New(fault.Invalid, "field_twice_json", "The field is there twice.")
	errWrongType    = fault.New(fault.Invalid, "wrong_type", "The value has another type than the field. Amounts are text, such as \"10.00\".")
	errKeyNeeded    = fault.New(fault.Invalid, "idempotency_key_missing", "This request needs an Idempotency-Key of 1 to 255 printable characters. Send a new one for each thing you do, and the same one to ask again.")
	errKeyReused    = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was used for a different request. Use a new one.")
	errQuery        = fault.New(fault.Invalid, "bad_query", "The address has a parameter that this operation does not know, or a value that it can't read.")
	errMatchNeeded  = fault.New(fault.Conflict, "if_match_missing", "Send the ETag of what you want to change as If-Match.")
	errWaitsOther   = fault.New(fault.Conflict, "waits_for_other", "This waits for a second person already, because another person or program has asked for it, or it was decided meanwhile. Read it again.")
	errMatchStale   = fault.New(fault.Conflict, "if_match_stale", "It has changed since you read it. Read it again, and send its new ETag as If-Match.")
)

// statuses are the HTTP statuses of codes whose kind does not tell theirs.
var statuses = map[string]int{ //nolint:gochecknoglobals // a table
	errNotJSON.Code: http.StatusBadRequest, errUnknownField.Code: http.StatusBadRequest, errTwiceField.Code: http.StatusBadRequest,
	errWrongType.Code: http.StatusBadRequest, errKeyNeeded.Code: http.StatusBadRequest, errQuery.Code: http.StatusBadRequest,
	errKeyInAddress.Code: http.StatusBadRequest, errMediaType.Code: http.StatusUnsupportedMediaType,
	card.ErrModuleOff.Code: http.StatusServiceUnavailable, errMatchNeeded.Code: http.StatusPreconditionRequired,
	event.ErrExpired.Code: http.StatusGone, event.ErrTypes.Code: http.StatusBadRequest, errMatchStale.Code: http.StatusPreconditionFailed, kit.ErrMalformed.Code: http.StatusBadRequest,
}

// titles are the titles of problems by status.
var titles = map[int]string{ //nolint:gochecknoglobals // a table
	http.StatusBadRequest:                   lang.M("The request can't be read"),
	http.StatusUnauthorized:                 lang.M("No valid key"),
	http.StatusForbidden:                    lang.M("Not permitted"),
	http.StatusNotFound:                     lang.M("Not found"),
	http.StatusMethodNotAllowed:             lang.M("Method not allowed"),
	http.StatusRequestTimeout:               lang.M("The request did not arrive"),
	http.StatusConflict:                     lang.M("Not possible in this state"),
	http.StatusGone:                         lang.M("Not kept any more"),
	http.StatusPreconditionFailed:           lang.M("Changed meanwhile"),
	http.StatusRequestEntityTooLarge:        lang.M("The body is too large"),
	http.StatusUnsupportedMediaType:         lang.M("Not JSON"),
	http.StatusRequestedRangeNotSatisfiable: lang.M("Outside the file"),
	http.StatusUnprocessableEntity:          lang.M("The request was refused"),
	http.StatusPreconditionRequired:         lang.M("If-Match is missing"),
	http.StatusTooManyRequests:              lang.M("Too many requests"),
	http.StatusServiceUnavailable:           lang.M("Not available at the moment"),
	http.StatusInternalServerError:          lang.M("Refill made a mistake"),
}

// Fail writes the problem document of an error. It is the only place where errors of the
// API become answers.
func (s *Server) Fail(c *gin.Context, err error) {
	err, over := s.Prepare(c, err)
	if over {
		return
	}
	o := kit.OutcomeOf(err, s.Now())
	if isKeyReused(o.Code) {
		o = kit.OutcomeOf(errKeyReused, s.Now())
	}
	if status, ok := statuses[o.Code]; ok {
		o.Status = status
	}
	if client.Unproved(err) {
		o.Status = http.StatusUnauthorized
		c.Header("WWW-Authenticate", `Bearer realm="Refill"`)
	}
	s.Log.LogAttrs(c.Request.Context(), o.Level, "refused",
		slog.Int("status", o.Status), slog.Any("error", err),
		slog.String("route", c.FullPath()), slog.String("request_id", kit.RequestID(c)))
	s.sayWait(c, o)
	p := Problem{Type: ProblemsPath + "/" + o.Code, Title: titles[o.Status], Status: o.Status, Detail: detail(o), Code: o.Code}
	for _, f := range o.Faults {
		if f.Field != "" || len(o.Faults) > 1 {
			p.Errors = append(p.Errors, ProblemError{Pointer: pointer(f.Field), Code: f.Code, Detail: f.Text()})
		}
	}
	if o.Code == client.ErrQuota.Code {
		p.Violated = []string{"client"}
	}
	p.Balance = balanceIn(o)
	caller.SetProblem(c, o.Code)
	c.Header("Content-Type", "application/problem+json")
	c.Status(o.Status)
	body, _ := json.Marshal(p) // a struct of texts and numbers: Marshal can't fail
	_, _ = c.Writer.Write(body)
}

// balanceIn returns the balance that was too low for a charge; nil for any other outcome.
func balanceIn(o kit.Outcome) *Amount {
	if o.Code != billing.ErrShort.Code {
		return nil
	}
	for _, arg := range o.Args {
		if balance, ok := arg.Value.(fault.Money); ok {
			a := amount(balance.Minor, balance.Currency)
			return &a
		}
	}
	return nil
}

// sayWait writes how long to wait: exactly until the next minute for the limit of requests.
func (s *Server) sayWait(c *gin.Context, o kit.Outcome) {
	wait := o.RetryAfter
	if o.Code == client.ErrQuota.Code {
		wait = caller.Client(c).Rate.Reset
	}
	if o.Status == http.StatusServiceUnavailable && wait == 0 {
		wait = time.Minute
	}
	if wait > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

// isKeyReused reports whether a fault says that an idempotency key was used for something
// else. Each domain has its own words for people.
func isKeyReused(code string) bool {
	return strings.HasSuffix(code, "_key_reused") || strings.HasSuffix(code, "_key_used") || strings.HasSuffix(code, "_key_taken")
}

// pointer returns the JSON Pointer of a field. Names of fields of the domain are those of
// the API; a path of names is separated by dots.
func pointer(field string) string {
	if field == "" || strings.HasPrefix(field, "/") {
		return field
	}
	return "/" + strings.ReplaceAll(field, ".", "/")
}

// detail returns the text for people of an outcome.
func detail(o kit.Outcome) string {
	if len(o.Faults) > 0 {
		return o.Faults[0].Text()
	}
	switch o.Status {
	case http.StatusForbidden:
		for _, arg := range o.Args {
			if name, ok := arg.Value.(fault.Name); ok {
				return lang.M("The client needs the permission ") + string(name) + "."
			}
		}
		return titles[o.Status]
	case http.StatusMethodNotAllowed:
		return lang.M("This address does not know the method. The document of the API lists the methods.")
	case http.StatusRequestEntityTooLarge:
		return lang.M("The body of a request can have 64 KB.")
	case http.StatusRequestTimeout:
		return lang.M("The line broke off. Nothing was changed. Send the request again with the same Idempotency-Key.")
	case http.StatusServiceUnavailable:
		return lang.M("The database does not answer. Send the request again later with the same Idempotency-Key: nothing is done twice.")
	}
	return lang.M("It has been logged. Send the request again with the same Idempotency-Key; if it fails again, quote the X-Request-ID to the people who run the portal.")
}
