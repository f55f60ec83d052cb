package job

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// exportTimeout bounds the writing of one file; a million cards as PDF take
// less than a minute.
const exportTimeout = 30 * time.Minute

// exportWorker writes the file of an export.
type exportWorker struct {
	river.WorkerDefaults[card.ExportSeriesArgs]
	cards    *card.Service
	files    blob.Store
	settings *setting.Store
	maker    cardfile.Maker
	log      *slog.Logger
	now      func() time.Time
}

// Timeout lets a large file take its time.
func (w *exportWorker) Timeout(*river.Job[card.ExportSeriesArgs]) time.Duration { return exportTimeout }

// Work writes the file from the beginning; what an earlier run left unfinished is
// never seen by anybody and is removed by housekeeping.
func (w *exportWorker) Work(ctx context.Context, job *river.Job[card.ExportSeriesArgs]) error {
	if err := whileOn(ctx, w.settings); err != nil {
		return err
	}
	e, series, err := w.cards.StartExport(ctx, job.Args.ExportID)
	if errors.Is(err, card.ErrNotWanted) {
		return river.JobCancel(err)
	}
	if errors.Is(err, card.ErrApprovalNeeded) {
		return errors.Join(river.JobCancel(err), w.cards.FailExport(ctx, job.Args.ExportID, card.ErrApprovalNeeded.Message))
	}
	if errors.Is(err, card.ErrOnceOutstanding) || errors.Is(err, card.ErrOnceShredded) {
		return river.JobCancel(err)
	}
	if err != nil {
		return err
	}
	file, err := w.write(ctx, e, series)
	if err == nil {
		err = w.cards.FinishExport(ctx, e.Export, file, completer(job))
		if err != nil {
			w.discard(ctx, file.Name)
		}
	}
	var refused *fault.Error
	switch {
	case errors.Is(err, card.ErrNotWanted):
		return river.JobCancel(err)
	case errors.As(err, &refused) && (refused.Kind == fault.Invalid || errors.Is(err, card.ErrPasswordGone)):
		// Trying again would end the same: what is printed must be changed.
		return errors.Join(river.JobCancel(err), w.cards.FailExport(ctx, e.Export.ID, refused.Message))
	}
	return lastWords(ctx, job.JobRow, err, func(ctx context.Context) error {
		return w.cards.FailExport(ctx, e.Export.ID, lastWord(err, e.Export.PasswordKeyID != nil))
	})
}

// lastWord says to staff why an export was given up. One with a password can't be
// retried: its password ends here.
func lastWord(err error, locked bool) string {
	retry := "retry"
	if locked {
		retry = "export again"
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return "The disk for exported files is full. Make room or have old files removed, then " + retry + "."
	}
	return "The file could not be written after several tries. If it fails again when you " + retry + ", ask your operator for the log of this export."
}

// write makes the file under a temporary name and gives it its own only when it
// is whole and on disk.
func (w *exportWorker) write(ctx context.Context, e db.ExportGetRow, series db.SeriesShowRow) (card.File, error) {
	options, err := w.cards.OpenExportOptions(e.Export)
	if err != nil {
		return card.File{}, err
	}
	if err := cardfile.Room(w.files, cardfile.Estimate(string(e.Export.Format), options, int64(e.Export.RowsTotal))); err != nil {
		return card.File{}, err
	}
	name := fmt.Sprintf("%s-%d-%s.%s", series.Series.Number, e.Export.ID, rand.Text(), cardfile.Extension(e.Export.Format, options))
	target, err := w.files.Create(ctx, name)
	if err != nil {
		return card.File{}, fmt.Errorf("create the file of export %d: %w", e.Export.ID, err)
	}
	rows, err := w.fill(ctx, target, e, series, options)
	if err != nil {
		return card.File{}, errors.Join(err, target.Abort())
	}
	info, err := target.Commit()
	if err != nil {
		return card.File{}, fmt.Errorf("keep the file of export %d: %w", e.Export.ID, err)
	}
	return card.File{Name: name, Size: info.Size, SHA256: info.SHA256[:], KeyID: info.KeyID, Rows: rows}, nil
}

// tellEvery is how often progress is told.
const tellEvery = 300 * time.Millisecond

// fill writes every card that was chosen and tells how far it is.
func (w *exportWorker) fill(ctx context.Context, target io.Writer, e db.ExportGetRow, series db.SeriesShowRow, options card.ExportOptions) (int32, error) {
	line, err := w.maker.Liner(ctx, series)
	if err != nil {
		return 0, err
	}
	count, err := w.cards.Selected(ctx, series, options)
	if err != nil {
		return 0, err
	}
	out, err := w.maker.Writer(ctx, target, e.Export.Format, series.Series, options, count)
	if err != nil {
		return 0, err
	}
	rows, told := int32(0), w.now()
	err = w.cards.EachSelected(ctx, series.Series, options, func(page []card.Unsealed) error {
		for _, c := range page {
			if err := out.Write(line(c)); err != nil {
				return err
			}
		}
		rows += int32(len(page)) //nolint:gosec // a page is small
		if now := w.now(); now.Sub(told) >= tellEvery {
			told = now
			return w.cards.AdvanceExport(ctx, e.Export, rows)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return rows, out.Close()
}

// discard removes a file that nobody wants any more. What cannot be removed now
// is removed by housekeeping.
func (w *exportWorker) discard(ctx context.Context, name string) {
	if err := w.files.Remove(context.WithoutCancel(ctx), name); err != nil {
		w.log.WarnContext(ctx, "a file is left for housekeeping", slog.String("file", name), slog.Any("error", err))
	}
}
