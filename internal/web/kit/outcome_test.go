package kit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/staff"
)

// Every error has one outcome, the same for each door.
func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	of := func(kind fault.Kind) *fault.Error { return fault.New(kind, "some_code", "Some {from}.") }
	barred := func(at fault.Value) *fault.Error { return of(fault.Limited).With("from", at) }
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		args   []fault.Arg
		wait   string
		level  slog.Level
		id     bool
	}{
		"invalid":             {err: of(fault.Invalid), status: 422, code: "some_code"},
		"not found":           {err: of(fault.NotFound), status: 404, code: "some_code"},
		"forbidden":           {err: of(fault.Forbidden), status: 403, code: "some_code"},
		"conflict":            {err: of(fault.Conflict), status: 409, code: "some_code"},
		"limited":             {err: of(fault.Limited), status: 429, code: "some_code", wait: "30"},
		"limited until":       {err: barred(fault.Time(now.Add(90*time.Second + 1))), status: 429, code: "some_code", args: []fault.Arg{{Name: "from", Value: fault.Time(now.Add(90*time.Second + 1))}}, wait: "91"},
		"limited, with zone":  {err: barred(fault.ZonedTime(now.Add(time.Hour))), status: 429, code: "some_code", args: []fault.Arg{{Name: "from", Value: fault.ZonedTime(now.Add(time.Hour))}}, wait: "3600"},
		"limited until now":   {err: barred(fault.Time(now)), status: 429, code: "some_code", args: []fault.Arg{{Name: "from", Value: fault.Time(now)}}, wait: "30"},
		"unsettled":           {err: of(fault.Unsettled), status: 503, code: "some_code", wait: "30", level: slog.LevelError, id: true},
		"a wrapped fault":     {err: fmt.Errorf("ask: %w", of(fault.Conflict).With("n", fault.Number(3))), status: 409, code: "some_code", args: []fault.Arg{{Name: "n", Value: fault.Number(3)}}},
		"a fault with cause":  {err: of(fault.Conflict).Because(errors.New("a cause")), status: 409, code: "some_code"},
		"an internal fault":   {err: of(fault.Internal), status: 500, code: "internal", level: slog.LevelError, id: true},
		"no fault":            {err: errors.New("the disk is on fire"), status: 500, code: "internal", level: slog.LevelError, id: true},
		"sign-in":             {err: SignInNeededError{DoorStaff}, status: 401, code: "sign_in_needed"},
		"detour":              {err: DetourError{Event: "factor-needed"}, status: 403, code: "factor_needed"},
		"permission":          {err: ForbiddenError{staff.PaymentsEnter}, status: 403, code: "permission_missing", args: []fault.Arg{{Name: "permission", Value: fault.Name(staff.PaymentsEnter)}}},
		"method":              {err: ErrMethod, status: 405, code: "method_not_allowed"},
		"too large":           {err: &http.MaxBytesError{Limit: MaxBody}, status: 413, code: "body_too_large", args: []fault.Arg{{Name: "most", Value: fault.Size(MaxBody)}}},
		"malformed":           {err: ErrMalformed.Because(errors.New("an odd byte")), status: 422, code: "malformed"},
		"never arrived":       {err: ErrMalformed.Because(io.ErrUnexpectedEOF), status: 408, code: "body_not_arrived"},
		"database silent":     {err: fmt.Errorf("ask: %w", context.DeadlineExceeded), status: 503, code: "database_unreachable", wait: "30", level: slog.LevelError, id: true},
		"database busy":       {err: &pgconn.PgError{Code: "53300"}, status: 503, code: "database_unreachable", wait: "30", level: slog.LevelError, id: true},
		"database refuses":    {err: &pgconn.PgError{Code: "23505"}, status: 500, code: "internal", level: slog.LevelError, id: true},
		"a fault of the line": {err: of(fault.Conflict).Because(context.DeadlineExceeded), status: 503, code: "database_unreachable", wait: "30", level: slog.LevelError, id: true},
	} {
		o := OutcomeOf(c.err, now)
		require.Equal(t, c.status, o.Status, name)
		require.Equal(t, c.code, o.Code, name)
		require.Equal(t, c.args, o.Args, name)
		require.Equal(t, c.wait, o.Header().Get("Retry-After"), name)
		require.Equal(t, c.level, o.Level, name)
		require.Equal(t, c.id, o.ShowID, name)
		a := answerOf(o, c.err)
		require.Equal(t, c.status, a.status, name)
		require.NotEmpty(t, a.heading, name)
		require.NotEmpty(t, a.messages, name)
	}
}

// A form can have several faults. The first decides the status; each keeps its field.
func TestOutcomeOfAList(t *testing.T) {
	t.Parallel()
	list := fault.List{fault.Field("price", "price_form", "No price."), fault.New(fault.Conflict, "state", "No state.")}
	o := OutcomeOf(fmt.Errorf("order: %w", list), time.Now())
	require.Equal(t, http.StatusUnprocessableEntity, o.Status)
	require.Equal(t, "price_form", o.Code)
	require.Equal(t, []string{"price_form", "state"}, o.Codes())
	require.Equal(t, "price", o.Faults[0].Field)
	require.Equal(t, []string{"No price.", "No state."}, answerOf(o, list).messages)
}
