package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/operate"
	"refill/internal/web/kit"
)

// JobCancel handles POST /admin/jobs/:id/cancel. It also cancels the work that the job is
// for, so that the page of that work shows the same state.
func (s *Server) JobCancel(c *gin.Context) error {
	return s.changeJob(c, s.operate.Cancel, lang.M("Job %s is cancelled."))
}

// JobRetry handles POST /admin/jobs/:id/retry.
func (s *Server) JobRetry(c *gin.Context) error {
	return s.changeJob(c, s.operate.Retry, lang.M("Job %s runs again."))
}

// JobDelete handles POST /admin/jobs/:id/delete.
func (s *Server) JobDelete(c *gin.Context) error {
	return s.changeJob(c, s.operate.Delete, lang.M("Job %s is deleted."))
}

func (s *Server) changeJob(c *gin.Context, change func(context.Context, audit.Actor, int64) error, done string) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return operate.ErrNoJob
	}
	return s.changed(c, change(c.Request.Context(), s.Actor(c), id), done, strconv.FormatInt(id, 10))
}

// changed redirects to the list, with a message about what was done or why it was not.
func (s *Server) changed(c *gin.Context, err error, done, what string) error {
	switch {
	case err != nil && fault.KindOf(err) == fault.Conflict:
		s.SetFaultFlash(c, err)
	case err != nil:
		return err
	default:
		s.SetFlash(c, kit.ToneGood, fmt.Sprintf(done, what))
	}
	return s.Redirect(c, SectionJobs)
}

// QueuePause handles POST /admin/queues/:name/pause.
func (s *Server) QueuePause(c *gin.Context) error {
	name := c.Param("name")
	return s.changed(c, s.operate.Pause(c.Request.Context(), s.Actor(c), name), lang.M("Queue %s is paused."), name)
}

// QueueResume handles POST /admin/queues/:name/resume.
func (s *Server) QueueResume(c *gin.Context) error {
	name := c.Param("name")
	return s.changed(c, s.operate.Resume(c.Request.Context(), s.Actor(c), name), lang.M("Queue %s goes on."), name)
}
