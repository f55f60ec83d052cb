package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/operate"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// jobShowPage is the page of one job, with its actions.
type jobShowPage struct {
	kit.Page
	Job       jobView
	Kind      string
	Priority  int16
	Due       time.Time
	Begun     *time.Time
	Ended     *time.Time
	Worker    string
	Args      string // ids, never a code
	Errors    []jobError
	Guarded   bool
	CanManage bool
	Cancel    kit.Confirmation
	Delete    kit.Confirmation
}

// jobError is one failed attempt.
type jobError struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt"`
	Error   string    `json:"error"` // for operators; errors hold no codes
	Words   string    `json:"-"`
}

// JobShow handles GET /admin/jobs/:id.
func (s *Server) JobShow(c *gin.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return operate.ErrNoJob
	}
	ctx, q := c.Request.Context(), db.New()
	rows, err := q.JobList(ctx, s.Pool, db.JobListParams{ID: id, Everything: true, Size: 1})
	if err != nil {
		return err
	}
	more, err := db.Need(q.JobGet(ctx, s.Pool, id)).Or(operate.ErrNoJob, "read a job")
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return operate.ErrNoJob
	}
	row := rows[0]
	p := &jobShowPage{
		Page: s.Page(c, fmt.Sprintf("Job %d", id), SectionJobs), Job: viewJob(row), Kind: row.Kind, Priority: more.Priority,
		Due: row.ScheduledAt, Begun: row.AttemptedAt, Ended: row.FinalizedAt, Args: string(more.Args), Guarded: !operate.MayStop(row.Queue),
	}
	if n := len(more.AttemptedBy); n > 0 {
		p.Worker = more.AttemptedBy[n-1]
	}
	for _, text := range slices.Backward(more.Errors) {
		var e jobError
		_ = json.Unmarshal(text, &e) // an unreadable error is shown empty
		e.Words = jobErrorWords(e.Error)
		e.Error = kit.Truncate(e.Error, 2000)
		p.Errors = append(p.Errors, e)
	}
	p.CanManage = p.Person.Can(staff.JobsManage)
	p.Cancel = kit.Confirmation{
		ID: "cancel-job", Opener: lang.M("Cancel"), Title: fmt.Sprintf(lang.M("Cancel job %d?"), id), Button: fmt.Sprintf(lang.M("Cancel job %d"), id), Keep: lang.M("Keep it"), Danger: true,
		Text: lang.M("It is not run again, and what it is for is cancelled with it: ") + p.Job.What + ".", Action: p.Job.Page + "/cancel",
	}
	p.Delete = kit.Confirmation{
		ID: "delete-job", Opener: lang.M("Delete"), Title: fmt.Sprintf(lang.M("Delete job %d?"), id), Button: fmt.Sprintf(lang.M("Delete job %d"), id), Keep: lang.M("Keep it"), Danger: true,
		Text: lang.M("Its line, its errors and its attempts go. What it was for stays as it is, and so does the audit trail."), Action: p.Job.Page + "/delete",
	}
	return s.Render(c, http.StatusOK, "admin/job_show", p)
}
