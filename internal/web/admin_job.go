package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// jobListPage is what operators watch.
type jobListPage struct {
	page
	Alarm     string // what is wrong, first
	Calm      string // or that nothing is
	Queues    []queueView
	Words     []filterWord
	Jobs      []jobView
	Empty     empty
	Self      string
	CanManage bool
}

// queueView is one queue.
type queueView struct {
	Name, What                         string
	Waiting, Running, Retrying, Failed int64
	Oldest                             string // how long the job that waits longest has waited
	Paused                             bool
}

// jobView is one job with what is behind it.
type jobView struct {
	ID        int64
	What      string
	URL       string // of the series behind it
	Queue     string
	State     badge
	Progress  progress
	Attempt   string
	At        time.Time
	Error     string // the last one, for operators; errors hold no codes
	CanCancel bool
	CanRetry  bool
}

const (
	jobsShown    = 50
	longestError = 300
	// waitAlarm is how long a job may wait with no worker in sight.
	waitAlarm = 30
)

var errNoJob = fault.New(fault.NotFound, "job_unknown", "There is no such job any more. Finished jobs are kept for a day.")

// adminJobList handles GET /admin/jobs.
func (s *Server) adminJobList(c *gin.Context) error {
	p := &jobListPage{page: s.page(c, "Jobs", sectionJobs), Self: c.Request.URL.RequestURI()}
	p.CanManage = p.Person.Can(staff.JobsManage)
	ctx, q := c.Request.Context(), db.New()
	queues, err := q.JobCounts(ctx, s.Pool)
	if err != nil {
		return err
	}
	p.queues(queues)
	state := c.Query("state")
	for _, w := range []filterWord{
		{Text: "All"},
		{Text: "Failed", URL: "discarded"},
		{Text: "Trying again", URL: "retryable"},
		{Text: "Running", URL: "running"},
		{Text: "Waiting", URL: "available"},
		{Text: "Done", URL: "completed"},
		{Text: "Cancelled", URL: "cancelled"},
	} {
		w.Current = w.URL == state
		w.URL = listURL(sectionJobs, "state", w.URL)
		p.Words = append(p.Words, w)
	}
	rows, err := q.JobList(ctx, s.Pool, db.JobListParams{State: state, Everything: state != "", Size: jobsShown})
	if err != nil {
		return err
	}
	for _, row := range rows {
		p.Jobs = append(p.Jobs, viewJob(row))
	}
	p.Empty = empty{Icon: "list-check", Title: "No jobs here", Text: "Jobs make series and write files. They are kept for a day after they end."}
	return s.part(c, http.StatusOK, "admin/job_list", "jobs-live", p)
}

// queues fills in the queues and says what is wrong with them.
func (p *jobListPage) queues(rows []db.JobCountsRow) {
	what := map[string]string{"generate": "Making series", "export": "Writing files", "change": "Changing cards", "maintenance": "Housekeeping", "check": "Checking the books", "seal": "Sealing the audit trail"}
	var waiting, running, failed, retrying, oldest int64
	var paused []string
	for _, row := range rows {
		v := queueView{
			Name: row.Queue, What: what[row.Queue], Waiting: row.Waiting, Running: row.Running,
			Retrying: row.Retrying, Failed: row.Failed, Paused: row.Paused,
		}
		if row.OldestSeconds > 0 {
			v.Oldest = span(time.Duration(row.OldestSeconds) * time.Second)
		}
		p.Queues = append(p.Queues, v)
		waiting, running, failed, retrying = waiting+row.Waiting, running+row.Running, failed+row.Failed, retrying+row.Retrying
		if row.Paused {
			paused = append(paused, row.Queue)
		} else {
			oldest = max(oldest, row.OldestSeconds)
		}
	}
	count := func(n int64) string { return money.Group(fmt.Sprint(n)) }
	switch {
	case oldest > waitAlarm && running == 0:
		p.Alarm = fmt.Sprintf("No worker takes jobs: one has waited for %s. Start refill work, or look at its log.", span(time.Duration(oldest)*time.Second))
	case failed > 0:
		p.Alarm = count(failed) + " failed for good. Look at the error, mend its cause, and retry."
	case retrying > 0:
		p.Alarm = count(retrying) + " failed and will be tried again by itself."
	case len(paused) > 0:
		p.Alarm = fmt.Sprintf("Paused: %s. Nothing there is taken up until somebody resumes it.", strings.Join(paused, ", "))
	default:
		p.Calm = fmt.Sprintf("Nothing is wrong. %s running, %s waiting.", count(running), count(waiting))
	}
}

// viewJob says what a job is about.
func viewJob(row db.JobListRow) jobView {
	v := jobView{
		ID: row.ID, Queue: row.Queue, At: row.CreatedAt, Attempt: fmt.Sprintf("%d of %d", row.Attempt, row.MaxAttempts), What: row.Kind,
		Error: cut(row.LastError, longestError),
	}
	switch {
	case row.ExportID != 0:
		v.What = fmt.Sprintf("%s of series %s", exportFormatName(row.ExportFormat), row.SeriesNumber)
		v.URL = seriesURL(row.SeriesNumber) + "#series-exports"
	case row.Kind == card.EraseSeriesArgs{}.Kind():
		v.What, v.URL = "Deleting series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.Kind == card.ShredSeriesArgs{}.Kind():
		v.What, v.URL = "Shredding the codes of series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.SeriesNumber != "":
		v.What, v.URL = "Series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.Kind == "housekeep":
		v.What = "Housekeeping"
	case row.Kind == card.IndexReadingsArgs{}.Kind():
		v.What = "Writing the readings of imported codes"
	case row.Kind == "seal_audit":
		v.What, v.URL = "Sealing the audit trail", sectionAudit
	case row.Kind == check.BooksArgs{}.Kind():
		v.What, v.URL = "Check of the books", sectionChecks
	}
	live := row.State != db.RiverJobStateCompleted && row.State != db.RiverJobStateCancelled && row.State != db.RiverJobStateDiscarded
	v.CanCancel = live
	v.CanRetry = row.State == db.RiverJobStateRetryable || row.State == db.RiverJobStateDiscarded
	if live && row.Total > 0 {
		v.Progress = progress{Label: v.What, Done: int64(row.Done), Total: int64(row.Total)}
	}
	v.State = jobBadge(row.State)
	return v
}

func exportFormatName(format string) string {
	if format == string(db.ExportFormatPdf) {
		return "PDF"
	}
	return "CSV"
}

// jobBadge is a job's state in words.
func jobBadge(state db.RiverJobState) badge {
	switch state {
	case db.RiverJobStateRunning:
		return badge{"Running", toneBusy}
	case db.RiverJobStateRetryable:
		return badge{"Trying again", toneWarn}
	case db.RiverJobStateDiscarded:
		return badge{"Failed", toneBad}
	case db.RiverJobStateCompleted:
		return badge{"Done", toneGood}
	case db.RiverJobStateCancelled:
		return badge{"Cancelled", toneIdle}
	case db.RiverJobStateAvailable, db.RiverJobStatePending, db.RiverJobStateScheduled:
		return badge{"Waiting", toneIdle}
	}
	return badge{string(state), toneIdle}
}

// adminJobCancel handles POST /admin/jobs/:id/cancel. What is behind the job is
// cancelled with it, so that its own page tells the same.
func (s *Server) adminJobCancel(c *gin.Context) error {
	return s.changeJob(c, "job.cancelled", func(behind db.JobBehindRow) error {
		ctx := c.Request.Context()
		switch {
		case behind.ExportID != 0:
			return s.Cards.CancelExport(ctx, s.actor(c), behind.ExportID)
		case behind.SeriesID != 0:
			return s.Cards.Cancel(ctx, s.actor(c), behind.SeriesID)
		}
		_, err := s.Jobs.JobCancel(ctx, behind.ID)
		return err
	})
}

// adminJobRetry handles POST /admin/jobs/:id/retry.
func (s *Server) adminJobRetry(c *gin.Context) error {
	return s.changeJob(c, "job.retried", func(behind db.JobBehindRow) error {
		ctx := c.Request.Context()
		switch {
		case behind.ExportFailed:
			return s.Cards.RetryExport(ctx, s.actor(c), behind.ExportID)
		case behind.SeriesFailed:
			return s.Cards.Retry(ctx, s.actor(c), behind.SeriesID)
		}
		_, err := s.Jobs.JobRetry(ctx, behind.ID)
		return err
	})
}

func (s *Server) changeJob(c *gin.Context, action string, change func(db.JobBehindRow) error) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errNoJob
	}
	ctx := c.Request.Context()
	behind, err := db.New().JobBehind(ctx, s.Pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoJob
	}
	if err != nil {
		return err
	}
	err = change(behind)
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
		return errNoJob
	case fault.KindOf(err) == fault.Conflict && err != nil:
		s.setFlash(c, fault.All(err)[0].Message)
		return s.redirect(c, sectionJobs)
	case err != nil:
		return err
	}
	if err := audit.Record(ctx, s.Pool, s.actor(c), audit.Entry{Action: action, Detail: map[string]any{"job": id}}); err != nil {
		return err
	}
	return s.redirect(c, sectionJobs)
}

// adminQueuePause handles POST /admin/queues/:name/pause.
func (s *Server) adminQueuePause(c *gin.Context) error {
	return s.changeQueue(c, "queue.paused", func(name string) error { return s.Jobs.QueuePause(c.Request.Context(), name, &river.QueuePauseOpts{}) })
}

// adminQueueResume handles POST /admin/queues/:name/resume.
func (s *Server) adminQueueResume(c *gin.Context) error {
	return s.changeQueue(c, "queue.resumed", func(name string) error { return s.Jobs.QueueResume(c.Request.Context(), name, &river.QueuePauseOpts{}) })
}

func (s *Server) changeQueue(c *gin.Context, action string, change func(name string) error) error {
	name := c.Param("name")
	err := change(name)
	if errors.Is(err, rivertype.ErrNotFound) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	err = audit.Record(c.Request.Context(), s.Pool, s.actor(c), audit.Entry{Action: action, Detail: map[string]any{"queue": name}})
	if err != nil {
		return err
	}
	return s.redirect(c, sectionJobs)
}
