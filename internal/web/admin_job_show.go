package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/operate"
	"refill/internal/staff"
)

// jobShowPage is one job with what can be done about it.
type jobShowPage struct {
	page
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
	Cancel    confirmation
	Delete    confirmation
}

// jobError is one failed attempt.
type jobError struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt"`
	Error   string    `json:"error"`
}

// adminJobShow handles GET /admin/jobs/:id.
func (s *Server) adminJobShow(c *gin.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return operate.ErrNoJob
	}
	ctx, q := c.Request.Context(), db.New()
	rows, err := q.JobList(ctx, s.Pool, db.JobListParams{ID: id, Everything: true, Size: 1})
	if err != nil {
		return err
	}
	more, err := q.JobGet(ctx, s.Pool, id)
	if errors.Is(err, pgx.ErrNoRows) || len(rows) == 0 {
		return operate.ErrNoJob
	}
	if err != nil {
		return err
	}
	row := rows[0]
	p := &jobShowPage{
		page: s.page(c, fmt.Sprintf("Job %d", id), sectionJobs), Job: viewJob(row), Kind: row.Kind, Priority: more.Priority,
		Due: row.ScheduledAt, Begun: row.AttemptedAt, Ended: row.FinalizedAt, Args: string(more.Args), Guarded: !operate.MayStop(row.Queue),
	}
	if n := len(more.AttemptedBy); n > 0 {
		p.Worker = more.AttemptedBy[n-1]
	}
	for _, text := range slices.Backward(more.Errors) {
		var e jobError
		_ = json.Unmarshal(text, &e) // one that can't be read is shown empty
		e.Error = cut(e.Error, 2000)
		p.Errors = append(p.Errors, e)
	}
	p.CanManage = p.Person.Can(staff.JobsManage)
	p.Cancel = confirmation{
		ID: "cancel-job", Opener: "Cancel", Title: fmt.Sprintf("Cancel job %d?", id), Button: fmt.Sprintf("Cancel job %d", id), Keep: "Keep it", Danger: true,
		Text: "It is not run again, and what it is for is cancelled with it: " + p.Job.What + ".", Action: p.Job.Page + "/cancel",
	}
	p.Delete = confirmation{
		ID: "delete-job", Opener: "Delete", Title: fmt.Sprintf("Delete job %d?", id), Button: fmt.Sprintf("Delete job %d", id), Keep: "Keep it", Danger: true,
		Text: "Its line, its errors and its attempts go. What it was for stays as it is, and so does the audit trail.", Action: p.Job.Page + "/delete",
	}
	return s.render(c, http.StatusOK, "admin/job_show", p)
}
