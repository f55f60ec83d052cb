package web

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/fault"
	"refill/internal/operate"
)

// adminJobCancel handles POST /admin/jobs/:id/cancel. What is behind the job is
// cancelled with it, so that its own page tells the same.
func (s *Server) adminJobCancel(c *gin.Context) error {
	return s.changeJob(c, s.operate.Cancel, "Job %s is cancelled.")
}

// adminJobRetry handles POST /admin/jobs/:id/retry.
func (s *Server) adminJobRetry(c *gin.Context) error {
	return s.changeJob(c, s.operate.Retry, "Job %s runs again.")
}

// adminJobDelete handles POST /admin/jobs/:id/delete.
func (s *Server) adminJobDelete(c *gin.Context) error {
	return s.changeJob(c, s.operate.Delete, "Job %s is deleted.")
}

func (s *Server) changeJob(c *gin.Context, change func(context.Context, audit.Actor, int64) error, done string) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return operate.ErrNoJob
	}
	return s.changed(c, change(c.Request.Context(), s.actor(c), id), done, strconv.FormatInt(id, 10))
}

// changed leads back to the list and says there what was done, or why it was not.
func (s *Server) changed(c *gin.Context, err error, done, what string) error {
	switch {
	case err != nil && fault.KindOf(err) == fault.Conflict:
		s.setFlash(c, fault.All(err)[0].Message)
	case err != nil:
		return err
	default:
		s.setFlash(c, fmt.Sprintf(done, what))
	}
	return s.redirect(c, sectionJobs)
}

// adminQueuePause handles POST /admin/queues/:name/pause.
func (s *Server) adminQueuePause(c *gin.Context) error {
	name := c.Param("name")
	return s.changed(c, s.operate.Pause(c.Request.Context(), s.actor(c), name), "Queue %s is paused.", name)
}

// adminQueueResume handles POST /admin/queues/:name/resume.
func (s *Server) adminQueueResume(c *gin.Context) error {
	name := c.Param("name")
	return s.changed(c, s.operate.Resume(c.Request.Context(), s.actor(c), name), "Queue %s goes on.", name)
}
