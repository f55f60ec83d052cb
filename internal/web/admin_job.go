package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/operate"
	"refill/internal/staff"
)

// jobListPage is what operators watch.
type jobListPage struct {
	page
	Alarm     string // what is wrong, first
	Calm      string // or that nothing is
	Queues    []queueView
	Words     []filterWord
	Queue     string // only its jobs are shown; empty: all
	AllQueues string // address of the list without that limit
	Jobs      []jobView
	Pages     pager
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
	URL                                string // of its jobs
	Guarded                            bool   // it can't be paused
	Pause                              confirmation
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
	Page      string // its own
	CanCancel bool
	CanRetry  bool
	CanDelete bool
}

const (
	jobsShown    = 50
	longestError = 300
	// waitAlarm is how long a job may wait with no worker in sight.
	waitAlarm = 30
)

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
	state, queue := c.Query("state"), c.Query("queue")
	page := max(1, pageNumber(c.Query("page")))
	p.Queue, p.AllQueues = queue, listURL(sectionJobs, "state", state)
	for _, w := range []filterWord{
		{Text: "All"},
		{Text: "Failed", URL: "discarded"},
		{Text: "Trying again", URL: "retryable"},
		{Text: "Running", URL: "running"},
		{Text: "Waiting", URL: "available"},
		{Text: "Later", URL: "scheduled"},
		{Text: "Done", URL: "completed"},
		{Text: "Cancelled", URL: "cancelled"},
	} {
		w.Current = w.URL == state
		w.URL = listURL(sectionJobs, "state", w.URL, "queue", queue)
		p.Words = append(p.Words, w)
	}
	rows, err := q.JobList(ctx, s.Pool, db.JobListParams{
		State: state, Queue: queue, Everything: state != "" || queue != "", Size: jobsShown + 1, Skip: int32(page-1) * jobsShown, //nolint:gosec // pageNumber is small
	})
	if err != nil {
		return err
	}
	turn := func(to int) string {
		return listURL(sectionJobs, "state", state, "queue", queue, "page", strconv.Itoa(to))
	}
	if page > 1 {
		p.Pages.Newer = turn(page - 1)
	}
	if len(rows) > jobsShown {
		rows, p.Pages.Older = rows[:jobsShown], turn(page+1)
	}
	for _, row := range rows {
		p.Jobs = append(p.Jobs, viewJob(row))
	}
	p.Empty = empty{Icon: "list-check", Title: "No jobs here", Text: "Jobs make series and write files. They are kept for a day after they end."}
	return s.part(c, http.StatusOK, "admin/job_list", "jobs-live", p)
}

// queues fills in the queues and says what is wrong with them.
func (p *jobListPage) queues(rows []db.JobCountsRow) {
	what := map[string]string{"generate": "Making series", "export": "Writing files", "change": "Changing cards", "maintenance": "Housekeeping", "check": "Checking the books", "seal": "Sealing the audit trail", "watch": "Watching for theft"}
	var waiting, running, failed, retrying, oldest int64
	var paused []string
	for _, row := range rows {
		v := queueView{
			Name: row.Queue, What: what[row.Queue], Waiting: row.Waiting, Running: row.Running,
			Retrying: row.Retrying, Failed: row.Failed, Paused: row.Paused,
			URL: listURL(sectionJobs, "queue", row.Queue), Guarded: !operate.MayStop(row.Queue),
		}
		v.Pause = confirmation{
			ID: "pause-" + row.Queue, Opener: "Pause", Title: "Pause " + row.Queue + "?", Button: "Pause " + row.Queue,
			Text: "No worker takes up a job of this queue until it is resumed. What runs now goes on. The audit trail names you.", Action: "/admin/queues/" + row.Queue + "/pause",
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
	v.Page = fmt.Sprintf("%s/%d", sectionJobs, row.ID)
	switch {
	case row.ExportID != 0:
		v.What = fmt.Sprintf("%s of series %s", exportFormatName(row.ExportFormat), row.SeriesNumber)
		v.URL = seriesURL(row.SeriesNumber) + "#series-exports"
	case row.Kind == card.EraseSeriesArgs{}.Kind():
		v.What, v.URL = "Deleting series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.Kind == card.ShredSeriesArgs{}.Kind():
		v.What, v.URL = "Shredding the codes of series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.ChangeID != 0:
		v.What, v.URL = "Changing cards of series "+row.SeriesNumber, fmt.Sprintf("%s/changes/%d", seriesURL(row.SeriesNumber), row.ChangeID)
	case row.ImportID != 0:
		v.What, v.URL = fmt.Sprintf("Import %d", row.ImportID), fmt.Sprintf("%s/%d", sectionImport, row.ImportID)
	case row.SeriesNumber != "":
		v.What, v.URL = "Series "+row.SeriesNumber, seriesURL(row.SeriesNumber)
	case row.Kind == "housekeep":
		v.What = "Housekeeping"
	case row.Kind == card.IndexReadingsArgs{}.Kind():
		v.What = "Writing the readings of imported codes"
	case row.Kind == "seal_audit":
		v.What, v.URL = "Sealing the audit trail", sectionAudit
	case row.Kind == "watch_theft":
		v.What, v.URL = "Watch for theft", sectionAlarms
	case row.Kind == check.BooksArgs{}.Kind():
		v.What, v.URL = "Check of the books", sectionChecks
	}
	live, mayStop := !operate.Ended(rivertype.JobState(row.State)), operate.MayStop(row.Queue)
	v.CanCancel, v.CanDelete = live && mayStop, !live && mayStop
	v.CanRetry = row.State == db.RiverJobStateRetryable || row.State == db.RiverJobStateDiscarded || row.State == db.RiverJobStateScheduled
	if !v.CanRetry && !live { // what has a page of its own is begun anew there
		v.CanRetry = row.SeriesNumber == "" && row.ImportID == 0
	}
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

// pageNumber reads a small whole number; whatever is none is 0.
func pageNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 10_000 {
		return 0
	}
	return n
}
