package kit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/fault"
)

// Codes of errors that are not a fault.Error.
const (
	codeMethod      = "method_not_allowed"
	codeTooLarge    = "body_too_large"
	codeNotArrived  = "body_not_arrived"
	codePermission  = "permission_missing"
	codeSignIn      = "sign_in_needed"
	codeUnreachable = "database_unreachable"
	codeInternal    = "internal"
)

// Outcome is what an error means to the client of any door, whether a person or a program.
// It holds no text: each door words it for its clients.
type Outcome struct {
	Status     int
	Code       string         // of the error; of several faults the first one's
	Args       []fault.Arg    // values that belong to Code
	Faults     []*fault.Error // every fault of a form, with its field; empty for an error that is no fault
	RetryAfter time.Duration  // whole seconds until a retry can succeed; 0: it can't
	Level      slog.Level     // of the line in the log; INFO where the people who run the program need not act
	ShowID     bool           // show the id of the request; false where responses must be identical
}

// briefly is the wait before a retry where the real wait is unknown.
const briefly = 30 * time.Second

// OutcomeOf maps an error, which is not nil, to its outcome. It uses now to compute the
// wait after too many attempts.
func OutcomeOf(err error, now time.Time) Outcome {
	limit, tooLarge := errors.AsType[*http.MaxBytesError](err)
	forbidden, isForbidden := errors.AsType[ForbiddenError](err)
	detour, isDetour := errors.AsType[DetourError](err)
	_, isSignIn := errors.AsType[SignInNeededError](err)
	switch {
	case isSignIn:
		return Outcome{Status: http.StatusUnauthorized, Code: codeSignIn}
	case isDetour:
		return Outcome{Status: http.StatusForbidden, Code: strings.ReplaceAll(detour.Event, "-", "_")}
	case errors.Is(err, ErrMethod):
		return Outcome{Status: http.StatusMethodNotAllowed, Code: codeMethod}
	case tooLarge:
		return Outcome{Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge, Args: []fault.Arg{{Name: "most", Value: fault.Size(limit.Limit)}}}
	case isForbidden:
		return Outcome{
			Status: http.StatusForbidden, Code: codePermission, Args: []fault.Arg{{Name: "permission", Value: fault.Name(forbidden.Permission)}},
		}
	case errors.Is(err, ErrMalformed) && isUnreachable(err): // the connection of the client broke, not that of the database
		return Outcome{Status: http.StatusRequestTimeout, Code: codeNotArrived}
	case isUnreachable(err):
		return Outcome{Status: http.StatusServiceUnavailable, Code: codeUnreachable, RetryAfter: briefly, Level: slog.LevelError, ShowID: true}
	case fault.IsInternal(err):
		return Outcome{Status: http.StatusInternalServerError, Code: codeInternal, Level: slog.LevelError, ShowID: true}
	}
	o := ofFaults(fault.All(err), now)
	if o.Code == errRange.Code {
		o.Status = http.StatusRequestedRangeNotSatisfiable
	}
	return o
}

// ofFaults maps the kind of the first fault to an outcome. The other faults belong to the
// same form.
func ofFaults(faults []*fault.Error, now time.Time) Outcome {
	first := faults[0]
	o := Outcome{Code: first.Code, Args: first.Args, Faults: faults}
	switch first.Kind {
	case fault.Invalid:
		o.Status = http.StatusUnprocessableEntity
	case fault.NotFound:
		o.Status = http.StatusNotFound
	case fault.Forbidden:
		o.Status = http.StatusForbidden
	case fault.Conflict:
		o.Status = http.StatusConflict
	case fault.Limited:
		o.Status, o.RetryAfter = http.StatusTooManyRequests, waitOf(first, now)
	case fault.Unsettled:
		o.Status, o.Level, o.RetryAfter, o.ShowID = http.StatusServiceUnavailable, slog.LevelError, briefly, true
	case fault.Internal: // handled by OutcomeOf
	}
	return o
}

// waitOf returns the wait until the time that a fault of kind Limited has among its
// arguments. It returns briefly if there is no such time, or if it has passed.
func waitOf(f *fault.Error, now time.Time) time.Duration {
	var from time.Time
	for _, arg := range f.Args {
		switch at := arg.Value.(type) {
		case fault.Time:
			from = time.Time(at)
		case fault.ZonedTime:
			from = time.Time(at)
		case fault.Clock:
			from = time.Time(at)
		}
	}
	if !from.After(now) {
		return briefly
	}
	return time.Duration(math.Ceil(from.Sub(now).Seconds())) * time.Second
}

// Header returns the response headers of the outcome.
func (o Outcome) Header() http.Header {
	h := http.Header{}
	if o.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(o.RetryAfter/time.Second), 10))
	}
	return h
}

// writeHeader adds the headers of the outcome to a response.
func (o Outcome) writeHeader(to http.Header) { maps.Copy(to, o.Header()) }

// Codes returns the codes of all faults; nil if the error is no fault.
func (o Outcome) Codes() []string {
	var codes []string
	for _, f := range o.Faults {
		codes = append(codes, f.Code)
	}
	return codes
}

// isUnreachable reports whether an error means that the database did not answer, or not in
// time.
func isUnreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTooSlow) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return true
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	switch pgErr.Code {
	case "57014", "55P03": // a statement or a lock took too long
		return true
	}
	// 08 connection, 53 out of resources, 57P shut down or starting.
	return strings.HasPrefix(pgErr.Code, "08") || strings.HasPrefix(pgErr.Code, "53") || strings.HasPrefix(pgErr.Code, "57P")
}
