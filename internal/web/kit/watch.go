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

// errWithdrawn is why an answer under way was broken off: its person was signed out or
// disabled, or has lost the right or the partner that it was begun with.
var errWithdrawn = errors.New("the person may not have this any more")

// watch asks, again and again, whether those who get long answers may still have them.
// All answers of a process share one question to the database.
type watch struct {
	mu      sync.Mutex
	answers map[*watched]struct{}
	asking  bool
}

// watched is one answer under way.
type watched struct {
	session    int64
	permission staff.Permission
	scope      audit.Scope // it was begun with
	// end breaks the answer off; over: the session is.
	end func(over bool)
}

// Covers reports whether the scope of now still holds all that the one of then held.
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

// LongAnswers returns how many answers that take long are under way for staff.
func (s *Kit) LongAnswers() int {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return len(s.watch.answers)
}

// Watched calls end, within seconds, where the person who asks loses the session, the route's
// permission or a partner. Call stop before the answer is over.
func (s *Kit) Watched(c *gin.Context, end func(over bool)) (stop func()) {
	person := s.Person(c)
	if person.ID == 0 {
		return func() {} // customers and strangers get no long answers
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

// askAgain asks every WatchEvery, until no answer is under way.
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
		for one := range w.answers { // one that came meanwhile has just been let in
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

// mayStill returns who is signed in under some sessions; nil where the database does
// not say.
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

// TakesTime lifts the limit on time, for what may take long and has limits of its own.
// Instead it is asked again and again whether the person may still have it; once not,
// whatever reads, writes or waits for the database in this request ends.
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
		// A line that takes nothing, or sends nothing, must not hold the answer open.
		_ = control.SetWriteDeadline(s.Now()) // where it can't be set, the context has ended
		_ = control.SetReadDeadline(s.Now())
	})
	c.Set(keyWatch, func() { stop(); cancel(nil) })
}

// ReadWhile returns a reader that fails once ctx ends, with its cause.
func ReadWhile(ctx context.Context, r io.Reader) io.Reader { return lasting{ctx, r} }

// lasting reads for as long as a request may go on.
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
