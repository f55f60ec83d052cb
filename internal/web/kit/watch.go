package kit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// errWithdrawn is the cause with which a long response is cancelled. Its person was signed
// out or disabled, or has lost the permission or a partner that the response needs.
var errWithdrawn = errors.New("the person may not have this any more")

// watch checks at intervals whether the people who receive long responses still have the
// permission. All responses of a process share one query of the database.
type watch struct {
	mu      sync.Mutex
	answers map[*watched]struct{}
	asking  bool
}

// watched is one long response in progress.
type watched struct {
	session    int64
	permission staff.Permission
	scope      audit.Scope // of the person when it began
	// end cancels the response. over says that the session has ended; false means that the
	// person has lost a permission or a partner.
	end func(over bool)
}

// Covers reports whether the scope now includes everything in the scope then.
func Covers(now, then audit.Scope) bool {
	if now.AllPartners {
		return true
	}
	if then.AllPartners {
		return false
	}
	for _, id := range then.PartnerIDs {
		if !now.Holds(id) {
			return false
		}
	}
	return true
}

// LongAnswers returns the number of long responses to staff in progress.
func (s *Kit) LongAnswers() int {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return len(s.watch.answers)
}

// Watched registers a long response. It calls end, within seconds, after the person has
// lost the session, the route's permission or a partner. The caller calls stop before the
// response is over.
func (s *Kit) Watched(c *gin.Context, end func(over bool)) (stop func()) {
	person := s.Person(c)
	if person.ID == 0 {
		return func() {} // only staff get long responses
	}
	permission, _ := c.Value(KeyPermission).(staff.Permission)
	one := &watched{session: s.SessionID(c), permission: permission, scope: person.Scope, end: end}
	w := &s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answers == nil {
		w.answers = map[*watched]struct{}{}
	}
	w.answers[one] = struct{}{}
	if !w.asking {
		w.asking = true
		go s.askAgain(context.WithoutCancel(c.Request.Context()))
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.answers, one)
	}
}

// askAgain repeats the check every WatchEvery, until no long response is in progress.
func (s *Kit) askAgain(ctx context.Context) {
	tick := time.NewTicker(s.WatchEvery)
	defer tick.Stop()
	w := &s.watch
	for range tick.C {
		w.mu.Lock()
		ids := make([]int64, 0, len(w.answers))
		for one := range w.answers {
			ids = append(ids, one.session)
		}
		w.asking = len(ids) > 0
		w.mu.Unlock()
		if len(ids) == 0 {
			return
		}
		asked := s.mayStill(ctx, ids)
		if asked == nil {
			continue
		}
		w.mu.Lock()
		for one := range w.answers { // a response that began meanwhile has just been checked
			person, stays := asked[one.session]
			switch {
			case !stays && slices.Contains(ids, one.session):
				delete(w.answers, one)
				one.end(true)
			case stays && one.permission != "" && !person.Can(one.permission), stays && !Covers(person.Scope, one.scope):
				delete(w.answers, one)
				one.end(false)
			}
		}
		w.mu.Unlock()
	}
}

// mayStill returns the members of staff by their sessions, out of some ids; a session that
// has ended is missing. It returns nil if the query fails.
func (s *Kit) mayStill(ctx context.Context, ids []int64) map[int64]staff.Person {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	rows, err := db.New().SessionListStaff(ctx, s.Pool, db.SessionListStaffParams{Ids: ids, Idle: StaffIdle})
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "could not ask whether answers under way may go on", slog.Any("error", err))
		return nil
	}
	people := map[int64]staff.Person{}
	for _, row := range rows {
		people[row.SessionID] = staff.Person{
			ID: row.ID, Everything: row.Everything, Permissions: row.Permissions,
			Scope: audit.Scope{AllPartners: row.AllPartners, PartnerIDs: row.PartnerIds},
		}
	}
	return people
}

// TakesTime removes the time limit of a request that may take long and has limits of its
// own. Instead, the permission of the person is checked at intervals. Once it is withdrawn,
// everything in this request that reads, writes or waits for the database is cancelled.
func (s *Kit) TakesTime(c *gin.Context) {
	LiftTime(c)
	if _, already := c.Get(keyWatch); already {
		return
	}
	ctx, cancel := context.WithCancelCause(c.Request.Context())
	c.Request = c.Request.WithContext(ctx)
	control := http.NewResponseController(c.Writer)
	stop := s.Watched(c, func(bool) {
		cancel(errWithdrawn)
		// A client that reads nothing, or sends nothing, must not keep the response open.
		_ = control.SetWriteDeadline(s.Now()) // an error does not matter: the context has ended
		_ = control.SetReadDeadline(s.Now())
	})
	c.Set(keyWatch, func() { stop(); cancel(nil) })
}

// ReadWhile returns a reader that fails with the cause of ctx once ctx ends.
func ReadWhile(ctx context.Context, r io.Reader) io.Reader { return lasting{ctx, r} }

// lasting is a reader that fails once its context ends.
type lasting struct {
	ctx context.Context //nolint:containedctx // of the one answer that it is read for
	r   io.Reader
}

// Read implements io.Reader.
func (l lasting) Read(p []byte) (int, error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	return l.r.Read(p)
}
