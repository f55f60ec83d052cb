package job

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/mail"
	"refill/internal/mailing"
	"refill/internal/mailqueue"
)

// longestMailPause is the longest pause between two attempts to send a message. With the
// shorter pauses before, mailqueue.MaxAttempts attempts take a day.
const longestMailPause = time.Hour

// nextMail waits 30 seconds, 1, 2, 4 … minutes and then an hour, because a mail server may be
// down for long.
func nextMail(now func() time.Time, job *rivertype.JobRow) time.Time {
	seconds := 30 * math.Pow(2, float64(len(job.Errors)))
	return now().Add(time.Duration(math.Min(seconds, longestMailPause.Seconds())) * time.Second)
}

// ended turns an error that another attempt can't change into the end of the job.
func ended(err error) error {
	if refused, ok := errors.AsType[*mail.Error](err); ok && refused.Final() {
		return river.JobCancel(err)
	}
	return err
}

// mailStaffWorker sends messages to members of staff.
type mailStaffWorker struct {
	river.WorkerDefaults[mailqueue.StaffArgs]
	mail *mailing.Service
	now  func() time.Time
}

// NextRetry is the time of the next attempt.
func (w *mailStaffWorker) NextRetry(job *river.Job[mailqueue.StaffArgs]) time.Time {
	return nextMail(w.now, job.JobRow)
}

// Work sends the message.
func (w *mailStaffWorker) Work(ctx context.Context, job *river.Job[mailqueue.StaffArgs]) error {
	return ended(w.mail.Staff(ctx, job.ID, job.Args))
}

// mailCustomerWorker sends messages to customers.
type mailCustomerWorker struct {
	river.WorkerDefaults[mailqueue.CustomerArgs]
	mail *mailing.Service
	now  func() time.Time
}

// NextRetry is the time of the next attempt.
func (w *mailCustomerWorker) NextRetry(job *river.Job[mailqueue.CustomerArgs]) time.Time {
	return nextMail(w.now, job.JobRow)
}

// Work sends the message. Where the server refuses for good, staff are asked instead.
func (w *mailCustomerWorker) Work(ctx context.Context, job *river.Job[mailqueue.CustomerArgs]) error {
	err := w.mail.Customer(ctx, job.ID, job.Args)
	if refused, ok := errors.AsType[*mail.Error](err); ok && refused.Final() {
		return river.JobCancel(errors.Join(err, w.mail.CustomerFailed(ctx, job.Args)))
	}
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.mail.CustomerFailed(ctx, job.Args) })
}
