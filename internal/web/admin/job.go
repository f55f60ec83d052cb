package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/mailqueue"
	"refill/internal/money"
	"refill/internal/operate"
	"refill/internal/staff"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// jobListPage is the page on which operators watch queues and jobs.
type jobListPage struct {
	kit.Page
	queueState
	Words     []kit.FilterWord
	Queue     string // limits the list to one queue; empty: all
	AllQueues string // address of the list without that limit
	Jobs      []jobView
	Pages     kit.Pager
	Empty     kit.Empty
	Self      string
	CanManage bool
}

// queueView is one queue.
type queueView struct {
	Name, What                         string
	Waiting, Running, Retrying, Failed int64
	Oldest                             string // how long the oldest job has waited
	Paused                             bool
	URL                                string // of its jobs
	Guarded                            bool   // it cannot be paused
	Pause                              kit.Confirmation
}

// jobView is one job, prepared for display.
type jobView struct {
	ID        int64
	What      string
	URL       string // of the series behind it
	Queue     string
	State     kit.Badge
	Progress  kit.Progress
	Attempt   string
	At        time.Time
	Error     string // what the last error means; its text is on the job's own page
	Page      string // address of its own page
	CanCancel bool
	CanRetry  bool
	CanDelete bool
}

const (
	jobsShown = 50
	// waitAlarm is the number of seconds that a job may wait while no job runs.
	waitAlarm = 30
)

// JobList handles GET /admin/jobs.
func (s *Server) JobList(c *gin.Context) error {
	p := &jobListPage{Page: s.Page(c, lang.M("Jobs"), SectionJobs), Self: c.Request.URL.RequestURI()}
	p.CanManage = p.Person.Can(staff.JobsManage)
	ctx, q := c.Request.Context(), db.New()
	state, err := s.queueState(ctx)
	if err != nil {
		return err
	}
	p.queueState = state
	wanted, queue := c.Query("state"), c.Query("queue")
	page := max(1, pageNumber(c.Query("page")))
	p.Queue, p.AllQueues = queue, kit.ListURL(SectionJobs, "state", wanted)
	for _, w := range []kit.FilterWord{
		{Text: lang.M("All")},
		{Text: lang.M("Failed"), URL: "discarded"},
		{Text: lang.M("Trying again"), URL: "retryable"},
		{Text: lang.M("Running"), URL: "running"},
		{Text: lang.M("Waiting"), URL: "available"},
		{Text: lang.M("Later"), URL: "scheduled"},
		{Text: lang.M("Done"), URL: "completed"},
		{Text: lang.M("Cancelled"), URL: "cancelled"},
	} {
		w.Current = w.URL == wanted
		w.URL = kit.ListURL(SectionJobs, "state", w.URL, "queue", queue)
		p.Words = append(p.Words, w)
	}
	rows, err := q.JobList(ctx, s.Pool, db.JobListParams{
		State: wanted, Queue: queue, Everything: wanted != "" || queue != "", Size: jobsShown + 1, Skip: int32(page-1) * jobsShown, //nolint:gosec // pageNumber is small
	})
	if err != nil {
		return err
	}
	turn := func(to int) string {
		return kit.ListURL(SectionJobs, "state", wanted, "queue", queue, "page", strconv.Itoa(to))
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
	p.Empty = kit.Empty{Icon: "list-check", Title: lang.M("No jobs here"), Text: lang.M("Jobs make series and write files. They are kept for a day after they end.")}
	return s.Part(c, http.StatusOK, "admin/job_list", "jobs-live", p)
}

// queueState is the queues, and either an alarm or a sentence that nothing is wrong.
type queueState struct {
	Alarm, Calm string
	Queues      []queueView
}

// queueState reads the queues and says what is wrong with them.
func (s *Server) queueState(ctx context.Context) (queueState, error) {
	var p queueState
	rows, err := db.New().JobCounts(ctx, s.Pool)
	if err != nil {
		return p, err
	}
	worker, err := db.New().JobWorkerSeen(ctx, s.Pool)
	if err != nil {
		return p, err
	}
	what := map[string]string{"generate": lang.M("Making series"), "export": lang.M("Writing files"), "change": lang.M("Changing cards"), "maintenance": lang.M("Housekeeping"), "check": lang.M("Checking the books"), "seal": lang.M("Sealing the audit trail"), "watch": lang.M("Watching for theft"), mailqueue.Queue: lang.M("Sending e-mail"), webhook.Queue: lang.M("Sending webhooks")}
	var waiting, running, failed, retrying, oldest int64
	var paused []string
	for _, row := range rows {
		v := queueView{
			Name: row.Queue, What: what[row.Queue], Waiting: row.Waiting, Running: row.Running,
			Retrying: row.Retrying, Failed: row.Failed, Paused: row.Paused,
			URL: kit.ListURL(SectionJobs, "queue", row.Queue), Guarded: !operate.MayStop(row.Queue),
		}
		v.Pause = kit.Confirmation{
			ID: "pause-" + row.Queue, Opener: lang.M("Pause"), Title: "Pause " + row.Queue + "?", Button: "Pause " + row.Queue,
			Text: lang.M("No worker takes up a job of this queue until it is resumed. What runs now goes on. The audit trail names you."), Action: "/admin/queues/" + row.Queue + "/pause",
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
		p.Alarm = fmt.Sprintf(lang.M("No worker takes jobs: one has waited for %s. Start refill work, or look at its log."), span(time.Duration(oldest)*time.Second))
	case !worker:
		p.Alarm = lang.M("No worker is running: series, files and checks wait. Start refill work, or look at its log.")
	case failed > 0:
		p.Alarm = count(failed) + lang.M(" failed for good. Look at the error, mend its cause, and retry.")
	case retrying > 0:
		p.Alarm = count(retrying) + lang.M(" failed and will be tried again by itself.")
	case len(paused) > 0:
		p.Alarm = fmt.Sprintf(lang.M("Paused: %s. Nothing there is taken up until somebody resumes it."), strings.Join(paused, ", "))
	default:
		p.Calm = fmt.Sprintf(lang.M("Nothing is wrong. %s running, %s waiting."), count(running), count(waiting))
	}
	return p, nil
}

// viewJob prepares a job for display.
func viewJob(row db.JobListRow) jobView {
	v := jobView{
		ID: row.ID, Queue: row.Queue, At: row.CreatedAt, Attempt: fmt.Sprintf("%d of %d", row.Attempt, row.MaxAttempts), What: row.Kind,
		Error: jobErrorWords(row.LastError),
	}
	v.Page = fmt.Sprintf("%s/%d", SectionJobs, row.ID)
	switch {
	case row.ExportID != 0:
		v.What = fmt.Sprintf(lang.M("%s of series %s"), formatName(row.ExportFormat), row.SeriesNumber)
		v.URL = SeriesURL(row.SeriesNumber) + "#series-exports"
	case row.Kind == card.EraseSeriesArgs{}.Kind():
		v.What, v.URL = lang.M("Deleting series ")+row.SeriesNumber, SeriesURL(row.SeriesNumber)
	case row.Kind == card.ShredSeriesArgs{}.Kind():
		v.What, v.URL = lang.M("Shredding the codes of series ")+row.SeriesNumber, SeriesURL(row.SeriesNumber)
	case row.ChangeID != 0:
		v.What, v.URL = lang.M("Changing cards of series ")+row.SeriesNumber, fmt.Sprintf("%s/changes/%d", SeriesURL(row.SeriesNumber), row.ChangeID)
	case row.ImportID != 0:
		v.What, v.URL = fmt.Sprintf("Import %d", row.ImportID), fmt.Sprintf("%s/%d", SectionImport, row.ImportID)
	case row.SeriesNumber != "":
		v.What, v.URL = "Series "+row.SeriesNumber, SeriesURL(row.SeriesNumber)
	case row.Kind == "housekeep":
		v.What = lang.M("Housekeeping")
	case row.Kind == codestore.IndexReadingsArgs{}.Kind():
		v.What = lang.M("Writing the readings of imported codes")
	case row.Kind == "seal_audit":
		v.What, v.URL = lang.M("Sealing the audit trail"), SectionAudit
	case row.Kind == "watch_theft":
		v.What, v.URL = lang.M("Watch for theft"), SectionAlarms
	case row.Kind == mailqueue.StaffArgs{}.Kind():
		v.What = lang.M("E-mail to a member of staff")
	case row.Kind == mailqueue.CustomerArgs{}.Kind():
		v.What = lang.M("E-mail to a customer")
	case row.Kind == check.BooksArgs{}.Kind():
		v.What, v.URL = lang.M("Check of the books"), SectionChecks
	}
	live, mayStop := !operate.Ended(rivertype.JobState(row.State)), operate.MayStop(row.Queue)
	v.CanCancel, v.CanDelete = live && mayStop, !live && mayStop
	v.CanRetry = row.State == db.RiverJobStateRetryable || row.State == db.RiverJobStateDiscarded || row.State == db.RiverJobStateScheduled
	if !v.CanRetry && !live { // work with a page of its own is restarted there
		v.CanRetry = row.SeriesNumber == "" && row.ImportID == 0
	}
	if live && row.Total > 0 {
		v.Progress = kit.Progress{Label: v.What, Done: int64(row.Done), Total: int64(row.Total)}
	}
	v.State = jobBadge(row.State)
	return v
}

// jobBadge returns the badge of a job's state.
func jobBadge(state db.RiverJobState) kit.Badge {
	switch state {
	case db.RiverJobStateRunning:
		return kit.Badge{Word: lang.M("Running"), Tone: kit.ToneBusy}
	case db.RiverJobStateRetryable:
		return kit.Badge{Word: lang.M("Trying again"), Tone: kit.ToneWarn}
	case db.RiverJobStateDiscarded:
		return kit.Badge{Word: lang.M("Failed"), Tone: kit.ToneBad}
	case db.RiverJobStateCompleted:
		return kit.Badge{Word: lang.M("Done"), Tone: kit.ToneGood}
	case db.RiverJobStateCancelled:
		return kit.Badge{Word: lang.M("Cancelled"), Tone: kit.ToneIdle}
	case db.RiverJobStateAvailable, db.RiverJobStatePending, db.RiverJobStateScheduled:
		return kit.Badge{Word: lang.M("Waiting"), Tone: kit.ToneIdle}
	}
	return kit.Badge{Word: string(state), Tone: kit.ToneIdle}
}

// pageNumber reads a small whole number. It returns 0 for other text.
func pageNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 10_000 {
		return 0
	}
	return n
}
